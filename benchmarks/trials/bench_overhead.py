"""What a dataset bench adds to an observation over the bare model's inference, in one lane."""

from __future__ import annotations

import os
from statistics import median

from bare_reader import bare_rate
from replay_rate import replay

ROUNDS = 3
COUNT = 150


def main() -> None:
    """Print the time of an inference, and what is added to it: by wall time, and by processor time of the core."""
    added, busy, bare = list[float](), list[float](), list[float]()
    for _ in range(ROUNDS):
        one = 1.0 / bare_rate(1, COUNT)
        found = replay(1, 1)
        bare.append(one)
        added.append(found.wall - one)
        busy.append(found.busy)
        print(
            f"bare {1e3 * one:.1f} ms, in the bench {1e3 * found.wall:.1f} ms, of which the model "
            f"{1e3 * found.latency:.1f} ms; the core was busy for {1e3 * found.busy:.2f} ms"
        )
    share = median(added) / median(bare)
    print(
        f"load {os.getloadavg()[0]:.1f}; added by wall time {1e3 * median(added):.2f} ms = {100 * share:.1f} %, "
        f"by processor time {1e3 * median(busy):.2f} ms = {100 * median(busy) / median(bare):.1f} % "
        "(wanted: 5 % or 1 ms)"
    )


if __name__ == "__main__":
    main()
