"""How `hil coverage` scales: runs per second of one process on one core, and of as many as there are cores on all.

A run is two processes that take turns, the core and its simulator. One such pair alone on a machine of several cores
wakes an idle core at every turn, which costs more than the turn; where all cores have work there is none to wake. So
the pair that all are held against is kept to one core; its rate with all cores is printed too. Both are measured in
turn, as a shared machine is at times half as fast.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from hil.coverage.runs import Asked, Outcome, carry_out, checked

ROUNDS = 3
WARM, RUNS = 1, 4
"""Runs of each process that are not timed, as it starts and imports; and that are."""


def rate(asked: Asked, jobs: int) -> float:
    """Runs per second, from the first run that ends after every process is warm."""
    ended: list[float] = []

    def told(outcome: Outcome) -> None:
        if outcome.error:
            raise RuntimeError(outcome.error)
        ended.append(time.perf_counter())

    carry_out(asked, range(1, 1 + jobs * (WARM + RUNS)), jobs, told)
    warm = jobs * WARM - 1
    return (len(ended) - 1 - warm) / (ended[-1] - ended[warm])


@contextmanager
def kept_to(cores: set[int]) -> Iterator[None]:
    """Processes that are started inside run on ``cores`` alone."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def main() -> None:
    """Print the rates and the efficiency."""
    asked, cores = checked(Asked("soak", "climate-sim", {})), sorted(os.sched_getaffinity(0))
    found = list[float]()
    for number in range(ROUNDS):
        with kept_to({cores[number % len(cores)]}):
            one = rate(asked, 1)
        every = rate(asked, len(cores))
        found.append(every / one / len(cores))
        print(f"one process on one core {one:.3f} runs/s, {len(cores)} on all {every:.3f} runs/s: {found[-1]:.2f}")
    print(
        f"load {os.getloadavg()[0]:.1f}; efficiency {median(found):.2f} (wanted: 0.85), "
        f"of {min(found):.2f} to {max(found):.2f}; one process with all cores {rate(asked, 1):.3f} runs/s"
    )


if __name__ == "__main__":
    main()
