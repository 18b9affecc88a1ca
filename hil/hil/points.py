"""The points of a plan, one attempt at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from hil_drivers.clock import Clock

from .conditions import Conditions
from .design import PlannedPoint
from .errors import BenchFault
from .pausing import Pausing
from .point import VOID, Point

if TYPE_CHECKING:
    from .record import RecordWriter

Report = Callable[[str, dict[str, Any]], object]


class Points:
    """Asking for the next point commits the one before.

    :param attempts: how many attempts that count a point may have.
    :param tried: the attempts already on record by point, where a run is resumed.
    :param committed: the points that count already, where a run is resumed.
    """

    def __init__(
        self,
        planned: list[PlannedPoint],
        attempts: int,
        *,
        clock: Clock,
        record: RecordWriter,
        report: Report,
        pausing: Pausing | None = None,
        conditions: Conditions | None = None,
        tried: Mapping[int, int] | None = None,
        committed: frozenset[int] = frozenset(),
    ) -> None:
        self._all, self._attempts = len(planned), attempts
        self._planned = [point for point in planned if point.index not in committed]
        self._clock, self._record, self._report = clock, record, report
        self._pausing = pausing or Pausing(clock)
        self._conditions = conditions or Conditions({}, clock)
        self._tried = dict(tried or {})
        self._next, self._committed = 0, len(committed)
        self._counted = 0
        self._current: Point | None = None

    def __aiter__(self) -> Points:
        return self

    async def __anext__(self) -> Point:
        again = self._finish()
        await self._pausing.at_point()
        if not again:
            if self._next == len(self._planned):
                self._current = None
                raise StopAsyncIteration
            self._next += 1
            self._counted = 0
        self._current = self._offer(self._planned[self._next - 1])
        return self._current

    @property
    def current(self) -> Point | None:
        """The attempt under way."""
        return self._current

    @property
    def left(self) -> int:
        """How many planned points are not committed."""
        return self._all - self._committed

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
        place = {"index": planned.index, "of": self._all, "attempt": attempt}
        point = Point(planned, attempt, clock=self._clock, record=self._record, conditions=self._conditions)
        self._report("point", {**place, **planned.factors})
        return point

    def _commit(self, point: Point) -> None:
        point.commit()
        self._committed += 1

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
        if self._counted >= self._attempts:
            raise BenchFault(
                f"{self._counted} attempts were void, the last because {current.reason}",
                where=f"point {current.index + 1}",
                remedy="bring the condition under control, or widen its tolerance with a reason",
            )
        return True
