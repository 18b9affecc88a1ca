"""The service of a bench, in process: typed commands in, numbered events out."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from .commands import Abort, Acknowledgement, Command, Pause, Resume, Stop
from .errors import UsageError

__all__ = ["Abort", "Acknowledgement", "Command", "Event", "Handler", "Pause", "Resume", "Service", "Stop"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: ``number`` counts from 1 without gaps, ``wall`` is UTC in nanoseconds."""

    number: int
    wall: int
    kind: str
    data: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        return {"number": self.number, "wall": self.wall, "kind": self.kind, **self.data}


class Handler(Protocol):
    """What carries out commands while a run is under way."""

    def carry_out(self, command: Command) -> dict[str, Any]:
        """Carry out ``command``; what it says of itself in its event.

        :raises UsageError: if it cannot be carried out now.
        """
        ...

    def state(self) -> dict[str, Any]:
        """The run as it is now: its state, its open prompts and alarms."""
        ...


class Service:
    """Commands and events of one run.

    :param wall: the present UTC time in nanoseconds.
    """

    def __init__(self, *, wall: Callable[[], int] = time.time_ns) -> None:
        self._wall = wall
        self._events: list[Event] = []
        self._subscribers: list[Callable[[Event], None]] = []
        self._handler: Handler | None = None
        self.flush: Callable[[], Awaitable[object]] = _done
        """Returns once what was done so far is on disk; raises `hil.errors.RecordError` if it cannot be."""

    def subscribe(self, receive: Callable[[Event], None], *, after: int = 0) -> Callable[[], None]:
        """Hand every event to ``receive``, past ones with a number above ``after`` first; the result ends it."""
        for event in self._events[after:]:
            receive(event)
        self._subscribers.append(receive)
        return lambda: self._subscribers.remove(receive)

    def publish(self, kind: str, data: dict[str, Any]) -> Event:
        """Number an event and hand it out."""
        event = Event(len(self._events) + 1, self._wall(), kind, data)
        self._events.append(event)
        for receive in tuple(self._subscribers):
            receive(event)
        return event

    def snapshot(self) -> dict[str, Any]:
        """The run as it is now, and the ``number`` of the last event: what follows it is news."""
        state = {"state": "idle"} if self._handler is None else self._handler.state()
        return {"number": len(self._events), **state}

    def attach(self, handler: Handler) -> None:
        """Let commands act upon a run."""
        self._handler = handler

    def detach(self) -> None:
        """The script has ended: commands no longer act."""
        self._handler = None

    def execute(self, command: Command) -> Acknowledgement:
        """Carry out ``command``.

        :raises UsageError: if no run is under way, or it cannot be carried out now.
        """
        if self._handler is None:
            raise UsageError("no run is under way", remedy="start one first")
        told = self._handler.carry_out(command)
        kind = type(command).__name__.lower()
        event = self.publish(kind, {"operator": command.operator, "reason": command.reason, **told})
        return Acknowledgement(event.number)


async def _done() -> None:
    """There is no record."""
