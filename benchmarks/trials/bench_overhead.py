"""What a dataset bench adds to an observation over the bare model's inference.

Once in one lane, where what the bench does and what the model does take turns; and once in two lanes that take turns at
one model (``shared = true``), where the bench prepares the next observation of one while the model answers the other.
Each is wall time of the bench for an observation, less the time of the bare model in one process.
"""

from __future__ import annotations

import os
from statistics import median

from bare_reader import bare_rate, child_rate
from replay_rate import Replayed, replay

ROUNDS = 5
COUNT = 150
WAYS = {"one lane": (1, False), "two lanes, one model": (2, True)}


def main() -> None:
    """Print the time of an inference, and what is added to it: by wall time, and by processor time of the core."""
    bare, handed = list[float](), list[float]()
    found: dict[str, list[Replayed]] = {way: [] for way in WAYS}
    for _ in range(ROUNDS):
        bare.append(1.0 / bare_rate(1, COUNT))
        handed.append(1.0 / child_rate(COUNT))
        told = [f"bare {1e3 * bare[-1]:.1f} ms, in a child {1e3 * handed[-1]:.1f} ms"]
        for way, (lanes, shared) in WAYS.items():
            one = replay(lanes, 1, shared=shared)
            found[way].append(one)
            told.append(f"{way} {1e3 / one.rate:.1f} ms, of which the model {1e3 * one.latency:.1f} ms")
        print("; ".join(told))
    inference = median(bare)
    child = median(handed) - inference
    print(
        f"of what is added, the way to a child process and back: {1e3 * child:.2f} ms = {100 * child / inference:.1f} %"
    )
    for way, runs in found.items():
        added = median(1.0 / one.rate - each for one, each in zip(runs, bare, strict=True))
        busy = median(one.busy for one in runs)
        print(
            f"{way}: added by wall time {1e3 * added:.2f} ms = {100 * added / inference:.1f} %, "
            f"by processor time {1e3 * busy:.2f} ms = {100 * busy / inference:.1f} % (wanted: 5 % or 1 ms)"
        )
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
