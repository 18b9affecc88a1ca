"""What chance does to the figures of a pose: how repeatability varies from sample to sample, and how long an error is.

Source: ISO 9283:1998 as programmed in published analysers, see :mod:`hil_calibration.performance`; the standard's text
was not read. The sampling of RP has no closed form: it is simulated, with fixed draws.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import count, finite, number, positive, probability
from .errors import CalibrationError, FitError

__all__ = ["RepeatabilityOfSamples", "length_interval", "repeatability_of_samples"]

_SETS = 4000
_MOST = 1000
"""Positions in a sample: beyond it the deviation is a few per mille anyway."""

_SEED = 9283


@dataclass(frozen=True, slots=True)
class RepeatabilityOfSamples:
    """Pose repeatability RP over samples of n poses: its ``mean`` and standard deviation ``sd``."""

    mean: float
    sd: float

    @property
    def dof(self) -> float:
        """Degrees of freedom that a scale with this relative deviation has: 1 / (2 r^2) (GUM G.4.2)."""
        return math.inf if self.sd == 0.0 else 0.5 * (self.mean / self.sd) ** 2


def repeatability_of_samples(covariance: ArrayLike, n: int) -> RepeatabilityOfSamples:
    """RP = l + 3 S of ``n`` normally distributed positions, whose true covariance is known.

    The mean is near 3.54 sigma and the deviation 0.33 sigma for 30 positions of sigma along each of three axes.

    :param covariance: of one position, shape ``(d, d)``, unit of length squared.
    :param n: positions in a sample, 2 to 1000.
    :raises CalibrationError: numbers that are not finite, or another number of positions; FitError for what is no
        covariance.
    """
    cycles = count("n", n, least=2, most=_MOST)
    matrix = finite("covariance", covariance)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise FitError(f"a covariance of shape {matrix.shape}", remedy="give a square matrix")
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2.0)
    if values[0] < -1e-9 * float(np.abs(values).max()):
        raise FitError("the covariance has a negative variance", remedy="give a covariance matrix")
    root = vectors * np.sqrt(np.clip(values, 0.0, None))
    draws = np.random.Generator(np.random.Philox(_SEED)).standard_normal((_SETS, cycles, len(matrix)))
    found = _repeatabilities(draws @ root.T)
    return RepeatabilityOfSamples(float(found.mean()), float(found.std(ddof=1)))


def _repeatabilities(positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """RP of each sample, from shape ``(samples, n, d)``."""
    distances = np.linalg.norm(positions - positions.mean(axis=1, keepdims=True), axis=2)
    repeatability: NDArray[np.float64] = distances.mean(axis=1) + 3.0 * distances.std(axis=1, ddof=1)
    return repeatability


def length_interval(length: float, u: float, coverage: float, *, dimensions: int = 3) -> tuple[float, float]:
    """Between which values the true length of a vector lies, from a length that was measured.

    The length of a measured vector is at least 0 and too large on average: what is measured across the true vector
    always adds. Near 0 an interval value ± U does not hold the truth as often as it claims. This one is exact where all
    components have the standard uncertainty ``u``, by the noncentral chi-square distribution. It begins at 0 where no
    length at all explains what was measured. A length that came out below the one that a true zero most often shows is
    no better known than that one: the interval ends where it would end there, and is conservative for true lengths of a
    few ``u``.

    :param length: measured, 0 or more.
    :param u: standard uncertainty of each component, unit of ``length``, above 0.
    :param coverage: of the interval, half of the rest on each side.
    :raises CalibrationError: numbers that are not as stated.
    """
    from scipy.special import chndtr, chndtrinc

    if number("length", length) < 0.0:
        raise CalibrationError(f"a length of {length:g}", remedy="give 0 or more")
    sigma, d, tail = (
        positive("u", u),
        count("dimensions", dimensions, least=1),
        (1.0 - probability("coverage", coverage)) / 2.0,
    )
    ratio = length / sigma
    if ratio > _FAR:
        return _far(length, sigma, d, tail)
    below, above = ratio * ratio, max(ratio * ratio, d - 1.0, 1.0)
    low = 0.0 if chndtr(below, d, 0.0) <= 1.0 - tail else float(chndtrinc(below, d, 1.0 - tail))
    return sigma * math.sqrt(low), sigma * math.sqrt(float(chndtrinc(above, d, tail)))


_FAR = 20.0
"""Lengths in units of u from which on a normal distribution, moved by its bias, is as good."""


def _far(length: float, sigma: float, d: int, tail: float) -> tuple[float, float]:
    from scipy.special import ndtri

    middle, reach = length - (d - 1) * sigma * sigma / (2.0 * length), -sigma * float(ndtri(tail))
    return middle - reach, middle + reach
