"""Time as notification needs it: one scale that no step of the system clock moves, and the clock on the wall."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from hil_drivers.clock import NANOSECONDS

MINUTE = 60 * NANOSECONDS
HOUR = 60 * MINUTE


class Moment(NamedTuple):
    """One moment on two scales, in nanoseconds since the POSIX epoch.

    ``t`` is UTC as it was when the process began, and monotonic since, also while the machine sleeps: delays are
    counted on it, and it may be kept on disk. ``utc`` is the system clock's: quiet hours and dates go by it.
    """

    t: int
    utc: int


Clock = Callable[[], Moment]


def system_clock() -> Clock:
    """The clock of this machine."""
    offset = time.time_ns() - time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    return lambda: Moment(time.clock_gettime_ns(time.CLOCK_BOOTTIME) + offset, time.time_ns())
