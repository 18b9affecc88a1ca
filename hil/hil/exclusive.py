"""One user of a device at a time, and no exchange ever cut off in the middle."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from hil_drivers.clock import Clock

T = TypeVar("T")


class Exclusive:
    """Runs one operation of a device at a time, in its own task.

    A caller that is cancelled leaves its operation to end by itself; the next operation starts after it, so
    that a device never sees half an exchange and never answers the wrong question.
    """

    def __init__(self, clock: Clock, name: str) -> None:
        self._clock, self._name = clock, name
        self._last: asyncio.Task[Any] | None = None

    async def run(self, operation: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run ``operation`` after those that came before."""
        while self._last is not None:
            before = self._last
            await self._clock.wait(before)
            if self._last is before:
                self._last = None
        task = asyncio.create_task(operation(), name=f"operation of {self._name}")
        self._last = task
        task.add_done_callback(_retrieve)
        await self._clock.wait(task)
        return task.result()

    async def idle(self) -> None:
        """Return once no operation is under way."""
        if self._last is not None:
            await self._clock.wait(self._last)


def _retrieve(task: asyncio.Task[Any]) -> None:
    if not task.cancelled():
        task.exception()
