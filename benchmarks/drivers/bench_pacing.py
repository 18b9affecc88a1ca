"""How late paced samples are taken: our pacer beside ``asyncio.sleep`` to the same absolute times, in turns.

Lateness is the time from a tick's due time until the task runs. Target: the pacer's median is at most half of that of
``asyncio.sleep`` at 100 Hz and at 1 kHz. Ticks that were missed are printed beside it: they have no lateness.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable, Callable

from hil_drivers.clock import NANOSECONDS, WallClock
from hil_drivers.pacing import paced

RATES, SECONDS, ROUNDS = (100, 1000), 1.0, 5
TARGET = 0.5

Run = Callable[[float, int], Awaitable[tuple[list[int], int]]]


async def by_pacer(period: float, count: int) -> tuple[list[int], int]:
    """The lateness of each tick in ns, and how many were missed."""
    clock = WallClock()
    pacer, late = paced(clock, period), []
    while pacer.taken + pacer.missed < count:
        tick = await anext(pacer)
        late.append(clock.now() - tick.due)
    return late, pacer.missed


async def by_sleep(period: float, count: int) -> tuple[list[int], int]:
    """The same by the loop's own timers; a tick that has passed is skipped, as the pacer does."""
    first, late, missed, index = time.monotonic_ns(), list[int](), 0, 0
    step = round(period * NANOSECONDS)
    while index < count:
        due = first + index * step
        await asyncio.sleep(max(0, due - time.monotonic_ns()) / NANOSECONDS)
        now = time.monotonic_ns()
        late.append(now - due)
        following = max(index + 1, (now - first) // step)
        missed += following - index - 1
        index = following
    return late, missed


def told(name: str, rate: int, late: list[int], missed: int) -> float:
    """Print one line; the median in us."""
    cuts = statistics.quantiles((each / 1e3 for each in late), n=100)
    total = len(late) + missed
    print(
        f"pacing {rate:5d} Hz  {name:13s}  p50 {cuts[49]:7.0f} us  p99 {cuts[98]:7.0f} us  missed {missed} of {total}"
    )
    return cuts[49]


async def main() -> int:
    """0 if the target is met."""
    worst = 0.0
    for rate in RATES:
        runs: dict[str, tuple[Run, list[int], list[int]]] = {
            "pacer": (by_pacer, [], []),
            "asyncio.sleep": (by_sleep, [], []),
        }
        for _ in range(ROUNDS):
            for run, late, missed in runs.values():
                found, skipped = await run(1 / rate, round(rate * SECONDS))
                late += found
                missed.append(skipped)
        medians = [told(name, rate, late, sum(missed)) for name, (_, late, missed) in runs.items()]
        worst = max(worst, medians[0] / medians[1])
    print(f"pacing: worst ratio of medians {worst:.2f} (target at most {TARGET})")
    return int(worst > TARGET)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
