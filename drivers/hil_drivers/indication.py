"""What a driver yields: indications (VIM 4.1), not yet measurements."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Flag(IntFlag):
    """Quality of an indication; 0 is good. Bits are stored in records: never renumber; 128 stays free."""

    GOOD = 0
    OVER_RANGE = 1
    UNDER_RANGE = 2
    LOW_BATTERY = 4
    NOT_AVAILABLE = 8
    LOW_LIGHT = 16
    STALE = 32
    DEVICE_ERROR = 64
    TRACKING_LOST = 256
    OUTSIDE_DOMAIN = 512


UNUSABLE = (
    Flag.OVER_RANGE
    | Flag.LOW_BATTERY
    | Flag.NOT_AVAILABLE
    | Flag.STALE
    | Flag.DEVICE_ERROR
    | Flag.TRACKING_LOST
    | Flag.OUTSIDE_DOMAIN
)
"""Flags with which a value must not enter a measurement."""

_UNUSABLE = int(UNUSABLE)


@dataclass(frozen=True, slots=True)
class Indication:
    """One indication of one point of a device.

    ``value`` is in ``unit`` (a UCUM string), or ``None`` where the device gave none. ``earliest`` and
    ``latest`` bound the *measurement interval* on the bench clock, in nanoseconds: the quantity was sensed
    within it. ``resolution`` is the step of the indication in ``unit``, ``None`` where unknown.
    """

    point: str
    value: float | None
    unit: str
    earliest: int
    latest: int
    flags: Flag = Flag.GOOD
    resolution: float | None = None

    @property
    def t(self) -> int:
        """The middle of the measurement interval, bench time in nanoseconds."""
        return (self.earliest + self.latest) // 2

    @property
    def u_t(self) -> float:
        """Standard uncertainty of ``t`` in seconds: the interval's width / sqrt(12), a rectangle (GUM 4.3.7)."""
        return (self.latest - self.earliest) / 1e9 / 12**0.5

    @property
    def usable(self) -> bool:
        """Whether the value may enter a measurement."""
        return self.value is not None and not int(self.flags) & _UNUSABLE


@dataclass(frozen=True, slots=True)
class IndicationBlock:
    """A block of indications of one point; every array has shape ``(n,)``. A missing value is NaN."""

    point: str
    unit: str
    values: NDArray[np.float64]
    earliest: NDArray[np.int64]
    latest: NDArray[np.int64]
    flags: NDArray[np.int64]
    resolution: NDArray[np.float64]
