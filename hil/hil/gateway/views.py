"""What clients see of the values: equal subscriptions at an equal rate are one view, and are encoded once."""

from __future__ import annotations

import asyncio
import fnmatch
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import msgspec

from .board import Board
from .rows import Row, joined, shown

MOST_VIEWS = 16
"""Different views at a time, the one of all channels at `USUAL_RATE` included."""

RATES = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
"""Deltas per second that there are: a client has the next lower one of what it asks for."""

USUAL_RATE = 10.0

HEARTBEAT = 1.0
"""Wall seconds between two deltas at most, at a rate of 1 Hz and above: an empty one says that nothing is new."""


@dataclass(frozen=True)
class Wanted:
    """What a client wants to see.

    :param globs: of channel names; ``None`` for all.
    """

    globs: tuple[str, ...] | None = None
    rate: float = USUAL_RATE

    @classmethod
    def of(cls, globs: Sequence[str] | None, rate: float) -> Wanted:
        """Of equal things one and the same."""
        every = globs is None or "*" in globs
        slower = [each for each in RATES if each <= rate]
        return cls(None if every else tuple(sorted(set(globs or ()))), max(slower, default=RATES[0]))


@dataclass(frozen=True)
class Changes:
    """What is news at a moment: rows by their index, and the state as JSON where it has changed."""

    channels_version: int
    rows: Mapping[int, Row] = field(default_factory=dict)
    state: bytes = b""

    def then(self, later: Changes) -> Changes:
        """Both in one, for a client that was not ready for the first: the latest values, and all extremes."""
        if self.channels_version != later.channels_version:
            return later
        rows = dict(self.rows)
        for index, row in later.rows.items():
            rows[index] = joined(rows[index], row) if index in rows else row
        return Changes(later.channels_version, rows, later.state or self.state)

    @cached_property
    def encoded(self) -> bytes:
        """The members of a delta that are the same for all clients, as JSON."""
        values = msgspec.json.encode({str(index): shown(row) for index, row in self.rows.items()})
        return b'"values":' + values + (b',"run":' + self.state if self.state else b"")


class Watcher(Protocol):
    """A client, as its view knows it."""

    def offer(self, changes: Changes) -> None:
        """Take what is news; never waits."""
        ...


class View:
    """One subscription at one rate, and its clients."""

    def __init__(self, board: Board, wanted: Wanted) -> None:
        self.watchers: set[Watcher] = set()
        self._board, self._wanted = board, wanted
        self._patterns = [re.compile(fnmatch.translate(glob)) for glob in wanted.globs or ()]
        self._resolved = -1
        self._selected: frozenset[int] = frozenset()
        self._limited: frozenset[int] = frozenset()
        self._extremes: dict[int, Row] = {}
        self._seen, self._told = board.version, board.last
        board.watchers.append(self._note)

    def close(self) -> None:
        """Nobody looks any more."""
        self._board.watchers.remove(self._note)

    async def run(self) -> None:
        """Offer what is news to the clients, again and again."""
        board, pause = self._board, 1.0 / self._wanted.rate
        while True:
            self._offer()
            await board.rest(pause)
            if self._seen == board.version and self._told == board.last:
                await board.changed(max(HEARTBEAT - pause, 0.0))

    def everything(self, before: Changes | None = None) -> Changes:
        """The latest row of each channel of the view.

        :param before: what a client that comes from another view has not been told there.
        """
        self._resolve()
        every = Changes(self._board.channels_version, self._kept(self._board.rows_after(-1)))
        if before is None or before.channels_version != every.channels_version:
            return every
        rows = {
            index: joined(before.rows[index], row) if index in before.rows else row for index, row in every.rows.items()
        }
        return Changes(every.channels_version, rows, before.state)

    def news(self) -> Changes:
        """What there is since the clients were offered something."""
        board = self._board
        self._resolve()
        rows = {
            index: self._extremes.get(index, row) for index, row in self._kept(board.rows_after(self._seen)).items()
        }
        state = board.encoded_state() if board.state_version > self._seen else b""
        return Changes(board.channels_version, rows, state)

    def _offer(self) -> None:
        changes = self.news()
        self._extremes, self._seen, self._told = {}, self._board.version, self._board.last
        for watcher in tuple(self.watchers):
            watcher.offer(changes)

    def _kept(self, rows: Mapping[int, Row]) -> dict[int, Row]:
        return {index: row for index, row in rows.items() if index in self._selected}

    def _note(self, changed: Mapping[int, Row]) -> None:
        """Keep the extremes of channels with limits: what comes and goes between two deltas must not be lost."""
        self._resolve()
        for index in changed.keys() & self._limited:
            row, before = changed[index], self._extremes.get(index)
            self._extremes[index] = row if before is None else joined(before, row)

    def _resolve(self) -> None:
        """Find the channels that are meant, where there are others than before."""
        if self._resolved == self._board.channels_version:
            return
        self._resolved, self._extremes = self._board.channels_version, {}
        channels = list(enumerate(self._board.channels))
        self._selected = frozenset(index for index, channel in channels if self._means(channel["name"]))
        self._limited = frozenset(index for index, channel in channels if channel.get("limits")) & self._selected

    def _means(self, name: str) -> bool:
        return self._wanted.globs is None or any(pattern.match(name) for pattern in self._patterns)


class Views:
    """The views that clients have."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._views: dict[Wanted, tuple[View, asyncio.Task[None]]] = {}

    def join(self, watcher: Watcher, wanted: Wanted) -> tuple[View, bool]:
        """The view of a client from now on, and whether it is what it wants: where there are too many, it sees all."""
        others = len(self._views.keys() - {Wanted()})
        granted = wanted in self._views or wanted == Wanted() or others < MOST_VIEWS - 1
        wanted = wanted if granted else Wanted()
        if wanted not in self._views:
            view = View(self._board, wanted)
            self._views[wanted] = view, asyncio.create_task(view.run(), name="view")
        view = self._views[wanted][0]
        view.watchers.add(watcher)
        return view, granted

    def leave(self, watcher: Watcher, view: View) -> None:
        """A client looks no more; a view without clients ends."""
        view.watchers.discard(watcher)
        if view.watchers:
            return
        for wanted, (kept, task) in tuple(self._views.items()):
            if kept is view:
                task.cancel()
                view.close()
                del self._views[wanted]
