"""What a device sends by itself: the newest of it, and a wait for what was sensed after a call."""

from __future__ import annotations

import asyncio
from collections import deque
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
"""How many of the newest are kept for readers that come late."""


class Freerun(Generic[S]):
    """Between a receiver that is called for everything that arrives and readers that want something fresh.

    :param period: the device's own, in s of bench time: how long a reader first lets bench time run.
    :param timeout: s of wall time without anything after which the device counts as silent.
    """

    def __init__(self, supervisor: Supervisor, clock: Clock, *, period: float, timeout: float = TIMEOUT) -> None:
        self._supervisor, self._clock = supervisor, clock
        self._period, self._timeout = round(period * NANOSECONDS), timeout
        self._items: deque[S] = deque(maxlen=KEPT)
        self._count = 0
        self._arrival = asyncio.Event()

    @property
    def newest(self) -> S | None:
        """The newest, whatever its age."""
        return self._items[-1] if self._items else None

    def put(self, item: S) -> None:
        """Take what arrived."""
        self._items.append(item)
        self._count += 1
        self._arrival.set()
        self._arrival = asyncio.Event()
        self._supervisor.connected()

    def clear(self) -> None:
        """Forget everything: the link was lost, or is closed."""
        self._items.clear()

    async def fresh(self) -> S:
        """The first that was sensed after this call: its interval begins no earlier.

        :raises DeviceUnreachable: if nothing comes within the time-out.
        """
        asked = self._clock.now()
        while True:
            with self._supervisor.exchange():
                if (found := self._after(asked)) is not None:
                    return found
                before = self._count
                await self._clock.sleep_until(self._due())
                with self._clock.exchange():
                    await self._another(before)

    def _due(self) -> int:
        """The bench time at which the next is expected: within one period from now."""
        now = self._clock.now()
        if self.newest is None:
            return now + self._period
        return now + self._period - max(0, now - self.newest.latest) % self._period

    def _after(self, t: int) -> S | None:
        return next((item for item in self._items if item.earliest >= t), None)

    async def _another(self, count: int) -> None:
        """Wait until more than ``count`` have arrived."""
        try:
            async with asyncio.timeout(self._timeout):
                while self._count == count:
                    await self._arrival.wait()
        except TimeoutError:
            raise DeviceUnreachable(
                f"sent nothing for {self._timeout:.1f} s",
                where=self._supervisor.name,
                remedy="check that it is switched on, and that it sends to this machine",
            ) from None
