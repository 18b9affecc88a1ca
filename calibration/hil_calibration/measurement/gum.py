"""Propagation of uncertainty to first or second order (JCGM 100, 5.1.2, 5.2.2; G.4.1)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..budget import Budget, BudgetLine
from ..errors import UnknownCorrelation, UnknownUncertainty
from ..montecarlo import Correlations, correlation_matrix, require_inputs
from .derivative import gradient, second_order
from .distribution import Distribution, require_coverage
from .expression import Expression

Array = NDArray[np.float64]
Order = Literal[1, 2]


@dataclass(frozen=True)
class GumResult:
    """The outcome for one measurand; ``contributions`` holds sensitivity times u of each input, shape (n,)."""

    value: float
    u: float
    dof: float
    k: float
    coverage: float
    budget: Budget
    contributions: Array

    @property
    def U(self) -> float:  # noqa: N802 (the GUM's symbol)
        """Expanded uncertainty."""
        return self.k * self.u

    @property
    def interval(self) -> tuple[float, float]:
        """value - U, value + U."""
        return self.value - self.U, self.value + self.U


def evaluate(
    expression: Expression,
    inputs: Mapping[str, Distribution],
    *,
    correlations: Correlations | None = None,
    coverage: float = 0.95,
    order: Order = 1,
) -> GumResult:
    """Value, combined standard uncertainty and budget of one measurand.

    The coverage factor is Student's t for the effective degrees of freedom, truncated to an integer (GUM G.6.4). To
    second order the terms of GUM 5.1.2, note, are added, which hold for independent inputs; they count as known exactly
    in the degrees of freedom.

    :param coverage: probability, between 0 and 1, both excluded.
    :raises UnknownUncertainty: if the model or a derivative is not finite at the estimates.
    :raises UnknownCorrelation: correlated inputs with finite degrees of freedom, or with ``order`` 2.
    """
    require_coverage(coverage)
    require_inputs(expression, inputs)
    names, given = list(inputs), correlations or {}
    _check_correlated(given, inputs, order)
    estimates = {name: each.estimate for name, each in inputs.items()}
    u = np.array([each.u for each in inputs.values()])
    dof = np.array([each.dof for each in inputs.values()])
    value, slopes = gradient(expression, estimates)
    matrix = correlation_matrix(names, given)
    with np.errstate(all="ignore"):  # what is not finite is refused below
        parts = np.where(u > 0, slopes * u, 0.0)
        shares = parts * (matrix @ parts)
    more = _second_order(expression, estimates, u) if order == 2 else {}
    variance = float(shares.sum()) + math.fsum(more.values())
    if not (math.isfinite(value) and math.isfinite(variance)):
        raise UnknownUncertainty(
            "the model or its derivative has no finite value at the estimates",
            where=expression.where,
            remedy="use montecarlo, or another form of the model",
        )
    if variance < 0:
        raise UnknownUncertainty("the second-order terms make the variance negative", remedy="use montecarlo")
    combined = math.sqrt(variance)
    effective = _welch_satterthwaite(combined, parts, dof)
    lines = _lines(inputs, slopes, parts, shares, variance)
    if more:
        lines += _more_lines(more, variance)
    return GumResult(value, combined, effective, coverage_factor(coverage, effective), coverage, Budget(lines), parts)


def coverage_factor(coverage: float, dof: float = math.inf) -> float:
    """Student's t for a two-sided interval; ``dof`` above 1 is truncated to an integer (GUM G.6.4).

    >>> round(coverage_factor(0.99, 16.75), 2)
    2.92
    """
    from scipy.special import ndtri, stdtrit

    tail = 0.5 + require_coverage(coverage) / 2
    if math.isinf(dof):
        return float(ndtri(tail))
    return float(stdtrit(math.floor(dof) if dof >= 1 else dof, tail))


def joint_correlations(results: Sequence[GumResult], names: Sequence[str], correlations: Correlations) -> Array:
    """Correlations of several measurands of the same inputs, shape (m, m) (JCGM 102, 6.2)."""
    parts = np.array([result.contributions for result in results])
    covariance = parts @ correlation_matrix(names, correlations) @ parts.T
    u = np.sqrt(covariance.diagonal())
    scale = np.where(u > 0, u, 1.0)
    found = np.asarray(covariance / np.outer(scale, scale), dtype=float)
    np.fill_diagonal(found, 1.0)
    return np.asarray(np.clip(found, -1.0, 1.0), dtype=float)


def _check_correlated(correlations: Correlations, inputs: Mapping[str, Distribution], order: Order) -> None:
    for name in dict.fromkeys(name for pair in correlations for name in pair):
        if name not in inputs:
            raise UnknownCorrelation(f"a correlation of {name!r}, which is no input")
        if math.isfinite(inputs[name].dof):
            raise UnknownCorrelation(
                f"{name!r} is correlated and has {inputs[name].dof:g} degrees of freedom",
                remedy="the Welch-Satterthwaite formula holds for independent inputs: leave out dof or the correlation",
            )
    if order == 2 and any(r for r in correlations.values()):
        raise UnknownCorrelation("second-order terms with correlated inputs", remedy="use gum or montecarlo")


def _second_order(expression: Expression, estimates: Mapping[str, float], u: Array) -> dict[tuple[str, ...], float]:
    """Terms of second order by the inputs that make them: (1/2 f_ij^2 + f_i f_ijj) u_i^2 u_j^2."""
    names, found = list(estimates), second_order(expression, estimates)
    squared = np.where(u > 0, u**2, 0.0)
    with np.errstate(all="ignore"):
        terms = (found.second**2 / 2 + found.first[:, None] * found.third) * np.outer(squared, squared)
    terms[np.outer(squared, squared) == 0] = 0.0
    pairs: dict[tuple[str, ...], float] = {}
    for i, a in enumerate(names):
        for j in range(i, len(names)):
            term = float(terms[i, j] + (terms[j, i] if i != j else 0.0))
            if term:
                pairs[(a,) if i == j else (a, names[j])] = term
    return pairs


def _welch_satterthwaite(u: float, parts: Array, dof: Array) -> float:
    if u == 0:
        return math.inf
    total = math.fsum((abs(part) / u) ** 4 / each for part, each in zip(parts.tolist(), dof.tolist(), strict=True))
    return 1 / total if total > 0 else math.inf


def _lines(
    inputs: Mapping[str, Distribution], slopes: Array, parts: Array, shares: Array, variance: float
) -> list[BudgetLine]:
    return [
        BudgetLine(
            name=name,
            value=each.estimate,
            u=each.u,
            dof=each.dof,
            distribution=each.name,
            sensitivity=float(slopes[i]),
            contribution=float(parts[i]),
            percent=100 * float(shares[i]) / variance if variance else 0.0,
        )
        for i, (name, each) in enumerate(inputs.items())
    ]


def _more_lines(more: Mapping[tuple[str, ...], float], variance: float) -> list[BudgetLine]:
    line = BudgetLine(
        name="",
        value=0.0,
        u=0.0,
        dof=math.inf,
        distribution="second order",
        sensitivity=0.0,
        contribution=0.0,
        percent=0.0,
    )
    return [
        replace(
            line,
            name=" and ".join(names) if len(names) > 1 else f"{names[0]} squared",
            contribution=math.copysign(math.sqrt(abs(term)), term),
            percent=100 * term / variance if variance else 0.0,
        )
        for names, term in more.items()
    ]
