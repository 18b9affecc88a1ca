"""Which influence quantities matter: Sobol indices of a function, and points of a Latin hypercube (by scipy)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checks import Array, count, number, numbers, probability
from ..errors import CalibrationError

Ranges = Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class SobolIndices:
    """First-order and total indices of each factor, with percentile intervals by bootstrap, shape (factors, 2)."""

    factors: tuple[str, ...]
    first: Array
    total: Array
    first_interval: Array
    total_interval: Array
    evaluations: int


def sobol_indices(
    function: Callable[[Mapping[str, Array]], Array],
    ranges: Ranges,
    *,
    n: int = 4096,
    confidence: float = 0.95,
    seed: int = 0,
) -> SobolIndices:
    """Variance-based sensitivity of ``function`` to factors that are uniform and independent in ``ranges``.

    :param function: takes factor -> values of shape (m,), returns shape (m,).
    :param n: a power of 2; the function is evaluated n (factors + 2) times.
    :raises CalibrationError: fewer than two factors, a range that is none, another n, or values that are not finite or
        do not vary.
    """
    from scipy.stats import sobol_indices as by_scipy
    from scipy.stats import uniform

    bounds = _bounds(ranges)
    whole = count("n", n, least=2)
    if whole & (whole - 1):
        raise CalibrationError(f"n = {n}", remedy="give a power of 2")
    if len(bounds) < 2:
        raise CalibrationError("one factor has no indices: all variance is its own", remedy="give two or more factors")
    probability("confidence", confidence)

    def of(x: Array) -> Array:
        found = numbers("values of the function", function(dict(zip(ranges, x, strict=True))), size=x.shape[1])
        if np.ptp(found) == 0.0:
            raise CalibrationError("the function does not vary in these ranges", remedy="widen them")
        return found[None, :]

    factors: Any = [uniform(low, high - low) for low, high in bounds]
    found = by_scipy(func=of, n=n, dists=factors, rng=np.random.default_rng(seed))
    drawn = found.bootstrap(probability("confidence", confidence), n_resamples=200)
    first, total = drawn.first_order.confidence_interval, drawn.total_order.confidence_interval
    return SobolIndices(
        tuple(ranges),
        np.ravel(found.first_order),
        np.ravel(found.total_order),
        np.column_stack([np.ravel(first.low), np.ravel(first.high)]),
        np.column_stack([np.ravel(total.low), np.ravel(total.high)]),
        n * (len(bounds) + 2),
    )


def latin_hypercube(ranges: Ranges, n: int, *, seed: int) -> list[dict[str, float]]:
    """``n`` points that fill ``ranges`` evenly in every factor, of least discrepancy among random ones.

    :raises CalibrationError: no factor, a range that is none, or no point.
    """
    from scipy.stats import qmc

    bounds = _bounds(ranges)
    count("n", n, least=1)
    drawn = qmc.LatinHypercube(len(bounds), optimization="random-cd" if n > 1 else None, rng=seed).random(n)
    low, width = np.array(bounds)[:, 0], np.diff(np.array(bounds), axis=1)[:, 0]
    return [dict(zip(ranges, map(float, low + width * point), strict=True)) for point in drawn]


def _bounds(ranges: Ranges) -> list[tuple[float, float]]:
    for factor, (low, high) in ranges.items():
        if not number(f"range of {factor}", low) < number(f"range of {factor}", high):
            raise CalibrationError(f"range of {factor}: {low} to {high}", remedy="give lower < upper")
    if not ranges:
        raise CalibrationError("no factors", remedy="give the range of one or more")
    return list(ranges.values())
