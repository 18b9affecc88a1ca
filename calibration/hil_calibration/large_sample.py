"""Intervals of variances that are sums and differences of mean squares, by modified large sample.

For a difference: N. Ting, R. K. Burdick, F. A. Graybill, S. Jeyaratnam, T. F. C. Lu, J. Stat. Comput. Simul. 35 (1990)
135. For a sum: F. A. Graybill, C.-M. Wang, J. Am. Stat. Assoc. 75 (1980) 869. The lower bound of a sum lies above the
true value more often than its tail says, twice as often where the groups hardly differ; it is therefore multiplied by
the factor with which it holds whatever the components are (`factor_that_holds`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Interval = tuple[float, float]

RATIOS = np.geomspace(1.0, 1e4, 20)
"""Ratios of one expected mean square to the next at which a lower bound is to hold. Between them, the risk departs by
less than 1 % of itself from what it is at them (`tests/calibration/test_large_sample.py`)."""


class MeanSquare(Protocol):
    """A mean square, whose distribution is that of chi-square with ``dof`` degrees of freedom."""

    @property
    def dof(self) -> int: ...

    @property
    def ms(self) -> float: ...


Weighted = Sequence[tuple[float, MeanSquare]]
"""Mean squares with their coefficients, all above 0."""


def sum_and_difference(plus: Weighted, minus: Weighted, confidence: float) -> Interval:
    """The two-sided interval of a sum and difference of variances.

    :param plus: mean squares that are added.
    :param minus: mean squares that are taken away.
    :param confidence: of the interval, two-sided, between 0 and 1.

    The bounds may be below 0.
    """
    middle = sum(c * row.ms for c, row in plus) - sum(c * row.ms for c, row in minus)
    tail = (1.0 - confidence) / 2.0
    return middle - math.sqrt(_below(plus, minus, tail)), middle + math.sqrt(_below(minus, plus, tail))


def sum_of_nested(parts: Weighted, confidence: float) -> Interval:
    """The two-sided interval of a sum of variances each of whose bounds holds by itself.

    :param parts: two or three mean squares, each expected to be no smaller than the next one.
    :param confidence: of the interval, two-sided, at least 0.5 and below 1; each bound fails in half of what it
        leaves, or less.
    """
    middle, tail = sum(c * row.ms for c, row in parts), (1.0 - confidence) / 2.0
    factor = factor_that_holds(tuple((c, row.dof) for c, row in parts), tail)
    return factor * (middle - math.sqrt(_below(parts, (), tail))), middle + math.sqrt(_below((), parts, tail))


@lru_cache(maxsize=64)
def factor_that_holds(parts: tuple[tuple[float, int], ...], risk: float) -> float:
    """The factor on the lower bound of a sum with which it lies above the true sum with ``risk`` at most.

    :param parts: coefficient and degrees of freedom of two or three mean squares, each of them expected to be no
        smaller than the next one; the risk is the largest over `RATIOS` of these.
    :param risk: that is wanted, to 0.5 % of itself, and the tail of the bound; above 0 and at most 0.25.
    :return: 1 or less: 0.82 with two items, groups and repeats and a risk of 0.025, 0.94 with three items, eight groups
        and three repeats.
    """
    from scipy.optimize import brentq

    coefficients, dof = np.array([[c] for c, _ in parts]), [d for _, d in parts]
    first, second = (one.ravel() for one in np.meshgrid(RATIOS if len(parts) == 3 else [1.0], RATIOS))
    expected = coefficients * np.stack((first * second, second, np.ones_like(second)))[-len(parts) :]
    shares = expected / expected.sum(axis=0)
    factor = 1.0
    while (risks := risk_of_lower_bound(shares, dof, risk, factor)).max() > 1.005 * risk:
        worst = shares[:, [int(risks.argmax())]]
        factor = float(brentq(lambda f, at=worst: risk_of_lower_bound(at, dof, risk, f)[0] - risk, 0.01, factor))
    return factor


def risk_of_lower_bound(shares: Array, dof: Sequence[int], tail: float, factor: float = 1.0) -> Array:
    """How often ``factor`` times the lower bound by Graybill and Wang of a sum of variances lies above the true sum.

    :param shares: of each of two or three components in the true sum, above 0, together 1; shape (components, cases).
    :param dof: degrees of freedom of the mean square of each.
    :param tail: of the chi-square quantiles in the bound.
    :return: one risk for each case.

    Of the first mean square the probability is closed, over the others it is a quadrature.
    """
    from scipy.special import chdtrc, chdtri

    p, weights = _nodes()
    g = [1.0 - d / float(chdtri(d, tail)) for d in dof]
    others = [share[:, None] * chdtri(d, p) / d for share, d in zip(shares[1:], dof[1:], strict=True)]
    above = others[0][:, :, None] - 1.0 / factor
    squares = (g[1] * others[0][:, :, None]) ** 2
    if len(others) == 2:
        above = above + others[1][:, None, :]
        squares = squares + (g[2] * others[1][:, None, :]) ** 2
    k = 1.0 - g[0] ** 2
    threshold = (np.sqrt((1.0 - k) * above**2 + k * squares) - above) / k
    exceeds = chdtrc(dof[0], dof[0] * np.maximum(0.0, threshold) / shares[0][:, None, None])
    rows: Array = np.tensordot(exceeds, weights, (1, 0))
    return rows @ weights if len(others) == 2 else rows[:, 0]


@lru_cache(maxsize=1)
def _nodes() -> tuple[Array, Array]:
    """Probabilities and weights of a quadrature over 0 to 1, half of them below 0.1, where large mean squares lie."""
    x, w = np.polynomial.legendre.leggauss(12)
    x, w = (x + 1.0) / 2.0, w / 2.0
    return np.concatenate((0.1 * x**3, 0.1 + 0.9 * x)), np.concatenate((0.3 * x**2 * w, 0.9 * w))


def _below(plus: Weighted, minus: Weighted, tail: float) -> float:
    """The square of how far the lower bound lies from the middle; with the two exchanged, the upper one."""
    from scipy.special import chdtri, fdtri

    def g(row: MeanSquare) -> float:
        return 1.0 - row.dof / float(chdtri(row.dof, tail))

    def h(row: MeanSquare) -> float:
        return row.dof / float(chdtri(row.dof, 1.0 - tail)) - 1.0

    total = sum((g(row) * c * row.ms) ** 2 for c, row in plus) + sum((h(row) * c * row.ms) ** 2 for c, row in minus)
    for c, one in plus:
        for d, other in minus:
            f = float(fdtri(one.dof, other.dof, 1.0 - tail))
            cross = ((f - 1.0) ** 2 - (g(one) * f) ** 2 - h(other) ** 2) / f
            total += cross * c * d * one.ms * other.ms
    return max(0.0, total)
