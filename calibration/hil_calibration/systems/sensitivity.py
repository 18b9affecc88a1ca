"""Which influence quantities matter: Sobol indices of a function, and points of a Latin hypercube (by scipy)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checks import Array, count, numbers, probability, table
from ..errors import CalibrationError

Ranges = Mapping[str, tuple[float, float]]
Function = Callable[[Mapping[str, Array]], Array]

REPLICATES = 200


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
    function: Function,
    ranges: Ranges,
    *,
    n: int = 4096,
    confidence: float = 0.95,
    seed: int = 0,
) -> SobolIndices:
    """Variance-based sensitivity of ``function`` to factors that are uniform and independent in ``ranges``.

    :param function: takes factor -> values of shape (m,), returns shape (m,).
    :param n: a power of 2, 16 or more; the function is evaluated n (factors + 2) times.
    :raises CalibrationError: fewer than two factors, a range that is none, another n, or values that are not finite or
        do not vary.
    """
    bounds = _bounds(ranges)
    n, seed = count("n", n, least=16, most=2**24), count("seed", seed)
    if n & (n - 1):
        raise CalibrationError(f"n = {n}", remedy="give a power of 2")
    if len(bounds) < 2:
        raise CalibrationError("one factor has no indices: all variance is its own", remedy="give two or more factors")
    probability("confidence", confidence)
    if not callable(function):
        raise CalibrationError(f"function is {function!r}", remedy="give one that takes the factors' values")
    generator = np.random.default_rng(seed)
    a, b = _samples(bounds, n, generator)
    crossed = [np.where(np.arange(len(bounds))[:, None] == i, b, a) for i in range(len(bounds))]
    f_a, f_b, *f_ab = (_evaluated(function, ranges, x) for x in (a, b, *crossed))
    if np.ptp([f_a, f_b]) == 0.0:
        raise CalibrationError("the function does not vary in these ranges", remedy="widen them")
    values = np.array([f_a, f_b, *f_ab])
    first, total = _indices(values)
    drawn = np.array([_indices(values[:, generator.integers(0, n, n)]) for _ in range(REPLICATES)])
    if not np.all(np.isfinite(drawn)):
        raise CalibrationError("the function varies at too few of the points", remedy="take more of them")
    tail = (1.0 - confidence) / 2.0
    first_interval, total_interval = np.moveaxis(np.quantile(drawn, [tail, 1.0 - tail], axis=0), 0, -1)
    return SobolIndices(tuple(ranges), first, total, first_interval, total_interval, n * (len(bounds) + 2))


def _samples(bounds: list[tuple[float, float]], n: int, generator: np.random.Generator) -> tuple[Array, Array]:
    """Two independent samples of the factors, shape (factors, n) each."""
    from scipy.stats import qmc

    low, width = np.array(bounds)[:, :1], np.diff(np.array(bounds), axis=1)
    unit = qmc.Sobol(2 * len(bounds), rng=generator).random(n).T
    return low + width * unit[: len(bounds)], low + width * unit[len(bounds) :]


def _evaluated(function: Function, ranges: Ranges, x: Array) -> Array:
    return numbers("values of the function", function(dict(zip(ranges, x, strict=True))), size=x.shape[1])


def _indices(values: Array) -> Array:
    """First-order and total indices, shape (2, factors), of values at A, B and the crossed samples (Saltelli 2010)."""
    from scipy.stats import sobol_indices as by_scipy

    found: Any = {"f_A": values[:1], "f_B": values[1:2], "f_AB": values[2:, None, :]}
    with np.errstate(invalid="ignore", divide="ignore"):
        indices = by_scipy(func=found, n=values.shape[1])
    return np.array([np.ravel(indices.first_order), np.ravel(indices.total_order)])


def latin_hypercube(ranges: Ranges, n: int, *, seed: int) -> list[dict[str, float]]:
    """``n`` points that fill ``ranges`` evenly in every factor, of least discrepancy among random ones.

    :raises CalibrationError: no factor, a range that is none, or no point.
    """
    from scipy.stats import qmc

    bounds = _bounds(ranges)
    n, seed = count("n", n, least=1, most=1_000_000), count("seed", seed)
    drawn = qmc.LatinHypercube(len(bounds), optimization="random-cd" if n > 1 else None, rng=seed).random(n)
    low, width = np.array(bounds)[:, 0], np.diff(np.array(bounds), axis=1)[:, 0]
    return [dict(zip(ranges, map(float, low + width * point), strict=True)) for point in drawn]


def _bounds(ranges: Ranges) -> list[tuple[float, float]]:
    found = []
    for factor, limits in table("ranges", ranges).items():
        low, high = numbers(f"range of {factor}", limits, size=2).tolist()
        if not low < high:
            raise CalibrationError(f"range of {factor}: {low} to {high}", remedy="give lower < upper")
        found.append((low, high))
    if not found:
        raise CalibrationError("no factors", remedy="give the range of one or more")
    return found
