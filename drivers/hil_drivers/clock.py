"""The bench clock: its protocol, the I/O token, and the clock of a real bench.

Two clocks are kept apart. The *wire clock* (the event loop's own monotonic time) serves timeouts and
reconnection. The *bench clock* serves settling, dwell, periods and stamps; it is injected, so that a
simulated bench can run in lockstep. Bench time is an integer number of nanoseconds on a monotonic scale.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

NANOSECONDS = 1_000_000_000


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

    async def wait(self, *tasks: asyncio.Task[Any]) -> None:
        """Wait until all of ``tasks``, which use this clock, have ended; their errors stay in them."""
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


class WallClock:
    """The bench clock of a real bench: the machine's monotonic clock, and UTC by one anchor."""

    def __init__(self) -> None:
        before, utc, after = time.monotonic_ns(), time.time_ns(), time.monotonic_ns()
        self._offset = utc - (before + after) // 2

    def now(self) -> int:
        return time.monotonic_ns()

    def utc(self, t: int) -> int:
        return t + self._offset

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))

    async def sleep_until(self, t: int) -> None:
        await self.sleep((t - self.now()) / NANOSECONDS)

    def exchange(self) -> AbstractContextManager[None]:
        return nullcontext()

    async def wait(self, *tasks: asyncio.Task[Any]) -> None:
        if tasks:
            await asyncio.wait(tasks)

    def arrived(self) -> int:
        return self.now()

    def sent(self, address: str, count: int) -> None:
        """Nothing to drain on a real bench."""
