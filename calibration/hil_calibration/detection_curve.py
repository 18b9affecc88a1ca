"""Detection against a stimulus with repeats clustered by sign: the curve, a90 and its bounds.

The model of the trial: p(x) = false_rate + (ceiling - false_rate) E[logistic(b0 + b1 ln x + s)], where s is an effect
of the sign shown, normal with mean 0 and standard deviation sigma, shared by all observations of that sign, and E the
average over signs. Repeats of one sign are not independent: leaving s out understates every bound. ``a90`` is the
stimulus at which the population average p(x) is 0.9. Link (logit), method and deviance belong beside every number.

Few observations make the curve of maximum likelihood too steep: it is fitted with the penalty of
:mod:`hil_calibration.jeffreys`. Few signs leave sigma badly known: bounds use the quantile of Student's t, see
:func:`threshold`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import pod
from .clustered import Parameters, Profile, average, average_inverse
from .errors import FitError
from .jeffreys import Penalised

Array = NDArray[np.float64]

LINK = "logit"
METHOD = "profile of the likelihood with Jeffreys' prior (Firth), t with signs - 1 degrees of freedom"
SEPARATION = "separation"
SLOPE = "slope not significant"
CEILING = "ceiling below the level"
EXTRAPOLATED = "outside the stimuli presented"
BOUND = "no finite upper bound"
SHIFTED = "level not reached with shifted stimuli"


@dataclass(frozen=True)
class DetectionCurve:
    """A fitted curve. ``a`` is None where no number may be stated: ``reason`` then says why.

    :param a: stimulus where the population average is ``level``, in the unit of x.
    :param lower: one-sided lower and :param upper: one-sided upper bound of ``a``, each with ``confidence``; None
        where the data give none within the stimuli presented. A bound may exist without ``a``.
    :param deviance: -2 ln L, without the penalty; ``slope_significance`` the drop of -2 ln of the penalised likelihood
        against a curve without slope (compare with 2.706, 95 % one-sided).
    :param flags: what a reader must know; empty is good.
    :param b0: b1, sigma, ceiling: the parameters, NaN where hits and misses are separated.
    """

    level: float
    confidence: float
    a: float | None
    lower: float | None
    upper: float | None
    reason: str
    flags: tuple[str, ...]
    b0: float
    b1: float
    sigma: float
    ceiling: float
    false_rate: float
    deviance: float
    slope_significance: float
    observations: int
    signs: int
    link: str
    method: str
    covariance: Array
    centre: float
    scale: float

    def curve(self, x: ArrayLike, confidence: float = 0.95) -> pod.Curve:
        """The population average at ``x`` with its pointwise two-sided band (delta method on the logit).

        :raises FitError: if hits and misses were separated: there is no curve.
        """
        if SEPARATION in self.flags:
            raise FitError(self.reason)
        from scipy.special import ndtri

        at = np.asarray(x, dtype=np.float64)
        theta = np.array([self.b0 + self.b1 * self.centre, self.b1 * self.scale, self.sigma, self.ceiling])
        p = self._logit(theta, at)
        gradient = np.empty((4, at.size))
        for i in range(4):
            step = np.zeros(4)
            step[i] = 1e-4 if self.covariance[i, i] else 0.0
            gradient[i] = (self._logit(theta + step, at) - self._logit(theta - step, at)) / 2e-4
        half = float(ndtri(0.5 + confidence / 2.0)) * np.sqrt(
            np.maximum(np.einsum("ik,ij,jk->k", gradient, self.covariance, gradient), 0.0)
        )
        return pod.Curve(at, *(1.0 / (1.0 + np.exp(-v)) for v in (p, p - half, p + half)))

    def _logit(self, theta: Array, x: Array) -> Array:
        eta = theta[0] + theta[1] * (np.log(x) - self.centre) / self.scale
        rate = self.false_rate + (theta[3] - self.false_rate) * average(eta, abs(float(theta[2])))
        rate = np.clip(rate, 1e-9, 1.0 - 1e-9)
        logit: Array = np.log(rate / (1.0 - rate))
        return logit


def fit_detection(
    x: ArrayLike,
    hits: ArrayLike,
    signs: ArrayLike,
    *,
    false_rate: float = 0.0,
    level: float = 0.9,
    confidence: float = 0.95,
) -> DetectionCurve:
    """Fit the curve by the likelihood with Jeffreys' prior; bound ``a`` by its profile.

    The one-sided bounds are where twice the drop of the profile log-likelihood reaches :func:`threshold` (3.07 for 95 %
    and 16 signs), the outermost such stimulus where there are several. Nothing is extrapolated: a value
    or a bound outside the stimuli presented is None and flagged. Where ``a`` lies beyond the greatest stimulus, or
    the ceiling makes it unreachable, ``lower`` still says below which stimulus it does not lie.

    :param x: stimulus of each observation, shape ``(n,)``, positive (the model uses ln x).
    :param hits: whether it was detected, ``(n,)``.
    :param signs: what was shown, ``(n,)``; observations of one sign share its effect.
    :param false_rate: p without stimulus, from blank presentations, in [0, level); taken as exact.
    :param level: in (0, 1); 0.9 gives a90. :param confidence: of each bound, in (0.5, 1).
    :raises FitError: for data that cannot carry a fit: shapes, stimuli that are not positive, one sign only.
    """
    at, detected, shown = _checked(x, hits, signs, false_rate, level, confidence)
    separated = pod.separation(np.log(at), detected, np.ones_like(at))
    if separated:
        return _without_curve(separated, shown, false_rate, level, confidence)
    centre, scale = float(np.log(at).mean()), float(np.log(at).std())
    likelihood = Penalised((np.log(at) - centre) / scale, detected, shown, false_rate)
    best, greatest = likelihood.maximum(_starts(at, detected, centre, scale))
    gain = 2.0 * (greatest - likelihood.flat())
    slope = best.slope / scale
    fitted = DetectionCurve(
        level=level,
        confidence=confidence,
        a=None,
        lower=None,
        upper=None,
        reason="",
        flags=(),
        b0=best.intercept - slope * centre,
        b1=slope,
        sigma=best.spread,
        ceiling=best.ceiling,
        false_rate=false_rate,
        deviance=-2.0 * likelihood.unpenalised(best.array),
        slope_significance=gain,
        observations=len(at),
        signs=len(np.unique(shown)),
        link=LINK,
        method=METHOD,
        covariance=likelihood.covariance(best),
        centre=centre,
        scale=scale,
    )
    if best.slope <= 0.0 or gain < _squared_normal(confidence):
        reason = f"detection does not rise with the stimulus significantly (deviance drops by {gain:.2f})"
        return replace(fitted, flags=(SLOPE,), reason=reason)
    return _located(fitted, likelihood, best, greatest, at)


def _located(
    fitted: DetectionCurve, likelihood: Penalised, best: Parameters, greatest: float, x: Array
) -> DetectionCurve:
    ends = [(math.log(float(end)) - fitted.centre) / fitted.scale for end in (x.min(), x.max())]
    presented = f"the stimuli presented, {x.min():.4g} to {x.max():.4g}"
    share = (fitted.level - fitted.false_rate) / (best.ceiling - fitted.false_rate)
    flags: list[str] = []
    reason, a = "", None
    if share >= 1.0 - 1e-4:
        t, flags = ends[1], [CEILING]
        reason = f"the curve levels off at {best.ceiling:.3f}: {fitted.level:g} is not reached at any stimulus"
    else:
        t = (average_inverse(share, best.spread) - best.intercept) / best.slope
        if ends[0] <= t <= ends[1]:
            a = math.exp(fitted.centre + fitted.scale * t)
        else:
            t, flags = min(max(t, ends[0]), ends[1]), [EXTRAPOLATED]
            reason = f"the curve reaches {fitted.level:g} outside {presented}"
    target = math.sqrt(threshold(fitted.confidence, fitted.signs))
    found = []
    for end in ends:
        drop = Profile(likelihood, fitted.level, best, greatest).drop
        root = _outermost(target, drop, t, end)
        found.append(None if root is None else math.exp(fitted.centre + fitted.scale * root))
    if found[1] is None:
        flags.append(BOUND)
    return replace(fitted, a=a, lower=found[0], upper=found[1], reason=reason, flags=tuple(flags))


@dataclass(frozen=True, slots=True)
class Contribution:
    """The standard uncertainty ``u`` of ``a`` (same unit) that one named effect contributes, signed."""

    name: str
    u: float


@dataclass(frozen=True)
class DetectionResult:
    """A curve and the uncertainty of its ``a`` with the shared effects of the stimulus.

    :param contributions: the finite number of observations first, then each effect; in the unit of x.
    :param u: standard uncertainty of ``a``, unit of x; None without bounds.
    :param lower: combined one-sided lower and :param upper: combined one-sided upper bound; None where none exists.
    """

    curve: DetectionCurve
    contributions: tuple[Contribution, ...]
    u: float | None
    lower: float | None
    upper: float | None


OBSERVATIONS = "finite number of observations"


def with_shared_effects(
    x: ArrayLike,
    hits: ArrayLike,
    signs: ArrayLike,
    shared: ArrayLike,
    effects: Sequence[str],
    *,
    false_rate: float = 0.0,
    level: float = 0.9,
    confidence: float = 0.95,
) -> DetectionResult:
    """Fit the curve and carry the shared uncertainty of the stimulus to ``a``.

    **Rule.** An effect shared by all stimuli is a systematic shift, which no number of observations reduces. For each
    effect the curve is fitted again with all stimuli shifted by plus and by minus one standard uncertainty;
    d = (ln a+ - ln a-) / 2. With z the normal quantile of ``confidence`` and L the likelihood bound,

        ln upper = ln a + sqrt((ln L_upper - ln a)^2 + z^2 sum d^2),

    and likewise below: quadrature on the logarithmic scale, on which illuminance enters the model (GUM 5.1.2 with
    the likelihood's half-width in the place of z u for the observations). The contribution of the observations
    to ``u`` is a (ln L_upper - ln L_lower) / (2 z): with few signs it is widened as the bounds are, so that a ± 2 u
    covers. A combined bound outside the stimuli presented is kept: the
    shift moves the stimuli too. Without an ``a`` to refer to, the bounds move by z (sum d^2)^1/2 outright, d being the
    mean shift of ln x. What is independent from one observation to the next flattens the curve and is
    part of it, not of this budget. Where the curve of shifted stimuli does not reach the level, the part of that effect
    is unknown: there is no u and no bound, and a flag says so.

    :param shared: contributions c u of each effect to each stimulus, ``(n, m)``, unit of x.
    :param effects: the m names.
    :raises FitError: as :func:`fit_detection`; for shapes that do not match, or a shift that leaves x > 0.
    """
    curve = fit_detection(x, hits, signs, false_rate=false_rate, level=level, confidence=confidence)
    at, columns = np.asarray(x, dtype=np.float64), np.asarray(shared, dtype=np.float64)
    if columns.shape != (len(at), len(effects)) or not np.isfinite(columns).all():
        raise FitError(f"shared contributions have shape {columns.shape}, not ({len(at)}, {len(effects)})")
    if (np.abs(columns) >= at[:, None]).any():
        raise FitError("a standard uncertainty is as large as the stimulus itself")
    if curve.a is None:
        shifts = [float(np.mean(np.arctanh(column / at))) for column in columns.T]
        return _bounded(curve, shifts)
    shifts = _shifts(curve, at, np.asarray(hits, dtype=np.float64), np.asarray(signs), columns)
    return _combined(curve, shifts, effects)


def _shifts(curve: DetectionCurve, x: Array, hits: Array, signs: NDArray[Any], columns: Array) -> list[float]:
    start = Parameters(
        curve.b0 + curve.b1 * curve.centre, curve.b1 * curve.scale, max(curve.sigma, 0.05), curve.ceiling
    )

    def ln_a(shifted: Array) -> float:
        t = (np.log(shifted) - curve.centre) / curve.scale
        likelihood = Penalised(t, hits, signs, curve.false_rate)
        best, _ = likelihood.maximum([start])
        share = (curve.level - curve.false_rate) / (best.ceiling - curve.false_rate)
        if not 0.0 < share < 1.0:
            return math.nan
        return curve.scale * (average_inverse(share, best.spread) - best.intercept) / best.slope

    return [0.5 * (ln_a(x + column) - ln_a(x - column)) for column in columns.T]


def _bounded(curve: DetectionCurve, shifts: list[float]) -> DetectionResult:
    """Without ``a``: the bounds that exist, moved outwards by the whole systematic part."""
    move = math.sqrt(_squared_normal(curve.confidence) * math.fsum(d * d for d in shifts))
    lower = None if curve.lower is None else curve.lower * math.exp(-move)
    upper = None if curve.upper is None else curve.upper * math.exp(move)
    return DetectionResult(curve, (), None, lower, upper)


def _combined(curve: DetectionCurve, shifts: list[float], effects: Sequence[str]) -> DetectionResult:
    from scipy.special import ndtri

    if unknown := [name for name, d in zip(effects, shifts, strict=True) if math.isnan(d)]:
        reason = f"the curve does not reach {curve.level:g} with all stimuli shifted by u of {', '.join(unknown)}"
        return DetectionResult(replace(curve, flags=(*curve.flags, SHIFTED), reason=reason), (), None, None, None)
    a, z = float(curve.a or math.nan), float(ndtri(curve.confidence))
    systematic = z * math.sqrt(math.fsum(d * d for d in shifts))

    def widened(bound: float | None, sign: float) -> float | None:
        return None if bound is None else a * math.exp(sign * math.hypot(math.log(bound / a), systematic))

    lines = [Contribution(name, a * d) for name, d in zip(effects, shifts, strict=True)]
    combined = None
    if curve.lower is not None and curve.upper is not None:
        u = a * math.log(curve.upper / curve.lower) / (2.0 * z)
        lines.insert(0, Contribution(OBSERVATIONS, u))
        combined = math.sqrt(math.fsum(line.u**2 for line in lines))
    return DetectionResult(curve, tuple(lines), combined, widened(curve.lower, -1.0), widened(curve.upper, 1.0))


def _outermost(target: float, drop: Callable[[float], float], start: float, end: float) -> float | None:
    """The outermost place towards ``end`` where the square root of ``drop`` falls below ``target``.

    None if it is below at ``end``: nothing excludes what lies beyond. ``start`` if it is nowhere below: the
    maximum then lies on the other side of it. The drop need not be monotonic, so the way is searched on a grid.
    """
    from scipy.optimize import brentq

    @cache
    def missing(t: float) -> float:
        return math.sqrt(max(0.0, drop(t))) - target

    places = [start + share * (end - start) for share in (0.0, 0.05, 0.1, 0.18, 0.3, 0.5, 0.75, 1.0)]
    below = [i for i, place in enumerate(places) if missing(place) < 0.0]
    if not below or start == end:
        return None if start == end else start
    if below[-1] == len(places) - 1:
        return None
    return float(brentq(missing, places[below[-1]], places[below[-1] + 1], xtol=1e-4))


def threshold(confidence: float, signs: int) -> float:
    """How far twice the profile log-likelihood drops at a one-sided bound: the square of a quantile of Student's t.

    The scatter between ``signs`` signs is estimated from as many effects, whatever the number of observations: hence
    signs - 1 degrees of freedom instead of the normal quantile, as is done in mixed models of few clusters (P. Li and
    D. T. Redden, BMC Medical Research Methodology 15 (2015) 38). Too wide rather than too narrow where signs hardly
    differ.
    """
    from scipy.special import stdtrit

    return float(stdtrit(signs - 1, confidence)) ** 2


def _squared_normal(confidence: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(confidence)) ** 2


def _starts(x: Array, hits: Array, centre: float, scale: float) -> list[Parameters]:
    """Starting points: from the curve without clusters, signs that differ little or much, a high or a low ceiling."""
    t = (np.log(x) - centre) / scale
    plain = pod.fit_pod(t, hits, 1)
    top = float(hits[t >= np.quantile(t, 0.8)].mean())
    ceiling = min(0.995, max(top, 0.5))
    return [
        Parameters(plain.intercept * rise, plain.slope * rise, spread, limit)
        for rise, spread, limit in ((1.3, 0.3, ceiling), (2.5, 1.5, ceiling), (2.0, 0.4, max(0.5, ceiling - 0.03)))
    ]


def _checked(
    x: ArrayLike, hits: ArrayLike, signs: ArrayLike, false_rate: float, level: float, confidence: float
) -> tuple[Array, Array, NDArray[Any]]:
    shown = np.asarray(signs)
    at, detected = np.asarray(x, dtype=np.float64), np.asarray(hits, dtype=np.float64)
    if at.ndim != 1 or at.shape != detected.shape or shown.shape != at.shape or not at.size:
        raise FitError(f"x has shape {at.shape}, hits {detected.shape}, signs {shown.shape}")
    if not (np.isfinite(at) & (at > 0.0)).all() or not np.isin(detected, (0.0, 1.0)).all():
        raise FitError("needs positive stimuli and hits that are true or false")
    if not 0.0 <= false_rate < level < 1.0 or not 0.5 < confidence < 1.0:
        raise FitError(
            f"false rate {false_rate}, level {level}, confidence {confidence} do not go together",
            remedy="use 0 <= false rate < level < 1 and a confidence within (0.5, 1)",
        )
    if len(np.unique(shown)) < 2:
        raise FitError("one sign only: an average over signs cannot be estimated", remedy="present more signs")
    return at, detected, shown


def _without_curve(
    reason: str, shown: NDArray[Any], false_rate: float, level: float, confidence: float
) -> DetectionCurve:
    missing = math.nan
    return DetectionCurve(
        level=level,
        confidence=confidence,
        a=None,
        lower=None,
        upper=None,
        reason=reason,
        flags=(SEPARATION,),
        b0=missing,
        b1=missing,
        sigma=missing,
        ceiling=missing,
        false_rate=false_rate,
        deviance=missing,
        slope_significance=missing,
        observations=len(shown),
        signs=len(np.unique(shown)),
        link=LINK,
        method=METHOD,
        covariance=np.zeros((4, 4)),
        centre=0.0,
        scale=1.0,
    )
