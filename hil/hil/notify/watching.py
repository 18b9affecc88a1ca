"""The dead man's switch: a watcher elsewhere is told that all is well, and calls somebody when it hears nothing."""

from __future__ import annotations

import asyncio

import httpx

from hil_drivers.clock import NANOSECONDS

from .config import WatcherSection
from .lines import HeartbeatLine
from .moment import Clock
from .outbox import Outbox
from .outcomes import Say
from .vitals import Vitals
from .web import ask

LOOK = 1.0
"""Seconds between two looks at whether the watcher is to be told."""


class Watching:
    """Tells the watcher as ``[watcher]`` says, for as long as the bench is alive."""

    def __init__(
        self, section: WatcherSection, http: httpx.AsyncClient, outbox: Outbox, clock: Clock, say: Say
    ) -> None:
        self._section, self._http = section, http
        self._outbox, self._clock, self._say = outbox, clock, say
        self._next = 0
        self._said = ("", "")
        self._vitals = Vitals()

    async def keep(self) -> None:
        """Until cancelled."""
        while True:
            await self.once()
            await asyncio.sleep(LOOK)

    async def once(self) -> None:
        """Tell the watcher, if it is time to and all is well."""
        now = self._clock().t
        if now < self._next:
            return
        fault = self._vitals.fault(now, self._outbox.stuck_since())
        if fault:
            self._tell("not told", fault)
            return
        self._next = now + round(self._section.every * NANOSECONDS)
        why = await ask(self._http, self._section.url)
        self._tell("unreachable" if why else "told", why)

    def heard(self, line: HeartbeatLine) -> None:
        """A sign of life of the core."""
        self._vitals.heard(line, self._clock().t)

    async def end(self, *, planned: bool) -> None:
        """The core is gone; the watcher is told where that was planned, and else hears nothing more."""
        self._vitals = Vitals()
        if planned and self._section.end_url is not None and (why := await ask(self._http, self._section.end_url)):
            self._tell("unreachable", why)

    def _tell(self, state: str, why: str) -> None:
        if (state, why) != self._said:
            self._said = (state, why)
            self._say("watcher", state=state, why=why)
