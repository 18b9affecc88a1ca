"""The likelihood of detections whose repeats are clustered by sign, and its maximisation.

Conditional on the effect s of its sign an observation at stimulus x is a hit with probability
false_rate + (ceiling - false_rate) logistic(intercept + slope t + s), t the standardised ln x, s normal with mean 0 and
standard deviation ``spread``. The effect is integrated out sign by sign with Gauss-Hermite quadrature.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from .errors import FitError

Array = NDArray[np.float64]

NODES = 41
LARGEST_SPREAD = 12.0
LARGEST_SLOPE = 100.0
SMALLEST = 1e-300
START_SPREADS = (0.3, 1.5)


@cache
def quadrature() -> tuple[Array, Array]:
    """Nodes and logarithms of weights of an expectation over a standard normal effect, ``(NODES,)`` each."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    return nodes, np.log(weights / weights.sum())


def logistic(eta: Array) -> Array:
    """1 / (1 + exp(-eta))."""
    from scipy.special import expit

    return np.asarray(expit(eta))


def average(eta: Array, spread: float) -> Array:
    """The expectation of logistic(eta + spread Z) over a standard normal Z, for ``eta`` of any shape."""
    nodes, log_weights = quadrature()
    return logistic(np.asarray(eta)[..., None] + spread * nodes) @ np.exp(log_weights)


@dataclass(frozen=True, slots=True)
class Parameters:
    """Parameters on the standardised scale t = (ln x - centre) / scale."""

    intercept: float
    slope: float
    spread: float
    ceiling: float

    @property
    def array(self) -> Array:
        return np.array([self.intercept, self.slope, self.spread, self.ceiling])


class Likelihood:
    """The log-likelihood of hits ``(n,)`` at standardised stimuli ``(n,)``, of signs ``(n,)``."""

    def __init__(self, t: Array, hits: Array, signs: Sequence[object], false_rate: float) -> None:
        numbers = np.unique(np.asarray([str(sign) for sign in signs]), return_inverse=True)[1]
        order = np.argsort(numbers, kind="stable")
        self.t, self.hits = t[order], hits[order].astype(bool)
        self._sign = numbers[order]
        self._first = np.searchsorted(self._sign, np.arange(self._sign[-1] + 1))
        self.false_rate = false_rate
        self._nodes, self._log_weights = quadrature()

    def __call__(self, parameters: Array) -> tuple[float, Array]:
        """Log-likelihood and its gradient by (intercept, slope, spread, ceiling)."""
        from scipy.special import logsumexp

        intercept, slope, spread, ceiling = parameters
        up = logistic((intercept + slope * self.t)[:, None] + spread * self._nodes)
        down, rise, hit = 1.0 - up, ceiling - self.false_rate, self.hits[:, None]
        chance = np.maximum(np.where(hit, self.false_rate + rise * up, 1.0 - ceiling + rise * down), SMALLEST)
        by_sign = np.add.reduceat(np.log(chance), self._first, axis=0) + self._log_weights
        total = logsumexp(by_sign, axis=1)
        weight = np.exp(by_sign - total[:, None])[self._sign]
        inverse = weight * np.where(hit, 1.0, -1.0) / chance
        by_eta = inverse * rise * up * down
        rows = by_eta.sum(axis=1)
        gradient = np.array(
            [rows.sum(), rows @ self.t, (by_eta @ self._nodes).sum(), (inverse * up).sum()], dtype=np.float64
        )
        return float(total.sum()), gradient

    @property
    def bounds(self) -> list[tuple[float, float]]:
        """What the parameters may be, in their order."""
        return [
            (-200.0, 200.0),
            (-LARGEST_SLOPE, LARGEST_SLOPE),
            (0.0, LARGEST_SPREAD),
            (self.false_rate + 1e-3, 1.0),
        ]

    def maximum(self, starts: Sequence[Parameters]) -> tuple[Parameters, float]:
        """The parameters of maximum likelihood and its logarithm, the best from ``starts``."""
        found = [maximise(self, start.array, self.bounds) for start in starts]
        best, value = max(found, key=lambda pair: pair[1])
        return Parameters(*(float(v) for v in best)), value

    def flat(self) -> float:
        """The greatest log-likelihood of a detection that does not depend on the stimulus."""
        rate = min(max(float(self.hits.mean()), 1e-3), 1.0 - 1e-3)
        level = math.log(rate / (1.0 - rate))

        def value(v: Array) -> tuple[float, Array]:
            total, gradient = self(np.array([v[0], 0.0, v[1], 1.0]))
            return total, gradient[[0, 2]]

        return maximise(value, np.array([level, 0.5]), [self.bounds[0], self.bounds[2]])[1]

    def covariance(self, at: Parameters) -> Array:
        """Covariance ``(4, 4)`` by the observed information; 0 for a parameter at a limit of its range."""
        centre, free = at.array, []
        for i, (low, high) in enumerate(self.bounds):
            if low + 1e-4 < centre[i] < high - 1e-4:
                free.append(i)
        information = np.zeros((len(free), len(free)))
        for row, i in enumerate(free):
            step = np.zeros(4)
            step[i] = 1e-5 * max(1.0, abs(centre[i])) if i != 3 else 1e-5
            difference = self(centre + step)[1] - self(centre - step)[1]
            information[row] = -difference[free] / (2.0 * step[i])
        covariance = np.zeros((4, 4))
        values, vectors = np.linalg.eigh((information + information.T) / 2.0)
        values = np.maximum(values, 1e-9 * max(values.max(), 1e-9))
        covariance[np.ix_(free, free)] = (vectors / values) @ vectors.T
        return covariance


def maximise(
    value: Callable[[Array], tuple[float, Array]], start: Array, bounds: Sequence[tuple[float, float]]
) -> tuple[Array, float]:
    """Maximise a function that returns its value and gradient, within ``bounds``."""
    from scipy.optimize import minimize

    def cost(v: Array) -> tuple[float, Array]:
        total, gradient = value(v)
        return -total, -gradient

    low, high = np.array(bounds).T
    found = minimize(
        cost,
        np.clip(start, low, high),
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"ftol": 1e-12, "gtol": 1e-5, "maxiter": 500, "maxls": 40},
    )
    if not np.isfinite(found.fun):
        raise FitError("the fit does not converge", remedy="present stimuli over a wider range")
    return np.asarray(found.x), -float(found.fun)


class Profile:
    """The likelihood under the constraint that the population average at a stimulus equals ``level``.

    Free are the slope, the spread and kappa, with ceiling = level + (1 - level) exp(kappa), kappa <= 0; the intercept
    follows. It starts from the maximum without constraint and from the previous call's, and keeps the better.
    """

    def __init__(self, likelihood: Likelihood, level: float, start: Parameters, greatest: float) -> None:
        self._likelihood, self._level, self._greatest = likelihood, level, greatest
        kappa = math.log(max(start.ceiling - level, 1e-5) / (1.0 - level))
        self._first = np.array([start.slope, max(start.spread, 0.3), min(kappa, -1e-3)])
        self._last = self._first
        self._nodes, log_weights = quadrature()
        self._weights = np.exp(log_weights)

    def drop(self, t: float) -> float:
        """2 (ln L - ln L'), L' the greatest likelihood with the average at ``t`` equal to the level."""
        bounds = [(0.0, LARGEST_SLOPE), (0.0, LARGEST_SPREAD), (-14.0, 0.0)]
        starts = (self._last,) if self._last is self._first else (self._last, self._first)
        found = [maximise(lambda v: self._constrained(v, t), start, bounds) for start in starts]
        best, value = max(found, key=lambda pair: pair[1])
        self._last = np.clip(best, (0.0, 0.05, -13.0), (LARGEST_SLOPE, LARGEST_SPREAD, -1e-3))
        return 2.0 * (self._greatest - value)

    def _constrained(self, free: Array, t: float) -> tuple[float, Array]:
        slope, spread, kappa = free
        f, excess = self._likelihood.false_rate, (1.0 - self._level) * math.exp(kappa)
        ceiling = self._level + excess
        share = (self._level - f) / (ceiling - f)
        eta = average_inverse(share, spread)
        up = logistic(eta + spread * self._nodes)
        density = self._weights * up * (1.0 - up)
        by_eta, by_spread = float(density.sum()), float(density @ self._nodes)
        value, gradient = self._likelihood(np.array([eta - slope * t, slope, spread, ceiling]))
        eta_by_kappa = -share / (ceiling - f) / by_eta * excess
        return value, np.array(
            [
                gradient[1] - t * gradient[0],
                gradient[2] - gradient[0] * by_spread / by_eta,
                gradient[3] * excess + gradient[0] * eta_by_kappa,
            ]
        )


def average_inverse(share: float, spread: float) -> float:
    """The eta at which the population average of logistic(eta + spread Z) is ``share``, in (0, 1)."""
    from scipy.optimize import brentq

    start = math.log(share / (1.0 - share))
    reach = 6.0 + 8.0 * spread
    return float(
        brentq(lambda eta: float(average(np.array(eta), spread)) - share, start - reach, start + reach, xtol=1e-12)
    )
