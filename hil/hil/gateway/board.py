"""What the gateway knows of the run: the state, the latest values, and the events that it was told."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .frames import LARGEST, Unpacker, pack

KEPT = 10_000
"""Events that clients can still ask for."""


class TooOld(Exception):
    """Events that are asked for are kept no more."""


class Board:
    """The gateway's picture of the run. Every change has a number, so that each client knows what is news to it."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}
        self.channels: list[list[str]] = []
        self.rows: list[list[Any] | None] = []
        self._events: dict[int, dict[str, Any]] = {}
        self.last = 0
        """The number of the last event."""
        self.version = 0
        self.state_version = 0
        self.channels_version = 0
        self._row_versions: list[int] = []
        self._changed = asyncio.Event()
        self.known = asyncio.Event()
        """Set once there is anything to tell."""
        self.over = False
        """Nothing follows: clients that have heard everything are to go."""
        self._followers = 0

    def take_values(self, frame: dict[str, Any]) -> None:
        """Take a frame of values in."""
        self.version += 1
        if "channels" in frame:
            self.channels, self.channels_version = frame["channels"], self.version
            self.rows, self._row_versions = [None] * len(self.channels), [self.version] * len(self.channels)
        if "state" in frame:
            self.state, self.state_version = frame["state"], self.version
            self.known.set()
        for index, row in enumerate(frame["rows"]):
            if row != self.rows[index]:
                self.rows[index], self._row_versions[index] = row, self.version
        self._wake()

    def take_events(self, events: list[dict[str, Any]]) -> None:
        """Take events in; where they do not follow those before, those before are of no more use."""
        for event in events:
            if event["number"] != self.last + 1:
                self._events.clear()
            self.last = event["number"]
            self._events[self.last] = event
            self._events.pop(self.last - KEPT, None)
        self._wake()

    def values_after(self, version: int) -> dict[str, list[Any]]:
        """By index, the latest values that changed after ``version``."""
        changed = [index for index, changed_at in enumerate(self._row_versions) if changed_at > version]
        return {str(index): shown(self.rows[index]) for index in changed}

    def events_after(self, number: int, most: int) -> list[dict[str, Any]]:
        """The first ``most`` events with a number above ``number``.

        :raises TooOld: if some of them are not kept any more.
        """
        if self._events and number + 1 < next(iter(self._events)):
            raise TooOld
        return [self._events[each] for each in range(number + 1, min(number + most, self.last) + 1)]

    async def changed(self, within: float) -> None:
        """Return after the next change, or after ``within`` seconds."""
        try:
            async with asyncio.timeout(within):
                await self._changed.wait()
        except TimeoutError:
            return

    @contextmanager
    def followed(self) -> Iterator[None]:
        """A client follows while the context lasts."""
        self._followers += 1
        try:
            yield
        finally:
            self._followers -= 1
            self._wake()

    async def end(self) -> None:
        """Nothing follows; return once every client has heard everything, and has gone."""
        self.over = True
        self._wake()
        while self._followers:
            await self._changed.wait()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def shown(row: list[Any] | None) -> list[Any]:
    """A row as clients see it, ``[value, u, flags, t]``: rounded to the second digit of u; t in UTC milliseconds."""
    if row is None:
        return [None, None, None, None]
    value, u, flags, t = row
    if u and math.isfinite(u) and math.isfinite(value):
        digits = 1 - math.floor(math.log10(u))
        value, u = round(value, digits), round(u, digits)
    return [value, u, flags, t // 1_000_000]


class Core:
    """The gateway's end of the two socket pairs.

    :param timeout: wall seconds that the core may take for an answer.
    """

    def __init__(self, board: Board, *, timeout: float = 2.5) -> None:
        self._board, self._timeout = board, timeout
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._asked = 0
        self._writer: asyncio.StreamWriter | None = None

    async def listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take events and answers in until the core closes its pipe."""
        self._writer = writer
        async for document in frames(reader):
            if "events" in document:
                self._board.take_events(document["events"])
            elif (waiting := self._waiting.pop(document["answer"], None)) is not None and not waiting.done():
                waiting.set_result(document["with"])

    async def beat(self, every: float) -> None:
        """Tell the core again and again that this loop is alive."""
        while True:
            self._send({"alive": True})
            await asyncio.sleep(every)

    async def ask(self, request: dict[str, Any]) -> Any:
        """The core's answer to ``request``.

        :raises TimeoutError: if there is none in time: nobody knows then whether it acted.
        """
        self._asked += 1
        number = self._asked
        waiting = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            self._send({"ask": number, "request": request})
            async with asyncio.timeout(self._timeout):
                return await waiting
        finally:
            self._waiting.pop(number, None)

    def _send(self, document: dict[str, Any]) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(pack(document))


async def frames(reader: asyncio.StreamReader) -> Any:
    """The documents that come, until the other end closes."""
    unpacker = Unpacker(LARGEST)
    while data := await reader.read(256 * 1024):
        unpacker.feed(data)
        while (document := unpacker.next()) is not None:
            yield document
