"""Waiting until something that is tracked stands still, however often it gets out of sight meanwhile."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import fmean

from hil import Trial
from hil.errors import BenchFault
from hil_drivers.capability import Sensor
from hil_drivers.indication import Indication

NANOSECONDS = 1_000_000_000
LOOKS = 10
"""Readings of each coordinate in the time for which it must stand still."""

Looks = deque[list[Indication]]


@dataclass(frozen=True)
class Rest:
    """By sensor where it stands; or with ``unrest`` how it moved when the time was up."""

    stands: Mapping[str, float] = field(default_factory=dict)
    unrest: str = ""


async def standing_still(
    trial: Trial, sensors: Mapping[str, Sensor], *, within: float, for_: float, timeout: float
) -> Rest:
    """Wait until the readings of each sensor in the last ``for_`` seconds differ by at most ``within``.

    A reading that may not be used, such as one of a body out of sight, lets the wait begin anew.

    :param within: the widest permitted spread (largest minus smallest), m.
    :param timeout: bench seconds after which what was in sight for the last ``for_`` seconds has not come to rest.
    :raises BenchFault: if it was not in sight for so long when the time was up.
    """
    recent: Looks = deque()
    begun: int | None = None
    while True:
        seen = [await sensor.read() for sensor in sensors.values()]
        begun = seen[0].t if begun is None else begun
        if all(one.usable for one in seen):
            recent.append(seen)
        else:
            recent.clear()
        while len(recent) > 2 and _length(recent, 1) >= for_:
            recent.popleft()
        watched = bool(recent) and _length(recent, 0) >= for_
        if watched and max(_spreads(recent)) <= within:
            return Rest({name: fmean(column) for name, column in zip(sensors, _columns(recent), strict=True)})
        if seen[0].t - begun >= timeout * NANOSECONDS:
            if watched:
                return Rest(unrest=_unrest(recent, sensors, within, for_, timeout))
            raise BenchFault(
                f"was not in sight for {for_:g} s together, after {timeout:g} s",
                where=", ".join(sensors),
                remedy="look at the markers and at what hides them",
            )
        await trial.sleep(for_ / LOOKS)


def _unrest(recent: Looks, sensors: Mapping[str, Sensor], within: float, for_: float, timeout: float) -> str:
    spread, name = max(zip(_spreads(recent), sensors, strict=True))
    return f"moved by {spread:.2g} m along {name} in {for_:g} s, more than {within:g} m, after {timeout:g} s"


def _length(recent: Looks, first: int) -> float:
    """Seconds from reading number ``first`` to the last."""
    return (recent[-1][0].t - recent[first][0].t) / NANOSECONDS


def _spreads(recent: Looks) -> list[float]:
    return [max(each) - min(each) for each in _columns(recent)]


def _columns(recent: Looks) -> list[list[float]]:
    """The readings of each sensor."""
    return [[one.value for one in column if one.value is not None] for column in zip(*recent, strict=True)]
