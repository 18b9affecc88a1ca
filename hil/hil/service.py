"""The service of a bench, in process: typed commands in, numbered events out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .errors import UsageError


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: ``number`` counts from 1 without gaps, ``wall`` is UTC in nanoseconds."""

    number: int
    wall: int
    kind: str
    data: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        return {"number": self.number, "wall": self.wall, "kind": self.kind, **self.data}


@dataclass(frozen=True, slots=True)
class Command:
    """A command by ``operator``, with the ``reason`` that goes on record."""

    operator: str
    reason: str = ""


class Pause(Command):
    """Hold before the next point."""


class Resume(Command):
    """Go on after a pause."""


class Abort(Command):
    """End the run now; the bench goes to its safe state."""


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A command was carried out, as event ``number``."""

    number: int


class Service:
    """Commands and events of one run.

    :param wall: the present UTC time in nanoseconds.
    """

    def __init__(self, *, wall: Callable[[], int] = time.time_ns) -> None:
        self._wall = wall
        self._events: list[Event] = []
        self._subscribers: list[Callable[[Event], None]] = []
        self._run: asyncio.Task[Any] | None = None
        self._running: asyncio.Event | None = None
        self.aborted: Abort | None = None

    def subscribe(self, receive: Callable[[Event], None]) -> None:
        """Hand every event to ``receive``, those of the past first."""
        for event in self._events:
            receive(event)
        self._subscribers.append(receive)

    def publish(self, kind: str, data: dict[str, Any]) -> Event:
        """Number an event and hand it out."""
        event = Event(len(self._events) + 1, self._wall(), kind, data)
        self._events.append(event)
        for receive in self._subscribers:
            receive(event)
        return event

    def attach(self, run: asyncio.Task[Any], running: asyncio.Event) -> None:
        """Let commands act upon ``run``; ``running`` is clear while it is paused."""
        self._run, self._running = run, running

    def detach(self) -> None:
        """The script has ended: commands no longer act."""
        self._run = self._running = None

    def execute(self, command: Command) -> Acknowledgement:
        """Carry out ``command``.

        :raises UsageError: if no run is under way.
        """
        if self._run is None or self._running is None:
            raise UsageError("no run is under way", remedy="start one first")
        if isinstance(command, Pause):
            self._running.clear()
        elif isinstance(command, Resume):
            self._running.set()
        elif isinstance(command, Abort):
            self.aborted = command
            self._run.cancel()
        kind = type(command).__name__.lower()
        event = self.publish(kind, {"operator": command.operator, "reason": command.reason})
        return Acknowledgement(event.number)
