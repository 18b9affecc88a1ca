"""A measurement as a procedure sees it, and a window of readings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NamedTuple

from hil_drivers.indication import Flag

_LANE = re.compile(r" \(lane [0-9]+\)$")


def in_lane(channel: str, lane: int) -> str:
    """What a channel of the bench file is called on record in a lane, counted from 1: in the first as it is."""
    return channel if lane == 1 else f"{channel} (lane {lane})"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measured value of a channel.

    ``value`` and ``u`` (combined standard uncertainty) are in ``unit``; ``u`` is ``None`` where the channel has
    no calibration: unknown, not zero. ``t`` is UTC in nanoseconds, ``u_t`` its standard uncertainty in seconds:
    of the measurement interval, and of the clock where that is synchronised with UTC (docs/explanation/time.md).
    """

    channel: str
    value: float
    u: float | None
    unit: str
    flags: Flag
    t: int
    u_t: float


class Look(NamedTuple):
    """The latest reading of a channel as a screen shows it: ``t`` is UTC in nanoseconds."""

    value: float | None
    u: float | None
    flags: int
    t: int


@dataclass(frozen=True, slots=True)
class Window:
    """The readings of one channel whose time lies in ``[start, end]``, UTC nanoseconds, both included."""

    channel: str
    start: int
    end: int

    @property
    def of(self) -> str:
        """The channel's name in the bench file, whatever lane it is of."""
        return _LANE.sub("", self.channel)

    def to_json(self) -> dict[str, Any]:
        return {"channel": self.channel, "start": self.start, "end": self.end}
