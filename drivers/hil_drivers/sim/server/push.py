"""Instruments that send by themselves, at a period of their own."""

from __future__ import annotations

import asyncio
from abc import abstractmethod

from ...clock import NANOSECONDS
from ..world import World
from .endpoint import Endpoint

CATCH_UP = NANOSECONDS // 4
"""How far back an advance in lockstep sends what fell due: an hour's leap does not bring an hour of values."""


class PushEndpoint(Endpoint):
    """Sends the values of bench times 0, ``period``, 2 ``period``, ...: in lockstep those that an advance has passed
    (the last one at least, before the advance is acknowledged), else as time runs.

    :param period: in ns of bench time.
    """

    def __init__(self, name: str, world: World, period: int) -> None:
        super().__init__(name, world)
        self._period = period
        self._next = 0
        self._pacing: asyncio.Task[None] | None = None
        self._ended = False

    @abstractmethod
    def emit(self, t: int) -> None:
        """Send the value of bench time ``t`` to whoever listens."""

    def start_sending(self) -> None:
        """Begin; call from ``open``."""
        self._next = (self.world.time.now() // self._period + 1) * self._period
        if self.world.time.paced:
            self._pacing = asyncio.create_task(self._pace(), name=f"sending of {self.name}")

    def retime(self, period: int) -> None:
        """Send at another period from now on."""
        if period != self._period and not self._ended:
            self._period = period
            if self._pacing is not None:
                self._pacing.cancel()
            self.start_sending()

    def moved(self) -> None:
        if not self.world.time.paced:
            self.send_due()

    def close(self) -> None:
        super().close()
        self._ended = True
        if self._pacing is not None:
            self._pacing.cancel()

    def send_due(self) -> None:
        """Send what has fallen due: an instrument that answers late does not answer before what it sent earlier."""
        now = self.world.time.now()
        last = now // self._period * self._period
        self._next = max(self._next, min(last, (now - CATCH_UP) // self._period * self._period))
        while self._next <= now:
            self.emit(self._next)
            self._next += self._period

    async def _pace(self) -> None:
        time = self.world.time
        while True:
            await asyncio.sleep(max(0.0, time.until(self._next)))
            self.send_due()
