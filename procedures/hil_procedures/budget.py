"""Budgets of single results: contributions, their combination, and how a result is stated."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hil.outcome import BudgetTable
from hil_calibration.effect import budget_line
from hil_calibration.reporting import ReportingPolicy
from hil_calibration.rounding import Reported, report
from hil_calibration.stream import Measurements

SMALLEST_PLAIN = 1e-4
"""From here on an uncertainty is printed without a power of ten."""


@dataclass(frozen=True)
class Part:
    """One line of a budget: a standard uncertainty in the unit of the result, and its degrees of freedom.

    :param effects: what single effects contribute to it, each sensitivity times standard uncertainty, signed, in the
        unit of the result: two results that share an effect may have it in opposite senses. Empty where nothing of the
        line can be shared with another run.
    """

    name: str
    u: float
    dof: float = math.inf
    distribution: str = "normal"
    effects: Mapping[str, float] = field(default_factory=dict)

    def times(self, sensitivity: float) -> Part:
        """The same line of a result that changes by ``sensitivity`` times what this one changes by."""
        effects = {name: sensitivity * u for name, u in self.effects.items()}
        return Part(self.name, abs(sensitivity) * self.u, self.dof, self.distribution, effects)

    def to_json(self) -> dict[str, Any]:
        """Without ``dof`` where they are infinite, without ``effects`` where it is an effect of its own, in its own
        sense."""
        effects = {name: u for name, u in self.effects.items() if u}
        return {
            "u": self.u,
            "distribution": self.distribution,
            **({"dof": self.dof} if math.isfinite(self.dof) else {}),
            **({"effects": effects} if effects and effects != {self.name: self.u} else {}),
        }


@dataclass(frozen=True)
class Budget:
    """The contributions to one result, independent of each other."""

    parts: tuple[Part, ...]

    @property
    def u(self) -> float:
        """Combined standard uncertainty."""
        return math.hypot(*(part.u for part in self.parts))

    @property
    def dof(self) -> float:
        """Effective degrees of freedom by Welch-Satterthwaite (GUM G.4.1)."""
        quartic = sum(part.u**4 / part.dof for part in self.parts)
        return self.u**4 / quartic if quartic > 0.0 else math.inf

    def expanded(self, policy: ReportingPolicy) -> float:
        """Expanded uncertainty by the laboratory's policy."""
        return policy.factor(max(1.0, self.dof)) * self.u

    def to_json(self) -> dict[str, Any]:
        """The lines that contribute, by name."""
        return {part.name: part.to_json() for part in self.parts if part.u > 0.0}

    def beside(self, *parts: Part) -> Budget:
        """The budget with further contributions."""
        return Budget((*self.parts, *parts))


def shared_parts(
    values: Measurements, weights: Sequence[float] | None = None, distributions: Mapping[str, str] | None = None
) -> tuple[Part, ...]:
    """The shared effects of a combination of measurements; the coefficients of a certificate make one line.

    :param weights: of the measurements, shape ``(n,)``; equal ones that sum to 1 by default.
    :param distributions: by effect; normal by default.
    """
    w = np.full(len(values), 1.0 / len(values)) if weights is None else np.asarray(weights)
    lines: dict[str, Part] = {}
    known = distributions or {}
    for name, column, dof in zip(values.effects, values.shared.T, values.dof, strict=True):
        line = budget_line(name)
        before, u = lines.get(line, Part(line, 0.0, dof, known.get(line, "normal"))), float(w @ column)
        lines[line] = replace(
            before, u=math.hypot(before.u, u), dof=min(before.dof, dof), effects={**before.effects, name: u}
        )
    return tuple(lines.values())


def repeatability(name: str, values: NDArray[np.float64]) -> Part:
    """What the scatter of ``n`` independent readings, shape ``(n,)``, leaves in their mean (GUM 4.2.3)."""
    n = len(values)
    return Part(name, float(np.std(values, ddof=1)) / math.sqrt(n), n - 1.0)


def resolution(name: str, values: NDArray[np.float64], step: float) -> Part:
    """What rounding to ``step`` leaves in the mean of readings (GUM F.2.2.1): one error shared by all where they hardly
    scatter, independent ones where they do."""
    u = step / math.sqrt(12.0)
    scattered = float(np.std(values, ddof=1)) > u
    return Part(name, u / math.sqrt(len(values)) if scattered else u, distribution="rectangular")


def budget_table(title: str, unit: str, budget: Budget) -> BudgetTable:
    """A budget as it is printed, the largest contribution first.

    :param unit: of the uncertainties, as a person reads it.
    """
    parts = sorted((part for part in budget.parts if part.u > 0.0), key=lambda part: -part.u)
    rows = [(part.name, two_digits(part.u), f"{100.0 * (part.u / budget.u) ** 2:.1f}") for part in parts]
    total = ("combined standard uncertainty", two_digits(budget.u), "100.0")
    return BudgetTable(title, unit, (*rows, total) if rows else ())


def two_digits(u: float) -> str:
    """A standard uncertainty or a standard deviation to two significant digits, the last one shown where it is 0."""
    return report(0.0, u).U if u >= SMALLEST_PLAIN else f"{u:#.2g}"


def policy_of(reporting: Mapping[str, Any]) -> ReportingPolicy:
    """The laboratory's policy of stating results, from the facts about a run."""
    coverage = reporting.get("coverage", ReportingPolicy().coverage)
    return ReportingPolicy(coverage=coverage, rounding=reporting["rounding"])


def stated(value: float, budget: Budget, policy: ReportingPolicy) -> Reported:
    """A result and its expanded uncertainty as they are printed."""
    return report(value, budget.expanded(policy), policy.digits, policy.rounding)
