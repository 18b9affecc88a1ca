"""Waiting for a device that was lost to come back, while a script uses it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from hil_drivers.clock import NANOSECONDS, Clock
from hil_drivers.errors import DeviceUnreachable

T = TypeVar("T")

RETRY = 0.5
"""Seconds between two tries."""


class Patience:
    """Repeats what may be repeated (a reading, a setpoint) while its device does not answer.

    :param seconds: how long, of bench time and of wall time alike; 0 does not repeat.
    :param lost: told the first failure, so that what comes after cannot hide it.
    """

    def __init__(self, clock: Clock, seconds: float, lost: Callable[[str, Exception], None]) -> None:
        self._clock, self._seconds, self._lost = clock, seconds, lost

    async def with_(self, device: str, operation: Callable[[], Awaitable[T]]) -> T:
        """The result of ``operation``.

        :param device: the name of it, or of its channel, that the script knows.
        :raises DeviceUnreachable: the first failure, and for how long the device has not come back since.
        """
        try:
            return await operation()
        except DeviceUnreachable as error:
            first = error
        if not self._seconds:
            raise first
        self._lost(device, first)
        bench, wall = self._clock.now(), time.monotonic()
        while await self._waited(bench, wall):
            try:
                return await operation()
            except DeviceUnreachable:
                continue
        told = f"{first.what} when {device} was used, and has not come back in {self._seconds:g} s"
        raise DeviceUnreachable(told, where=first.where, remedy=first.remedy) from first

    async def _waited(self, bench: int, wall: float) -> bool:
        """Wait a little, on the bench clock as long as that may bring the device back; false once all is used up."""
        if self._clock.now() - bench < self._seconds * NANOSECONDS:
            await self._clock.sleep(RETRY)
            return True
        if time.monotonic() - wall < self._seconds:
            with self._clock.exchange():
                await asyncio.sleep(RETRY)
            return True
        return False
