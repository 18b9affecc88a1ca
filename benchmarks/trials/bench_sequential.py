"""How many trials the sequential test takes against the plan of fixed size: simulated, exact, and by Wald's theory.

Wald's approximation (1947) leaves out by how much the last trial oversteps a line, and that the test is cut off.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq
from scipy.special import bdtr

from hil_calibration.performance import Sprt
from hil_calibration.systems.sequential import TruncatedSprt, holding

SIMULATIONS = 3000
MOST = 150
TEST = Sprt(0.02, 0.10, 0.05, 0.05)


def fixed_plan() -> tuple[int, int]:
    """The smallest number of trials, and the failures that it allows, with the risks of the sequential test."""
    for n in range(1, 1000):
        allowed = next((c for c in range(n) if bdtr(c, n, TEST.p1) >= 1.0 - TEST.alpha), n)
        if bdtr(allowed, n, TEST.p2) <= TEST.beta:
            return n, allowed
    raise AssertionError("there is a plan")


def plan() -> TruncatedSprt:
    return holding(TEST.p1, TEST.p2, TEST.alpha, TEST.beta, MOST)


def mean_trials(p: float, generator: np.random.Generator) -> float:
    test = plan()
    total = 0
    for failed in generator.random((SIMULATIONS, MOST)) < p:
        failures = np.cumsum(failed)
        total += next(n for n in range(1, MOST + 1) if test.decide(int(failures[n - 1]), n) != "continue")
    return total / SIMULATIONS


def wald(p: float) -> float:
    """Wald's approximation of the mean number of trials at a failure probability other than the slope of the lines."""
    failure, success = math.log(TEST.p2 / TEST.p1), math.log((1.0 - TEST.p2) / (1.0 - TEST.p1))
    low, high = math.log(TEST.beta / (1.0 - TEST.alpha)), math.log((1.0 - TEST.beta) / TEST.alpha)
    drift = p * failure + (1.0 - p) * success

    def unbiased(h: float) -> float:
        return p * math.exp(h * failure) + (1.0 - p) * math.exp(h * success) - 1.0

    h = float(brentq(unbiased, 1e-6, 20.0) if drift < 0.0 else brentq(unbiased, -20.0, -1e-6))
    accepted = (math.exp(h * high) - 1.0) / (math.exp(h * high) - math.exp(h * low))
    return (accepted * low + (1.0 - accepted) * high) / drift


def main() -> None:
    n, allowed = fixed_plan()
    print(f"fixed plan: {n} trials, {allowed} failures allowed")
    generator = np.random.default_rng(1)
    for p in (TEST.p1, 0.05, TEST.p2):
        exact = plan().operation(p)
        mean = mean_trials(p, generator)
        print(
            f"p = {p:.2f}: {mean:5.1f} trials on average of {SIMULATIONS} tests, {exact.expected_trials:5.1f} exact, "
            f"{wald(p):5.1f} by Wald; accepted with {exact.accept:.3f}, 9 in 10 end by {exact.trials_quantile_90}; "
            f"{100 * (1 - mean / n):.0f} % of the fixed plan saved"
        )


if __name__ == "__main__":
    main()
