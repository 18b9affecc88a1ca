"""What a device sends by itself: the newest of it, and a wait for what was sensed after a call."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

from ..clock import NANOSECONDS, Clock
from ..errors import DeviceUnreachable
from .stream import TIMEOUT
from .supervisor import Supervisor


class Stamped(Protocol):
    """Anything with a measurement interval on the bench clock, in ns."""

    @property
    def earliest(self) -> int: ...

    @property
    def latest(self) -> int: ...


S = TypeVar("S", bound=Stamped)

KEPT = 256


class Freerun(Generic[S]):
    """Between a receiver that is called for everything that arrives and readers that want something fresh.

    :param period: the device's own, in s of bench time: how long a reader first lets bench time run.
    :param timeout: s of wall time without anything after which the device counts as silent.
    :param kept: how many of the newest are kept for readers that come late.
    :param settle: returns once what has been sent by now has been put; needed where it comes by another process.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        clock: Clock,
        *,
        period: float,
        timeout: float = TIMEOUT,
        kept: int = KEPT,
        settle: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._supervisor, self._clock = supervisor, clock
        self._settle = settle or _nothing
        self._period, self._timeout = round(period * NANOSECONDS), timeout
        self._items: deque[S] = deque(maxlen=kept)
        self._count = self._arrived_at = 0
        self._failures, self._failure = 0, DeviceUnreachable("lost its link", where=supervisor.name)
        self._arrival = asyncio.Event()

    @property
    def newest(self) -> S | None:
        """The newest, whatever its age."""
        return self._items[-1] if self._items else None

    def put(self, item: S, *, at: int | None = None) -> None:
        """Take what arrived, at the bench time ``at`` where that is told, else now."""
        self._items.append(item)
        self._arrived_at = self._clock.arrived() if at is None else at
        self._count += 1
        self._arrival.set()
        self._arrival = asyncio.Event()
        self._supervisor.connected()

    def fail(self, error: DeviceUnreachable) -> None:
        """Let whoever waits fail at once with ``error``: the link is lost."""
        self._failures += 1
        self._failure = error
        self._arrival.set()
        self._arrival = asyncio.Event()

    def clear(self) -> None:
        """Forget everything: the link was lost, or is closed."""
        self._items.clear()

    async def fresh(self) -> S:
        """The first that was sensed after this call: its interval begins no earlier.

        :raises DeviceUnreachable: if nothing comes within the time-out, or the link is lost meanwhile.
        """
        asked = self._clock.now()
        while True:
            with self._supervisor.exchange():
                await self._settle()
                if (found := self._after(asked)) is not None:
                    return found
                before = self._count, self._failures
                await self._clock.sleep_until(self._due())
                await self._settle()
                with self._clock.exchange():
                    await self._another(*before)

    def _due(self) -> int:
        """The bench time by which the next will have come: a whole number of periods after the newest came."""
        now = self._clock.now()
        if self.newest is None:
            return now + self._period
        return now + self._period - max(0, now - self._arrived_at) % self._period

    def _after(self, t: int) -> S | None:
        return next((item for item in self._items if item.earliest >= t), None)

    async def _another(self, count: int, failures: int) -> None:
        """Wait until more than ``count`` have arrived."""
        try:
            async with asyncio.timeout(self._timeout):
                while self._count == count and self._failures == failures:
                    await self._arrival.wait()
        except TimeoutError:
            raise DeviceUnreachable(
                f"sent nothing for {self._timeout:.1f} s",
                where=self._supervisor.name,
                remedy="check that it is switched on, and that it sends to this machine",
            ) from None
        if self._failures > failures:
            error = self._failure
            raise DeviceUnreachable(error.what, where=error.where, remedy=error.remedy)


async def _nothing() -> None:
    """What is put as it comes needs no settling."""
