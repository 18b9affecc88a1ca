"""Turns on a device that several tasks use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from ..clock import Clock

T = TypeVar("T")


class Turns:
    """One operation at a time, in the order of arrival, waits on the bench clock included.

    Each operation is a task of its own, because the bench clock lets a task wait for tasks, not for locks.

    :param name: the device's name; it names the tasks.
    """

    def __init__(self, name: str, clock: Clock) -> None:
        self._name, self._clock = name, clock
        self._under_way: list[asyncio.Task[Any]] = []

    async def run(self, operation: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The result of ``operation``, begun when those before it have ended; a cancellation cancels it."""
        self._under_way = [task for task in self._under_way if not task.done()]
        task = asyncio.create_task(self._after(tuple(self._under_way), operation), name=f"turn on {self._name}")
        self._under_way.append(task)
        try:
            await self._clock.wait(task)
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait([task])
            _ = task.cancelled() or task.exception()
            raise
        return task.result()

    async def _after(
        self, earlier: tuple[asyncio.Task[Any], ...], operation: Callable[[], Coroutine[Any, Any, T]]
    ) -> T:
        if earlier:
            await self._clock.wait(*earlier)
        return await operation()
