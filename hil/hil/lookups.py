"""Turns at a device that looks things up: there is no exchange that could be cut off in the middle."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from hil_drivers.clock import Clock

from .errors import Aborted
from .exclusive import Exclusive

T = TypeVar("T")


class _Place:
    """A place in the queue: whose it is, who comes before, and whether it is left."""

    __slots__ = ("before", "gone", "task", "waiters")

    def __init__(self, task: asyncio.Task[Any], before: _Place | None) -> None:
        self.task, self.before, self.gone = task, before, False
        self.waiters: list[asyncio.Future[None]] = []

    def leave(self) -> None:
        """It is the next one's turn."""
        self.gone = True
        for waiter in self.waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def left(self, clock: Clock) -> None:
        """Return once this place, and those before it, are left."""
        place: _Place | None = self
        while place is not None:
            if not place.gone:
                waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                place.waiters.append(waiter)
                await clock.wait(place.task, until=waiter)
            place = place.before  # of one that left before it was reached


class Lookups(Exclusive):
    """Runs one operation at a time in the order of asking, as `Exclusive` does, but in its caller's own task.

    A task for each, and two turns of the loop, are a quarter of what an observation of recordings costs. A caller that
    is cancelled ends its operation, and the next begins. What may wait for anything but bench time, such as a file that
    is read in a thread, goes by ``apart``: there it has a task and a deadline of its own.
    """

    def __init__(self, clock: Clock, name: str, on_hung: Callable[[str], None] = lambda _: None) -> None:
        super().__init__(clock, name, on_hung)
        self.apart: Exclusive = _Apart(self, clock, name, on_hung)
        self._tail: _Place | None = None

    def close(self) -> None:
        super().close()
        self.apart.close()

    def cut(self) -> None:
        self.apart.cut()

    async def free(self) -> None:
        await self.apart.free()

    @property
    def under_way(self) -> asyncio.Task[None] | None:
        return self.apart.under_way

    @property
    def lost(self) -> bool:
        return self.apart.lost

    async def run(self, operation: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run ``operation`` after those that came before.

        :raises BenchFault: while the device is `lost`.
        :raises Aborted: after `close`.
        """
        place = self.queue()
        try:
            await self.reached(place)
            return await operation()
        finally:
            place.leave()

    def queue(self) -> _Place:
        """Take the last place, to be left again.

        :raises RuntimeError: outside of a task.
        """
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a device is used outside of a task")
        self._tail = _Place(task, self._tail)
        return self._tail

    async def reached(self, place: _Place) -> None:
        """Return once all before have left, and nothing is under way in the device.

        :raises BenchFault: while the device is `lost`.
        :raises Aborted: after `close`.
        """
        if place.before is not None:
            await place.before.left(self._clock)
        place.before = None
        if self.lost:
            raise self._overdue()
        if (cut_off := self.under_way) is not None:
            await self._clock.wait(cut_off)
        if self._closed:
            raise Aborted("the run is over", where=self._name)

    async def idle(self) -> None:
        if self._tail is not None:
            await self._tail.left(self._clock)
        await self.apart.idle()


class _Apart(Exclusive):
    """The operations of a device that have tasks of their own, in one queue with the others."""

    def __init__(self, turns: Lookups, clock: Clock, name: str, on_hung: Callable[[str], None]) -> None:
        super().__init__(clock, name, on_hung)
        self._turns = turns

    async def run(self, operation: Callable[[], Coroutine[Any, Any, T]]) -> T:
        place = self._turns.queue()
        try:
            await self._turns.reached(place)
            return await super().run(operation)
        finally:
            place.leave()
