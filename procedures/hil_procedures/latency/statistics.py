"""What events tell of a latency, and what refresh and pictures let one expect of it. Times in s.

An event at a random time waits for the next refresh, uniformly over its period T_d, and then for the next exposure,
uniformly over the period of the pictures T_c: the variance is (T_d^2 + T_c^2) / 12. That holds on average over the
phase of the exposures in the refresh. Where the two periods are locked, or nearly, a run meets few phases only; its
mean is then off by a sawtooth of the width of the gaps between them, whichever number of events it has.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SHARE = 0.95
"""Of the percentile that is stated."""

_MOST = 20_000


@dataclass(frozen=True)
class Percentile:
    """The 95th percentile by the order of the values, with one-sided bounds; ``None`` where there are too few."""

    value: float
    lower: float | None
    upper: float | None


def percentile(values: Array, confidence: float) -> Percentile:
    """The 95th percentile of independent values, shape ``(n,)``, and bounds by the binomial distribution.

    The number of values below the percentile is binomial; no form of the distribution is assumed.

    :param confidence: of each bound, one-sided.
    """
    from scipy.stats import binom

    ordered, n = np.sort(values), len(values)
    above = int(binom.ppf(confidence, n, SHARE)) + 1
    below = int(binom.ppf(1.0 - confidence, n, SHARE))
    return Percentile(
        float(ordered[math.ceil(SHARE * n) - 1]),
        float(ordered[below - 1]) if below >= 1 else None,
        float(ordered[above - 1]) if above <= n else None,
    )


def fewest(confidence: float) -> int:
    """Values of which a percentile has an upper bound, at the least: the largest is above it with this confidence."""
    return math.ceil(math.log1p(-confidence) / math.log(SHARE))


def expected_spread(refresh: float, pictures: float, gap: float = 0.0) -> float:
    """The standard deviation that the two waits alone give within a run, for periods in s and its `phase_gap`."""
    return math.hypot(refresh * math.sqrt(1.0 - gap * gap), pictures) / math.sqrt(12.0)


def phase_gap(ratio: float, pictures: int) -> float:
    """The largest gap between the phases in which exposures meet the refresh, as a share of its period, 0 to 1.

    :param ratio: of the period of the pictures to that of the refresh.
    :param pictures: how many the run spans, 1 or more.
    """
    phases = np.sort((np.arange(min(pictures, _MOST)) * ratio) % 1.0)
    gaps = np.diff(phases, append=phases[0] + 1.0)
    return float(gaps.max())


def period(numbers: NDArray[np.int64], times: NDArray[np.int64]) -> float:
    """The period in s of numbered pictures, or frames, from their ``times`` in ns; both of shape ``(n,)``."""
    first, last = int(numbers.argmin()), int(numbers.argmax())
    return float(times[last] - times[first]) / float(numbers[last] - numbers[first]) / 1e9
