"""The points of a plan, one attempt at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from hil_drivers.clock import Clock

from .conditions import Conditions
from .design import History, Plan, PlannedPoint
from .errors import BenchFault
from .pausing import Pausing
from .point import VOID, Point

if TYPE_CHECKING:
    from .record import RecordWriter

CONTROL = "bring the condition under control, or widen its tolerance with a reason"
MEND = "mend what failed, and resume the run"

Report = Callable[[str, dict[str, Any]], object]
Offered = Callable[[PlannedPoint, int], object]
"""Told of a point, and which attempt at it this is."""


class Points:
    """Asking for the next point commits the one before.

    :param attempts: how many attempts that count a point may have.
    :param units: the UCUM unit of each factor that has one.
    :param tried: the attempts already on record by point, where a run is resumed.
    :param history: the points that count already, where a run is resumed.
    :param offered: told of each attempt before it is handed out.
    """

    def __init__(
        self,
        plan: Plan,
        attempts: int,
        *,
        clock: Clock,
        record: RecordWriter,
        report: Report,
        units: Mapping[str, str | None] | None = None,
        pausing: Pausing | None = None,
        conditions: Conditions | None = None,
        tried: dict[int, int] | None = None,
        history: History | None = None,
        offered: Offered | None = None,
    ) -> None:
        self._plan, self._attempts, self._offered = plan, attempts, offered
        self._history = History() if history is None else history
        self._clock, self._record, self._report = clock, record, report
        self._units = {name: unit for name, unit in (units or {}).items() if unit not in (None, "1")}
        self._pausing = pausing or Pausing(clock)
        self._conditions = conditions or Conditions({}, clock)
        self._tried = {} if tried is None else tried
        self._counted = 0
        self._first = ""
        """Why the first of those that counted was void."""
        self._planned: PlannedPoint | None = None
        self._current: Point | None = None
        self._ended = False

    def __aiter__(self) -> Points:
        return self

    async def __anext__(self) -> Point:
        again = self._finish()
        await self._pausing.at_point()
        if not again:
            self._planned, self._counted, self._first = self._plan.next(self._history), 0, ""
        if self._planned is None:
            self._current, self._ended = None, True
            raise StopAsyncIteration
        self._history.take(self._planned)
        self._current = self._offer(self._planned)
        return self._current

    @property
    def current(self) -> Point | None:
        """The attempt under way."""
        return self._current

    @property
    def place(self) -> dict[str, Any] | None:
        """Where the attempt under way stands, as a screen needs it."""
        return None if self._current is None else {**self._current.place, "units": self._units}

    @property
    def count(self) -> int | None:
        """How many points the plan has; ``None`` where that depends on what is observed."""
        return self._plan.count

    @property
    def done(self) -> int:
        """How many points count."""
        return len(self._history)

    @property
    def left(self) -> int | None:
        """How many points of the plan do not count yet; ``None`` where that depends on what is observed."""
        if self._plan.count is None:
            return 0 if self._ended else None
        return self._plan.count - len(self._history)

    def close(self, failure: str = "") -> None:
        """End the last attempt: committed if it was observed, void where the run failed."""
        current, self._current = self._current, None
        if current is None or not current.open:
            return
        if failure:
            current.void(None, failure)
        else:
            self._commit(current)

    def _offer(self, planned: PlannedPoint) -> Point:
        attempt = self._tried.get(planned.index, 0) + 1
        self._tried[planned.index] = attempt
        place: dict[str, Any] = {"index": planned.index, "of": self._plan.count, "attempt": attempt}
        if self._plan.count is None:
            place["most"] = self._plan.most
        point = Point(planned, attempt, clock=self._clock, record=self._record, conditions=self._conditions)
        if self._offered is not None:
            self._offered(planned, attempt)
        units = {name: unit for name, unit in self._units.items() if name in planned.shown}
        self._report("point", {**place, **planned.shown, **({"units": units} if units else {})})
        return point

    def _commit(self, point: Point) -> None:
        point.commit()
        if self._planned is not None:
            self._history.commit(self._planned, point.observed if self._plan.count is None else ())

    def _finish(self) -> bool:
        """End the current attempt; true if the same point must be offered again."""
        current = self._current
        if current is None:
            return False
        if current.state != VOID:
            self._commit(current)
            return False
        self._report("void", {"index": current.index, "attempt": current.attempt, "reason": current.reason})
        self._counted += current.counts
        if current.counts:
            self._first = self._first or current.reason
        if self._counted >= self._attempts:
            first = "" if self._first == current.reason else f" (the first because {self._first})"
            raise BenchFault(
                f"{self._counted} attempts were void, the last because {current.reason}{first}",
                where=f"point {current.index + 1}",
                remedy=MEND if current.fault else CONTROL,
            )
        return True
