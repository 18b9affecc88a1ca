"""Precision: repeatability and reproducibility, their consistency, gauge studies, robust means."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import count, finite, numbers, several
from .errors import CalibrationError
from .two_way import POOLING, crossed_study

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Precision:
    """Standard deviations of repeatability ``s_r``, between groups ``s_L``, reproducibility ``s_R`` (ISO 5725-2, 7.4).

    ``s_L`` is 0 where the variance between groups comes out negative, and ``s_R`` is then ``s_r``; ``negative`` says
    so. ``mean`` is the general mean, ``groups`` their number, ``results`` that of all results.
    """

    s_r: float
    s_L: float  # noqa: N815 (the standard's symbol)
    s_R: float  # noqa: N815
    mean: float
    groups: int
    results: int
    negative: bool


def repeatability_reproducibility(groups: Sequence[ArrayLike]) -> Precision:
    """Precision from results in groups (laboratories, operators, days), balanced or not (ISO 5725-2, 7.4.5).

    >>> found = repeatability_reproducibility([[10.1, 10.2], [10.4, 10.5], [9.9, 9.8]])
    >>> round(found.s_r, 4), round(found.s_R, 4)
    (0.0707, 0.3055)

    :param groups: two or more; at least one with two results.
    :raises CalibrationError: fewer, an empty group, or a result that is not finite.
    """
    arrays = _groups(groups)
    counts = np.array([len(each) for each in arrays], dtype=float)
    means = np.array([each.mean() for each in arrays])
    total, p = float(counts.sum()), len(arrays)
    if total <= p:
        raise CalibrationError("one result in each group has no repeatability", remedy="repeat in one group at least")
    mean = float(np.average(means, weights=counts))
    within = math.fsum(float(((each - each.mean()) ** 2).sum()) for each in arrays) / (total - p)
    between = float((counts * (means - mean) ** 2).sum()) / (p - 1)
    size = (total - float((counts**2).sum()) / total) / (p - 1)
    variance = (between - within) / size
    s_l = max(0.0, variance)
    return Precision(math.sqrt(within), math.sqrt(s_l), math.sqrt(within + s_l), mean, p, int(total), variance < 0)


@dataclass(frozen=True)
class Mandel:
    """Mandel's h (consistency of means) and k (of spreads) for each group, shape (p,), with critical values at 5 % and
    1 %."""

    h: Array
    k: Array
    h_critical: tuple[float, float]
    k_critical: tuple[float, float]


def mandel(groups: Sequence[ArrayLike]) -> Mandel:
    """Mandel's statistics of groups of equal size, 2 or more results each, 3 or more groups (ISO 5725-2, 7.3.1).

    :raises CalibrationError: other groups, or groups without any spread.
    """
    from scipy.special import fdtri, stdtrit

    arrays = _groups(groups)
    p, n = len(arrays), len(arrays[0])
    if p < 3 or n < 2 or any(len(each) != n for each in arrays):
        raise CalibrationError(
            "groups of unequal size, or too few", remedy="give 3 or more groups of one size, 2 or more"
        )
    means = np.array([each.mean() for each in arrays])
    deviations = np.array([each.std(ddof=1) for each in arrays])
    spread, pooled = float(means.std(ddof=1)), math.sqrt(float((deviations**2).mean()))
    if _nothing(min(spread, pooled), *arrays):
        raise CalibrationError("results without any spread", remedy="look at the resolution of the results")

    def h_limit(level: float) -> float:
        t = float(stdtrit(p - 2, 1 - level / 2))
        return (p - 1) * t / math.sqrt(p * (t**2 + p - 2))

    def k_limit(level: float) -> float:
        f = float(fdtri((p - 1) * (n - 1), n - 1, level))
        return math.sqrt(p / (1 + (p - 1) * f))

    return Mandel(
        (means - means.mean()) / spread,
        deviations / pooled,
        (h_limit(0.05), h_limit(0.01)),
        (k_limit(0.05), k_limit(0.01)),
    )


@dataclass(frozen=True)
class GaugeStudy:
    """A crossed gauge study by analysis of variance. Standard deviations of ``repeatability``, ``operators``,
    ``interaction``, ``parts``; ``gauge`` joins the first three.

    ``p_interaction`` is the p-value of the interaction, ``pooled`` whether it was pooled with repeatability. A variance
    that comes out negative is 0. ``categories`` is the number of distinct categories, 1.41 parts / gauge.
    """

    repeatability: float
    operators: float
    interaction: float
    parts: float
    p_interaction: float
    pooled: bool

    @property
    def reproducibility(self) -> float:
        return math.hypot(self.operators, self.interaction)

    @property
    def gauge(self) -> float:
        return math.hypot(self.repeatability, self.reproducibility)

    @property
    def total(self) -> float:
        return math.hypot(self.gauge, self.parts)

    @property
    def percent(self) -> float:
        """The gauge's share of the total standard deviation in %; the total is above 0."""
        return 100 * self.gauge / self.total

    @property
    def categories(self) -> int:
        return math.floor(1.41 * self.parts / self.gauge) if self.gauge > 0 else 0


def gauge_study(results: ArrayLike, *, pool: float = POOLING) -> GaugeStudy:
    """A crossed gauge study: every operator measures every part several times.

    `hil_calibration.two_way` has the same with intervals, and the table of the analysis of variance.

    :param results: shape (parts, operators, repeats), 2 or more of each.
    :param pool: the p-value of the interaction above which it is pooled with repeatability; 0 never pools.
    :raises CalibrationError: another shape, a result that is not finite, or no repeatability at all.
    """
    found = crossed_study(results, pool=pool)
    return GaugeStudy(found.s_r.s, found.operators, found.interaction, found.items, found.p_interaction, found.pooled)


@dataclass(frozen=True)
class Robust:
    """A robust mean and standard deviation, and the number of steps that it took."""

    mean: float
    s: float
    steps: int


def algorithm_a(values: ArrayLike, *, most_steps: int = 1000) -> Robust:
    """Robust mean and standard deviation (algorithm A; ISO 13528, C.3.1), until both stand still.

    Where more than half of the values are equal, the scaled median absolute deviation is 0 and would stay so; the
    algorithm then starts from the standard deviation.

    :param values: shape (n,), n of 3 or more.
    :raises CalibrationError: fewer values, one that is not finite, or no convergence.
    """
    x = numbers("values", values, fewest=3)
    most_steps = count("most_steps", most_steps, least=1)
    mean = float(np.median(x))
    s = 1.483 * float(np.median(np.abs(x - mean)))
    if _nothing(s, x):
        s = float(x.std(ddof=1))
    if _nothing(s, x):
        return Robust(float(x[0]), 0.0, 0)
    for step in range(1, most_steps + 1):
        winsorised = np.clip(x, mean - 1.5 * s, mean + 1.5 * s)
        before, mean, s = (mean, s), float(winsorised.mean()), 1.134 * float(winsorised.std(ddof=1))
        if math.isclose(before[0], mean, rel_tol=1e-12, abs_tol=1e-15) and math.isclose(before[1], s, rel_tol=1e-12):
            return Robust(mean, s, step)
    raise CalibrationError(f"algorithm A did not converge in {most_steps} steps", remedy="look at the data")


def _nothing(spread: float, *values: Array) -> bool:
    """Whether a spread is no more than the rounding of floating-point numbers of this size."""
    largest = max(float(np.abs(each).max()) for each in values)
    return spread <= 1e-13 * largest


def _groups(groups: Sequence[ArrayLike]) -> list[Array]:
    arrays = [finite("a group", each) for each in several("groups", groups)]
    if len(arrays) < 2 or any(each.ndim != 1 or not len(each) for each in arrays):
        raise CalibrationError(f"{len(arrays)} group(s)", remedy="give two or more groups, none of them empty")
    return arrays
