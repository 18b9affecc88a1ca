"""Which influence quantities matter: Sobol indices of a function or of what was observed; a Latin hypercube."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..checks import Array, count, finite, numbers, probability, several, table
from ..errors import CalibrationError

Ranges = Mapping[str, tuple[float, float]]
Function = Callable[[Mapping[str, Array]], Array]

REPLICATES = 200
FEWEST = 16
"""Rows of a design for Sobol indices, at the least."""


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
    if not callable(function):
        raise CalibrationError(f"function is {function!r}", remedy="give one that takes the factors' values")
    generator = np.random.default_rng(count("seed", seed))
    low, width = np.array(bounds)[:, :1], np.diff(np.array(bounds), axis=1)
    samples = low + width * _crossed(len(bounds), n, generator)
    values = np.array([_evaluated(function, ranges, x) for x in samples])
    return _with_intervals(values, tuple(ranges), confidence, generator)


def saltelli_sample(factors: int, n: int, *, seed: int) -> Array:
    """Where a system is to be observed for Sobol indices, on the unit cube, shape (factors + 2, factors, n).

    Sample 0 is A, sample 1 is B, sample 2 + i is A with factor i taken from B (A. Saltelli et al., Comput. Phys.
    Commun. 181 (2010) 259); A and B come from a scrambled Sobol sequence.

    :param n: a power of 2, 16 or more.
    :raises CalibrationError: fewer than two factors, or another n.
    """
    factors = count("factors", factors, least=0, most=1000)
    return _crossed(factors, n, np.random.default_rng(count("seed", seed)))


def sobol_of_values(
    values: ArrayLike, factors: Sequence[str], *, confidence: float = 0.95, seed: int = 0
) -> SobolIndices:
    """Sobol indices of what was observed at the points of `saltelli_sample`.

    The bootstrap takes rows (places in A and B) as independent; those of a Sobol sequence fill the space more evenly,
    so that intervals are rather too wide. Scatter of the response itself counts to every total index.

    :param values: shape (factors + 2, n), n of 16 or more; places where something is missing are left out whole.
    :param seed: of the bootstrap.
    :raises CalibrationError: another shape, or values that are not finite or do not vary.
    """
    found, names = finite("values", values), tuple(map(str, several("factors", factors)))
    if found.ndim != 2 or len(names) < 2 or found.shape[0] != len(names) + 2 or found.shape[1] < FEWEST:
        raise CalibrationError(
            f"values of shape {found.shape} for {len(names)} factors",
            remedy=f"give (factors + 2, n), two or more factors, n of {FEWEST} or more",
        )
    return _with_intervals(found, names, confidence, np.random.default_rng(count("seed", seed)))


def _crossed(factors: int, n: int, generator: np.random.Generator) -> Array:
    from scipy.stats import qmc

    n = count("n", n, least=FEWEST, most=2**24)
    if n & (n - 1):
        raise CalibrationError(f"n = {n}", remedy="give a power of 2")
    if factors < 2:
        raise CalibrationError("one factor has no indices: all variance is its own", remedy="give two or more factors")
    unit = qmc.Sobol(2 * factors, rng=generator).random(n).T
    a, b = unit[:factors], unit[factors:]
    return np.array([a, b, *(np.where(np.arange(factors)[:, None] == i, b, a) for i in range(factors))])


def _with_intervals(
    values: Array, factors: tuple[str, ...], confidence: float, generator: np.random.Generator
) -> SobolIndices:
    probability("confidence", confidence)
    if np.ptp(values[:2]) == 0.0:
        raise CalibrationError("the response does not vary in these ranges", remedy="widen them")
    n = values.shape[1]
    first, total = _indices(values)
    drawn = np.array([_indices(values[:, generator.integers(0, n, n)]) for _ in range(REPLICATES)])
    if not np.all(np.isfinite(drawn)):
        raise CalibrationError("the response varies at too few of the points", remedy="take more of them")
    tail = (1.0 - confidence) / 2.0
    first_interval, total_interval = np.moveaxis(np.quantile(drawn, [tail, 1.0 - tail], axis=0), 0, -1)
    return SobolIndices(factors, first, total, first_interval, total_interval, values.size)


def _evaluated(function: Function, ranges: Ranges, x: Array) -> Array:
    return numbers("values of the function", function(dict(zip(ranges, x, strict=True))), size=x.shape[1])


def _indices(values: Array) -> Array:
    """First-order and total indices, shape (2, factors), of values at A, B and the crossed samples, about their mean.

    First order by (b), total by (f) of table 2 of Saltelli et al. 2010 (the latter: M. J. W. Jansen, Comput. Phys.
    Commun. 117 (1999) 35).
    """
    a, b, *_ = centred = values - values[:2].mean()
    crossed, variance = centred[2:], float(values[:2].var())
    with np.errstate(invalid="ignore", divide="ignore"):
        first = (b * (crossed - a)).mean(axis=1) / variance
        total = ((a - crossed) ** 2).mean(axis=1) / (2.0 * variance)
    return np.array([first, total])


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
