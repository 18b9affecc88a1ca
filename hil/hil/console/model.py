"""What the console knows of a bench: frames of the stream in, what the screens show out.

Nothing here does input or output, or looks at a clock: the time of each frame is given, in monotonic seconds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, StrEnum
from typing import Any

from .alarms import concerned, known, level_of, shelved, waiting
from .channels import Live, parse_facts
from .palette import Level
from .parsing import build, text, whole
from .parsing import number as number_of
from .past import Past
from .pictures import Seen, parse_picture
from .reading import Status, age, status
from .state import Alarm, Prompt, Run
from .wording import Entry, Severity, entry_of, told_twice

LOG_LENGTH = 2000
"""Lines of the log that are kept."""

MOST_CHANNELS = 5000

BACKLOG = 200
"""Events before the first snapshot that are asked for: the console attaches again, after the first of them."""

SILENT = 2.5
"""Seconds without a frame after which the link counts as lost, on top of those between two frames."""


class Wanted(Enum):
    """What the model needs of the link after a frame."""

    NOTHING = 0
    SNAPSHOT = 1
    """What is known does not fit together any more: begin anew, with a snapshot."""


class LinkState(StrEnum):
    """How the link to the bench does."""

    CONNECTING = "connecting"
    UP = "up"
    LOST = "lost"


@dataclass
class Link:
    """The link as the screens show it; ``heard`` is when the last frame came, ``latency`` is in s."""

    state: LinkState = LinkState.CONNECTING
    heard: float | None = None
    reason: str = ""
    attempts: int = 0
    latency: float | None = None
    between_frames: float = 1.0


class Model:
    """The picture of one bench. It stays as it was while the link is lost."""

    def __init__(self) -> None:
        self.run = Run()
        self.channels: list[Live] = []
        self.pictures: dict[str, Seen] = {}
        """By camera, what it has seen last."""
        self.log: deque[Entry] = deque(maxlen=LOG_LENGTH)
        self.link = Link()
        self.number = 0
        """That of the last event that is known."""
        self.boot = ""
        self.protocol = 0
        self.known = False
        """Whether there was a snapshot ever."""
        self.slow_clients = False
        """What the bench says of clients that do not keep up."""
        self.version = 0
        """Counts what has changed."""
        self.layout = 0
        """Counts the times that the channels changed."""
        self.step_since = 0.0
        """When the step under way was seen first."""
        self._sequence = 0
        self._by_name: dict[str, Live] = {}
        self._by_place: dict[str, Live] = {}
        self._concerns: list[tuple[Alarm, list[str]]] | None = None

    # What comes in

    def connected(self, now: float) -> None:
        """A stream begins: its frames count from 1."""
        self._sequence = 0
        self.link.state, self.link.reason = LinkState.CONNECTING, ""
        self._changed(now if self.link.heard is None else self.link.heard)

    def lost(self, reason: str) -> None:
        """The stream has ended, or there was none; ``reason`` is one clause."""
        if self.link.state is not LinkState.LOST:
            self.link.attempts = 0
        self.link.state, self.link.reason = LinkState.LOST, reason
        self.link.attempts += 1
        self.version += 1

    def take(self, frame: Mapping[str, Any], now: float) -> Wanted:
        """Take a frame of the stream in."""
        kind = frame.get("kind")
        sequence, previous = whole(frame.get("seq")), whole(frame.get("prev"))
        if sequence is not None and kind != "answer":
            if previous is not None and previous != self._sequence:
                return Wanted.SNAPSHOT
            self._sequence = sequence
        wanted = Wanted.NOTHING
        if kind == "hello":
            wanted = self._hello(frame)
        elif kind == "snapshot":
            wanted = self._snapshot(frame, now)
        elif kind == "delta":
            wanted = self._delta(frame, now)
        elif kind == "picture":
            self._picture(frame)
        else:
            return Wanted.NOTHING
        self._changed(now)
        return wanted

    def _picture(self, frame: Mapping[str, Any]) -> None:
        picture = parse_picture(frame)
        if picture is not None:
            self.pictures[picture.camera] = picture

    def _changed(self, now: float) -> None:
        self.link.heard = now
        self.version += 1

    def _hello(self, frame: Mapping[str, Any]) -> Wanted:
        boot = text(frame.get("boot")) or ""
        self.protocol = whole(frame.get("protocol")) or 0
        anew, self.boot = bool(self.boot) and boot != self.boot, boot
        if not anew:
            return Wanted.NOTHING
        self.number = 0
        for channel in self.channels:
            channel.past.clear()
        self._say(Severity.WARN, "link", "the bench has started anew: its events count from 1 again")
        return Wanted.SNAPSHOT

    def _snapshot(self, frame: Mapping[str, Any], now: float) -> Wanted:
        first = not self.known
        self.known = True
        self._take_run(frame.get("run"), now)
        self.boot = self.boot or self.run.boot
        self.slow_clients = frame.get("warn") is True
        number = whole(frame.get("number")) or 0
        if first:
            self.number = max(0, number - BACKLOG)
        self.number = min(number, self.number)
        self._take_channels(frame.get("channels"))
        rows = frame.get("values")
        for channel, row in zip(self.channels, rows if isinstance(rows, list) else [], strict=False):
            channel.take(row, now)
        self._age_what_is_old(now, number_of(frame.get("t")))
        self.link.state, self.link.attempts = LinkState.UP, 0
        return Wanted.SNAPSHOT if first and number else Wanted.NOTHING

    def _delta(self, frame: Mapping[str, Any], now: float) -> Wanted:
        if not self.known or self.link.state is not LinkState.UP:
            return Wanted.SNAPSHOT
        if isinstance(frame.get("run"), dict):
            self._take_run(frame["run"], now)
        rows = frame.get("values")
        if isinstance(rows, dict):
            channel_of = self._by_place.get
            for place, row in rows.items():
                if (channel := channel_of(place)) is not None:
                    channel.take(row, now)
        events = frame.get("events")
        self._take_events(events if isinstance(events, list) else [])
        return Wanted.NOTHING

    def _take_run(self, document: object, now: float) -> None:
        before, self.run = self.run, build(Run, document)
        self._concerns = None
        if _place(before) != _place(self.run):
            self.step_since = now

    def _take_events(self, events: list[Any]) -> None:
        for event in events:
            if not isinstance(event, dict):
                continue
            entry = entry_of(event)
            if entry.number <= self.number:
                continue
            if entry.number > self.number + 1:
                self._say(Severity.WARN, "link", f"{entry.number - self.number - 1} events are not known here")
            self.number = entry.number
            if not told_twice(event):
                self.log.append(entry)

    def _take_channels(self, documents: object) -> None:
        """The channels of a snapshot; one that is still the same keeps its past."""
        given = documents if isinstance(documents, list) else []
        before, self.channels = self._by_name, []
        self.layout += 1
        for document in given[:MOST_CHANNELS]:
            facts = parse_facts(document)
            old = before.get(facts.name)
            kept = old.past if old is not None and old.facts.unit == facts.unit else Past()
            kept.gap()
            self.channels.append(Live(facts, past=kept))
        self._by_name = {channel.facts.name: channel for channel in self.channels}
        self._by_place = {str(place): channel for place, channel in enumerate(self.channels)}
        self._concerns = None

    def _age_what_is_old(self, now: float, bench_time: float | None) -> None:
        """After a snapshot values are as old as the bench's time in ms says; without one, the newest counts as new."""
        times = [channel.t for channel in self.channels if channel.t is not None]
        newest = max([*times, *([] if bench_time is None else [bench_time / 1000])], default=0.0)
        for channel in self.channels:
            if channel.t is not None:
                channel.arrived, channel.aged = now, newest - channel.t

    def _say(self, severity: Severity, kind: str, words: str) -> None:
        wall = self.log[-1].wall if self.log else 0
        self.log.append(Entry(self.number, wall, severity, kind, words))

    # What is shown

    def link_state(self, now: float) -> LinkState:
        """How the link does: one that is silent is lost, whatever its socket says."""
        link = self.link
        if (
            link.state is LinkState.UP
            and (age := self.link_age(now)) is not None
            and age > SILENT + link.between_frames
        ):
            return LinkState.LOST
        return link.state

    def link_age(self, now: float) -> float | None:
        """Seconds since the bench was last heard; ``None`` if it never was."""
        return None if self.link.heard is None else max(0.0, now - self.link.heard)

    def channel(self, name: str) -> Live | None:
        """The channel of a name."""
        return self._by_name.get(name)

    def status(self, channel: Live, now: float) -> Status:
        """The state cell of ``channel``; while the link is lost, as it was when the bench was last heard, and old."""
        if self.link_state(now) is not LinkState.UP and self.link.heard is not None:
            return replace(self._status(channel, self.link.heard), old=True)
        return self._status(channel, now)

    def _status(self, channel: Live, now: float) -> Status:
        if channel.t is None:
            return Status(Level.NORMAL, "…")
        late, alarm = channel.late(now, self.link.between_frames), self.alarm_of(channel.facts.name)
        if late is None and channel.facts.device in self.run.lost:
            late = channel.age(now)
        if late is not None and alarm is None and not self.run.under_way:
            return Status(Level.NORMAL, age(late), old=True)
        return status(
            flags=channel.flags,
            missing=channel.value is None,
            late=late,
            alarm=None if alarm is None else level_of(alarm),
            beyond=channel.beyond,
            held=self.run.under_way,
            acknowledged=alarm is not None and alarm.state == "acknowledged",
        )

    def bench_time(self, now: float, wall: int) -> int:
        """The time of the bench, UTC in nanoseconds: a simulated bench has its own, told by its newest value."""
        if self.run.provenance != "simulated":
            return wall
        times = [(channel.t, channel.arrived) for channel in self.channels if channel.t is not None]
        if not times:
            return wall
        newest, arrived = max(times)
        return round((newest + (0.0 if self.run.state == "paused" else max(0.0, now - arrived))) * 1e9)

    @property
    def unacknowledged(self) -> list[Alarm]:
        """Alarms that wait for a person: the most urgent first, then the newest."""
        return waiting(self.run.alarms)

    @property
    def acknowledged(self) -> list[Alarm]:
        """Alarms of which a person knows."""
        return known(self.run.alarms)

    @property
    def shelved(self) -> list[Alarm]:
        """Alarms that are hidden for a while."""
        return shelved(self.run.alarms)

    def alarm_of(self, channel: str) -> Alarm | None:
        """The most urgent alarm whose interlock looks at ``channel``, or which is named after it."""
        return next((alarm for alarm, names in self._concerned() if channel in names), None)

    def channels_of(self, alarm: Alarm) -> list[Live]:
        """The channels that an alarm concerns."""
        names = next((names for known, names in self._concerned() if known == alarm), ())
        return [self._by_name[name] for name in names]

    def _concerned(self) -> list[tuple[Alarm, list[str]]]:
        if self._concerns is None:
            self._concerns = concerned(self.run, list(self._by_name))
        return self._concerns

    @property
    def estop(self) -> bool | None:
        """Whether the chain of the emergency stop is open; ``None`` where no interlock looks at it now."""
        chain = [each.tripped for each in self.run.interlocks if each.is_estop]
        return any(chain) if chain and None not in chain and self.run.under_way and self.run.run else None

    def prompt(self, number: int) -> Prompt | None:
        """The open prompt of a number."""
        return next((prompt for prompt in self.run.prompts if prompt.prompt == number), None)


def _place(run: Run) -> tuple[object, ...]:
    """Where a run is, to its step."""
    return (run.run, run.state, *((run.point.index, run.point.attempt, run.point.step) if run.point else ()))
