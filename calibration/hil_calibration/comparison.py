"""Comparison of two results: E_n and zeta scores, equivalence within a margin, agreement of two methods."""

from __future__ import annotations

import math
from dataclasses import dataclass

from numpy.typing import ArrayLike

from .checks import degrees_of_freedom, number, numbers, positive, probability, standard_uncertainty
from .coverage import coverage_factor
from .errors import UnknownCorrelation, UnknownUncertainty


def e_n(x1: float, U1: float, x2: float, U2: float, covariance: float = 0.0) -> float:  # noqa: N803
    """The E_n score: the difference over its expanded uncertainty (ISO 13528, 9.7; ISO/IEC 17043, B.4.1.1).

    >>> e_n(10.3, 0.3, 10.0, 0.4)
    0.6000000000000014

    :param U1: expanded uncertainty of ``x1``, k = 2 as that of ``x2``; above 0 for one of them at least.
    :param covariance: of the two results at the scale of ``U1`` and ``U2``: k^2 u(x1, x2). Results that rest on one
        standard have one; leaving it out makes the score too small.
    :raises UnknownUncertainty: an uncertainty is not a finite number of 0 or more, or both are 0.
    :raises UnknownCorrelation: a covariance that these uncertainties cannot have.
    """
    return _score(x1, U1, x2, U2, covariance)


def zeta(x1: float, u1: float, x2: float, u2: float, covariance: float = 0.0) -> float:
    """The zeta score: the difference over its standard uncertainty (ISO 13528, 9.6).

    :param covariance: u(x1, x2).
    :raises UnknownUncertainty: an uncertainty is not a finite number of 0 or more, or both are 0.
    :raises UnknownCorrelation: a covariance that these uncertainties cannot have.
    """
    return _score(x1, u1, x2, u2, covariance)


def _score(x1: float, w1: float, x2: float, w2: float, covariance: float) -> float:
    _require_results(x1, w1, x2, w2, covariance)
    variance = w1**2 + w2**2 - 2 * covariance
    if not variance > 1e-15 * (w1**2 + w2**2):
        raise UnknownUncertainty("the difference has no uncertainty", remedy="compare the values themselves")
    return (x1 - x2) / math.sqrt(variance)


def _require_results(x1: float, w1: float, x2: float, w2: float, covariance: float) -> None:
    number("x1", x1)
    number("x2", x2)
    standard_uncertainty("uncertainty of x1", w1)
    standard_uncertainty("uncertainty of x2", w2)
    if not abs(number("covariance", covariance)) <= w1 * w2 * (1 + 1e-12):
        raise UnknownCorrelation(f"covariance {covariance} of results with {w1} and {w2}", remedy="|r| is 1 at most")


@dataclass(frozen=True)
class Equivalence:
    """Whether a difference lies within a margin, its uncertainty included: |d| + U(d) <= margin.

    :param U: ``k`` u(d), ``k`` of Student's t for about 95 % and ``dof``, the effective degrees of freedom of u(d).
    """

    difference: float
    U: float
    k: float
    dof: float
    margin: float

    @property
    def equivalent(self) -> bool:
        return abs(self.difference) + self.U <= self.margin

    @property
    def reason(self) -> str:
        """The comparison in one clause."""
        side = "does not exceed" if self.equivalent else "exceeds"
        return f"|d| + U(d) = {abs(self.difference):.4g} + {self.U:.4g} {side} the margin {self.margin:.4g}"


def equivalence(
    x1: float,
    u1: float,
    x2: float,
    u2: float,
    *,
    margin: float,
    covariance: float = 0.0,
    dof1: float = math.inf,
    dof2: float = math.inf,
) -> Equivalence:
    """Compare two results with a stated margin. A large uncertainty never makes them equivalent.

    The degrees of freedom of u(d) are those of Welch-Satterthwaite (GUM G.4.1). What both results share leaves u(d) by
    the covariance but has no term of its own there: that is exact where its degrees of freedom are infinite, as those
    of a certificate commonly are, and makes U larger where they are not.

    >>> round(equivalence(10.0, 0.3, 9.0, 0.4, margin=3.0, dof1=4, dof2=4).dof, 2)
    7.42

    :param margin: above 0, in the unit of the results.
    :param covariance: u(x1, x2).
    :param dof1: degrees of freedom of ``u1`` and :param dof2: of ``u2``, 1 or more.
    :raises UnknownUncertainty: an uncertainty is not a finite number of 0 or more, or degrees of freedom are below 1.
    """
    positive("margin", margin)
    degrees_of_freedom("dof1", dof1)
    degrees_of_freedom("dof2", dof2)
    _require_results(x1, u1, x2, u2, covariance)
    variance = max(0.0, u1**2 + u2**2 - 2 * covariance)
    quartic = u1**4 / dof1 + u2**4 / dof2
    dof = max(1.0, round(variance**2 / quartic, 9)) if quartic > 0.0 else math.inf
    k = coverage_factor(dof)
    return Equivalence(x1 - x2, k * math.sqrt(variance), k, dof, margin)


@dataclass(frozen=True)
class Agreement:
    """Agreement of two methods on the same items (Bland and Altman).

    ``bias`` is the mean difference, ``sd`` the standard deviation of the differences (n - 1), ``limits`` are bias
    ± 1.96 sd. ``bias_interval`` and ``limit_intervals`` are confidence intervals by Student's t; those of the limits
    use the approximate standard error sd sqrt(1/n + 1.96^2 / (2 (n - 1))). They tell scatter alone: an error that all
    differences share (of the reference) is a part of ``bias``, and its uncertainty belongs beside it, in quadrature.
    """

    bias: float
    sd: float
    limits: tuple[float, float]
    bias_interval: tuple[float, float]
    limit_intervals: tuple[tuple[float, float], tuple[float, float]]
    n: int
    confidence: float


def bland_altman(differences: ArrayLike, confidence: float = 0.95) -> Agreement:
    """Bias and limits of agreement of paired differences, shape (n,), n of 3 or more.

    :raises CalibrationError: fewer differences, one that is not finite, or a confidence outside 0 to 1.
    """
    from scipy.special import stdtrit

    d = numbers("differences", differences, fewest=3)
    probability("confidence", confidence)
    n, bias, sd = len(d), float(d.mean()), float(d.std(ddof=1))
    t = float(stdtrit(n - 1, 0.5 + confidence / 2))
    half, edge = t * sd / math.sqrt(n), t * sd * math.sqrt(1 / n + 1.96**2 / (2 * (n - 1)))
    low, high = bias - 1.96 * sd, bias + 1.96 * sd
    return Agreement(
        bias,
        sd,
        (low, high),
        (bias - half, bias + half),
        ((low - edge, low + edge), (high - edge, high + edge)),
        n,
        confidence,
    )
