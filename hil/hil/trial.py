"""What a procedure's script works with: roles, points, measurements."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from hil_drivers.capability import Sensor
from hil_drivers.clock import Clock

from .errors import ProcedureFault
from .live import as_live
from .measurement import Measurement, Window
from .pausing import checkpoint
from .prompts import Kind, Prompts, Question
from .suggest import nearest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .points import Points
    from .record import RecordWriter
    from .waits import Waits

T = TypeVar("T")
R = TypeVar("R")


class Trial:
    """A running trial.

    :param roles: what each role is bound to: a `LiveChannel` or a capability.
    :param capabilities: the capability that the procedure declared for each role.
    :param waits: what `sleep` waits with.
    """

    def __init__(
        self,
        roles: Mapping[str, object],
        capabilities: Mapping[str, type],
        points: Points,
        *,
        clock: Clock,
        record: RecordWriter,
        prompts: Prompts,
        waits: Waits,
    ) -> None:
        self._roles, self._capabilities, self._points = roles, capabilities, points
        self._clock, self._record, self._prompts, self._waits = clock, record, prompts, waits
        self._given: dict[tuple[str, type], Any] = {}
        """What was given already, so that a script may ask at each point."""

    def role(self, name: str, capability: type[T]) -> T:
        """What plays the role ``name``; ``capability`` must be the one that the procedure declared.

        :raises ProcedureFault: for a role that was not declared, or was declared as something else.
        """
        if (given := self._given.get((name, capability))) is not None:
            return cast("T", given)
        if name not in self._capabilities:
            raise ProcedureFault(f"has no role {name!r}", remedy=nearest(name, self._capabilities))
        found = self._roles[name]
        if self._capabilities[name] is not capability or not isinstance(found, capability):
            raise ProcedureFault(
                f"the role {name!r} is a {self._capabilities[name].__name__}, not a {capability.__name__}"
            )
        self._given[name, capability] = found
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
        await checkpoint()
        await self._waits.sleep(seconds, told=self._points.current is None)
        await checkpoint()

    async def together(self, first: Coroutine[Any, Any, T], second: Coroutine[Any, Any, R]) -> tuple[T, R]:
        """Do two things at once, on the bench clock, and return what they give.

        If one of them fails, the other is ended, and the failure raised.
        """
        tasks = asyncio.create_task(first, name="first of two"), asyncio.create_task(second, name="second of two")
        for one, other in (tasks, tasks[::-1]):
            one.add_done_callback(partial(_end_of_two, other))
        try:
            await self._clock.wait(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await self._clock.wait(*tasks)
        for task in tasks:
            if not task.cancelled():
                task.result()
        return tasks[0].result(), tasks[1].result()

    async def ask(
        self,
        text: str,
        kind: Kind = "text",
        *,
        unit: str = "1",
        lower: float = float("-inf"),
        upper: float = float("inf"),
        choices: tuple[str, ...] = (),
        limit: float | None = None,
        default: Any = None,
        picture: NDArray[np.uint8] | None = None,
    ) -> Any:
        """Ask the people at the bench, and wait for the first valid answer: a text, a number in ``unit``, a choice,
        a bool, or for a ``picture`` the name and SHA-256 of its file.

        :param limit: wall seconds that the answer may take, pauses not counted; any by default.
        :param default: the answer after the limit; without one the bench has failed then.
        :param picture: shown beside the question, such as the image of a `Frame`; its SHA-256 goes on record.
        :raises BenchFault: if nobody answers in time.
        :raises ProcedureFault: if the question cannot be answered.
        """
        question = Question(text, kind, unit, lower, upper, choices, picture)
        return await self._prompts.ask(question, limit=limit, default=default)

    def note(self, text: str, **data: Any) -> None:
        """Write a note into the record."""
        self._record.event(self._clock.utc(self._clock.now()), "note", {"text": text, **data})


def _end_of_two(other: asyncio.Task[Any], ended: asyncio.Task[Any]) -> None:
    """One of two has ended: if it failed, so must the other end."""
    if ended.cancelled() or ended.exception() is not None:
        other.cancel()
