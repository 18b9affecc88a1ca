"""One user of a device at a time, and no exchange ever cut off in the middle."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from hil_drivers.clock import Clock

from .deadline import retrieve
from .errors import Aborted, BenchFault

T = TypeVar("T")

OPERATION_DEADLINE = 120.0
"""Wall seconds that an operation may take, waiting for its turn included: beyond that its driver hangs."""


ABOUT_TO_END = 0.02
"""Wall seconds that an operation may take to end by itself before it is cut off, when its device must be made safe."""


@dataclass
class _Turn(Generic[T]):
    """A place in the queue: what is to be done, after what, when it has ended, and whether its caller still waits."""

    operation: Callable[[], Coroutine[Any, Any, T]]
    before: asyncio.Task[Any] | None
    ended: asyncio.Future[None]
    wanted: bool = True

    def end(self, task: asyncio.Task[Any] | None = None) -> None:
        """It is over: the last that its task does, and once more when that is done, should it never have begun."""
        if not self.ended.done():
            self.ended.set_result(None)
        if task is not None:
            retrieve(task)


class _Deadline:
    """The deadline of a caller, on the clock of the loop; as `asyncio.timeout`, without a timer of its own."""

    __slots__ = ("_before", "_ran_out", "at", "caller", "over")

    def __init__(self, at: float, caller: asyncio.Task[Any]) -> None:
        self.at, self.caller, self.over = at, caller, False
        self._before, self._ran_out = caller.cancelling(), False

    def run_out(self) -> None:
        """Cancel the caller, unless it has its answer."""
        if not self.over:
            self._ran_out = True
            self.caller.cancel()

    def expired(self) -> bool:
        """Whether nothing but this deadline has cancelled the caller; that cancellation is taken back."""
        return self._ran_out and self.caller.uncancel() <= self._before

    def __enter__(self) -> _Deadline:
        return self

    def __exit__(self, *_: object) -> None:
        self.over = True


class _Deadlines:
    """The deadlines of the callers of one device, all equally long: one timer serves them all."""

    def __init__(self) -> None:
        self._waiting: deque[_Deadline] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def watch(self) -> _Deadline:
        """A deadline for the present task.

        :raises RuntimeError: outside of a task.
        """
        caller, loop = asyncio.current_task(), asyncio.get_running_loop()
        if caller is None:
            raise RuntimeError("a device is used outside of a task")
        self._forget()
        deadline = _Deadline(loop.time() + OPERATION_DEADLINE, caller)
        self._waiting.append(deadline)
        if self._timer is None:
            self._timer = loop.call_at(deadline.at, self._look)
        return deadline

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting and self._waiting[0].at <= loop.time():
            self._waiting.popleft().run_out()
        self._forget()
        self._timer = loop.call_at(self._waiting[0].at, self._look) if self._waiting else None

    def _forget(self) -> None:
        while self._waiting and self._waiting[0].over:
            self._waiting.popleft()


class Exclusive:
    """Runs one operation of a device at a time, in its own task, in the order of asking.

    A caller that is cancelled leaves its operation to end by itself; the next operation starts after it, so
    that a device never sees half an exchange and never answers the wrong question.

    :param on_hung: told, in words, of an operation that does not end in time.
    """

    def __init__(self, clock: Clock, name: str, on_hung: Callable[[str], None] = lambda _: None) -> None:
        self._clock, self._name, self._on_hung = clock, name, on_hung
        self._task_name = f"operation of {name}"
        self._last: asyncio.Task[Any] | None = None
        self._under_way: asyncio.Task[Any] | None = None
        self._cut: asyncio.Task[Any] | None = None
        self._hung: asyncio.Task[Any] | None = None
        self._closed = False
        self._deadlines = _Deadlines()

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
    def under_way(self) -> asyncio.Task[Any] | None:
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
        with self._deadlines.watch() as deadline:
            try:
                return await self._in_turn(operation)
            except asyncio.CancelledError:
                if not deadline.expired():
                    raise
        self._hung = self._under_way
        fault = self._overdue()
        self._on_hung(fault.what)
        raise fault

    def _overdue(self) -> BenchFault:
        return BenchFault(
            f"an operation did not end within {OPERATION_DEADLINE:g} s",
            where=self._name,
            remedy="look at the device and its driver: every exchange needs a deadline of its own",
        )

    async def _in_turn(self, operation: Callable[[], Coroutine[Any, Any, T]]) -> T:
        before = None if self._last is None or self._last.done() else self._last
        turn = _Turn(operation, before, asyncio.get_running_loop().create_future())
        task = asyncio.create_task(self._take(turn), name=self._task_name)
        self._last = task
        task.add_done_callback(turn.end)
        try:
            await self._clock.wait(task, until=turn.ended)
        except asyncio.CancelledError:
            turn.wanted = False
            raise
        return task.result()

    async def _take(self, turn: _Turn[T]) -> T:
        """Wait for the one before, whoever asked in the meantime; then operate, if that is still wanted."""
        try:
            if turn.before is not None:
                await self._clock.wait(turn.before)
                turn.before = None
            if self._closed or not turn.wanted:
                raise Aborted("the run is over", where=self._name)
            self._under_way = asyncio.current_task()
            return await turn.operation()
        finally:
            turn.end()

    async def idle(self) -> None:
        """Return once no operation is under way."""
        if self._last is not None:
            await self._clock.wait(self._last)
