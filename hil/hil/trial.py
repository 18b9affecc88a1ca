"""What a procedure's script works with: roles, points, measurements."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from hil_drivers.capability import Sensor
from hil_drivers.clock import Clock

from .clock import hold
from .design import PlannedPoint
from .errors import BenchFault, ProcedureFault
from .live import as_live
from .measurement import Measurement, Window
from .point import VOID, Point
from .suggest import nearest

if TYPE_CHECKING:
    from .record import RecordWriter

T = TypeVar("T")
Report = Callable[[str, dict[str, Any]], object]


class Points:
    """The points of a plan, one attempt at a time: asking for the next commits the one before."""

    def __init__(
        self,
        planned: list[PlannedPoint],
        attempts: int,
        *,
        clock: Clock,
        record: RecordWriter,
        report: Report,
    ) -> None:
        self._planned, self._attempts = planned, attempts
        self._clock, self._record, self._report = clock, record, report
        self._next = self._committed = 0
        self._current: Point | None = None
        self.running = asyncio.Event()
        self.running.set()

    def __aiter__(self) -> Points:
        return self

    async def __anext__(self) -> Point:
        again = self._finish()
        if not self.running.is_set():
            with hold(self._clock):
                await self.running.wait()
        if not again and self._next == len(self._planned):
            self._current = None
            raise StopAsyncIteration
        attempt = self._current.attempt + 1 if again and self._current is not None else 1
        if not again:
            self._next += 1
        planned = self._planned[self._next - 1]
        self._current = Point(planned, attempt, clock=self._clock, record=self._record)
        self._report("point", {"index": planned.index, "of": len(self._planned), "attempt": attempt, **planned.factors})
        return self._current

    @property
    def left(self) -> int:
        """How many planned points are not committed."""
        return len(self._planned) - self._committed

    def close(self, failure: str = "") -> None:
        """End the last attempt: committed if it was observed, void where the run failed."""
        current, self._current = self._current, None
        if current is None or not current.open:
            return
        if failure:
            current.void(failure)
        else:
            current.commit()
            self._committed += 1

    def _finish(self) -> bool:
        """End the current attempt; true if the same point must be offered again."""
        current = self._current
        if current is None:
            return False
        if current.state != VOID:
            current.commit()
            self._committed += 1
            return False
        self._report("void", {"index": current.index, "attempt": current.attempt, "reason": current.reason})
        if current.attempt >= self._attempts:
            raise BenchFault(
                f"{current.attempt} attempts were void, the last because {current.reason}",
                where=f"point {current.index + 1}",
                remedy="bring the condition under control, or widen its tolerance with a reason",
            )
        return True


class Trial:
    """A running trial.

    :param roles: what each role is bound to: a `LiveChannel` or a capability.
    :param capabilities: the capability that the procedure declared for each role.
    """

    def __init__(
        self,
        roles: Mapping[str, object],
        capabilities: Mapping[str, type],
        points: Points,
        *,
        clock: Clock,
        record: RecordWriter,
    ) -> None:
        self._roles, self._capabilities, self._points = roles, capabilities, points
        self._clock, self._record = clock, record

    def role(self, name: str, capability: type[T]) -> T:
        """What plays the role ``name``; ``capability`` must be the one that the procedure declared.

        :raises ProcedureFault: for a role that was not declared, or was declared as something else.
        """
        if name not in self._capabilities:
            raise ProcedureFault(f"has no role {name!r}", remedy=nearest(name, self._capabilities))
        found = self._roles[name]
        if self._capabilities[name] is not capability or not isinstance(found, capability):
            raise ProcedureFault(
                f"the role {name!r} is a {self._capabilities[name].__name__}, not a {capability.__name__}"
            )
        return found

    def points(self) -> Points:
        """The points of the plan, in their order: ``async for point in trial.points():``."""
        return self._points

    async def measure(self, sensor: Sensor) -> Measurement:
        """One measurement by ``sensor``, as `role` gave it."""
        return await as_live(sensor).measure()

    async def sample(self, sensor: Sensor, count: int) -> Window:
        """``count`` readings of ``sensor``, as a window to observe."""
        return await as_live(sensor).sample(count)

    async def sleep(self, seconds: float) -> None:
        """Wait for ``seconds`` of bench time: a warm-up, a dwell."""
        await self._clock.sleep(seconds)

    def note(self, text: str, **data: Any) -> None:
        """Write a note into the record."""
        self._record.event(self._clock.utc(self._clock.now()), "note", {"text": text, **data})
