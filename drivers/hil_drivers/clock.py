"""The bench clock: its protocol, the I/O token, and the clock of a real bench.

Two clocks are kept apart. The *wire clock* (the event loop's own monotonic time) serves timeouts and
reconnection. The *bench clock* serves settling, dwell, periods and stamps; it is injected, so that a
simulated bench can run in lockstep. Bench time is an integer number of nanoseconds on a monotonic scale.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

from .timer import wait_until

NANOSECONDS = 1_000_000_000

_TRIES = 5


@dataclass(frozen=True, slots=True)
class Anchor:
    """One look at both clocks of the machine, in ns: the system clock's UTC between two monotonic times."""

    before: int
    utc: int
    after: int

    @property
    def offset(self) -> int:
        """What to add to a monotonic time for the system clock's UTC; in doubt by half of the bracket's width."""
        return self.utc - (self.before + self.after) // 2


def anchor(tries: int = _TRIES) -> Anchor:
    """The narrowest of several looks: one that was interrupted in the middle is wide."""
    looks = [Anchor(time.monotonic_ns(), time.time_ns(), time.monotonic_ns()) for _ in range(tries)]
    return min(looks, key=lambda look: look.after - look.before)


class Clock(Protocol):
    """Bench time as drivers, the engine and procedures see it."""

    def now(self) -> int:
        """The bench time in nanoseconds, monotonic."""
        ...

    def utc(self, t: int) -> int:
        """The UTC time in nanoseconds since the POSIX epoch that belongs to bench time ``t``."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait for ``seconds`` of bench time (0 or less returns at once)."""
        ...

    async def sleep_until(self, t: int) -> None:
        """Wait until bench time ``t`` in nanoseconds."""
        ...

    def exchange(self) -> AbstractContextManager[None]:
        """The I/O token: bench time in lockstep stands still while it is held.

        Hold it around every await that is neither this clock nor another participant: an exchange on a
        wire, a child process, a thread.
        """
        ...

    async def wait(self, *tasks: asyncio.Task[Any], until: asyncio.Future[Any] | None = None) -> None:
        """Wait until all of ``tasks``, which use this clock, have ended; their errors stay in them.

        :param until: done at the very end of the last task, by itself: the caller goes on a turn of the loop earlier.
            Its error, if it has one, is raised.
        """
        ...

    def arrived(self) -> int:
        """The bench time, at the latest, of what has just arrived without being asked for.

        Use it instead of :meth:`now` to stamp what a device sends by itself: in lockstep it comes before the
        advance that made it is acknowledged.
        """
        ...

    def sent(self, address: str, count: int) -> None:
        """Report ``count`` more bytes written to ``address``, so that a simulated bench can drain them."""
        ...


async def all_done(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Return once all of ``tasks``, of which none is done yet, are done; as `asyncio.wait`, in a third of its time."""
    waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    left = len(tasks)

    def ended(_: asyncio.Task[Any]) -> None:
        nonlocal left
        left -= 1
        if not left and not waiter.done():
            waiter.set_result(None)

    for task in tasks:
        task.add_done_callback(ended)
    try:
        await waiter
    finally:
        for task in tasks:
            task.remove_done_callback(ended)


class WallClock:
    """The bench clock of a real bench: the machine's monotonic clock, and UTC by one anchor, taken when it is made.

    The system clock may be stepped meanwhile: with the one anchor, stamps keep their order and distances all the
    same. How far the system clock has gone from it since is for whoever keeps the record to watch.
    """

    def __init__(self) -> None:
        self._offset = anchor().offset

    def now(self) -> int:
        return time.monotonic_ns()

    def utc(self, t: int) -> int:
        return t + self._offset

    async def sleep(self, seconds: float) -> None:
        await self.sleep_until(self.now() + round(seconds * NANOSECONDS))

    async def sleep_until(self, t: int) -> None:
        await wait_until(t)

    def exchange(self) -> AbstractContextManager[None]:
        return nullcontext()

    async def wait(self, *tasks: asyncio.Task[Any], until: asyncio.Future[Any] | None = None) -> None:
        if pending := [task for task in tasks if not task.done()]:
            await (until or all_done(pending))

    def arrived(self) -> int:
        return self.now()

    def sent(self, address: str, count: int) -> None:
        """Nothing to drain on a real bench."""
