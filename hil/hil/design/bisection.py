"""An adaptive design that closes in on a threshold of one factor."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import ProcedureFault
from .design import SutFaults
from .factors import Range
from .plan import Observed
from .sequential import counted


@dataclass(frozen=True, slots=True)
class Bracket:
    """Between which two values of the factor the threshold lies; ``undecided`` is the level that was given up."""

    succeeds: float
    fails: float
    halvings: int
    undecided: float | None = None


@dataclass(frozen=True)
class Bisection:
    """Halves a range, again and again, towards the value at which the success probability passes ``target``.

    At each level trials are made until an anytime-valid interval of its success probability leaves the target out
    (`hil_calibration.systems.anytime`), each at the confidence 1 - (1 - confidence) / halvings; then the half that does
    not hold the threshold is dropped. By the sum of the risks (Bonferroni's inequality) the bracket holds the threshold
    with ``confidence`` at least, at whatever point the run ends. A level so near to the threshold that
    ``most_at_level`` trials do not decide ends it early.

    It is presumed that the success probability changes monotonically with the factor, that trials at one level are
    independent, and that the threshold lies in the range.

    :param factor: its range; ``scale="log"`` halves ratios.
    :param succeeds: the end of the range, ``"low"`` or ``"high"``, at which the system succeeds more often.
    :param halvings: how often the range is to be halved, 1 to 40.
    :param target: the success probability at the threshold, in (0, 1).
    :param others: the other factors of the design, kept as they are.
    :param success: as for `Trials`, and so ``sut_faults``.
    """

    factor: Range
    succeeds: str
    halvings: int
    target: float = 0.5
    confidence: float = 0.95
    most_at_level: int = 100
    others: Mapping[str, Any] = field(default_factory=dict)
    success: str = "hit"
    sut_faults: SutFaults = "failure"

    def __post_init__(self) -> None:
        probabilities = 0.0 < self.target < 1.0 and 0.0 < self.confidence < 1.0
        if self.succeeds not in ("low", "high") or not probabilities:
            raise ProcedureFault(
                f"succeeds = {self.succeeds!r}, target = {self.target}, confidence = {self.confidence}",
                where="Bisection",
                remedy='say "low" or "high", and probabilities between 0 and 1',
            )
        if not 1 <= self.halvings <= 40 or self.most_at_level < 1:
            raise ProcedureFault(
                f"{self.halvings} halvings with {self.most_at_level} trials at a level",
                where="Bisection",
                remedy="give 1 to 40, and 1 or more",
            )

    def next(self, observed: Sequence[Observed], _seed: int, /) -> Mapping[str, Any] | None:
        bracket = self.bracket(observed)
        if bracket.undecided is not None or bracket.halvings == self.halvings:
            return None
        return {self.factor.name: self._between(bracket), **self.others}

    def bracket(self, observed: Sequence[Observed]) -> Bracket:
        """What the observations, in their order, say of the threshold.

        :raises ProcedureFault: if one was made at a level to which they do not lead.
        """
        ends = (self.factor.low, self.factor.high)
        found = Bracket(*(ends if self.succeeds == "low" else ends[::-1]), halvings=0)
        waiting = iter(observed)
        while found.halvings < self.halvings:
            level = self._between(found)
            n, side = self._tried(level, waiting)
            if not side:
                return Bracket(found.succeeds, found.fails, found.halvings, level if n >= self.most_at_level else None)
            ends = (level, found.fails) if side > 0 else (found.succeeds, level)
            found = Bracket(*ends, halvings=found.halvings + 1)
        return found

    def _tried(self, level: float, waiting: Iterator[Observed]) -> tuple[int, int]:
        """The trials at a level, and 1 or -1 where they put it above or below the target."""
        from hil_calibration.systems.anytime import log_evidence

        successes = n = 0
        limit = math.log(self.halvings / (1.0 - self.confidence))
        for seen in waiting:
            if seen.factors[self.factor.name] != level:
                raise ProcedureFault(
                    f"was at {self.factor.name} = {seen.factors[self.factor.name]:g}, not at {level:g}",
                    where=f"point {seen.index + 1}",
                    remedy="give the observations of this plan in their order",
                )
            more, one = counted([seen], self.success, self.sut_faults)
            successes, n = successes + more, n + one
            if log_evidence(successes, n, self.target) >= limit:
                return n, 1 if successes > self.target * n else -1
            if n >= self.most_at_level:
                break
        return n, 0

    def _between(self, bracket: Bracket) -> float:
        """The middle of a bracket, by the scale of the factor."""
        low, high = sorted((bracket.succeeds, bracket.fails))
        return Range(self.factor.name, self.factor.unit, low, high, self.factor.scale).at(0.5)
