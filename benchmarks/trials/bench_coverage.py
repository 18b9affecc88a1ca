"""How `hil coverage` scales: runs per second by one process, and by as many as there are cores."""

from __future__ import annotations

import os
import time

from hil.coverage.runs import Asked, Outcome, carry_out, checked

WARM, RUNS = 1, 6
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


def main() -> None:
    """Print the rates and the efficiency."""
    asked, cores = checked(Asked("soak", "climate-sim", {})), os.cpu_count() or 1
    alone, together = rate(asked, 1), rate(asked, cores)
    print(
        f"load {os.getloadavg()[0]:.1f}; one process {alone:.2f} runs/s, {cores} processes {together:.2f} runs/s: "
        f"efficiency {together / alone / cores:.2f} (wanted: 0.85)"
    )


if __name__ == "__main__":
    main()
