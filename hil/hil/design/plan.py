"""Plans: which point comes next, from what is on record."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from ..errors import ProcedureFault
from .factors import in_unit

if TYPE_CHECKING:
    from ..record import Record
    from .adaptive import AdaptiveDesign


@dataclass(frozen=True, slots=True)
class PlannedPoint:
    """One condition of a plan: its place in the order of execution, and the value of each factor.

    ``code`` stands for the factors wherever an operator looks, if the plan is blinded; empty otherwise.
    """

    index: int
    factors: dict[str, Any]
    code: str = ""

    @property
    def shown(self) -> dict[str, Any]:
        """What an operator may see of it."""
        return {"code": self.code} if self.code else self.factors


@dataclass(frozen=True, slots=True)
class Observed:
    """One observation that counts: the point it was made at, and what `Point.observe` was given."""

    index: int
    factors: Mapping[str, Any]
    data: Mapping[str, Any]


class History:
    """The points that count so far, in their order, and what was observed at each."""

    def __init__(self) -> None:
        self._done: set[int] = set()
        self._taken: set[int] = set()
        self.observed: list[Observed] = []

    def __contains__(self, index: int) -> bool:
        """Whether the point is done, or somebody is at it."""
        return index in self._done or index in self._taken

    def __len__(self) -> int:
        return len(self._done)

    def take(self, point: PlannedPoint) -> None:
        """Somebody is at a point: nobody else is to be given it."""
        self._taken.add(point.index)

    def commit(self, point: PlannedPoint, observed: Iterable[Mapping[str, Any]]) -> None:
        """A point counts, with what its last attempt observed."""
        self._done.add(point.index)
        self.observed.extend(Observed(point.index, point.factors, data) for data in observed)

    @classmethod
    def on_record(cls, record: Record) -> History:
        """The history of a run as its record tells it: from it, a plan goes on as it would have gone on."""
        found = cls()
        kept: dict[int, list[Mapping[str, Any]]] = {}
        for observation in record.observations():
            kept.setdefault(observation.point, []).append(observation.data)
        done = {attempt.index: attempt.data for attempt in record.points() if attempt.state == "committed"}
        for index, factors in sorted(done.items()):
            found.commit(PlannedPoint(index, factors), kept.get(index, ()))
        return found


class Plan(Protocol):
    """Hands out the points of one run. It decides by the points that count alone, so that a run that is resumed goes on
    as it would have gone on."""

    @property
    def count(self) -> int | None:
        """How many points there will be; ``None`` where that depends on what is observed."""

    @property
    def most(self) -> int:
        """How many points there can be."""

    @property
    def foreseen(self) -> tuple[PlannedPoint, ...]:
        """All points that it may come to, in their order, where they do not depend on what is observed; else none."""

    def next(self, history: History) -> PlannedPoint | None:
        """The next point, or ``None`` where there is none."""


class ListPlan:
    """Points that are known before anything moves. One run's own: ``history`` only grows from call to call."""

    def __init__(self, points: Sequence[PlannedPoint]) -> None:
        self._points, self._cursor = tuple(points), 0

    @property
    def count(self) -> int | None:
        return len(self._points)

    @property
    def most(self) -> int:
        return len(self._points)

    @property
    def points(self) -> tuple[PlannedPoint, ...]:
        """All of them, in their order."""
        return self._points

    @property
    def foreseen(self) -> tuple[PlannedPoint, ...]:
        return self._points

    def next(self, history: History) -> PlannedPoint | None:
        while self._cursor < len(self._points) and self._points[self._cursor].index in history:
            self._cursor += 1
        return self._points[self._cursor] if self._cursor < len(self._points) else None


@runtime_checkable
class Drawn(Protocol):
    """A rule that draws its conditions beforehand: what is observed only tells it when to stop."""

    def draw(self, number: int, seed: int, /) -> Mapping[str, Any]:
        """The condition of the point that follows on ``number`` others."""


class AdaptivePlan:
    """Points that an `Adaptive` rule chooses from what was observed, ``most`` of them at the utmost."""

    def __init__(self, design: AdaptiveDesign, seed: int) -> None:
        self._design, self._seed = design, seed

    @property
    def count(self) -> int | None:
        return None

    @property
    def most(self) -> int:
        return self._design.most

    @property
    def foreseen(self) -> tuple[PlannedPoint, ...]:
        rule = self._design.rule
        if not isinstance(rule, Drawn):
            return ()
        return tuple(PlannedPoint(number, dict(rule.draw(number, self._seed))) for number in range(self.most))

    def next(self, history: History) -> PlannedPoint | None:
        if len(history) >= self.most:
            return None
        chosen = self._design.rule.next(history.observed, self._seed)
        if chosen is None:
            self._require_some(history)
            return None
        checked(self._design.factors, chosen, f"point {len(history)}")
        code = blind_code(chosen, self._seed) if self._design.blind else ""
        return PlannedPoint(len(history), dict(chosen), code)

    def _require_some(self, history: History) -> None:
        if not history:
            rule = type(self._design.rule).__name__
            raise ProcedureFault("chose no point at all", where=rule, remedy="have it choose a first one")


def blind_code(condition: Mapping[str, Any], seed: int) -> str:
    """What stands for a condition in a blinded plan: eight letters and digits, equal for equal conditions.

    They tell an operator nothing at a glance; they are no secret from somebody who has the seed and computes.
    """
    text = json.dumps(dict(condition), sort_keys=True, default=str)
    digest = hashlib.blake2b(f"code/{seed}/{text}".encode(), digest_size=5).digest()
    return base64.b32encode(digest).decode()


def checked(factors: Mapping[str, str | None], condition: Mapping[str, Any], where: str) -> None:
    """Check that a condition gives every factor a value that it may have.

    :raises ProcedureFault: if it does not.
    """
    if condition.keys() != factors.keys():
        raise ProcedureFault(f"{where} has {sorted(condition)}, not {sorted(factors)}", where="Design")
    for name, value in condition.items():
        if isinstance(value, str) and factors[name] is not None:
            raise ProcedureFault(f"{where} has {name} = {value!r}", where="Design", remedy="give a number")
        in_unit(name, factors[name], value)
