"""The service of a bench, in process: typed commands in, numbered events out."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from .commands import Abort, Acknowledgement, Command, Pause, Resume, ServiceCommand, Stop
from .errors import UsageError

if TYPE_CHECKING:
    from .overview import Overview, Shown

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
    """What carries out commands: those to a run while it is under way, those to a bench while its service lives."""

    def carry_out(self, command: Command) -> dict[str, Any]:
        """Carry out ``command``; what it says of itself in its event. What is under ``"private"`` is for its sender.

        :raises UsageError: if it cannot be carried out now.
        """
        ...

    def state(self) -> dict[str, Any]:
        """The run as it is now: its state, its open prompts and alarms."""
        ...

    def note(self, kind: str, data: dict[str, Any]) -> None:
        """Put something on record, if there is a record already."""
        ...


class StationHandler(Handler, Protocol):
    """What carries out commands to the service of a bench. Its state holds ``latched``: what runs before have left."""

    def owns(self, command: Command) -> bool:
        """Whether ``command`` is for the service although a run is under way."""
        ...


IDLE: dict[str, Any] = {"state": "idle", "point": None, "left": None, "prompts": [], "alarms": []}
"""The state of a bench on which no run is under way."""

KEPT = 10_000
"""Events that late comers can still have."""


class Service:
    """Commands and events of one run.

    :param wall: the present UTC time in nanoseconds.
    """

    def __init__(self, *, wall: Callable[[], int] = time.time_ns) -> None:
        self._wall = wall
        self._events: dict[int, Event] = {}
        self.number = 0
        """That of the last event."""
        self.channels: Mapping[str, Shown] = {}
        """What is measured now."""
        self.bench_time: Callable[[], int | None] = _unknown
        """The time of the bench, UTC in nanoseconds."""
        self.cameras: MutableMapping[str, Any] = {}
        """What has a picture to show (`overview.HasPicture`), by name."""
        """What takes pictures now."""
        self.overview: Overview | None = None
        """What is declared of the bench."""
        self._subscribers: list[Callable[[Event], None]] = []
        self._handler: Handler | None = None
        self._station: StationHandler | None = None
        self._unhandled = IDLE
        self.flush: Callable[[], Awaitable[object]] = _done
        """Returns once what was done in the run so far is on disk; raises `hil.errors.RecordError` if it cannot be."""
        self._flush_journal: Callable[[], Awaitable[object]] = _done

    def subscribe(self, receive: Callable[[Event], None], *, after: int = 0) -> Callable[[], None]:
        """Hand every event to ``receive``, kept ones with a number above ``after`` first; the result ends it."""
        for event in self.events(after=after):
            receive(event)
        self._subscribers.append(receive)
        return lambda: self._subscribers.remove(receive)

    def publish(self, kind: str, data: dict[str, Any]) -> Event:
        """Number an event and hand it out; the last `KEPT` are kept."""
        self.number += 1
        event = self._events[self.number] = Event(self.number, self._wall(), kind, data)
        self._events.pop(self.number - KEPT, None)
        for receive in tuple(self._subscribers):
            receive(event)
        return event

    def events(self, *, after: int, most: int = KEPT) -> list[Event]:
        """The first ``most`` of the kept events with a number above ``after``."""
        first = max(after, self.number - KEPT) + 1
        return [self._events[number] for number in range(first, min(first + most, self.number + 1))]

    def note(self, kind: str, data: dict[str, Any]) -> None:
        """Tell something about the service itself, on record too where there is a run."""
        handler = self._handler or self._station
        if handler is not None:
            handler.note(kind, data)
        self.publish(kind, data)

    def snapshot(self) -> dict[str, Any]:
        """The run as it is now, and the ``number`` of the last event: what follows it is news."""
        state = self._unhandled if self._handler is None else self._handler.state()
        bench = {} if self.overview is None else self.overview.state()
        if self._station is None:
            return {"number": self.number, **bench, "service": False, **state}
        station = self._station.state()
        latched = station.pop("latched")
        alarms = [*station["alarms"], *(latched if self._handler is None else state["alarms"])]
        return {"number": self.number, **bench, **station, "service": True, **state, "alarms": alarms}

    def attach(self, handler: Handler) -> None:
        """Let commands act upon a run."""
        self._handler = handler

    def detach(self) -> None:
        """The script has ended: commands no longer act, its record is closed, and its results are made."""
        self._handler, self.flush, self._unhandled = None, _done, {**IDLE, "state": "finishing"}

    def let_go(self) -> None:
        """The run and its record are over."""
        self._handler, self.flush, self.cameras, self._unhandled = None, _done, {}, IDLE

    def attach_station(self, station: StationHandler, flush: Callable[[], Awaitable[object]]) -> None:
        """Let commands act upon the service of a bench, in a run and between runs; ``flush`` is that of its journal."""
        self._station, self._flush_journal = station, flush

    async def recorded(self) -> None:
        """Return once what was done so far is on disk.

        :raises RecordError: if it cannot be.
        """
        await self.flush()
        await self._flush_journal()

    @property
    def running(self) -> bool:
        """Whether a run is under way."""
        return self._handler is not None

    def execute(self, command: Command) -> Acknowledgement:
        """Carry out ``command``.

        :raises UsageError: if no run is under way, or it cannot be carried out now.
        """
        of_service = isinstance(command, ServiceCommand) or self._handler is None
        of_service = of_service or (self._station is not None and self._station.owns(command))
        handler = self._station if of_service else self._handler
        if handler is None:
            if isinstance(command, ServiceCommand):
                raise UsageError("this is one run, and not the service of a bench", remedy="start one with hil service")
            raise UsageError("no run is under way", remedy="start one first")
        told = handler.carry_out(command)
        private = told.pop("private", {})
        kind = type(command).__name__.lower()
        said = {"operator": command.operator, "reason": command.reason} | ({"via": command.via} if command.via else {})
        event = self.publish(kind, {**said, **told})
        return Acknowledgement(event.number, private)


def _unknown() -> None:
    """No clock of a bench is there."""


async def _done() -> None:
    """There is no record."""
