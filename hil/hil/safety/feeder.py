"""Feeding the rig's own watchdog: a rig that is not fed goes safe by itself."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hil_drivers.capability import Watchdog
from hil_drivers.clock import NANOSECONDS, Clock
from hil_drivers.errors import DriverError

from ..deadline import GRACE, within
from ..errors import BenchFault, ConfigurationError, HilError

if TYPE_CHECKING:
    from hil_drivers.device import Device


class Feeder:
    """Feeds the watchdog of ``device``, at the ticks of the supervisor and at no other time.

    :param every: seconds between two feeds.
    :param own: the supervisor's clock.
    :raises ConfigurationError: if the device has no watchdog, or one that is not fed often enough.
    """

    def __init__(self, device: Device, every: float, bench: Clock, own: Clock) -> None:
        if not isinstance(device, Watchdog):
            raise ConfigurationError("has no watchdog", where=device.name, remedy="name another device in [watchdog]")
        if not every <= device.timeout / 2:
            raise ConfigurationError(
                f"is fed every {every:g} s, and its watchdog waits for {device.timeout:g} s",
                where=device.name,
                remedy=f"write every = {device.timeout / 4 * 1000:.0f} ms in [watchdog]",
            )
        self.name, self.timeout, self.every = device.name, device.timeout, every
        self._watchdog: Watchdog = device
        self._bench, self._own = bench, own
        self._fed = self._due = 0
        self._task: asyncio.Task[None] | None = None
        self._error = ""

    async def begin(self) -> None:
        """Arm it: feed it twice, for one that heeds changes only may take the first for the last of an earlier run.

        :raises BenchFault: if it does not take that in time.
        """
        begun = self._own.now()
        try:
            for _ in range(2):
                await within(self.timeout, self._watchdog.feed(), clock=self._bench)
        except (TimeoutError, DriverError) as error:
            told = str(error) or f"no answer within {self.timeout:g} s"
            raise BenchFault(f"its watchdog cannot be fed: {told}", where=self.name) from error
        self._fed, self._due = begun, begun + round(self.every * NANOSECONDS)

    def tick(self) -> str:
        """Feed it if that is due; why the rig has gone safe by itself by now, or an empty string."""
        now = self._own.now()
        if now - self._fed > self.timeout * NANOSECONDS:
            told = f" ({self._error})" if self._error else ""
            return f"was not fed for {(now - self._fed) / NANOSECONDS:.2g} s{told}: its outputs have dropped"
        if now >= self._due and (self._task is None or self._task.done()):
            self._due = now + round(self.every * NANOSECONDS)
            self._task = asyncio.create_task(self._feed(now), name=f"feed {self.name}")
        return ""

    async def end(self) -> asyncio.Task[None] | None:
        """Feed no more; the feed that does not end, where there is one."""
        if self._task is None:
            return None
        self._task.cancel()
        await asyncio.wait([self._task], timeout=GRACE)
        return None if self._task.done() else self._task

    async def _feed(self, begun: int) -> None:
        try:
            await self._watchdog.feed()
        except (DriverError, HilError) as error:
            self._error = str(error)
        except Exception as error:  # noqa: BLE001 (a bug in a driver: the rig goes safe by itself)
            self._error = f"{type(error).__name__}: {error}"
        else:
            self._fed, self._error = begun, ""
