"""Which influence quantities matter, from any design that fills their ranges: standardised regression on ranks.

The ranks of the response are regressed on those of each factor. A coefficient near 1 or -1 means that the response
rises or falls with that factor and with little else; a share of variance (R²) well below 1, that it does neither
steadily: then Sobol indices tell more. Source: R. L. Iman, W. J. Conover, Technometrics 21 (1979) 499.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..checks import Array, count, numbers, probability, table
from ..errors import CalibrationError

REPLICATES = 400


@dataclass(frozen=True)
class RankRegression:
    """A coefficient for each factor, -1 to 1, with percentile intervals by bootstrap, shape (factors, 2).

    ``explained`` is the share of the variance of the ranks that the regression explains (R², 0 to 1).
    """

    factors: tuple[str, ...]
    coefficients: Array
    intervals: Array
    explained: float
    n: int


def rank_regression(
    factors: Mapping[str, ArrayLike], response: ArrayLike, *, confidence: float = 0.95, seed: int = 0
) -> RankRegression:
    """Regress the ranks of ``response`` on those of the ``factors``; equal values share their mean rank.

    :param factors: factor -> its value in each trial, shape (n,); n is three times their number at the least.
    :param response: shape (n,); 0 and 1 for failures and successes will do.
    :param seed: of the bootstrap, which draws trials.
    :raises CalibrationError: no factor, too few trials, values that are not finite, or that do not vary.
    """
    probability("confidence", confidence)
    named = table("factors", factors)
    if not named:
        raise CalibrationError("no factors", remedy="give the values of one or more")
    y = numbers("response", response, fewest=3 * (len(named) + 1))
    x = np.array([numbers(name, values, size=len(y)) for name, values in named.items()])
    for name, values in zip([*named, "response"], [*x, y], strict=True):
        if np.ptp(values) == 0.0:
            raise CalibrationError(f"{name} does not vary", remedy="widen the ranges")
    coefficients, explained = _regressed(x, y)
    generator, n = np.random.default_rng(count("seed", seed)), len(y)
    places = (generator.integers(0, n, n) for _ in range(REPLICATES))
    drawn = np.array([_regressed(x[:, place], y[place])[0] for place in places if np.ptp(y[place]) > 0.0])
    tail = (1.0 - confidence) / 2.0
    intervals = np.quantile(drawn, [tail, 1.0 - tail], axis=0).T
    return RankRegression(tuple(map(str, named)), coefficients, intervals, explained, n)


def _regressed(x: Array, y: Array) -> tuple[Array, float]:
    """Standardised coefficients, and the share of variance explained."""
    from scipy.stats import rankdata

    ranks = rankdata(np.vstack([x, y]), axis=1)
    ranks -= ranks.mean(axis=1, keepdims=True)
    ranks /= np.linalg.norm(ranks, axis=1, keepdims=True)
    solved = np.asarray(np.linalg.lstsq(ranks[:-1].T, ranks[-1], rcond=None)[0], dtype=np.float64)
    return solved, float(1.0 - np.sum((ranks[-1] - solved @ ranks[:-1]) ** 2))
