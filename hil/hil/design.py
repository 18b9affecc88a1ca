"""The design of a trial: its points, known before anything moves."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from .errors import ProcedureFault

RESERVED = frozenset({"index", "attempt", "factors", "settle", "valid", "observe", "state"})
"""Names that a point owns, hence no factor may bear."""


@dataclass(frozen=True, slots=True)
class PlannedPoint:
    """One condition of a plan: its place in the order of execution, and the value of each factor."""

    index: int
    factors: dict[str, Any]


@dataclass(frozen=True)
class Design:
    """The points of a trial.

    :param factors: each factor's name and its UCUM unit, ``None`` for a factor without one (a sign, a side).
    :param points: the conditions; each maps every factor to its value, in the factor's unit.
    :param repeats: how many times the whole list is run, at least 1.
    :param order: ``"given"``; or ``"random"``: shuffled within each repeat, so that each repeat is a block.
    :param attempts: how often a point may be attempted before the run ends as a bench fault.
    :raises ProcedureFault: if a factor's name belongs to the point, or a condition misses a factor.
    """

    factors: Mapping[str, str | None]
    points: Sequence[Mapping[str, Any]]
    repeats: int = 1
    order: Literal["given", "random"] = "given"
    attempts: int = 3
    notes: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        taken = RESERVED & set(self.factors)
        if taken:
            raise ProcedureFault(f"a factor may not be named {', '.join(sorted(taken))}", where="Design")
        for number, condition in enumerate(self.points):
            if set(condition) != set(self.factors):
                raise ProcedureFault(
                    f"condition {number} has {sorted(condition)}, not {sorted(self.factors)}", where="Design"
                )
        if not self.points or self.repeats < 1 or self.attempts < 1:
            raise ProcedureFault("a plan needs a point, a repeat and an attempt", where="Design")

    def planned(self, seed: int) -> list[PlannedPoint]:
        """The points in their order of execution; the same ``seed`` gives the same order."""
        ordered: list[Mapping[str, Any]] = []
        for repeat in range(self.repeats):
            block = list(self.points)
            if self.order == "random":
                random.Random(f"order/{seed}/{repeat}").shuffle(block)
            ordered.extend(block)
        return [PlannedPoint(index, dict(condition)) for index, condition in enumerate(ordered)]
