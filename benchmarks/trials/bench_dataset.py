"""Throughput of a dataset bench with as many lanes as cores, against the bare model in as many processes.

Both are measured in turn, in one run, as a shared machine is at times half as fast.
"""

from __future__ import annotations

import os
from statistics import median

from bare_reader import bare_rate
from replay_rate import replay

ROUNDS = 3
COUNT = 150


def main() -> None:
    """Print points per second of both, and their ratio."""
    cores = os.cpu_count() or 1
    bare, bench = list[float](), list[float]()
    for _ in range(ROUNDS):
        bare.append(bare_rate(cores, COUNT))
        bench.append(replay(cores, 2).rate)
        print(f"bare {bare[-1]:.1f} /s in {cores} processes, bench {bench[-1]:.1f} /s in {cores} lanes")
    ratios = [b / a for a, b in zip(bare, bench, strict=True)]
    print(
        f"load {os.getloadavg()[0]:.1f}; ratio {median(ratios):.3f} (wanted: 0.9), "
        f"of {min(ratios):.3f} to {max(ratios):.3f}"
    )


if __name__ == "__main__":
    main()
