"""Monte Carlo of JCGM 101, 9.3: ours against plain numpy, in turns, and the memory of an adaptive run.

Targets: at most 1.1 times plain numpy for 10^6 trials with the shortest interval, no slower than metrolopy where it is
installed (its licence, GPL-3, keeps it out of our environments), and under 500 MB for more than 10^7 adaptive trials.
Exit code 1 if one is missed. Run: python benchmarks/metrology/bench_montecarlo.py
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from time import perf_counter
from typing import Any

import numpy as np

from hil_calibration.measurement.distribution import Distribution, Normal, Rectangular, StudentT
from hil_calibration.montecarlo import propagate

TRIALS, ROUNDS = 1_000_000, 9
MODEL = "(m_rc + dm_rc) * (1 + (a - 1.2) * (1 / rho_w - 1 / rho_r)) - 100000"
INPUTS: dict[str, Distribution] = {
    "m_rc": Normal(value=100000, standard=0.05),
    "dm_rc": Normal(value=1.234, standard=0.02),
    "a": Rectangular(lower=1.1, upper=1.3),
    "rho_w": Rectangular(lower=7000, upper=9000),
    "rho_r": Rectangular(lower=7950, upper=8050),
}
Outcome = tuple[float, float, float, float]


def ours(seed: int) -> Outcome:
    """Value, u and the shortest 95 % interval by the product."""
    found = propagate(MODEL, INPUTS, trials=TRIALS, interval="shortest", seed=seed)
    return found.value, found.u, *found.interval


def plain(seed: int) -> Outcome:
    """The same by numpy, in whole arrays."""
    generator = np.random.default_rng(seed)
    m_rc, dm_rc = generator.normal(100000, 0.05, TRIALS), generator.normal(1.234, 0.02, TRIALS)
    a = generator.uniform(1.1, 1.3, TRIALS)
    rho_w, rho_r = generator.uniform(7000, 9000, TRIALS), generator.uniform(7950, 8050, TRIALS)
    return summary((m_rc + dm_rc) * (1 + (a - 1.2) * (1 / rho_w - 1 / rho_r)) - 100000)


def summary(y: Any) -> Outcome:
    """Value, u and the shortest 95 % interval of trials, which are sorted in place."""
    value, u, width = float(y.mean()), float(y.std(ddof=1)), int(0.95 * len(y))
    y.sort()
    r = int(np.argmin(y[width:] - y[: len(y) - width]))
    return value, u, float(y[r]), float(y[r + width])


def metrolopy(_: int) -> Outcome:
    """The same by metrolopy."""
    package: Any = import_module("metrolopy")
    gummy, uniform = package.gummy, package.UniformDist
    m_rc, dm_rc = gummy(100000, 0.05), gummy(1.234, 0.02)
    a, rho_w, rho_r = (gummy(uniform(center=c, half_width=w)) for c, w in ((1.2, 0.1), (8000, 1000), (8000, 50)))
    y = (m_rc + dm_rc) * (1 + (a - 1.2) * (1 / rho_w - 1 / rho_r)) - 100000
    y.sim(n=TRIALS)
    return summary(np.array(y.simdata))


def timed(run: Callable[[int], Outcome], seed: int) -> float:
    """Seconds of one run."""
    begun = perf_counter()
    run(seed)
    return perf_counter() - begun


def adaptive() -> None:
    """An adaptive run that needs more than 10^7 trials; print trials, seconds, and the peak of this process in MB."""
    begun = perf_counter()
    heavy: dict[str, Distribution] = {
        "x": StudentT(value=0, standard=0.33, dof=3),
        "y": Rectangular(lower=-0.1, upper=0.1),
    }
    found = propagate("x + y", heavy, coverage=0.99, interval="shortest", seed=1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(found.trials, perf_counter() - begun, peak)


def main() -> int:
    """0 if the targets are met."""
    value, u, low, high = ours(1)
    print(f"JCGM 101, 9.3: value {value:.4f}, u {u:.4f}, shortest 95 % [{low:.4f}, {high:.4f}]; plain numpy", end=" ")
    print("value {:.4f}, u {:.4f}, [{:.4f}, {:.4f}]".format(*plain(2)))
    peers = [plain, *([metrolopy] if find_spec("metrolopy") else [])]
    for peer in peers:
        peer(0)
    rounds = [[timed(run, seed) for run in (ours, *peers)] for seed in range(ROUNDS)]
    for run, column in zip((ours, *peers), zip(*rounds, strict=True), strict=True):
        print(f"{run.__name__:12}{1e3 * statistics.median(column):8.1f} ms for {TRIALS:,} trials")
    ratio = statistics.median(mine / theirs for mine, theirs, *_ in rounds)
    print(f"time of ours / plain numpy, median of {ROUNDS} rounds: {ratio:.2f} (target <= 1.1)")
    met = ratio <= 1.1
    if len(peers) > 1:
        other = statistics.median(each[0] / each[2] for each in rounds)
        print(f"time of ours / metrolopy: {other:.2f} (target <= 1)")
        met = met and other <= 1
    else:
        print("metrolopy is not installed here: not compared")
    child = subprocess.run([sys.executable, __file__, "--adaptive"], capture_output=True, text=True, check=True)
    trials, seconds, peak = (float(each) for each in child.stdout.split())
    print(f"adaptive, {trials:,.0f} trials: {seconds:.1f} s, peak of the process {peak:.0f} MB (target < 500 MB)")
    return int(not (met and trials >= 1e7 and peak < 500))


if __name__ == "__main__":
    if "--adaptive" in sys.argv:
        adaptive()
    else:
        sys.exit(main())
