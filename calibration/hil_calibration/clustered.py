"""The likelihood of detections whose repeats are clustered by sign, and its maximisation.

Conditional on the effect s of its sign an observation at stimulus x is a hit with probability
false_rate + (ceiling - false_rate) logistic(intercept + slope t + s), t the standardised ln x, s normal with mean 0 and
standard deviation ``spread``. The effect is integrated out sign by sign by the trapezoidal rule, whose error falls
exponentially with the number of nodes (L. N. Trefethen and J. A. C. Weideman, SIAM Review 56 (2014) 385). At the
greatest spread, where an answer hardly is a smooth function of the effect, it is nearer than Gauss and Hermite's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import FitError

Array = NDArray[np.float64]

NODES, REACH = 49, 6.0
SMALLEST_SPREAD, LARGEST_SPREAD = 1e-3, 12.0
LARGEST_SLOPE = 100.0
SMALLEST = 1e-300
STEPS = 300
TOLERANCE = 1e-8
STALLED, PATIENCE = 1e-4, 8
LARGEST_STEP = 2.0
WORTH_CLIMBING = 10.0


@cache
def quadrature() -> tuple[Array, Array]:
    """Nodes and logarithms of weights of an expectation over a standard normal effect, ``(NODES,)`` each."""
    nodes = np.linspace(-REACH, REACH, NODES)
    weights = np.exp(-0.5 * nodes**2)
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

    def __init__(self, t: Array, hits: Array, signs: NDArray[Any], false_rate: float) -> None:
        numbers = np.unique(signs, return_inverse=True)[1]
        order = np.argsort(numbers, kind="stable")
        self.t, self.hits = t[order], hits[order].astype(bool)
        self._toward = np.where(self.hits, 1.0, -1.0)[:, None]
        self._sign = numbers[order]
        self._first = np.searchsorted(self._sign, np.arange(self._sign[-1] + 1))
        self.false_rate = false_rate
        self._nodes, self._log_weights = quadrature()

    def __call__(self, parameters: Array) -> tuple[float, Array]:
        """Log-likelihood and its gradient by (intercept, slope, spread, ceiling)."""
        intercept, slope, spread, ceiling = parameters
        rise, toward = ceiling - self.false_rate, self._toward
        share = logistic(toward * ((intercept + slope * self.t)[:, None] + spread * self._nodes))
        floor = np.where(toward > 0.0, self.false_rate, 1.0 - ceiling)
        chance = np.maximum(floor + rise * share, SMALLEST)
        by_sign = np.add.reduceat(np.log(chance), self._first, axis=0) + self._log_weights
        top = by_sign.max(axis=1)
        likelihood = np.exp(by_sign - top[:, None])
        total = likelihood.sum(axis=1)
        inverse = (likelihood / total[:, None])[self._sign] / chance
        by_ceiling = float((inverse * np.where(toward > 0.0, share, share - 1.0)).sum())
        by_eta = inverse * share * (1.0 - share) * (rise * toward)
        rows = by_eta.sum(axis=1)
        gradient = np.array([rows.sum(), rows @ self.t, (by_eta @ self._nodes).sum(), by_ceiling])
        return float((top + np.log(total)).sum()), gradient

    @property
    def bounds(self) -> list[tuple[float, float]]:
        """What the parameters may be, in their order."""
        return [
            (-200.0, 200.0),
            (-LARGEST_SLOPE, LARGEST_SLOPE),
            (SMALLEST_SPREAD, LARGEST_SPREAD),
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
        low, high = np.array(self.bounds).T
        free = np.flatnonzero((at.array > low + 1e-3) & (at.array < high - 1e-4))
        curvature = differences(self, at.array, free, high, self(at.array)[1])
        values, vectors = np.linalg.eigh(-0.5 * (curvature + curvature.T))
        values = np.maximum(values, 1e-9 * max(values.max(), 1e-9))
        covariance = np.zeros((4, 4))
        covariance[np.ix_(free, free)] = (vectors / values) @ vectors.T
        return covariance


Valued = Callable[[Array], tuple[float, Array]]
"""A function of a few parameters that returns its value and its gradient."""


def maximise(value: Valued, start: Array, bounds: Sequence[tuple[float, float]]) -> tuple[Array, float]:
    """Maximise ``value`` within ``bounds``: damped Newton steps, the curvature from differences of the gradient.

    For a handful of parameters this needs fewer evaluations than a general optimiser, and no thread pool. On a ridge
    that rises by less than 1e-4 a step it stops after eight: what is left is far below a bound's threshold.

    :raises FitError: if it does not converge.
    """
    low, high = np.array(bounds).T
    at = np.clip(start, low, high)
    greatest, gradient = value(at)
    slow = 0
    for _ in range(STEPS):
        free = np.flatnonzero(((at > low) | (gradient > 0.0)) & ((at < high) | (gradient < 0.0)))
        step = np.zeros_like(at)
        step[free] = _newton_step(value, at, gradient, free, high)
        if step @ gradient < TOLERANCE:
            return at, greatest
        factor = 1.0
        while True:
            trial = np.clip(at + factor * step, low, high)
            reached, there = value(trial)
            if reached >= greatest + 1e-4 * gradient @ (trial - at):
                break
            factor /= 3.0
            if factor < 1e-9:
                return at, greatest
        slow = slow + 1 if reached - greatest < STALLED else 0
        at, greatest, gradient = trial, reached, there
        if slow == PATIENCE:
            return at, greatest
    raise FitError("the fit does not converge", remedy="present stimuli over a wider range")


def _newton_step(value: Valued, at: Array, gradient: Array, free: NDArray[np.intp], high: Array) -> Array:
    """A step uphill in the free parameters: Newton's where the function is concave, of the same length if not."""
    if not free.size:
        return np.zeros(0)
    curvature = differences(value, at, free, high, gradient)
    values, vectors = np.linalg.eigh(-0.5 * (curvature + curvature.T))
    size = np.maximum(np.abs(values), 1e-6 * max(1.0, float(np.abs(values).max())))
    step: Array = vectors @ ((vectors.T @ gradient[free]) / size)
    return step * min(1.0, LARGEST_STEP / float(np.abs(step).max() + 1e-300))


def differences(value: Valued, at: Array, free: NDArray[np.intp], high: Array, gradient: Array) -> Array:
    """The matrix of second derivatives by the free parameters, from one-sided differences of the gradient."""
    curvature = np.empty((free.size, free.size))
    for row, i in enumerate(free):
        shifted = at.copy()
        shifted[i] += 1e-5 if at[i] + 1e-5 <= high[i] else -1e-5
        curvature[row] = (value(shifted)[1][free] - gradient[free]) / (shifted[i] - at[i])
    return curvature


class Profile:
    """The likelihood under the constraint that the population average at a stimulus equals ``level``.

    Free are the slope, the spread and kappa, with ceiling = level + (1 - level) exp(kappa), kappa <= 0; the intercept
    follows. The likelihood may have two summits: signs that differ much below a high ceiling, or signs that hardly
    differ below a low one. Each call therefore climbs from the summit found for the nearest stimulus and from the
    best curve with a ceiling next to the level.
    """

    def __init__(self, likelihood: Likelihood, level: float, start: Parameters, greatest: float) -> None:
        self._likelihood, self._level, self._greatest = likelihood, level, greatest
        kappa = math.log(max(start.ceiling - level, 1e-5) / (1.0 - level))
        self._first = np.array([start.slope, max(start.spread, 0.1), min(kappa, -1e-3)])
        self._summits: dict[float, Array] = {}
        self._nodes, log_weights = quadrature()
        self._weights = np.exp(log_weights)
        self._low = self._low_summit(start)

    def _low_summit(self, start: Parameters) -> Array:
        ceiling = self._level + 0.02 * (1.0 - self._level)

        def value(v: Array) -> tuple[float, Array]:
            total, gradient = self._likelihood(np.array([*v, ceiling]))
            return total, gradient[:3]

        steep = np.array([1.8 * start.intercept, 1.8 * start.slope, max(0.3 * start.spread, 0.1)])
        return maximise(value, steep, self._likelihood.bounds[:3])[0]

    def drop(self, t: float) -> float:
        """2 (ln L - ln L'), L' the greatest likelihood with the average at ``t`` equal to the level."""
        bounds = [(0.0, LARGEST_SLOPE), (SMALLEST_SPREAD, LARGEST_SPREAD), (-25.0, 0.0)]

        def value(v: Array) -> tuple[float, Array]:
            return self._constrained(v, t)

        nearest = min(self._summits, key=lambda known: abs(known - t), default=t)
        best, highest = maximise(value, self._summits.get(nearest, self._first), bounds)
        self._summits[t] = np.clip(best, (0.0, 0.1, -24.0), (LARGEST_SLOPE, LARGEST_SPREAD, -1e-3))
        low = self._low_start(t)
        if value(low)[0] > highest - WORTH_CLIMBING:
            highest = max(highest, maximise(value, low, bounds)[1])
        return 2.0 * (self._greatest - highest)

    def _low_start(self, t: float) -> Array:
        """The low summit's slope and spread, with the ceiling that brings its average at ``t`` to the level."""
        intercept, slope, spread = self._low
        f = self._likelihood.false_rate
        reached = float(self._weights @ logistic(intercept + slope * t + spread * self._nodes))
        excess = (f + (self._level - f) / max(reached, 1e-6) - self._level) / (1.0 - self._level)
        return np.array([slope, max(spread, 0.1), min(max(math.log(max(excess, 1e-12)), -24.0), -1e-3)])

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
    """The eta at which the population average of logistic(eta + spread Z) is ``share``, in (0, 1).

    By Newton's method on the logit of the average, which is nearly linear in eta; by halving where that leaves the
    bracket.
    """
    nodes, log_weights = quadrature()
    weights, target = np.exp(log_weights), math.log(share / (1.0 - share))
    reach = spread * float(nodes.max()) + 1e-9
    low, high, eta = target - reach, target + reach, target
    for _ in range(200):
        up = logistic(eta + spread * nodes)
        mean, rest, density = (float(weights @ part) for part in (up, 1.0 - up, up * (1.0 - up)))
        if mean * (1.0 - share) < rest * share:
            low = eta
        else:
            high = eta
        step = (math.log(mean / rest) - target) * mean * rest / density if min(mean, rest, density) > 0.0 else math.inf
        following = eta - step
        if not low <= following <= high:
            following = (low + high) / 2.0
        if abs(following - eta) < 1e-12 * (1.0 + abs(eta)):
            break
        eta = following
    return eta
