"""What the tests of drivers share: a bench clock that does not wait."""

from __future__ import annotations

import asyncio

import pytest

from hil_drivers.clock import NANOSECONDS, Clock, WallClock


class InstantClock(WallClock):
    """Bench time that moves only by sleeping, and at once."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0

    def now(self) -> int:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self._now += round(max(0.0, seconds) * NANOSECONDS)
        await asyncio.sleep(0)

    async def sleep_until(self, t: int) -> None:
        await self.sleep((t - self._now) / NANOSECONDS)


@pytest.fixture
def clock() -> Clock:
    """A bench clock whose sleeps take no time."""
    return InstantClock()
