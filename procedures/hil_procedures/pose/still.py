"""Waiting until something that is tracked stands still, however often it gets out of sight meanwhile."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from statistics import fmean

from hil import Trial
from hil.errors import BenchFault
from hil_drivers.capability import Sensor
from hil_drivers.indication import Indication

NANOSECONDS = 1_000_000_000
LOOKS = 10
"""Readings of each coordinate in the time for which it must stand still."""


async def standing_still(
    trial: Trial, sensors: Mapping[str, Sensor], *, within: float, for_: float, timeout: float
) -> dict[str, float]:
    """Wait until the readings of each sensor in the last ``for_`` seconds differ by at most ``within``.

    A reading that may not be used, such as one of a body out of sight, lets the wait begin anew.

    :param within: the widest permitted spread (largest minus smallest), in the unit of the sensors' indications.
    :param timeout: bench seconds after which the bench has failed.
    :returns: by sensor the mean of those readings: where it stands.
    :raises BenchFault: if one of them does not stand still in time.
    """
    recent: deque[list[Indication]] = deque()
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
        if recent and _length(recent, 0) >= for_ and max(_spreads(recent)) <= within:
            return {name: fmean(column) for name, column in zip(sensors, _columns(recent), strict=True)}
        if seen[0].t - begun >= timeout * NANOSECONDS:
            raise BenchFault(
                f"did not stand still within {within:g} for {for_:g} s, in {timeout:g} s",
                where=", ".join(sensors),
                remedy="look at what shakes it and whether it is in sight, or permit a wider spread",
            )
        await trial.sleep(for_ / LOOKS)


def _length(recent: deque[list[Indication]], first: int) -> float:
    """Seconds from reading number ``first`` to the last."""
    return (recent[-1][0].t - recent[first][0].t) / NANOSECONDS


def _spreads(recent: deque[list[Indication]]) -> list[float]:
    return [max(each) - min(each) for each in _columns(recent)]


def _columns(recent: deque[list[Indication]]) -> list[list[float]]:
    """The readings of each sensor."""
    return [[one.value for one in column if one.value is not None] for column in zip(*recent, strict=True)]
