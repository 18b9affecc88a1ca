"""Resuming a run that ended before its plan was complete, and following a locked plan: what is done, what changed."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hil_drivers.clock import NANOSECONDS

from .design import History
from .design.lock import digest, first_difference, plan_facts, read_lock, require_locked
from .ending import COMPLETE
from .errors import UsageError
from .progress import Progress

if TYPE_CHECKING:
    from .bench.config import BenchConfig
    from .design import AdaptiveDesign, Design
    from .preparation import Prepared
    from .record import Record

MARGIN = NANOSECONDS
"""How much later than the last time on record a simulated bench goes on."""

OUTSIDE_BENCH_TIME = frozenset({"closed", "resumed", "gap"})
"""Kinds of events whose time is the machine's."""


@dataclass(frozen=True, slots=True)
class Departure:
    """Something that is not what it was when the run began: both as the record keeps it."""

    what: str
    before: Any
    now: Any


@dataclass(frozen=True)
class Resumption:
    """A run to be resumed."""

    record: Record
    run: dict[str, Any]
    progress: Progress

    @classmethod
    def of(cls, folder: Path, procedure: str, config: BenchConfig) -> Resumption:
        """Look at the run in ``folder``.

        :raises UsageError: if there is none, it is one of another procedure or bench, or nothing of it is left to do.
        """
        from .record import open_run

        record = open_run(folder)
        where = str(folder)
        if not record.run:
            raise UsageError("the run was cut off before it began", where=where, remedy="begin a new one")
        for what, given in (("procedure", procedure), ("bench", config.name)):
            if (begun := record.run[what]["name"]) != given:
                raise UsageError(f"it is a run of the {what} {begun}, not {given}", where=where, remedy=f"name {begun}")
        if record.status == "live":
            raise UsageError("the run is under way", where=where, remedy="wait for its end, or command it")
        if record.status == COMPLETE:
            raise UsageError("the run is complete", where=where, remedy="begin a new one")
        if (folder / "sealed").exists():
            raise UsageError("the run is sealed", where=where, remedy="begin a new one")
        return cls(record, record.run, _progress(record, config))

    def departures(self, facts: dict[str, Any]) -> list[Departure]:
        """What is not as it was.

        :param facts: the facts about the run as they would be if it began now.
        """
        return [
            Departure(what, before, now)
            for what, path in (
                ("procedure", ("procedure",)),
                ("bench", ("bench", "sha256")),
                ("parameters", ("parameters",)),
                ("plan", ("plan",)),
                ("seed", ("seed",)),
            )
            if (before := _at(self.run, path)) != (now := _at(facts, path))
        ]

    def check(self, facts: dict[str, Any], config: BenchConfig, deviation: str | None) -> list[Departure]:
        """The departures, each of which ``deviation`` gives the reason for.

        :raises UsageError: if there are some without a reason, or one that no reason can excuse.
        """
        where = str(self.record.folder)
        for fault in self._inexcusable(facts, config):
            raise UsageError(fault, where=where, remedy="undo that, or begin a new run")
        departures = self.departures(facts)
        if departures and not deviation:
            what = " and ".join(departure.what for departure in departures)
            raise UsageError(
                f"the {what} changed since the run began",
                where=where,
                remedy='undo that, begin a new run, or say why it may go on with --deviation "why"',
            )
        if deviation and not departures:
            raise UsageError("nothing changed since the run began", where=where, remedy="leave out --deviation")
        return departures

    def _inexcusable(self, facts: dict[str, Any], config: BenchConfig) -> Iterator[str]:
        before, now = self.run["plan"].get("points", []), facts["plan"].get("points", [])
        for index in self.progress.tried:
            if before[index : index + 1] != now[index : index + 1]:
                yield f"the plan changed at point {index + 1}, which was attempted already"
        for name, channel in self.record.channels.items():
            if name in config.channels and channel["certificate_sha256"] != _digest(config.certificate(name)):
                yield f"the calibration of {name} changed since the run began"
            elif name in config.channels and channel["instrument"] != _instrument(config, name):
                yield f"what the register says of the instrument behind {name} changed since the run began"


def decided(
    prepared: Prepared, design: Design | AdaptiveDesign, document: dict[str, Any], *, locked: bool = False
) -> dict[str, Any]:
    """The facts about a run that may not change unsaid where it is resumed.

    :param document: the plan, as `plan_document` makes it.
    """
    config, found = prepared.config, prepared.procedure
    return {
        "procedure": {"name": found.name, "version": found.version, "sha256": found.digest},
        "parameters": prepared.parameters.model_dump(mode="json"),
        "plan": {**plan_facts(design, prepared.seed), "sha256": digest(document), "locked": locked},
        "bench": {
            "name": config.name,
            "kind": config.bench.kind,
            "sha256": config.sha256,
            "file": config.path.read_text(encoding="utf-8"),
        },
        "seed": prepared.seed,
    }


def departures_from(locked: Path, document: dict[str, Any], deviation: str | None) -> list[Departure]:
    """In what the plan ``document`` departs from the one locked in a file, for the reason ``deviation``.

    :raises UsageError: if it does without a reason, or there is a reason and it does not.
    """
    if deviation is None:
        require_locked(locked, document)
        return []
    plan = read_lock(locked)
    if not first_difference(plan, document):
        fault = "the plan is the one that was locked"
        raise UsageError(fault, where=str(locked), remedy="leave out --deviation")
    return [Departure("locked plan", plan, document)]


def _progress(record: Record, config: BenchConfig) -> Progress:
    points = record.points()
    tried: dict[int, int] = {}
    for attempt in points:
        tried[attempt.index] = max(attempt.attempt, tried.get(attempt.index, 0))
    systems = {event.data["role"]: event.data for event in record.events("system")}
    return Progress(History.on_record(record), tried, _bench_time(record, config), systems)


def _bench_time(record: Record, config: BenchConfig) -> int:
    """Where the bench time of a simulated bench goes on, in nanoseconds."""
    if config.sim is None and not config.replays:
        return 0
    from .bench.world import start_utc

    begin = time.time_ns() if config.sim is None else start_utc(config.sim)
    times = [event.t for event in record.events() if event.kind not in OUTSIDE_BENCH_TIME]
    times += [point.t for point in record.points()]
    for channel in record.channels:
        times += record.readings(channel).t[-1:].tolist()
    latest = max(times, default=begin) - begin
    return max(0, -(-(latest + MARGIN) // NANOSECONDS) * NANOSECONDS)


def _instrument(config: BenchConfig, channel: str) -> dict[str, Any] | None:
    entry = config.instrument(channel)
    return None if entry is None else entry.model_dump(mode="json")


def _digest(file: Path | None) -> str | None:
    return None if file is None else hashlib.sha256(file.read_bytes()).hexdigest()


def _at(facts: dict[str, Any], path: tuple[str, ...]) -> Any:
    """What stands at ``path``; of a plan, without the hash of a document that holds the other facts too."""
    found: Any = facts
    for key in path:
        found = found[key]
    if path == ("plan",):
        return {key: value for key, value in found.items() if key not in {"sha256", "locked"}}
    return found
