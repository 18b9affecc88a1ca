"""Figures of single trials that keep every effect with its sign: what trials share stays in their mean, what is of one
trial alone averages out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hil_calibration.effect import budget_line
from hil_calibration.reporting import ReportingPolicy
from hil_calibration.stream import Measurements

from .budget import Budget, Part, stated
from .readings import Series

ALONE = "alone: "
"""How the name of an effect begins that is of one trial alone."""

OWN = "scatter of single readings, and instants"
"""The line of a budget for all of those."""

CANCELLED = 1e-9
"""The part of a combined uncertainty below which an effect is a remainder of rounding: it has cancelled."""


@dataclass(frozen=True)
class Figure:
    """A value with its standard uncertainties by effect, signed."""

    value: float
    effects: Mapping[str, float] = field(default_factory=dict)

    @property
    def u(self) -> float:
        """Combined standard uncertainty."""
        return math.hypot(*self.effects.values())

    def budget(self) -> Budget:
        """By lines as they are printed; what is of one trial alone can be shared with no other run."""
        squares: dict[str, float] = {}
        signed: dict[str, dict[str, float]] = {}
        for name, u in self.effects.items():
            if abs(u) > CANCELLED * self.u:
                alone = name.startswith(ALONE)
                line = OWN if alone else budget_line(name)
                squares[line] = squares.get(line, 0.0) + u * u
                signed.setdefault(line, {}).update({} if alone else {name: u})
        return Budget(tuple(Part(line, math.sqrt(square), effects=signed[line]) for line, square in squares.items()))


def combined(value: float, parts: Sequence[tuple[float, Figure]]) -> Figure:
    """A figure of ``value`` that depends on others by these sensitivities."""
    effects: dict[str, float] = {}
    for sensitivity, part in parts:
        for name, u in part.effects.items():
            effects[name] = effects.get(name, 0.0) + sensitivity * u
    return Figure(value, effects)


def mean(figures: Sequence[Figure]) -> Figure:
    """The mean of these figures, at least one."""
    n = len(figures)
    return combined(sum(each.value for each in figures) / n, [(1.0 / n, each) for each in figures])


def deviation(figures: Sequence[Figure]) -> float | None:
    """Their experimental standard deviation; a single one shows none."""
    if len(figures) < 2:
        return None
    middle = sum(each.value for each in figures) / len(figures)
    return math.sqrt(sum((each.value - middle) ** 2 for each in figures) / (len(figures) - 1))


def of_shared(one: Measurements) -> Figure:
    """The shared part of a single measurement."""
    return Figure(float(one.value[0]), dict(zip(one.effects, one.shared[0].tolist(), strict=True)))


def resting(series: Series, name: str) -> Figure:
    """The mean of readings of what does not change; their scatter is of the trial ``name`` alone."""
    whole = of_shared(series.shared.mean())
    scatter = {f"{ALONE}{name}, readings at rest": series.s / math.sqrt(len(series.value))}
    return Figure(whole.value, {**whole.effects, **scatter})


def told(figure: Figure, policy: ReportingPolicy, scale: float = 1.0) -> tuple[str, str]:
    """A value and its expanded uncertainty as they are printed; what is exactly known has none.

    :param scale: to the unit in which it is printed.
    """
    if not figure.u:
        return f"{scale * figure.value:g}", "–"
    scaled = combined(scale * figure.value, [(scale, figure)])
    printed = stated(scaled.value, scaled.budget(), policy)
    return printed.value, printed.U
