"""The figures of a trial of climatic robustness, each with its budget."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hil_calibration.stream import Measurements, concatenate

from ..budget import Budget, Part, resolution, shared_parts
from ..readings import Series
from .script import FALLING, REFERENCE, RISING

Array = NDArray[np.float64]

REPEATABILITY = "repeatability"
RESOLUTION = "resolution of the metric"
COMEBACK = "reference that did not come back"
CONDITION = "condition of the plateau"


@dataclass(frozen=True)
class Plateau:
    """One plateau: its level, how it was reached, the readings of the climate at the specimen and of the metric."""

    level: float
    branch: str
    condition: Series
    metric: Series


@dataclass(frozen=True)
class Departure:
    """By how much the metric differs from the reference, at a plateau whose climate was measured as ``condition``."""

    level: float
    branch: str
    condition: float
    u_condition: float
    value: float
    budget: Budget


@dataclass(frozen=True)
class Hysteresis:
    """The metric falling minus rising at one level, both brought to the same condition."""

    level: float
    value: float
    budget: Budget


@dataclass(frozen=True)
class Robustness:
    """What was found. ``reference`` is the mean of the metric on the reference plateaus, ``drift`` its last value minus
    its first, both brought to the same condition, ``creep`` by plateau the change of the metric over the observation,
    by a straight line."""

    reference: float
    departures: tuple[Departure, ...]
    hysteresis: tuple[Hysteresis, ...]
    drift: float
    drift_budget: Budget
    creep: tuple[float, ...]

    @property
    def largest(self) -> Departure:
        """The departure that is largest in magnitude."""
        return max(self.departures, key=lambda one: abs(one.value))


def robustness(plateaus: Sequence[Plateau], distributions: dict[str, str]) -> Robustness:
    """The figures of the plateaus, the first and the last of which are the reference.

    Departures are stated at the measured condition. An error d of that condition is an error of about f' d of the
    departure, with f' the slope of the metric between neighbouring levels.

    :param distributions: of the effects of calibrations, by name.
    """
    trial = _Trial(plateaus, distributions)
    ends = [i for i, one in enumerate(plateaus) if one.branch == REFERENCE]
    home = _weights(len(plateaus), dict.fromkeys(ends, 1.0 / len(ends)))
    drift = _weights(len(plateaus), {ends[-1]: 1.0, ends[0]: -1.0})
    moved = trial.alike(drift, plateaus[0].level)
    comeback = Part(COMEBACK, abs(moved) / 2.0 / math.sqrt(3.0), distribution="rectangular")
    departures = []
    for i, one in enumerate(plateaus):
        if one.branch != REFERENCE:
            weights = _weights(len(plateaus), {i: 1.0}) - home
            budget = trial.budget(weights, trial.slope(one.level)).beside(comeback)
            value, u = float(weights @ trial.value), trial.u_condition(i)
            departures.append(Departure(one.level, one.branch, float(trial.condition.value[i]), u, value, budget))
    return Robustness(
        float(home @ trial.value),
        tuple(departures),
        tuple(trial.hysteresis()),
        moved,
        trial.budget(drift, trial.slope(plateaus[0].level)),
        tuple(_creep(one.metric) for one in plateaus),
    )


class _Trial:
    """The means of all plateaus, and budgets of their combinations."""

    def __init__(self, plateaus: Sequence[Plateau], distributions: dict[str, str]) -> None:
        self._plateaus, self._known = plateaus, distributions
        self.value = np.array([one.metric.mean for one in plateaus])
        self.condition = concatenate([one.condition.shared.mean() for one in plateaus])
        calibrated = all(one.metric.measured is not None for one in plateaus)
        self._metric: Measurements | None = (
            concatenate([one.metric.shared.mean() for one in plateaus]) if calibrated else None
        )

    def budget(self, weights: Array, slope: float) -> Budget:
        """Of the combination of means with ``weights``, which sum to 0.

        A condition that reads too high makes what is stated at it too low by the slope.
        """
        parts = [*self._of(REPEATABILITY, weights), *self._of(RESOLUTION, weights)]
        if self._metric is not None:
            parts += shared_parts(self._metric, weights.tolist(), self._known)
        shared = shared_parts(self.condition, weights.tolist(), self._known)
        condition = Budget((*self._conditions(weights), *shared))
        known = Part(CONDITION, condition.u, effects={name: u for part in shared for name, u in part.effects.items()})
        return Budget((*parts, known.times(-slope)))

    def slope(self, level: float) -> float:
        """The slope of the metric over the condition at a level, between its neighbours."""
        levels = sorted({one.level for one in self._plateaus})
        groups = [[i for i, one in enumerate(self._plateaus) if one.level == each] for each in levels]
        x = np.array([float(self.condition.value[group].mean()) for group in groups])
        y = np.array([float(self.value[group].mean()) for group in groups])
        return float(np.gradient(y, x)[levels.index(level)])

    def alike(self, weights: Array, level: float) -> float:
        """A difference between plateaus at one level, less what the small difference of their conditions makes."""
        return float(weights @ self.value) - self.slope(level) * float(weights @ self.condition.value)

    def u_condition(self, i: int) -> float:
        """The standard uncertainty of the condition of plateau ``i``."""
        weights = _weights(len(self._plateaus), {i: 1.0})
        shared = shared_parts(self.condition, weights.tolist(), self._known)
        return Budget((*self._conditions(weights), *shared)).u

    def hysteresis(self) -> list[Hysteresis]:
        """At each level that was reached from both sides."""
        found = []
        for level in sorted({one.level for one in self._plateaus}):
            branches = {
                branch: [i for i, one in enumerate(self._plateaus) if (one.level, one.branch) == (level, branch)]
                for branch in (FALLING, RISING)
            }
            if all(branches.values()):
                signed = {i: 1.0 / len(branches[FALLING]) for i in branches[FALLING]}
                signed |= {i: -1.0 / len(branches[RISING]) for i in branches[RISING]}
                weights = _weights(len(self._plateaus), signed)
                found.append(Hysteresis(level, self.alike(weights, level), self.budget(weights, self.slope(level))))
        return found

    def _of(self, name: str, weights: Array) -> list[Part]:
        found = []
        for w, one in zip(weights, self._plateaus, strict=True):
            series = one.metric
            part = about_line(name, series) if name == REPEATABILITY else resolution(name, series.value, series.step)
            if w:
                found.append(Part(name, abs(float(w)) * part.u, part.dof, part.distribution))
        return [_together(name, found)]

    def _conditions(self, weights: Array) -> list[Part]:
        return [
            Part(CONDITION, abs(float(w)) * max(about_line(CONDITION, seen).u, seen.rounding))
            for w, seen in zip(weights, (one.condition for one in self._plateaus), strict=True)
            if w
        ]


def about_line(name: str, series: Series) -> Part:
    """What the scatter of ``n`` readings about a straight line in time leaves in their mean, with n - 2 degrees of
    freedom.

    Metric and condition are read at the same instants: what both follow while they settle is no scatter of either.
    """
    t = series.t - series.t.mean()
    rest = series.value - np.polyval(np.polyfit(t, series.value, 1), t)
    n = len(rest)
    return Part(name, math.sqrt(float(rest @ rest) / (n - 2)) / math.sqrt(n), n - 2.0)


def _together(name: str, parts: list[Part]) -> Part:
    """One line of a budget for what is alike at each plateau."""
    budget = Budget(tuple(parts))
    return Part(name, budget.u, max(1.0, budget.dof), parts[0].distribution)


def _weights(count: int, by_index: dict[int, float]) -> Array:
    weights = np.zeros(count)
    for i, weight in by_index.items():
        weights[i] = weight
    return weights


def _creep(series: Series) -> float:
    """The change over the window by the straight line of least squares."""
    slope = float(np.polyfit(series.t - series.t[0], series.value, 1)[0])
    return slope * float(series.t[-1] - series.t[0])
