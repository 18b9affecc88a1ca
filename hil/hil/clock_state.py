"""What the system clock is worth: whether it follows UTC, and within which bound, as the kernel or chrony says.

chrony is asked first: its bound is |offset| + root dispersion + root delay / 2. Where it does not answer, the kernel's
is |offset| + maximum error, which whatever disciplines the clock keeps up to date. Nobody who says so means no claim.
"""

from __future__ import annotations

import ctypes
import math
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Leap = Literal["normal", "insert", "delete", "unknown"]

ANSWER_WITHIN = 2.0
"""Wall seconds that chronyc may take."""

_FIELDS = 14
_OWN_CLOCK = "7F7F0101"
_CHRONY_LEAPS: dict[str, Leap] = {
    "Normal": "normal",
    "Insert second": "insert",
    "Delete second": "delete",
    "Not synchronised": "unknown",
}

_TIME_ERROR = 5
_INSERT, _DELETE, _UNSYNCHRONISED, _NANOSECONDS = 0x0010, 0x0020, 0x0040, 0x2000


@dataclass(frozen=True, slots=True)
class ClockState:
    """The state of the system clock; all but ``tai_offset`` in s, ``None`` where nobody says.

    ``offset`` is the system clock less UTC as last estimated, ``bound`` the most that it can be in either direction;
    both are ``None`` unless ``synchronised``. ``tai_offset`` is TAI less UTC in whole s, ``None`` where the kernel was
    never told. ``source`` is who says all this, empty where nobody does.
    """

    synchronised: bool
    offset: float | None = None
    root_dispersion: float | None = None
    root_delay: float | None = None
    bound: float | None = None
    tai_offset: int | None = None
    leap: Leap = "unknown"
    source: str = ""

    @property
    def told(self) -> str:
        """The state in words."""
        if not self.synchronised:
            return f"not synchronised with UTC{f', says {self.source}' if self.source else ''}"
        return f"synchronised with UTC{within(self.bound)}, says {self.source}"


def within(bound: float | None) -> str:
    """A bound in words, with a leading space; empty where there is none."""
    return "" if bound is None else f" within {bound * 1e3:.2g} ms"


@dataclass(frozen=True, slots=True)
class KernelClock:
    """What the kernel tells of its clock: ``offset``, ``maximum`` and ``estimated`` error in s (adjtimex(2))."""

    state: int
    status: int
    offset: float
    maximum: float
    estimated: float
    tai: int


@dataclass(frozen=True, slots=True)
class Tracking:
    """What chrony tells of its own: ``slow`` is how far the system clock is behind, in s; so are the others."""

    reference: str
    name: str
    slow: float
    root_delay: float
    root_dispersion: float
    leap: Leap


def read_clock_state(
    kernel: Callable[[], KernelClock | None] | None = None, tracking: Callable[[], str | None] | None = None
) -> ClockState:
    """The state of the system clock now. It may take as long as `ANSWER_WITHIN`.

    :param kernel: reads the kernel's clock; ``None`` from it where there is none.
    :param tracking: gives the line that ``chronyc -c tracking`` prints; ``None`` where chrony does not answer.
    """
    seen = (kernel or read_kernel)()
    line = (tracking or read_tracking)()
    told = None if line is None else parse_tracking(line)
    tai = seen.tai if seen is not None and seen.tai else None
    if told is not None:
        return _by_chrony(told, tai)
    return ClockState(False) if seen is None else _by_kernel(seen, tai)


def _by_chrony(told: Tracking, tai: int | None) -> ClockState:
    own = told.reference == _OWN_CLOCK
    synchronised = told.leap != "unknown" and not own
    return ClockState(
        synchronised,
        -told.slow if synchronised else None,
        told.root_dispersion,
        told.root_delay,
        abs(told.slow) + told.root_dispersion + abs(told.root_delay) / 2 if synchronised else None,
        tai,
        told.leap,
        "chrony, on its own clock" if own else f"chrony ({told.name or told.reference})" if synchronised else "chrony",
    )


def _by_kernel(seen: KernelClock, tai: int | None) -> ClockState:
    synchronised = seen.state != _TIME_ERROR and not seen.status & _UNSYNCHRONISED
    leap: Leap = "insert" if seen.status & _INSERT else "delete" if seen.status & _DELETE else "normal"
    return ClockState(
        synchronised,
        seen.offset if synchronised else None,
        seen.maximum,
        None,
        abs(seen.offset) + seen.maximum if synchronised else None,
        tai,
        leap if synchronised else "unknown",
        "the kernel",
    )


def parse_tracking(line: str) -> Tracking | None:
    """One line of ``chronyc -c tracking``; ``None`` if it is anything else."""
    fields = line.strip().split(",")
    if len(fields) < _FIELDS or fields[13] not in _CHRONY_LEAPS:
        return None
    try:
        slow, delay, dispersion = float(fields[4]), float(fields[10]), float(fields[11])
    except ValueError:
        return None
    if not all(map(math.isfinite, (slow, delay, dispersion))) or dispersion < 0:
        return None
    return Tracking(fields[0], fields[1], slow, delay, dispersion, _CHRONY_LEAPS[fields[13]])


def read_tracking() -> str | None:
    """Ask chrony."""
    program = shutil.which("chronyc")
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, "-n", "-c", "tracking"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=ANSWER_WITHIN,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("ascii", "replace") if done.returncode == 0 else None


class _Timex(ctypes.Structure):
    """``struct timex`` of Linux, in the layout of the C library."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("constant", ctypes.c_long),
        ("precision", ctypes.c_long),
        ("tolerance", ctypes.c_long),
        ("time", ctypes.c_long * 2),
        ("tick", ctypes.c_long),
        ("ppsfreq", ctypes.c_long),
        ("jitter", ctypes.c_long),
        ("shift", ctypes.c_int),
        ("stabil", ctypes.c_long),
        ("jitcnt", ctypes.c_long),
        ("calcnt", ctypes.c_long),
        ("errcnt", ctypes.c_long),
        ("stbcnt", ctypes.c_long),
        ("tai", ctypes.c_int),
        ("reserved", ctypes.c_int * 11),
    )


def read_kernel() -> KernelClock | None:
    """Ask the kernel; ``None`` where there is no adjtimex."""
    if not sys.platform.startswith("linux"):
        return None
    timex = _Timex()
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    except (AttributeError, OSError):
        return None
    if state < 0:
        return None
    return KernelClock(
        state,
        timex.status,
        timex.offset * (1e-9 if timex.status & _NANOSECONDS else 1e-6),
        timex.maxerror * 1e-6,
        timex.esterror * 1e-6,
        timex.tai,
    )
