"""What the gateway knows of the run: the state, the latest values, and the events that it was told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

from .rows import READING, Row, shown

KEPT = 10_000
"""Events that clients can still ask for."""

PROMPT, MOST_PROMPTS = "prompt ", 4
"""How the pictures of prompts are called, and how many are kept."""


class TooOld(Exception):
    """Events that are asked for are kept no more."""


class Board:
    """The gateway's picture of the run. Every change has a number, so that each view knows what is news to it."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}
        self.channels: list[dict[str, Any]] = []
        self.rows: list[Row | None] = []
        self.t: int | None = None
        """The time of the bench, UTC in nanoseconds."""
        self.pictures: dict[str, list[Any]] = {}
        """By camera, the latest picture: t in ns, width, height, and its pixels."""
        self.last = 0
        """The number of the last event."""
        self.version = 0
        self.state_version = 0
        self.channels_version = 0
        self.known = asyncio.Event()
        """Set once there is anything to tell."""
        self.watchers: list[Callable[[Mapping[int, Row]], None]] = []
        """Told of each row that changes, by its index."""
        self._events: dict[int, dict[str, Any]] = {}
        self._row_versions: list[int] = []
        self._changed = asyncio.Event()
        self._over = asyncio.Event()
        self._followers = 0
        self._encoded_state = (-1, b"")
        self._encoded_events = (-1, -1, b"")

    def take_values(self, frame: dict[str, Any]) -> None:
        """Take a frame of values in."""
        self.version += 1
        if "channels" in frame:
            self.channels, self.channels_version = frame["channels"], self.version
            self.rows, self._row_versions = [None] * len(self.channels), [self.version] * len(self.channels)
        self.t = frame.get("t")
        if "pictures" in frame:
            self.pictures |= frame["pictures"]
            for old in [name for name in self.pictures if name.startswith(PROMPT)][:-MOST_PROMPTS]:
                del self.pictures[old]
        if "state" in frame:
            self.state, self.state_version = frame["state"], self.version
            self.known.set()
        changed = {
            index: row
            for index, (row, before) in enumerate(zip(frame["rows"], self.rows, strict=True))
            if row is not None and (before is None or row[READING] != before[READING])
        }
        for index, row in changed.items():
            self.rows[index], self._row_versions[index] = row, self.version
        for tell in self.watchers:
            tell(changed)
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

    def snapshot(self, number: int | None = None) -> dict[str, Any]:
        """Everything as it is now.

        :param number: that of the last event that a client has already; by default that of the last in the state.
        """
        number = self.state["number"] if number is None else number
        values = [shown(row) for row in self.rows]
        t = None if self.t is None else self.t // 1_000_000
        return {"number": number, "t": t, "run": self.state, "channels": self.channels, "values": values}

    def rows_after(self, version: int) -> dict[int, Row]:
        """By index, the latest rows that changed after ``version``."""
        return {
            index: row
            for index, (row, changed_at) in enumerate(zip(self.rows, self._row_versions, strict=True))
            if changed_at > version and row is not None
        }

    def events_after(self, number: int, most: int) -> list[dict[str, Any]]:
        """The first ``most`` events with a number above ``number``.

        :raises TooOld: if some of them are not kept any more.
        """
        if self._events and number + 1 < next(iter(self._events)):
            raise TooOld
        return [self._events[each] for each in range(number + 1, min(number + most, self.last) + 1)]

    def encoded_events(self, number: int, most: int) -> tuple[int, bytes]:
        """`events_after` as JSON, and the number of the last of them: made once for all clients that ask for the same.

        :raises TooOld: if some of them are not kept any more.
        """
        if self._encoded_events[:2] != (number, self.last):
            encoded = msgspec.json.encode(self.events_after(number, most))
            self._encoded_events = (number, self.last, encoded)
        return min(number + most, max(number, self.last)), self._encoded_events[2]

    def encoded_state(self) -> bytes:
        """The state as JSON: made once for all clients."""
        if self._encoded_state[0] != self.state_version:
            self._encoded_state = (self.state_version, msgspec.json.encode(self.state))
        return self._encoded_state[1]

    async def changed(self, within: float) -> None:
        """Return after the next change, or after ``within`` seconds."""
        await _within(self._changed, within)

    async def rest(self, seconds: float) -> None:
        """Return after ``seconds``, or at once when nothing follows."""
        await _within(self._over, seconds)

    @property
    def over(self) -> bool:
        """Nothing follows: clients that have heard everything are to go."""
        return self._over.is_set()

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
        self._over.set()
        self._wake()
        while self._followers:
            await self._changed.wait()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


async def _within(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
