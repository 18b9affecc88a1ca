"""The reading side of a run's record: live, closed or interrupted, in any process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import apsw
import numpy as np
from numpy.typing import NDArray

from ..errors import RecordError, UsageError
from ..suggest import nearest
from .chain import READING
from .disk import Scratch, copy_database, is_live
from .schema import APPLICATION_ID, COLUMNS, DATABASE, SCRIPTS, STATES, VERSION
from .sqlite import read_only, select

if TYPE_CHECKING:
    import pyarrow

T = TypeVar("T")

_AT_ONCE = 200_000


@dataclass(frozen=True, slots=True)
class Readings:
    """Readings of one channel in the order of the record; every array has shape (n,), a missing number is NaN.

    ``row`` is their number in the table, ``t`` UTC in nanoseconds, ``raw`` the indication, ``value``, ``u_ind``
    (noise alone) and ``u`` (combined) in the channel's unit, ``u_t`` in seconds.
    """

    row: NDArray[np.int64]
    t: NDArray[np.int64]
    raw: NDArray[np.float64]
    value: NDArray[np.float64]
    u_ind: NDArray[np.float64]
    u: NDArray[np.float64]
    u_t: NDArray[np.float64]
    flags: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.t)


@dataclass(frozen=True, slots=True)
class PointAttempt:
    """An attempt at a point: its latest state, when and why, and the data of all its states together."""

    index: int
    attempt: int
    state: str
    t: int
    data: dict[str, Any]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Observation:
    """What an attempt at a point observed, and the readings that belong to it."""

    point: int
    attempt: int
    t: int
    data: dict[str, Any]
    links: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """Anything else that happened."""

    t: int
    kind: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Record:
    """A run's record, read; make it with `open_run`.

    Each call reads what is on disk at that moment, and holds nothing open, so that a live run is not disturbed.

    :raises RecordError: from every property and method, if the record is damaged.
    """

    folder: Path
    path: Path
    _copy: Scratch | None = field(default=None, repr=False)

    @property
    def run(self) -> dict[str, Any]:
        """The facts about the run."""
        return dict(self._rows("run", lambda key, value: (key, json.loads(value))))

    @property
    def channels(self) -> dict[str, dict[str, Any]]:
        """By name, what each channel was declared with, and its ``number``."""
        return dict(self._rows("channel", lambda n, name, meta: (name, {**json.loads(meta), "number": n})))

    @property
    def status(self) -> str:
        """How the run ended; ``live`` or ``interrupted`` if it was not closed."""
        last = self._rows("event", _event, "WHERE rowid = (SELECT max(rowid) FROM event)")
        if last and last[0].kind == "closed":
            return str(last[0].data["status"])
        return "live" if is_live(self.folder) else "interrupted"

    @property
    def reason(self) -> str:
        """Why it ended before its plan was complete; empty where it did not, or was not closed."""
        last = self._rows("event", _event, "WHERE rowid = (SELECT max(rowid) FROM event)")
        return str(last[0].data.get("reason", "")) if last and last[0].kind == "closed" else ""

    @property
    def day(self) -> date | None:
        """Its last day, on the bench clock where that was recorded; ``None`` where nothing tells."""
        times = [event.t for event in self.events("bench clock")]
        last = times[-1] if times else self.run.get("begun")
        return datetime.fromtimestamp(last // 10**9, UTC).date() if isinstance(last, int) else None

    @property
    def chain_head(self) -> str:
        """The hash of the last batch; empty before the first."""
        last = self._rows("batch", lambda *row: str(row[-1]), "WHERE seq = (SELECT max(seq) FROM batch)")
        return last[0] if last else ""

    def readings(self, channel: str, start: int | None = None, end: int | None = None) -> Readings:
        """The readings of ``channel`` with ``start`` <= t <= ``end``, UTC in nanoseconds.

        :raises UsageError: for an unknown channel.
        """
        channels = self.channels
        if channel not in channels:
            raise UsageError("there is no such channel", where=channel, remedy=nearest(channel, channels))
        low, high = -(1 << 63) if start is None else start, (1 << 63) - 1 if end is None else end
        condition = (channels[channel]["number"], low, high)
        names = tuple(Readings.__dataclass_fields__)
        layout = np.dtype([(n, np.int64 if n in ("row", "t", "flags") else np.float64) for n in names])
        sql = f"SELECT rowid, {', '.join(names[1:])} FROM reading WHERE ch = ? AND t BETWEEN ? AND ? ORDER BY rowid"
        with self._reading() as db:
            table = np.fromiter(db.execute(sql, condition), layout)
        return Readings(**{name: np.ascontiguousarray(table[name]) for name in names})

    def frame(self, *channels: str) -> pyarrow.Table:
        """The readings of ``channels``, or of all, in the order of the record, as an Arrow table.

        Its columns are ``t`` (UTC, ns), ``channel``, ``raw``, ``value``, ``u_ind``, ``u``, ``u_t`` and ``flags``; units
        and calibrations stand in the metadata of its schema. ``.to_pandas()`` and ``polars.from_arrow()`` take it.

        :raises UsageError: for an unknown channel.
        """
        import pyarrow

        from .frame import Frames

        known, frames = self.channels, Frames(self)
        for name in channels:
            if name not in known:
                raise UsageError("there is no such channel", where=name, remedy=nearest(name, known))
        numbers = ", ".join(str(known[name]["number"]) for name in channels)
        condition = f"WHERE ch IN ({numbers})" if channels else ""
        with self._reading() as db:
            rows = select(db, "reading", condition)
            batches = []
            while len(part := np.fromiter(islice(rows, _AT_ONCE), READING)):
                batches.append(frames.batch(part))
        return pyarrow.Table.from_batches(batches, frames.schema)

    def points(self) -> list[PointAttempt]:
        """Every attempt at every point, in the order in which they were offered, each in its latest state."""
        attempts: dict[tuple[int, int], PointAttempt] = {}
        for t, index, attempt, state, data, reason in self._rows("point", lambda *row: row):
            before = attempts.get((index, attempt))
            known = {**before.data, **json.loads(data)} if before else json.loads(data)
            attempts[index, attempt] = PointAttempt(index, attempt, state, t, known, reason)
        return list(attempts.values())

    def observations(self, state: str | None = "committed") -> list[Observation]:
        """What was observed, in the order of the record.

        :param state: only attempts whose latest state this is; ``None`` for all, void ones included.
        :raises UsageError: for a state that does not exist.
        """
        if state is not None and state not in STATES:
            raise UsageError("there is no such state", where=state, remedy=nearest(state, STATES))
        kept = {(p.index, p.attempt) for p in self.points() if state in (None, p.state)}
        observed = self._rows(
            "observation",
            lambda t, point, attempt, data, links: Observation(point, attempt, t, json.loads(data), json.loads(links)),
        )
        return [o for o in observed if state is None or (o.point, o.attempt) in kept]

    def events(self, kind: str | None = None) -> list[RecordedEvent]:
        """Events in the order of the record, all or those of one kind."""
        return [event for event in self._rows("event", _event) if kind in (None, event.kind)]

    def table(self, name: str) -> list[dict[str, Any]]:
        """The rows of ``frame``, ``clock``, ``amend`` or any other table, as they are stored."""
        if name not in COLUMNS:
            raise UsageError("there is no such table", where=name, remedy=nearest(name, COLUMNS))
        return self._rows(name, lambda *row: dict(zip(COLUMNS[name], row, strict=True)))

    def _rows(self, table: str, make: Callable[..., T], condition: str = "") -> list[T]:
        with self._reading() as db:
            return [make(*row) for row in select(db, table, condition)]

    @contextmanager
    def _reading(self) -> Iterator[apsw.Connection]:
        try:
            with closing(read_only(self.path)) as db:
                yield db
        except (apsw.Error, ValueError, TypeError, KeyError) as error:
            raise RecordError(
                f"the record is damaged or cannot be read ({error})",
                where=str(self.path),
                remedy="run `hil data verify` on it",
            ) from error


def _event(t: int, kind: str, data: str) -> RecordedEvent:
    return RecordedEvent(t, kind, json.loads(data))


def locate(path: Path) -> Path:
    """The ``run.db`` of a run folder, or of itself.

    :raises UsageError: if there is none.
    """
    try:
        database = path / DATABASE if path.is_dir() else path
        if database.is_file():
            return database
        what = f"is not the folder of a run: it has no {DATABASE}" if path.is_dir() else "does not exist"
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
    raise UsageError(what, where=str(path), remedy="give the folder of a run")


def open_run(path: Path | str) -> Record:
    """Open the record of a run for reading.

    :param path: the run folder, or its ``run.db``.
    :raises UsageError: if that is not a run, or one of a later version of this program.
    :raises RecordError: if the record is damaged.
    """
    database = locate(Path(path))
    record = Record(database.parent, database)
    try:
        _check_identity(record)
    except (apsw.CantOpenError, apsw.ReadOnlyError):  # an interrupted run: what it left half done is undone in a copy
        copy = Scratch()
        record = Record(database.parent, copy_database(database, copy.path), copy)
        with closing(apsw.Connection(str(record.path))) as db:
            db.pragma("user_version")
        _check_identity(record)
    return record


def _check_identity(record: Record) -> None:
    where = str(record.folder / DATABASE)
    try:
        with closing(read_only(record.path)) as db:
            identity, version = db.pragma("application_id"), db.pragma("user_version")
    except apsw.NotADBError as error:
        raise UsageError("is not the record of a run", where=where, remedy="give the folder of a run") from error
    except (apsw.CorruptError, apsw.IOError, apsw.BusyError) as error:
        raise RecordError(f"cannot be read ({error})", where=where, remedy="run `hil data verify` on it") from error
    if identity != APPLICATION_ID:
        raise UsageError("is not the record of a run", where=where, remedy="give the folder of a run")
    if version not in SCRIPTS:
        raise newer_version(version, where)


def newer_version(version: int, where: str) -> UsageError:
    """The refusal of a record that a later version of this program wrote."""
    return UsageError(
        f"is a record of version {version}; this program reads version {VERSION}",
        where=where,
        remedy="use the program that wrote it, or a later one",
    )
