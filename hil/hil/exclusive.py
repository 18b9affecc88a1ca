"""One user of a device at a time, and no exchange ever cut off in the middle."""

from __future__ import annotations

import asyncio
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
    """A place in the queue: what is to be done, after what, and whether its caller still waits for it."""

    operation: Callable[[], Coroutine[Any, Any, T]]
    before: asyncio.Task[Any] | None
    wanted: bool = True


class Exclusive:
    """Runs one operation of a device at a time, in its own task, in the order of asking.

    A caller that is cancelled leaves its operation to end by itself; the next operation starts after it, so
    that a device never sees half an exchange and never answers the wrong question.

    :param on_hung: told, in words, of an operation that does not end in time.
    """

    def __init__(self, clock: Clock, name: str, on_hung: Callable[[str], None] = lambda _: None) -> None:
        self._clock, self._name, self._on_hung = clock, name, on_hung
        self._last: asyncio.Task[Any] | None = None
        self._under_way: asyncio.Task[Any] | None = None
        self._cut: asyncio.Task[Any] | None = None
        self._hung: asyncio.Task[Any] | None = None
        self._closed = False

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
        try:
            async with asyncio.timeout(OPERATION_DEADLINE) as deadline:
                return await self._in_turn(operation)
        except TimeoutError:
            if not deadline.expired():
                raise
            self._hung = self._under_way
            fault = self._overdue()
            self._on_hung(fault.what)
            raise fault from None

    def _overdue(self) -> BenchFault:
        return BenchFault(
            f"an operation did not end within {OPERATION_DEADLINE:g} s",
            where=self._name,
            remedy="look at the device and its driver: every exchange needs a deadline of its own",
        )

    async def _in_turn(self, operation: Callable[[], Coroutine[Any, Any, T]]) -> T:
        turn = _Turn(operation, self._last)
        task = asyncio.create_task(self._take(turn), name=f"operation of {self._name}")
        self._last = task
        task.add_done_callback(retrieve)
        try:
            await self._clock.wait(task)
        except asyncio.CancelledError:
            turn.wanted = False
            raise
        return task.result()

    async def _take(self, turn: _Turn[T]) -> T:
        """Wait for the one before, whoever asked in the meantime; then operate, if that is still wanted."""
        if turn.before is not None:
            await self._clock.wait(turn.before)
            turn.before = None
        if self._closed or not turn.wanted:
            raise Aborted("the run is over", where=self._name)
        self._under_way = asyncio.current_task()
        return await turn.operation()

    async def idle(self) -> None:
        """Return once no operation is under way."""
        if self._last is not None:
            await self._clock.wait(self._last)
