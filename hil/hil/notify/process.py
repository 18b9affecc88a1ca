"""The child's life: takes lines until they end, tells who is to be told, and ends soon after."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from .config import Settings
from .courier import Courier, Send
from .desk import MAIL, WEBHOOK, Bell, Desk
from .hearing import lines
from .lines import EndLine, HeartbeatLine, parse
from .mail import Mailer
from .moment import Clock, system_clock
from .outbox import Outbox
from .outcomes import Say
from .watching import Watching
from .web import Webhook, client

TICK = 1.0
"""Seconds between two decisions on what has become due."""

LAST_WORDS = 10.0
"""Seconds in which what is due may still be told after the last line."""

LOOK = 0.05
"""Seconds between two looks at whether all is told."""


async def serve(settings: Settings, outbox_file: Path, bench: str, say: Say, heard: int) -> None:
    """Serve the core until what it says on the descriptor ``heard`` ends.

    :raises RecordError: if the outbox cannot be used.
    """
    clock = system_clock()
    outbox = Outbox(outbox_file, clock().t)
    try:
        async with AsyncExitStack() as stack:
            bell = Bell()
            desk = Desk(settings.file, bench, outbox, clock, say, bell)
            sends = await _sends(settings, clock, stack)
            outbox.keep_only(list(sends), clock().t)
            couriers = [Courier(channel, send, outbox, desk, clock, say, bell) for channel, send in sends.items()]
            watching = None
            if (section := settings.file.watcher) is not None:
                http = await stack.enter_async_context(client(settings.path(section.ca)))
                watching = Watching(section, http, outbox, clock, say)
            say("ready", waiting=outbox.waiting)
            await _Child(desk, couriers, watching, say).live(heard)
        say("ended", waiting=outbox.waiting)
    finally:
        outbox.close()


async def _sends(settings: Settings, clock: Clock, stack: AsyncExitStack) -> dict[str, Send]:
    """How each channel of ``settings`` sends; connections end with ``stack``."""
    sends: dict[str, Send] = {}
    if settings.file.mail is not None:
        sends[MAIL] = Mailer(settings.file.mail, settings).send
    if (section := settings.file.webhook) is not None:
        http = await stack.enter_async_context(client(settings.path(section.ca)))
        sends[WEBHOOK] = Webhook(section, settings.secret, http, clock).send
    return sends


class _Child:
    """What the child does side by side; one part that fails ends it, since half of it would be silent."""

    def __init__(self, desk: Desk, couriers: list[Courier], watching: Watching | None, say: Say) -> None:
        self._desk, self._couriers, self._watching, self._say = desk, couriers, watching, say
        self._planned = False

    async def live(self, heard: int) -> None:
        """Until the lines end, and what is due then has been tried."""
        parts: list[Coroutine[Any, Any, None]] = [self._tick(), *(courier.carry() for courier in self._couriers)]
        if self._watching is not None:
            parts.append(self._watching.keep())
        tasks = [asyncio.create_task(self._talk(heard)), *map(asyncio.create_task, parts)]
        done, others = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in others:
            task.cancel()
        if others:
            await asyncio.wait(others)
        for task in done:
            task.result()

    async def _talk(self, heard: int) -> None:
        listening = asyncio.create_task(self._listen(heard))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._terminated, listening)
        await asyncio.wait([listening])
        if not listening.cancelled():
            listening.result()
        if not self._planned:
            self._desk.deserted()
        await self._last_words()

    def _terminated(self, listening: asyncio.Task[None]) -> None:
        self._planned = True
        listening.cancel()

    async def _listen(self, heard: int) -> None:
        async for text in lines(heard):
            if not text.strip():
                continue
            try:
                line = parse(text)
            except ValueError as error:
                self._say("not understood", why=str(error)[:500])
                continue
            if isinstance(line, EndLine):
                self._planned = True
            elif isinstance(line, HeartbeatLine):
                if self._watching is not None:
                    self._watching.heard(line)
            else:
                self._desk.take(line)

    async def _last_words(self) -> None:
        """Tell what is due, and the watcher of an end that was planned."""
        if self._watching is not None:
            await self._watching.end(planned=self._planned)
        try:
            async with asyncio.timeout(LAST_WORDS):
                while not all(courier.idle for courier in self._couriers):  # noqa: ASYNC110 (it has no event)
                    await asyncio.sleep(LOOK)
        except TimeoutError:
            return

    async def _tick(self) -> None:
        while True:
            self._desk.tick()
            await asyncio.sleep(TICK)
