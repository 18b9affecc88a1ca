"""The errors of the bench, one tree, and the exit code of each.

    HilError                  what failed, where, and what to do                     exit code
    ├── UsageError            a wrong argument, procedure, parameter or file            2
    │   ├── ConfigurationError   a bench, equipment or laboratory file                  2
    │   └── NotFit            the bench may not start: calibration, unit, identity      2
    ├── RecordError           the run's record cannot be written or read                4
    ├── VerificationFailed    a record or document does not hold                        6
    ├── BenchFault            the bench failed during a run                             4
    │   └── LimitExceeded     a measurement left the limits of its channel              4
    ├── Unreachable           no run answers: none is under way, or it hangs           69
    ├── Aborted               the operator or the program ended the run                 5
    │   └── InterlockTripped  an interlock is tripped: no run starts, or the run ends   5
    └── ProcedureFault        a bug in a procedure, named with its place                2

Drivers and calibration have trees of their own; `exit_code` knows all three.
"""

from __future__ import annotations

from pathlib import Path

PASS, FAIL, USAGE, INCONCLUSIVE, DEVICE, ABORTED, VERIFICATION = 0, 1, 2, 3, 4, 5, 6
UNREACHABLE = 69
INTERRUPTED = 130


class HilError(Exception):
    """An error a user can act upon.

    :param what: what failed, one clause without a full stop.
    :param where: the file, key, role or device concerned.
    :param remedy: what to do about it, one clause in the imperative.
    """

    exit_code = USAGE

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what, self.where, self.remedy = what, where, remedy
        text = f"{where}: {what}" if where else what
        super().__init__(f"{text}; {remedy}" if remedy else text)


class UsageError(HilError):
    """A wrong argument: an unknown procedure, parameter, bench or run."""


class ConfigurationError(UsageError):
    """A file of the bench that cannot be used as it is written."""


class NotFit(UsageError):
    """The bench may not start: a calibration is missing, expired, foreign or out of its range."""


class RecordError(HilError):
    """The record of a run cannot be written, or cannot be read."""

    exit_code = DEVICE


class VerificationFailed(HilError):
    """A record or a document does not hold."""

    exit_code = VERIFICATION


class BenchFault(HilError):
    """The bench failed during a run: a device, a gate that never held, a settling that never came."""

    exit_code = DEVICE


class LimitExceeded(BenchFault):
    """A measurement left the limits of its channel: the run ends, it is not tried again."""


class Unreachable(HilError):
    """No run answers."""

    exit_code = UNREACHABLE


class Aborted(HilError):
    """The run was ended before its plan was complete."""

    exit_code = ABORTED


class InterlockTripped(Aborted):
    """An interlock is tripped: a run does not start, or ends, and the bench goes to its safe state."""


class ProcedureFault(HilError):
    """The procedure broke the engine's rules, or raised an error of its own."""


def exit_code(error: BaseException) -> int:
    """The exit code of the command line for ``error`` (design, section 7)."""
    if isinstance(error, HilError):
        return error.exit_code
    from hil_calibration.errors import CalibrationError
    from hil_drivers.errors import DeviceError, DriverError

    if isinstance(error, DeviceError):
        return DEVICE
    if isinstance(error, DriverError | CalibrationError):
        return USAGE
    return INTERRUPTED if isinstance(error, KeyboardInterrupt) else 70


def raised(error: BaseException) -> str:
    """What was raised, and the line that did it."""
    place = line_of(error)
    return f"raised {type(error).__name__}: {error}{f' ({place})' if place else ''}"


def line_of(error: BaseException) -> str:
    """The file and the line that raised ``error``: the last one outside of this package, where there is one."""
    own = (str(Path(__file__).parent), "<")  # frozen modules, and what dataclasses make
    place, found = error.__traceback__, ""
    while place is not None:
        file = place.tb_frame.f_code.co_filename
        if not file.startswith(own) or not found:
            found = f"{file}:{place.tb_lineno}"
        place = place.tb_next
    return found
