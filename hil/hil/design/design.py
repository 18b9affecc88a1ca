"""A design whose points are known before anything moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict

from ..errors import ProcedureFault
from ..suggest import nearest
from .factors import require_duration, require_names
from .order import ORDERS, Order, arranged, require_complete
from .plan import ListPlan, PlannedPoint, blind_code, checked

SutFaults = Literal["failure", "left-out"]


class Arrangement(TypedDict, total=False):
    """How the points of a builder are run: the arguments of `Design` of the same names."""

    repeats: int
    order: Order
    block: str
    random_blocks: bool
    hard_to_change: Sequence[str]
    blind: bool
    attempts: int
    sut_faults: SutFaults
    duration: float | None


@dataclass(frozen=True)
class Design:
    """The points of a trial.

    :param factors: each factor's name and its UCUM unit, ``None`` for a factor without one (a sign, a side).
    :param points: the conditions, at least one; each maps every factor to its value, in the factor's unit.
    :param repeats: how many times the whole list is run, at least 1.
    :param order: ``"given"``; ``"random"``: shuffled within each repeat, so that each repeat is a block; or
        ``"across-repeats"``: all repeats shuffled together.
    :param attempts: how often a point may be attempted before the run ends as a bench fault.
    :param notes: what there is to know of how the points were chosen, such as aliases; JSON values, on record.
    :param block: a factor whose values are run one after the other, each with all conditions, in random order.
    :param random_blocks: the blocks come in random order too; else in that in which their values first occur, as where
        they are operators or days, which come as they come.
    :param hard_to_change: factors that are slow to change, the slowest first; needs a random order. All points at one
        value of the first are run together, all repeats included, and within them those at one value of the next: a
        split plot. An analysis must know: what such a factor does is compared between few whole plots.
    :param blind: operators see a code for each condition instead of its factors; the record has the key.
    :param sut_faults: how an answer of the system under test that is a fault counts.
    :param duration: bench seconds that the plan takes at the least, for ``--dry-run``; ``None`` where it is not known.
    :raises ProcedureFault: if there is no point, a factor's name belongs to the point, a condition misses a factor or
        has a value that is no finite number in the factor's unit, or the order cannot be.
    """

    factors: Mapping[str, str | None]
    points: Sequence[Mapping[str, Any]]
    repeats: int = 1
    order: Order = "given"
    attempts: int = 3
    notes: dict[str, Any] = field(default_factory=dict)
    block: str = ""
    random_blocks: bool = False
    hard_to_change: Sequence[str] = ()
    blind: bool = False
    sut_faults: SutFaults = "failure"
    duration: float | None = None

    def __post_init__(self) -> None:
        require_names(self.factors)
        object.__setattr__(self, "points", tuple(self.points))
        for number, condition in enumerate(self.points):
            checked(self.factors, condition, f"condition {number}")
        if not self.points:
            raise ProcedureFault("has no points", where="Design", remedy="give it one condition at least")
        if self.repeats < 1 or self.attempts < 1:
            raise ProcedureFault("a plan needs a repeat and an attempt", where="Design")
        require_duration(self.duration)
        self._require_order()

    def planned(self, seed: int) -> list[PlannedPoint]:
        """The points in their order of execution; the same ``seed`` gives the same order."""
        ordered = arranged(
            self.points,
            self.repeats,
            self.order,
            self.block,
            self.hard_to_change,
            seed,
            random_blocks=self.random_blocks,
        )
        return [
            PlannedPoint(index, dict(condition), blind_code(condition, seed) if self.blind else "")
            for index, condition in enumerate(ordered)
        ]

    def plan(self, seed: int) -> ListPlan:
        """The plan of one run."""
        return ListPlan(self.planned(seed))

    def _require_order(self) -> None:
        if self.order not in ORDERS:
            raise ProcedureFault(f"order = {self.order!r}", where="Design", remedy=nearest(self.order, ORDERS))
        named = [*([self.block] if self.block else []), *self.hard_to_change]
        for name in named:
            if name not in self.factors:
                raise ProcedureFault(f"has no factor {name!r}", where="Design", remedy=nearest(name, self.factors))
        if len(set(named)) < len(named):
            raise ProcedureFault(f"names a factor twice in {', '.join(named)}", where="Design", remedy="name it once")
        if named and self.order == "given":
            raise ProcedureFault(
                f"restricts a random order by {named[0]!r}, but its order is the given one",
                where="Design",
                remedy='say order="random", or arrange the points yourself',
            )
        if self.random_blocks and not self.block:
            raise ProcedureFault("has random blocks of no factor", where="Design", remedy="name it in block")
        if self.block:
            require_complete(self.points, self.block)
