"""Probability of detection as a function of one stimulus: a generalised linear model of binomial counts.

The model is p = false_rate + (ceiling - false_rate) F(intercept + slope x), F the inverse of the link, with x exactly
as given (take its logarithm first where that is the model). The false-call rate and the ceiling are stated, not fitted:
0 and 1 unless told otherwise, and they stand in every fit; :mod:`~hil_calibration.detection_curve` fits the ceiling.
Fitted by Fisher scoring (P. McCullagh and J. A. Nelder, Generalized Linear Models, 2nd ed., 2.5). What is
reported depends on the link and on the bound's method: both, and the deviance, belong beside every number.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import MOST, array, finite, number, numbers, one_of, probability
from .errors import CalibrationError, FitError

Array = NDArray[np.float64]
LinkName = Literal["logit", "probit", "cloglog"]
BoundMethod = Literal["likelihood-ratio", "delta", "eta-band"]

STEPS = 200
SMALLEST = 1e-12
SIGNIFICANT = 2.706
"""The 95 % quantile, one-sided, of a drop of deviance by one degree of freedom."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link: probability from the linear predictor, its derivative, and the inverse."""

    mean: Callable[[Array], Array]
    derivative: Callable[[Array], Array]
    predictor: Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve with its pointwise two-sided band; every array has shape ``(n,)``."""

    x: Array
    p: Array
    low: Array
    high: Array


@dataclass(frozen=True)
class Pod:
    """A fitted probability of detection.

    ``covariance`` (2, 2) is that of (intercept, slope); ``deviance`` is against the saturated model of the rows
    as given, with ``dof`` degrees of freedom (for rows of one trial it is -2 ln L and no test of the fit).

    :param false_rate: probability of detection that the model has without stimulus; ``ceiling`` that at the strongest.
        Both are assumed, not fitted.
    """

    link: LinkName
    intercept: float
    slope: float
    covariance: Array
    deviance: float
    dof: int
    x: Array
    hits: Array
    n: Array
    false_rate: float = 0.0
    ceiling: float = 1.0

    @property
    def slope_significance(self) -> float:
        """The drop of deviance against detection that does not depend on the stimulus."""
        return self._flat() - self.deviance

    def a(self, p: float = 0.9) -> float:
        """The stimulus detected with probability ``p``, between ``false_rate`` and ``ceiling``.

        :raises FitError: the data show no slope (95 %, one-sided): no stimulus can be named.
        """
        if not self.slope_significance >= SIGNIFICANT:
            raise FitError(
                f"the slope is not significant (the deviance drops by {self.slope_significance:.2f}, less than "
                f"{SIGNIFICANT}): no stimulus can be named",
                remedy="present more stimuli over a wider range",
            )
        return (self.predictor(p) - self.intercept) / self.slope

    def predictor(self, p: float) -> float:
        """intercept + slope x where the probability is ``p``, between ``false_rate`` and ``ceiling``."""
        return self._link.predictor(p)

    def bound(
        self,
        p: float = 0.9,
        confidence: float = 0.95,
        method: BoundMethod = "likelihood-ratio",
        side: Literal["upper", "lower"] = "upper",
    ) -> float:
        """A one-sided confidence bound of ``a(p)``: a90/95 for p = 0.9 and confidence = 0.95.

        ``likelihood-ratio`` inverts the profile likelihood at the quantile 2 confidence - 1 of chi-squared with one
        degree of freedom; ``delta`` is a(p) + z u; ``eta-band`` is where the curve's own band crosses ``p``.

        :param confidence: in (0.5, 1).
        :raises FitError: if the slope is not significant at this confidence: the bound is then infinite.
        """
        if probability("confidence", confidence) <= 0.5:
            raise CalibrationError(f"confidence is {confidence}", remedy="give a number between 0.5 and 1")
        one_of("side", side, ("upper", "lower"))
        from scipy.special import ndtri

        z, sign = float(ndtri(confidence)), 1.0 if side == "upper" else -1.0
        if method == "delta":
            return self.a(p) + sign * z * self.u_a(p)
        if method == "eta-band":
            departure, limit = self._band_departure(p), abs(self.slope) / math.sqrt(float(self.covariance[1, 1]))
        elif method == "likelihood-ratio":
            departure, limit = self._profile_departure(p), math.sqrt(max(0.0, self.slope_significance))
        else:
            raise CalibrationError(f"no such method {method!r}", remedy="use likelihood-ratio, delta or eta-band")
        if limit <= z:
            raise FitError(
                "the slope is not significant: the bound is infinite",
                remedy="present more stimuli over a wider range",
            )
        return _crossing(departure, self.a(p), sign * max(self.u_a(p), 1e-9 * abs(self.a(p))), z)

    def u_a(self, p: float = 0.9) -> float:
        """Standard uncertainty of ``a(p)``, first order."""
        gradient = np.array([-1.0, -self.a(p)]) / self.slope
        return math.sqrt(float(gradient @ self.covariance @ gradient))

    def curve(self, x: ArrayLike, confidence: float = 0.95) -> Curve:
        """The curve at ``x`` with the pointwise two-sided band of the linear predictor."""
        from scipy.special import ndtri

        at = numbers("x", x)
        half = float(ndtri(0.5 + probability("confidence", confidence) / 2.0)) * self._u_predictor(at)
        eta, mean = self.intercept + self.slope * at, self._link.mean
        return Curve(at, mean(eta), mean(eta - half), mean(eta + half))

    @property
    def _link(self) -> Link:
        return _between(self.link, self.false_rate, self.ceiling)

    def _flat(self) -> float:
        """The deviance of a detection that does not depend on the stimulus."""
        rate = np.full(self.hits.shape, self.hits.sum() / self.n.sum())
        return _deviance(rate, self.hits, self.n)

    def _deviance_of(self, eta: Array) -> float:
        """The deviance of a linear predictor ``(m,)``."""
        return _deviance(_clipped(self._link.mean(eta)), self.hits, self.n)

    def _u_predictor(self, x: Array) -> Array:
        v = self.covariance
        u: Array = np.sqrt(np.maximum(v[0, 0] + 2.0 * x * v[0, 1] + x * x * v[1, 1], 0.0))
        return u

    def _band_departure(self, p: float) -> Callable[[float], float]:
        eta = self.predictor(p)

        def departure(a: float) -> float:
            return abs(self.intercept + self.slope * a - eta) / float(self._u_predictor(np.array(a)))

        return departure

    def _profile_departure(self, p: float) -> Callable[[float], float]:
        eta, middle, spread = self.predictor(p), float(self.x.mean()), float(self.x.std())
        rise = self.intercept + self.slope * middle - eta

        def departure(a: float) -> float:
            design, offset = (self.x - a)[:, None], np.full(self.x.shape, eta)
            starts = [self.slope] if abs(middle - a) < 1e-3 * spread else [self.slope, rise / (middle - a)]
            start = min(starts, key=lambda slope: self._deviance_of(design[:, 0] * slope + offset))
            _, _, deviance = _scored(self._link, design, self.hits, self.n, offset, np.array([start]))
            return math.sqrt(max(0.0, deviance - self.deviance))

        return departure


def fit_pod(
    x: ArrayLike,
    hits: ArrayLike,
    n: ArrayLike,
    link: LinkName = "logit",
    *,
    false_rate: float = 0.0,
    ceiling: float = 1.0,
) -> Pod:
    """Fit a probability of detection by maximum likelihood.

    :param x: stimulus of each row, shape ``(m,)``, as given: no hidden logarithm.
    :param hits: detections of each row; :param n: presentations of each row, ``(m,)`` or one number for all.
    :param false_rate: p without stimulus, from blank presentations; :param ceiling: p at the strongest stimulus. Both
        are taken as exact, 0 <= false_rate < ceiling <= 1.
    :raises FitError: if hits and misses are separated by ``x`` (no maximum exists), if all are alike, or if there are
        fewer than two stimuli.
    """
    at, detected, presented = finite("x", x), array("hits", hits), array("n", n)
    if presented.shape not in ((), detected.shape):
        raise FitError(f"n has shape {presented.shape}, hits {detected.shape}", remedy="give one row a condition")
    shown = np.broadcast_to(presented, detected.shape)
    one_of("link", link, tuple(_LINKS))
    if at.ndim != 1 or at.shape != detected.shape:
        raise FitError(f"x has shape {at.shape}, hits {detected.shape}", remedy="give one row a condition")
    whole = (np.floor(detected) == detected) & (np.floor(shown) == shown)
    if not (whole & (detected >= 0) & (detected <= shown) & (shown >= 1) & (shown <= MOST)).all():
        raise FitError("needs whole counts 0 <= hits <= n with n >= 1 in each row")
    reason = separation(at, detected, shown)
    if reason:
        raise FitError(reason, remedy="present more stimuli between the last miss and the first hit")
    centre, scale = float(at.mean()), float(at.std())
    design = np.column_stack([np.ones_like(at), (at - centre) / scale])
    beta, covariance, deviance = _scored(
        _between(link, false_rate, ceiling), design, detected, shown, np.zeros_like(at), np.zeros(2)
    )
    back = np.array([[1.0, -centre / scale], [0.0, 1.0 / scale]])
    intercept, slope = back @ beta
    return Pod(
        link=link,
        intercept=float(intercept),
        slope=float(slope),
        covariance=back @ covariance @ back.T,
        deviance=deviance,
        dof=len(at) - 2,
        x=at,
        hits=detected,
        n=np.array(shown),
        false_rate=false_rate,
        ceiling=ceiling,
    )


def separation(x: Array, hits: Array, n: Array) -> str:
    """Why no maximum of the likelihood exists, in words; empty if one does."""
    hit, missed = x[hits > 0], x[hits < n]
    if not hit.size or not missed.size:
        return "every presentation was detected" if hit.size else "no presentation was detected"
    if np.ptp(x) == 0.0:
        return "there is one stimulus only"
    if missed.max() <= hit.min() or hit.max() <= missed.min():
        return "hits and misses are separated by the stimulus: the likelihood has no maximum"
    return ""


def _scored(
    link: Link, design: Array, hits: Array, n: Array, offset: Array, start: Array
) -> tuple[Array, Array, float]:
    """Fisher scoring with step halving: coefficients, covariance, deviance."""
    beta = start

    def cost(coefficients: Array) -> float:
        return _deviance(_clipped(link.mean(design @ coefficients + offset)), hits, n)

    deviance = cost(beta)
    for _ in range(STEPS):
        eta = design @ beta + offset
        p, slope = _clipped(link.mean(eta)), link.derivative(eta)
        information = (design * (n * slope**2 / (p * (1.0 - p)))[:, None]).T @ design
        score = design.T @ ((hits - n * p) * slope / (p * (1.0 - p)))
        try:
            step = np.linalg.solve(information, score)
        except np.linalg.LinAlgError:
            break
        factor, trial = 1.0, cost(beta + step)
        while trial > deviance + 1e-9 and factor > 1e-10:
            factor /= 2.0
            trial = cost(beta + factor * step)
        if factor <= 1e-10 or abs(float(step @ score)) < 1e-11:
            return beta, np.asarray(np.linalg.inv(information), dtype=np.float64), deviance
        beta, deviance = beta + factor * step, trial
    raise FitError("the fit does not converge", remedy="present stimuli over a wider range")


def _deviance(p: Array, hits: Array, n: Array) -> float:
    misses = n - hits
    with np.errstate(divide="ignore", invalid="ignore"):
        hit = np.where(hits > 0, hits * np.log(hits / (n * p)), 0.0)
        missed = np.where(misses > 0, misses * np.log(misses / (n * (1.0 - p))), 0.0)
    return 2.0 * float((hit + missed).sum())


def _crossing(departure: Callable[[float], float], centre: float, step: float, z: float) -> float:
    """Where ``departure`` reaches ``z`` on the side of ``step``; bracketed by doubling, then by Brent's method."""
    from scipy.optimize import brentq

    inner, outer = centre, centre + step * z
    for _ in range(60):
        if departure(outer) >= z:
            return float(brentq(lambda a: departure(a) - z, inner, outer, xtol=1e-12 * abs(step), rtol=1e-12))
        inner, outer = outer, centre + 2.0 * (outer - centre)
    raise FitError("the bound is not found", remedy="present more stimuli over a wider range")


def _clipped(p: Array) -> Array:
    return np.clip(p, SMALLEST, 1.0 - SMALLEST)


def _between(name: str, low: float, high: float) -> Link:
    """The link with its probability squeezed between a false-call rate and a ceiling."""
    if not 0.0 <= number("false_rate", low) < number("ceiling", high) <= 1.0:
        raise CalibrationError(f"false rate {low} and ceiling {high}", remedy="use 0 <= false rate < ceiling <= 1")
    plain, height = _LINKS[name], high - low

    def predictor(p: float) -> float:
        if not low < number("p", p) < high:
            raise CalibrationError(
                f"p = {p} is not between {low:g} and {high:g}", remedy="give a probability that the curve reaches"
            )
        return plain.predictor((p - low) / height)

    return Link(lambda eta: low + height * plain.mean(eta), lambda eta: height * plain.derivative(eta), predictor)


def _logistic(eta: Array) -> Array:
    from scipy.special import expit

    return np.asarray(expit(eta))


def _normal(eta: Array) -> Array:
    from scipy.special import ndtr

    return np.asarray(ndtr(eta))


def _normal_quantile(p: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(p))


def _bounded_exp(eta: Array) -> Array:
    return np.exp(np.clip(eta, -700.0, 3.9))


_LINKS: dict[str, Link] = {
    "logit": Link(
        _logistic,
        lambda eta: _logistic(eta) * _logistic(-eta),
        lambda p: math.log(p / (1.0 - p)),
    ),
    "probit": Link(
        _normal,
        lambda eta: np.exp(-0.5 * eta * eta) / math.sqrt(2.0 * math.pi),
        _normal_quantile,
    ),
    "cloglog": Link(
        lambda eta: -np.expm1(-_bounded_exp(eta)),
        lambda eta: _bounded_exp(eta) * np.exp(-_bounded_exp(eta)),
        lambda p: math.log(-math.log1p(-p)),
    ),
}
