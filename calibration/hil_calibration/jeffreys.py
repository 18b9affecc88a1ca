"""The penalty that takes the bias of few observations off a detection curve with clustered repeats.

By maximum likelihood a curve from few observations is too steep: it reaches 0.9 too early, and so does the upper bound
of the place. The likelihood times Jeffreys' prior has no bias of first order (D. Firth, Biometrika 80 (1993) 27), and
its profile gives bounds that hold in small samples (G. Heinze and M. Schemper, Statistics in Medicine 21 (2002) 2409).
The prior is the square root of the determinant of the information on intercept and slope. Here the information is that
of the population average, as if observations were independent. That is an approximation; how well the bounds hold is
measured, see ``docs/explanation/detection-trial.md``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .clustered import Likelihood, logistic, quadrature

Array = NDArray[np.float64]

LEAST = 1e-250


class Penalised(Likelihood):
    """The log-likelihood plus the logarithm of Jeffreys' prior, with the gradient of the sum.

    The prior takes stimuli within 0.01 of a standard deviation as one: it needs to know only roughly where they are.
    """

    def __init__(self, t: Array, hits: Array, signs: NDArray[Any], false_rate: float) -> None:
        super().__init__(t, hits, signs, false_rate)
        self._places, self._counts = np.unique(self.t.round(2), return_counts=True)

    def __call__(self, parameters: Array) -> tuple[float, Array]:
        value, gradient = super().__call__(parameters)
        prior, slope = penalty(parameters, self._places, self._counts, self.false_rate)
        return value + prior, gradient + slope

    def unpenalised(self, parameters: Array) -> float:
        """The log-likelihood alone."""
        return super().__call__(parameters)[0]


def penalty(parameters: Array, t: Array, counts: NDArray[np.int64], false_rate: float) -> tuple[float, Array]:
    """Half the logarithm of the determinant of the information on (intercept, slope), and its gradient.

    With p the population average at a stimulus and d its derivative by the predictor, each observation weighs
    w = d^2 / (p (1 - p)). The gradient of the logarithm of the determinant is the sum of h (ln w)', h the leverages.

    :param parameters: intercept, slope, spread and ceiling. :param t: stimuli, standardised, with :param counts:
        observations each.
    """
    intercept, slope, spread, ceiling = parameters
    rise = ceiling - false_rate
    nodes, log_weights = quadrature()
    plain = np.exp(log_weights)
    moments = np.column_stack([plain, plain * nodes])
    eta = (intercept + slope * t)[:, None] + spread * nodes
    up, down = logistic(eta), logistic(-eta)
    density = up * down
    average = up @ plain
    hit = np.maximum(false_rate + rise * average, LEAST)
    miss = np.maximum(1.0 - ceiling + rise * (down @ plain), LEAST)
    first, first_by_spread = (density @ moments).T
    second, second_by_spread = ((density * (down - up)) @ moments).T
    first, unequal = np.maximum(first, LEAST), (miss - hit) / (hit * miss)
    weight = counts * np.maximum((rise * first) ** 2 / (hit * miss), LEAST)
    information, leverage = _leverage(weight, t)
    by_eta = leverage * (2.0 * second / first - rise * first * unequal)
    by_spread = leverage * (2.0 * second_by_spread / first - rise * first_by_spread * unequal)
    by_ceiling = leverage * (2.0 / rise - average * unequal)
    return 0.5 * math.log(information), 0.5 * np.array([by_eta.sum(), by_eta @ t, by_spread.sum(), by_ceiling.sum()])


def _leverage(weight: Array, t: Array) -> tuple[float, Array]:
    """The determinant of the information and the share of each observation in it, about the weighted mean of t."""
    total = float(weight.sum())
    away = t - float(weight @ t) / total
    scatter = float(weight @ away**2)
    information = max(total * scatter, LEAST)
    return information, weight * (1.0 / total + away**2 / max(scatter, LEAST))
