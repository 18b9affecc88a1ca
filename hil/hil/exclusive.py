"""One user of a device at a time, and no exchange ever cut off in the middle."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from hil_drivers.clock import Clock

from .errors import Aborted, BenchFault

T = TypeVar("T")

OPERATION_DEADLINE = 120.0
"""Wall seconds that an operation may take, waiting for its turn included: beyond that its driver hangs."""


ABOUT_TO_END = 0.02
"""Wall seconds that an operation may take to end by itself before it is cut off, when its device must be made safe."""


class _Turn(Generic[T]):
    """A place in the queue: what is to be done, after what, and whether its caller still waits.

    ``answer`` is all that the caller waits for: what the operation gave, or its error, or that it is overdue.
    """

    __slots__ = ("answer", "at", "before", "operation", "task", "wanted")

    task: asyncio.Task[None]

    def __init__(
        self,
        operation: Callable[[], Coroutine[Any, Any, T]],
        before: asyncio.Task[None] | None,
        answer: asyncio.Future[T],
        at: float,
    ) -> None:
        self.operation, self.before, self.answer, self.at = operation, before, answer, at
        self.wanted = True

    def give(self, result: T) -> None:
        """The operation has ended."""
        if not self.answer.done():
            self.answer.set_result(result)

    def fail(self, error: Exception) -> None:
        """The operation has failed, or is overdue. Its caller may be gone in the same moment: that is no oversight."""
        if not self.answer.done():
            self.answer.set_exception(error)
            self.answer.exception()


class _Deadlines:
    """The deadlines of the operations of one device, all equally long: one timer serves them all.

    :param overdue: told each turn that has no answer in time.
    """

    def __init__(self, overdue: Callable[[_Turn[Any]], None]) -> None:
        self._overdue = overdue
        self._waiting: deque[_Turn[Any]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, turn: _Turn[Any], loop: asyncio.AbstractEventLoop) -> None:
        """Let ``turn`` have its answer by ``turn.at``, on the clock of the loop."""
        waiting = self._waiting
        while waiting and waiting[0].answer.done():
            waiting.popleft()
        waiting.append(turn)
        if self._timer is None:
            self._timer = loop.call_at(turn.at, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        while self._waiting and (self._waiting[0].answer.done() or self._waiting[0].at <= loop.time()):
            turn = self._waiting.popleft()
            if not turn.answer.done():
                self._overdue(turn)
        self._timer = loop.call_at(self._waiting[0].at, self._look, loop) if self._waiting else None


class Exclusive:
    """Runs one operation of a device at a time, in its own task, in the order of asking.

    A caller that is cancelled leaves its operation to end by itself; the next operation starts after it, so
    that a device never sees half an exchange and never answers the wrong question.

    :param on_hung: told, in words, of an operation that does not end in time.
    """

    def __init__(self, clock: Clock, name: str, on_hung: Callable[[str], None] = lambda _: None) -> None:
        self._clock, self._name, self._on_hung = clock, name, on_hung
        self._task_name = f"operation of {name}"
        self._last: asyncio.Task[None] | None = None
        self._under_way: asyncio.Task[None] | None = None
        self._cut: asyncio.Task[None] | None = None
        self._hung: asyncio.Task[None] | None = None
        self._closed = False
        self._deadlines = _Deadlines(self._give_up)

    def close(self) -> None:
        """Refuse every further operation: the run is over, and the bench goes to its safe state."""
        self._closed = True

    def cut(self) -> None:
        """Cancel the operation under way: the safe state is urgent, and drivers bear it at every stage.

        Once: a driver that is cancelled already may be waiting for a call that cannot be stopped.
        """
        if self._under_way is not None and self._under_way is not self._cut:
            self._cut = self._under_way
            self._cut.cancel()

    async def free(self) -> None:
        """Return once no operation is under way; after `close`, so that none follows. One that lasts is cut off."""
        if self.under_way is None:
            return
        timer = asyncio.get_running_loop().call_later(ABOUT_TO_END, self.cut)
        try:
            await self._clock.wait(self.under_way)
        finally:
            timer.cancel()

    @property
    def under_way(self) -> asyncio.Task[None] | None:
        """The operation that is in the device now."""
        return None if self._under_way is None or self._under_way.done() else self._under_way

    @property
    def lost(self) -> bool:
        """Whether an operation that did not end in time is still under way: nothing else may meet it in the device."""
        return self._hung is not None and not self._hung.done()

    async def run(self, operation: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run ``operation`` after those that came before.

        :raises BenchFault: if it does not end in time; it is left to itself, and the device is `lost` until it ends.
        :raises Aborted: after `close`.
        """
        if self.lost:
            raise self._overdue()
        loop, last = asyncio.get_running_loop(), self._last
        before = None if last is None or last.done() else last
        turn: _Turn[T] = _Turn(operation, before, loop.create_future(), loop.time() + OPERATION_DEADLINE)
        turn.task = self._last = loop.create_task(self._take(turn), name=self._task_name)
        self._deadlines.watch(turn, loop)
        try:
            await self._clock.wait(turn.task, until=turn.answer)
        except asyncio.CancelledError:
            turn.wanted = False
            raise
        return turn.answer.result()

    def _give_up(self, turn: _Turn[Any]) -> None:
        self._hung, turn.wanted = self._under_way, False
        fault = self._overdue()
        self._on_hung(fault.what)
        turn.fail(fault)

    def _overdue(self) -> BenchFault:
        return BenchFault(
            f"an operation did not end within {OPERATION_DEADLINE:g} s",
            where=self._name,
            remedy="look at the device and its driver: every exchange needs a deadline of its own",
        )

    async def _take(self, turn: _Turn[T]) -> None:
        """Wait for the one before, whoever asked in the meantime; then operate, if that is still wanted."""
        try:
            if turn.before is not None:
                await self._clock.wait(turn.before)
                turn.before = None
            if self._closed or not turn.wanted:
                raise Aborted("the run is over", where=self._name)
            self._under_way = turn.task
            turn.give(await turn.operation())
        except Exception as error:  # noqa: BLE001 (raised by the caller, in its own task)
            turn.fail(error)
        finally:
            turn.answer.cancel()

    async def idle(self) -> None:
        """Return once no operation is under way."""
        if self._last is not None:
            await self._clock.wait(self._last)
