"""Two-way analysis of variance of a crossed study: repeatability and reproducibility with confidence intervals.

Every operator (or day, or bench) measures every item several times; all three are random effects::

    result = mean + item + operator + (item x operator) + repeat

Repeatability s_r is the standard deviation of repeats, s_L that of operators and their interaction with the items,
reproducibility s_R joins the two. Their intervals:

- s_r: by the chi-square distribution of its mean square, exact for normal repeats;
- s_L and s_R: modified large sample (`hil_calibration.large_sample`). s_L is a difference of mean squares, and its
  interval holds as a whole; s_R is a sum, and each bound of its interval holds by itself, for the lower one is
  multiplied by a factor. The degrees of freedom of s_R are Satterthwaite's (GUM G.4.1).

Mean squares and components: D. C. Montgomery, Introduction to Statistical Quality Control, 6th edition, 8.7; the
symbols s_r, s_L, s_R as in ISO 5725-2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from .checks import finite, probability, share
from .errors import CalibrationError
from .large_sample import Interval, Weighted, sum_and_difference, sum_of_nested

POOLING = 0.25
"""The p-value above which the interaction is usually pooled with repeatability.

That the results themselves decide it has a price, the larger the fewer there are: without an interaction s_r² is too
small in the mean by 3 % (10 items, 3 groups, 3 repeats) to 9 % (3, 3, 2), and its 95 % interval holds it in some 94 %.
Without pooling it is unbiased, and its interval exact. `tests/calibration/test_two_way.py` draws the studies.
"""


@dataclass(frozen=True)
class Row:
    """One source of variation: degrees of freedom, sum of squares; F and its p-value where it is tested."""

    source: Literal["items", "operators", "interaction", "repeats"]
    dof: int
    ss: float
    f: float | None = None
    p: float | None = None

    @property
    def ms(self) -> float:
        """The mean square."""
        return self.ss / self.dof


@dataclass(frozen=True)
class Component:
    """A standard deviation with its interval, ``method`` of the interval in words; ``negative`` if its variance was."""

    s: float
    interval: Interval
    method: str
    negative: bool = False


@dataclass(frozen=True)
class CrossedStudy:
    """What a crossed study showed: standard deviations in the unit of the results.

    ``rows`` is the analysis of variance as it was used: without the interaction where that was ``pooled``.
    ``p_interaction`` is the p-value of the interaction before that. Variances that come out negative are 0, and in
    ``negative`` by name. ``dof`` are the effective degrees of freedom of s_R.
    """

    mean: float
    rows: tuple[Row, ...]
    s_r: Component
    s_L: Component  # noqa: N815 (the standard's symbol)
    s_R: Component  # noqa: N815
    operators: float
    interaction: float
    items: float
    dof: float
    p_interaction: float
    pooled: bool
    negative: tuple[str, ...]

    @property
    def total(self) -> float:
        """The standard deviation of items, operators and repeats together."""
        return math.hypot(self.s_R.s, self.items)

    @property
    def share(self) -> float:
        """The share of the total variance that is not the items', 0 to 1."""
        return (self.s_R.s / self.total) ** 2


def analysis_of_variance(results: ArrayLike) -> tuple[Row, Row, Row, Row]:
    """Items, operators, their interaction and repeats, each with its sum of squares; the interaction is tested.

    :param results: shape (items, operators, repeats), 2 or more of each.
    :raises CalibrationError: another shape, a result that is not finite, or repeats without any spread.
    """
    from scipy.special import fdtrc

    x = finite("results", results)
    if x.ndim != 3 or min(x.shape) < 2:
        raise CalibrationError(
            f"results of shape {x.shape}", remedy="give (items, operators, repeats), 2 or more of each"
        )
    a, b, n = x.shape
    cell, item, operator, mean = x.mean(axis=2), x.mean(axis=(1, 2)), x.mean(axis=(0, 2)), float(x.mean())
    items = Row("items", a - 1, b * n * float(((item - mean) ** 2).sum()))
    operators = Row("operators", b - 1, a * n * float(((operator - mean) ** 2).sum()))
    crossed = n * float(((cell - item[:, None] - operator[None, :] + mean) ** 2).sum())
    repeats = Row("repeats", a * b * (n - 1), float(((x - cell[:, :, None]) ** 2).sum()))
    if math.sqrt(repeats.ms) <= 1e-13 * float(np.abs(x).max()):
        raise CalibrationError("repeats without any spread", remedy="look at the resolution of the results")
    dof = (a - 1) * (b - 1)
    f = crossed / dof / repeats.ms
    return items, operators, Row("interaction", dof, crossed, f, float(fdtrc(dof, repeats.dof, f))), repeats


def crossed_study(results: ArrayLike, *, pool: float = POOLING, confidence: float = 0.95) -> CrossedStudy:
    """Repeatability and reproducibility of a crossed study, by two-way analysis of variance.

    :param results: shape (items, operators, repeats), 2 or more of each.
    :param pool: the p-value of the interaction above which it is pooled with repeatability; 0 never pools.
    :param confidence: of each interval, two-sided, at least 0.5 and below 1.
    :raises CalibrationError: as `analysis_of_variance`, or a probability that is none.
    """
    share("pool", pool)
    probability("confidence", confidence)
    if confidence < 0.5:
        raise CalibrationError(f"confidence is {confidence:g}", remedy="give at least 0.5, and less than 1")
    x = finite("results", results)
    rows = analysis_of_variance(x)
    p_value = rows[2].p or 0.0
    pooled = p_value > pool > 0
    used, error = _used(rows, pooled=pooled)
    items, operators, crossed = used[0], used[1], used[2]
    a, b, n = x.shape
    variances = {
        "operators": (operators.ms - crossed.ms) / (a * n),
        "interaction": 0.0 if pooled else (crossed.ms - error.ms) / n,
        "items": (items.ms - crossed.ms) / (b * n),
    }
    found = {name: math.sqrt(max(0.0, value)) for name, value in variances.items()}
    between = math.hypot(found["operators"], found["interaction"])
    plus, minus = _combination(operators, crossed, error, a, n, pooled=pooled)
    joined = _with_repeats(plus, error, minus)
    return CrossedStudy(
        mean=float(x.mean()),
        rows=used,
        s_r=Component(math.sqrt(error.ms), _chi_square(error, confidence), "chi-square"),
        s_L=_between(between, plus, minus, confidence),
        s_R=_reproducibility(math.hypot(between, math.sqrt(error.ms)), joined, confidence),
        operators=found["operators"],
        interaction=found["interaction"],
        items=found["items"],
        dof=_satterthwaite(joined),
        p_interaction=p_value,
        pooled=pooled,
        negative=tuple(name for name, value in variances.items() if value < 0),
    )


def _used(rows: tuple[Row, Row, Row, Row], *, pooled: bool) -> tuple[tuple[Row, ...], Row]:
    """The rows that are reported, with F of items and operators against the interaction, or what it was pooled with."""
    from scipy.special import fdtrc

    items, operators, crossed, repeats = rows
    error = Row("repeats", crossed.dof + repeats.dof, crossed.ss + repeats.ss) if pooled else repeats
    against = error if pooled else crossed

    def tested(row: Row) -> Row:
        if against.ms == 0.0:
            return row
        f = row.ms / against.ms
        return Row(row.source, row.dof, row.ss, f, float(fdtrc(row.dof, against.dof, f)))

    effects = (tested(items), tested(operators))
    return ((*effects, error), error) if pooled else ((*effects, crossed, error), error)


def _combination(
    operators: Row, crossed: Row, error: Row, a: int, n: int, *, pooled: bool
) -> tuple[Weighted, Weighted]:
    """s_L² as mean squares that are added, and those that are taken away."""
    if pooled:
        return [(1.0 / (a * n), operators)], [(1.0 / (a * n), error)]
    return [(1.0 / (a * n), operators), ((a - 1.0) / (a * n), crossed)], [(1.0 / n, error)]


def _with_repeats(plus: Weighted, error: Row, minus: Weighted) -> Weighted:
    """s_R² as a sum of mean squares: s_L² and that of the repeats."""
    return [*plus, (1.0 - minus[0][0], error)]


def _chi_square(row: Row, confidence: float) -> Interval:
    from scipy.special import chdtri

    tail = (1.0 - confidence) / 2.0
    return math.sqrt(row.ss / float(chdtri(row.dof, tail))), math.sqrt(row.ss / float(chdtri(row.dof, 1.0 - tail)))


def _satterthwaite(parts: Weighted) -> float:
    return sum(c * row.ms for c, row in parts) ** 2 / sum((c * row.ms) ** 2 / row.dof for c, row in parts)


def _between(s: float, plus: Weighted, minus: Weighted, confidence: float) -> Component:
    middle = sum(c * row.ms for c, row in plus) - sum(c * row.ms for c, row in minus)
    interval = _roots(s, sum_and_difference(plus, minus, confidence))
    return Component(s, interval, "modified large sample", middle < 0.0)


def _reproducibility(s: float, parts: Weighted, confidence: float) -> Component:
    interval = _roots(s, sum_of_nested(parts, confidence))
    return Component(s, interval, "modified large sample, by sides")


def _roots(s: float, variances: Interval) -> Interval:
    """The interval of a standard deviation by that of its variance, with ``s`` in it."""
    low, high = (math.sqrt(max(0.0, each)) for each in variances)
    return min(s, low), max(s, high)
