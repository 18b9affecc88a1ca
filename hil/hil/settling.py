"""Waiting for a quantity to settle."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hil_drivers.clock import NANOSECONDS, Clock

from .errors import BenchFault
from .pausing import held

if TYPE_CHECKING:
    from .live import LiveChannel

TIMEOUT = 900.0
"""Bench seconds after which a channel that has not settled is a fault of the bench."""

_Reading = tuple[int, float]


async def settled(
    channel: LiveChannel, *, within: float, for_: float, slope: float | None, timeout: float, clock: Clock
) -> None:
    """Wait until the readings of the last ``for_`` seconds satisfy both conditions.

    :param within: the widest permitted spread (largest minus smallest), in the channel's unit.
    :param for_: the dwell in bench seconds.
    :param slope: the largest permitted drift by the straight line through them, in the channel's unit per second.
    :param timeout: bench seconds, pauses not counted.
    :raises BenchFault: if the channel does not settle in time.
    """
    begun, held_before = clock.now(), held()
    recent: deque[_Reading] = deque()
    while clock.now() - begun - (held() - held_before) < timeout * NANOSECONDS:
        at = clock.now()
        recent.append((at, (await channel.measure()).value))
        while len(recent) > 2 and at - recent[1][0] >= for_ * NANOSECONDS:
            recent.popleft()
        dwelt = len(recent) > 1 and at - recent[0][0] >= for_ * NANOSECONDS
        if dwelt and _spread(recent) <= within and (slope is None or abs(_slope(recent)) <= slope):
            return
        if clock.now() == at:
            await clock.sleep(max(for_ / 10, 0.1))
    from hil_calibration.unit import symbol

    unit = symbol(channel.unit)
    wanted, seen = f"{within:.3g} {unit}", f"{_spread(recent):.3g} {unit}"
    if slope is not None:
        wanted += f" and {slope:.3g} {unit}/s"
        seen += f" and {abs(_slope(recent)):.3g} {unit}/s"
    raise BenchFault(
        f"did not settle within {wanted} for {for_:g} s, in {timeout:g} s: the latest readings show {seen}",
        where=channel.name,
        remedy="look at what disturbs it, or widen the band",
    )


def _spread(readings: Sequence[_Reading]) -> float:
    values = [value for _, value in readings]
    return max(values, default=0.0) - min(values, default=0.0)


def _slope(readings: Sequence[_Reading]) -> float:
    """Ordinary least squares, per second."""
    if not readings:
        return 0.0
    origin, n = readings[0][0], len(readings)
    times = [(t - origin) / NANOSECONDS for t, _ in readings]
    mean_t, mean_y = sum(times) / n, sum(value for _, value in readings) / n
    deviation = sum((t - mean_t) ** 2 for t in times)
    product = sum((t - mean_t) * (y - mean_y) for t, (_, y) in zip(times, readings, strict=True))
    return product / deviation if deviation else 0.0
