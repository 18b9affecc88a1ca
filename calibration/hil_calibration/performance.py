"""Statistics of a system's performance: proportions, demonstrations, sequential tests, poses, detection.

Numbers of trials are exact counts; nothing here knows of a bench. ``fit_pod`` and ``Pod`` live in
:mod:`hil_calibration.pod` and are named here too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import LARGEST, array, count, finite, flag, number, numbers, one_of, probability
from .errors import CalibrationError, FitError, UnknownUncertainty
from .pod import Pod, fit_pod

__all__ = [
    "Component",
    "CorrectedRepeatability",
    "Pod",
    "Sprt",
    "SprtOutcome",
    "corrected_pose_repeatability",
    "demonstration_size",
    "distance_accuracy",
    "distance_repeatability",
    "fit_pod",
    "pose_accuracy",
    "pose_components",
    "pose_repeatability",
    "proportion_interval",
]

IntervalMethod = Literal["clopper-pearson", "wilson", "jeffreys"]
Side = Literal["two-sided", "lower", "upper"]


def proportion_interval(
    k: int,
    n: int,
    confidence: float = 0.95,
    method: IntervalMethod = "clopper-pearson",
    side: Side = "two-sided",
) -> tuple[float, float]:
    """A confidence interval of a proportion, from ``k`` successes of ``n`` independent trials.

    Clopper-Pearson (exact) for claims; Wilson or Jeffreys for plots. A one-sided interval is open to 0 or 1.

    :param k: 0 <= k <= n.
    :param confidence: of the interval, in (0, 1); all of it on one side for ``lower`` and ``upper``.
    :raises CalibrationError: for numbers outside their range, or a method or side that does not exist.

    Sources: C. J. Clopper and E. S. Pearson, Biometrika 26 (1934) 404; E. B. Wilson, JASA 22 (1927) 209;
    L. D. Brown, T. T. Cai and A. DasGupta, Statistical Science 16 (2001) 101 (the Jeffreys interval, with its
    ends at 0 and 1 for k = 0 and k = n).

    >>> [round(limit, 6) for limit in proportion_interval(298, 300)]
    [0.976127, 0.999192]
    """
    trials = count("n", n, least=1)
    successes = count("k", k, most=trials)
    one_of("side", side, ("two-sided", "lower", "upper"))
    tail = (1.0 - probability("confidence", confidence)) / (2.0 if side == "two-sided" else 1.0)
    low, high = _limits(successes, trials, tail, method)
    return (0.0 if side == "upper" else low), (1.0 if side == "lower" else high)


def _limits(k: int, n: int, tail: float, method: str) -> tuple[float, float]:
    from scipy.special import betainccinv, betaincinv, ndtri

    if method == "wilson":
        z = -float(ndtri(tail))
        centre = (k + z * z / 2.0) / (n + z * z)
        half = z / (n + z * z) * math.sqrt(k * (n - k) / n + z * z / 4.0)
        return (0.0 if k == 0 else centre - half), (1.0 if k == n else centre + half)
    if method not in ("clopper-pearson", "jeffreys"):
        raise CalibrationError(f"no such method {method!r}", remedy="use clopper-pearson, wilson or jeffreys")
    shift = 0.5 if method == "jeffreys" else 0.0
    low = 0.0 if k == 0 else float(betaincinv(k + shift, n - k + 1.0 - shift, tail))
    high = 1.0 if k == n else float(betainccinv(k + 1.0 - shift, n - k + shift, tail))
    return low, high


def demonstration_size(reliability: float, confidence: float, failures: int = 0) -> int:
    """The smallest number of trials that demonstrates a reliability with at most ``failures`` failures.

    It is the smallest n with P(X <= failures) <= 1 - confidence, X binomial with the failure probability
    1 - reliability.

    :param reliability: success probability to demonstrate, in (0, 1).
    :param confidence: in (0, 1).
    :raises CalibrationError: for numbers outside their range.

    >>> demonstration_size(0.95, 0.95), demonstration_size(0.95, 0.95, failures=2)
    (59, 124)
    """
    from scipy.special import bdtr

    q = 1.0 - probability("reliability", reliability)
    limit = (1.0 - probability("confidence", confidence)) * (1.0 + 1e-12)
    low = count("failures", failures)
    high = low + 1
    allowed = low
    while bdtr(allowed, high, q) > limit:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if bdtr(allowed, middle, q) > limit else (low, middle)
    return high


Decision = Literal["accept", "reject", "continue"]


@dataclass(frozen=True, slots=True)
class SprtOutcome:
    """Where a sequential test ended: after ``n`` trials, with the log-likelihood ratio of p2 against p1."""

    decision: Decision
    n: int
    failures: int
    llr: float


@dataclass(frozen=True, slots=True)
class Sprt:
    """Wald's sequential probability ratio test of a failure probability: p1 (good) against p2 (bad).

    Accept p1 once failures <= slope * n - accept_intercept; reject it once failures >= slope * n +
    reject_intercept; go on otherwise. It may go on without end: a plan states a number of trials at which to stop.

    :param p1: failure probability that is accepted with probability 1 - alpha.
    :param p2: failure probability that is rejected with probability 1 - beta, p1 < p2.
    :param alpha: risk of rejecting p1, and ``beta`` of accepting p2; alpha + beta < 1.
    :raises CalibrationError: for numbers outside their range.

    Source: A. Wald, Sequential Analysis (1947), chapter 5. With its bounds the risks hold nearly, not exactly.
    """

    p1: float
    p2: float
    alpha: float
    beta: float

    def __post_init__(self) -> None:
        for name in ("p1", "p2", "alpha", "beta"):
            probability(name, getattr(self, name))
        if self.p1 >= self.p2 or self.alpha + self.beta >= 1.0:
            raise CalibrationError("not a sequential test", remedy="give p1 < p2 and alpha + beta < 1")

    @property
    def _gain(self) -> float:
        return math.log(self.p2 * (1.0 - self.p1) / (self.p1 * (1.0 - self.p2)))

    @property
    def slope(self) -> float:
        """Failures per trial, between p1 and p2."""
        return math.log((1.0 - self.p1) / (1.0 - self.p2)) / self._gain

    @property
    def accept_intercept(self) -> float:
        """How many failures the acceptance line lies below slope * n, positive."""
        return math.log((1.0 - self.alpha) / self.beta) / self._gain

    @property
    def reject_intercept(self) -> float:
        """How many failures the rejection line lies above slope * n, positive."""
        return math.log((1.0 - self.beta) / self.alpha) / self._gain

    @property
    def smallest_acceptance(self) -> int:
        """The number of trials without failure after which p1 is accepted."""
        return math.ceil(self.accept_intercept / self.slope)

    def decide(self, failures: int, n: int) -> Decision:
        """The decision after ``failures`` in ``n`` trials.

        :raises CalibrationError: for numbers that are no counts, or more failures than trials.
        """
        count("failures", failures, most=count("n", n))
        if failures <= self.slope * n - self.accept_intercept:
            return "accept"
        return "reject" if failures >= self.slope * n + self.reject_intercept else "continue"

    def run(self, failed: Iterable[bool | int]) -> SprtOutcome:
        """The outcome of a sequence of trials, each true or 1 where it failed; later ones are not looked at.

        :raises CalibrationError: a trial that is neither true nor false.
        """
        failures = n = 0
        decision: Decision = "continue"
        if not isinstance(failed, Iterable):
            raise CalibrationError(f"failed is {failed!r}", remedy="give one truth value for each trial")
        for failure in failed:
            n, failures = n + 1, failures + flag("failed", failure)
            decision = self.decide(failures, n)
            if decision != "continue":
                break
        return SprtOutcome(decision, n, failures, self._gain * (failures - self.slope * n))


def pose_accuracy(points: ArrayLike, command: ArrayLike) -> float:
    """Positional pose accuracy AP: the distance of the mean attained position from the commanded one.

    :param points: attained positions, shape ``(n, d)``, one unit of length; d is 3 for a robot.
    :param command: the commanded position, shape ``(d,)``, same unit.

    The uncertainty of the reference is not in it: an error that all poses share adds to AP in full, and its u belongs
    beside AP; :func:`pose_components` takes it.

    :raises CalibrationError: for values that are not finite; FitError for shapes that do not match.

    Source: ISO 9283:1998, 7.2.1, as programmed in published analysers; the standard's text was not read.
    """
    attained = _positions(points, 1)
    target = finite("command", command)
    if target.shape != attained.shape[1:]:
        raise FitError(f"the command has shape {target.shape}, the points {attained.shape}")
    return float(np.linalg.norm(attained.mean(axis=0) - target))


def pose_repeatability(points: ArrayLike) -> float:
    """Positional pose repeatability RP = l + 3 S: l the mean distance to the barycentre, S its deviation (n - 1).

    :param points: attained positions, shape ``(n, d)``, n >= 2.
    :raises CalibrationError: for values that are not finite; FitError for fewer than two points.

    Source: ISO 9283:1998, 7.2.2, as programmed in published analysers; the standard's text was not read.
    """
    attained = _positions(points, 2)
    distances = np.linalg.norm(attained - attained.mean(axis=0), axis=1)
    return float(distances.mean() + 3.0 * distances.std(ddof=1))


@dataclass(frozen=True, slots=True)
class Component:
    """One coordinate of a pose: ``accuracy`` is the mean minus the command, ``repeatability`` 3 standard deviations
    (n - 1) as ISO 9283 has it for an axis or an angle; ``u_accuracy`` joins scatter of the mean and reference."""

    accuracy: float
    repeatability: float
    u_accuracy: float


def pose_components(attained: ArrayLike, command: ArrayLike, *, u_reference: ArrayLike) -> tuple[Component, ...]:
    """Accuracy and repeatability along each axis, or about each: AP_x = mean(x) - x_c, RP_a = 3 S_a, and so on.

    :param attained: shape ``(n, d)``, n >= 2, lengths of one unit, or angles of one unit that do not pass their seam.
    :param command: shape ``(d,)``, same unit.
    :param u_reference: standard uncertainty of the part of the reference's error that all poses share, in each
        coordinate, shape ``()`` or ``(d,)``; state 0 where there is none.
    :raises CalibrationError: for values that are not finite; FitError for shapes that do not match.
    :raises UnknownUncertainty: ``u_reference`` is not a finite number >= 0.

    Source: ISO 9283:1998, 7.2.1 and 7.2.2, as programmed in published analysers; the standard's text was not read.
    """
    seen, target = _positions(attained, 2), finite("command", command)
    if target.shape != seen.shape[1:]:
        raise FitError(f"the command has shape {target.shape}, the points {seen.shape}")
    u = _uncertainties("u_reference", u_reference, target.shape, "coordinates")
    scatter = seen.std(axis=0, ddof=1)
    joined = np.hypot(scatter / math.sqrt(len(seen)), u)
    columns = (seen.mean(axis=0) - target, 3.0 * scatter, joined)
    return tuple(Component(*row) for row in np.column_stack(columns).tolist())


@dataclass(frozen=True, slots=True)
class CorrectedRepeatability:
    """Pose repeatability as defined, and apart from it a value corrected for the reference's own noise.

    ``corrected`` is no pose repeatability of ISO 9283: it carries its ``label`` wherever it stands.

    :param noise_share: of the variance that the reference makes, 0 to 1.
    """

    as_defined: float
    corrected: float
    noise_share: float
    label: str = "corrected for the noise of the reference; not ISO 9283"


def corrected_pose_repeatability(points: ArrayLike, u_noise: ArrayLike) -> CorrectedRepeatability:
    """Pose repeatability beside a value from which the noise of the measuring system is taken off.

    RP is a scale of the scatter, so it goes down as the standard deviation does when the variance of the noise is
    subtracted: RP sqrt(1 - sum u^2 / sum s^2), sums over the axes. That is exact in the mean where robot and noise
    scatter in the same shape, and needs a noise independent from pose to pose; a systematic error of the reference does
    not enter RP at all.

    :param points: attained positions, shape ``(n, d)``, n >= 2.
    :param u_noise: standard deviation of the reference's noise in each axis, unit of ``points``, shape ``()`` or
        ``(d,)``.
    :raises FitError: as :func:`pose_repeatability`; or the noise is as large as all the scatter seen.
    :raises UnknownUncertainty: ``u_noise`` is not a finite number >= 0.
    """
    defined, attained = pose_repeatability(points), _positions(points, 2)
    u = _uncertainties("u_noise", u_noise, attained.shape[1:], "axes")
    seen = float(attained.var(axis=0, ddof=1).sum())
    noise = float(np.broadcast_to(np.square(u), attained.shape[1:]).sum())
    if noise >= seen:
        raise FitError(
            f"the noise of the reference explains all the scatter ({math.sqrt(noise):.3g} against "
            f"{math.sqrt(seen):.3g}): no repeatability is left",
            remedy="state that it is below what the reference resolves, or use a better reference",
        )
    share = noise / seen
    return CorrectedRepeatability(defined, defined * math.sqrt(1.0 - share), share)


def distance_accuracy(distances: Sequence[float], command: float) -> float:
    """Distance accuracy AD: the mean attained distance minus the commanded one (ISO 9283, as recalled).

    :raises CalibrationError: no distance, or a number that is not finite.
    """
    return float(numbers("distances", distances).mean() - number("command", command))


def distance_repeatability(distances: Sequence[float]) -> float:
    """Distance repeatability RD = 3 S, S the standard deviation with n - 1 (ISO 9283, as recalled).

    :raises CalibrationError: fewer than two distances, or a number that is not finite.
    """
    return float(3.0 * numbers("distances", distances, fewest=2).std(ddof=1))


def _positions(points: ArrayLike, least: int) -> NDArray[np.float64]:
    positions = finite("points", points)
    if positions.ndim != 2 or len(positions) < least or not positions.size:
        raise FitError(
            f"needs at least {least} positions, not an array of shape {positions.shape}", remedy="give one row a cycle"
        )
    return positions


def _uncertainties(name: str, values: ArrayLike, shape: tuple[int, ...], what: str) -> NDArray[np.float64]:
    u = array(name, values)
    if u.shape not in ((), shape) or not np.all((u >= 0) & (u <= LARGEST)):
        raise UnknownUncertainty(f"{name} is not a finite number >= 0 for each of {shape[0]} {what}")
    return u
