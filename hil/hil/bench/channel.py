"""Channels of an open bench: a point of a device with its unit, calibration and provenance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hil_calibration.calibration import CalibrationRecord
    from hil_calibration.effect import Effect
    from hil_drivers.device import Device
    from hil_drivers.indication import Indication

    from .config import Provenance


@dataclass(frozen=True)
class Channel:
    """A point of a device on an open bench.

    ``unit`` is that of its values: the device's own, checked when the bench opened, or the one that the calibration
    leads to. ``record`` is its calibration with the
    response effects of the bench file, ``None`` where it has none. ``response`` holds these effects alone,
    ``placement`` and ``transfer`` those of a comparison by substitution, and of carrying the value to another
    device's place.
    """

    name: str
    device: Device
    point: str
    unit: str
    period: float | None
    limits: tuple[float, float] | None
    record: CalibrationRecord | None
    response: tuple[Effect, ...]
    placement: tuple[Effect, ...]
    transfer: tuple[Effect, ...]
    provenance: Provenance


class SensorChannel(Channel):
    """A channel that yields indications (`hil_drivers.capability.Sensor`)."""

    async def read(self) -> Indication:
        """Take one indication, in the unit of the device's point."""
        return await self.device.read(self.point)


class ActuatorChannel(Channel):
    """A channel that takes setpoints (`hil_drivers.capability.Actuator`)."""

    async def set(self, value: float) -> None:
        """Command ``value``, in the channel's unit.

        :raises SetpointRefused: if it lies outside the range that the device declares.
        """
        await self.device.write(self.point, value)


class PositionerChannel(SensorChannel, ActuatorChannel):
    """A channel that takes setpoints and tells where it stands."""


def channel_class(*, readable: bool, writable: bool) -> type[Channel]:
    """The kind of channel for what a point can do."""
    if readable and writable:
        return PositionerChannel
    return ActuatorChannel if writable else SensorChannel
