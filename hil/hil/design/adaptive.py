"""Adaptive designs: the next point follows from what was observed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from ..errors import ProcedureFault
from .design import SutFaults
from .factors import require_duration, require_names
from .plan import AdaptivePlan, Observed


@runtime_checkable
class Adaptive(Protocol):
    """A rule that chooses the next condition. Give it fields that JSON can carry: they are locked with the plan."""

    def next(self, observed: Sequence[Observed], seed: int, /) -> Mapping[str, Any] | None:
        """The next condition, ``None`` to stop. It depends on nothing but its arguments: a run that was killed goes on
        from its record as it would have gone on.

        :param observed: what counts so far, in the order of execution.
        """


@dataclass(frozen=True)
class AdaptiveDesign:
    """A trial whose points a rule chooses.

    :param factors: as for `Design`.
    :param rule: chooses the points, and stops.
    :param most: the number of points after which the plan ends in any case, at least 1.
    :param attempts: as for `Design`, and so ``blind``, ``notes`` and ``duration``.
    :raises ProcedureFault: as `Design` does.
    """

    factors: Mapping[str, str | None]
    rule: Adaptive
    most: int
    attempts: int = 3
    blind: bool = False
    notes: dict[str, Any] = field(default_factory=dict)
    duration: float | None = None

    def __post_init__(self) -> None:
        require_names(self.factors)
        require_duration(self.duration)
        if self.most < 1 or self.attempts < 1:
            raise ProcedureFault("a plan needs a point and an attempt", where="AdaptiveDesign")

    @property
    def sut_faults(self) -> SutFaults:
        """How the rule counts an answer of the system under test that is a fault."""
        found: SutFaults = getattr(self.rule, "sut_faults", "failure")
        return found

    def plan(self, seed: int) -> AdaptivePlan:
        """The plan of one run."""
        return AdaptivePlan(self, seed)
