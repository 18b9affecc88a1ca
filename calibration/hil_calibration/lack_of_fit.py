"""Whether a detection curve describes the data that it was fitted to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .clustered import logistic
from .detection_curve import SEPARATION, DetectionCurve
from .errors import FitError

Array = NDArray[np.float64]

SIMULATIONS = 2000


def lack_of_fit(
    curve: DetectionCurve,
    x: ArrayLike,
    hits: ArrayLike,
    signs: Sequence[object],
    groups: ArrayLike,
    *,
    seed: int = 1,
) -> float:
    """The p-value of a test for lack of fit, by simulation from the fitted curve.

    The statistic is the sum over groups of (hits - expected)² / (n p (1 - p)), p the curve's mean in the group. Its
    distribution comes from data simulated from the curve with an effect drawn for each sign, at the same stimuli.
    The curve is not fitted anew to each, so the p-value is too large rather than too small: a small one means
    something.

    :param x: stimuli ``(n,)``; ``hits`` whether each was detected; ``signs`` what was shown.
    :param groups: a number for each observation, equal where stimuli were nominally equal.
    :raises FitError: if hits and misses were separated: there is no curve.
    """
    if SEPARATION in curve.flags:
        raise FitError(curve.reason)
    at, detected = np.asarray(x, dtype=np.float64), np.asarray(hits, dtype=np.float64)
    labels, member = np.unique(np.asarray(groups), return_inverse=True)
    belongs = (np.arange(len(labels))[:, None] == member).astype(np.float64)
    names, sign = np.unique(np.asarray([str(one) for one in signs]), return_inverse=True)
    n = belongs.sum(axis=1)
    expected = belongs @ curve.curve(at).p
    variance = np.maximum(expected * (1.0 - expected / n), 1e-9)
    random = np.random.default_rng(seed)
    eta = curve.b0 + curve.b1 * np.log(at)
    drawn = random.normal(0.0, curve.sigma, (SIMULATIONS, len(names)))[:, sign]
    rate = curve.false_rate + (curve.ceiling - curve.false_rate) * logistic(eta + drawn)
    simulated = (random.random(rate.shape) < rate).astype(np.float64)
    statistics = _statistic(simulated @ belongs.T, expected, variance)
    observed = _statistic((belongs @ detected)[None, :], expected, variance)[0]
    return float((1 + np.count_nonzero(statistics >= observed)) / (1 + SIMULATIONS))


def _statistic(counts: Array, expected: Array, variance: Array) -> Array:
    return np.asarray(((counts - expected) ** 2 / variance).sum(axis=1), dtype=np.float64)
