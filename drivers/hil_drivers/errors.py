"""The errors of drivers, one tree.

DriverError                 what failed, where, and what to do
├── AddressError            an address that cannot be parsed or has no transport
├── UnknownDriver           no driver of that name
├── OptionError             an option of a driver with a value that it cannot have
├── MissingExtra            an optional package is absent (also an ImportError)
├── UnitError               a point or a value that the device does not have
└── DeviceError             the device, not the caller
    ├── DeviceUnreachable   it does not answer, or the link is down
    ├── RemoteProtocolError it answered something that its protocol does not allow
    ├── SetpointRefused     a setpoint outside the declared range
    ├── NotArrived          a robot that answers, and does not get to where it was sent
    ├── StoppedItself       a robot that answers, and was stopped by a safety function of its own
    └── EndOfRecording      a recording that stands for a device has ended
LocalProtocolError          our own bug: a frame that must not be sent
"""

from __future__ import annotations


class DriverError(Exception):
    """An error a user can act upon.

    :param what: what failed, one clause without a full stop.
    :param where: the device, address, file or key concerned.
    :param remedy: what to do about it, one clause in the imperative.
    """

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what, self.where, self.remedy = what, where, remedy
        text = f"{where}: {what}" if where else what
        super().__init__(f"{text}; {remedy}" if remedy else text)


class AddressError(DriverError):
    """An address that cannot be parsed, or whose scheme has no transport."""


class UnknownDriver(DriverError):
    """No driver of that name is installed."""


class OptionError(DriverError):
    """An option of a driver with a value that it cannot have."""


class MissingExtra(DriverError, ImportError):
    """An optional package is absent; the remedy names the extra to install."""


class UnitError(DriverError):
    """A point that the device does not have, or a unit that is not the point's."""


class DeviceError(DriverError):
    """The device failed, not the caller."""


class DeviceUnreachable(DeviceError):
    """The device does not answer within its deadline, or its link is down."""


class RemoteProtocolError(DeviceError):
    """The device answered something that its protocol does not allow."""


class SetpointRefused(DeviceError):
    """A setpoint outside the range that the device declares."""


class NotArrived(DeviceError):
    """A robot that answers, and has not got to where it was sent in its time: it stands still, no link was lost."""


class StoppedItself(DeviceError):
    """A robot that answers, and was stopped by a safety function of its own: no person, no fence and no link did it."""


class EndOfRecording(DeviceError):
    """A recording that stands for a device has ended, or a data set holds no more: no link was lost."""


class LocalProtocolError(Exception):
    """A frame that must not be sent: a bug of ours, never of the device."""
