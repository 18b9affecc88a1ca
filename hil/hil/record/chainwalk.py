"""Walks the chain of a record from its first batch to the first place that does not hold."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import apsw
import numpy as np
from numpy.typing import NDArray

from .chain import READING, Rows, batch_hash, canonical, from_table, genesis
from .schema import COLUMNS, DATA_TABLES, VERSION

Sink = Callable[[NDArray[np.void]], None]
"""Takes readings, as arrays of `hil.record.chain.READING`."""

DAMAGE = (
    apsw.Error,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    OverflowError,
    struct.error,
    RecursionError,
    MemoryError,
)
"""What reading a damaged record can raise."""

_STATE, _KIND = COLUMNS["point"].index("state"), COLUMNS["event"].index("kind")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not hold: where, and what."""

    place: str
    message: str


class _Broken(Exception):
    """The first place that does not hold."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(place, message)
        self.finding = Finding(place, message)


@dataclass(frozen=True, slots=True)
class _Batch:
    seq: int
    t: int
    rows: str
    marks: bytes
    prev: str
    hash: str

    def ranges(self) -> dict[str, tuple[int, int]]:
        """First and last row by table.

        :raises ValueError: if the text is none that a writer makes (so do TypeError and KeyError).
        """
        ranges = {str(table): (int(first), int(last)) for table, (first, last) in json.loads(self.rows).items()}
        if not ranges.keys() <= set(DATA_TABLES):
            raise KeyError("unknown table")
        return ranges


class ChainWalk:
    """The state of the walk: everything up to batch ``batch``, whose hash is ``head``, holds.

    :param version: of the record.
    :param readings: is given the readings of each batch, in the order of the record, once the batch holds.
    """

    def __init__(self, version: int = VERSION, readings: Sink | None = None) -> None:
        self.batch, self.head, self.t, self.points = 0, genesis(version), 0, 0
        self._readings = readings
        self.counts = dict.fromkeys(DATA_TABLES, 0)
        self.closed = self.complete = False

    @property
    def ends(self) -> dict[str, Any]:
        """Where the part that holds ends."""
        readings = self.counts["reading"]
        return {"batch": self.batch, "t": self.t, "readings": readings, "points": self.points, "hash": self.head}

    def run(self, db: apsw.Connection) -> Finding | None:
        """Walk the whole chain; the first place that does not hold."""
        try:
            for row in db.execute(f"SELECT {', '.join(COLUMNS['batch'])} FROM batch ORDER BY seq"):
                self._step(db, _Batch(*row))
            self._check_beyond(db)
        except _Broken as broken:
            return broken.finding
        except DAMAGE as error:
            return Finding(f"batch {self.batch + 1}", f"cannot be read ({error})")
        self.complete = True
        return None

    def _step(self, db: apsw.Connection, batch: _Batch) -> None:
        ranges = self._check_place(batch)
        rows = {table: _read(db, table, *ranges[table], batch.seq) for table in sorted(ranges)}
        encoded = {table: canonical(content) for table, content in rows.items()}
        contents = (content for content, _ in encoded.values())
        if batch_hash(batch.prev, batch.seq, batch.t, batch.rows, batch.marks, contents) != batch.hash:
            raise _altered(batch, ranges, {table: marks for table, (_, marks) in encoded.items()})
        kinds = [row[_KIND] for row in rows.get("event", ())]
        if self.closed and "resumed" not in kinds:
            raise _Broken(f"batch {batch.seq}", "was appended after the run was closed")
        self.batch, self.head, self.t = batch.seq, batch.hash, batch.t
        self.counts.update({table: last for table, (_, last) in ranges.items()})
        self.points += sum(row[_STATE] == "committed" for row in rows.get("point", ()))
        self.closed = "closed" in kinds
        readings = rows.get("reading")
        if self._readings is not None and isinstance(readings, np.ndarray):
            self._readings(readings)

    def _check_place(self, batch: _Batch) -> dict[str, tuple[int, int]]:
        place = f"batch {batch.seq}"
        if batch.seq != self.batch + 1:
            raise _Broken(f"batch {self.batch + 1}", f"was removed: batch {batch.seq} comes next")
        if batch.prev != self.head:
            raise _Broken(place, "is not chained to the batch before it")
        try:
            ranges = batch.ranges()
        except DAMAGE as error:
            raise _Broken(place, f"its row ranges were altered ({error})") from error
        if any(first != self.counts[table] + 1 or last < first for table, (first, last) in ranges.items()):
            raise _Broken(place, "its row ranges do not continue those of the batches before it")
        return ranges

    def _check_beyond(self, db: apsw.Connection) -> None:
        for table, count in self.counts.items():
            sql = f"SELECT rowid FROM {table} WHERE rowid < 1 OR rowid > ? ORDER BY rowid LIMIT 1"
            row = db.execute(sql, (count,)).fetchone()
            if row:
                raise _Broken(f"{table} row {row[0]}", f"was inserted: no batch up to the last, {self.batch}, holds it")


_NUMBERED = np.dtype([("rowid", "<i8"), *((name, READING[name]) for name in READING.names or ())])


def _read(db: apsw.Connection, table: str, first: int, last: int, seq: int) -> Rows:
    """The rows ``first`` to ``last``.

    :raises _Broken: naming the first of them that is not there or cannot be read.
    """
    if table == "reading":
        readings = _read_readings(db, first, last)
        if readings is not None:
            return readings
    return _read_tuples(db, table, first, last, seq)


def _read_readings(db: apsw.Connection, first: int, last: int) -> NDArray[np.void] | None:
    """All of the readings ``first`` to ``last``; ``None`` if one of them is not there or cannot be read."""
    sql = f"SELECT rowid, {', '.join(COLUMNS['reading'])} FROM reading WHERE rowid BETWEEN ? AND ? ORDER BY rowid"
    try:
        found = np.fromiter(db.execute(sql, (first, last)), _NUMBERED)
    except DAMAGE:
        return None
    if len(found) != last - first + 1 or not np.array_equal(found["rowid"], np.arange(first, last + 1)):
        return None
    words = found.view("<u8").reshape(len(found), -1)
    return np.ascontiguousarray(words[:, 1:]).view(READING).reshape(-1)


def _read_tuples(db: apsw.Connection, table: str, first: int, last: int, seq: int) -> Rows:
    sql = f"SELECT rowid, {', '.join(COLUMNS[table])} FROM {table} WHERE rowid BETWEEN ? AND ? ORDER BY rowid"
    rows: list[tuple[Any, ...]] = []
    try:
        for number, *values in db.execute(sql, (first, last)):
            if number != first + len(rows):
                break
            rows.append(tuple(values))
    except DAMAGE as error:
        raise _Broken(f"{table} row {first + len(rows)} (batch {seq})", f"cannot be read ({error})") from error
    if len(rows) != last - first + 1:
        raise _Broken(f"{table} row {first + len(rows)} (batch {seq})", "was removed")
    return from_table(table, rows)


def _altered(batch: _Batch, ranges: dict[str, tuple[int, int]], marks: dict[str, bytes]) -> _Broken:
    """Name the first row whose mark differs from the one in ``batch``, and what seems to have happened."""
    start = 0
    whole = len(batch.marks) == sum(len(found) for found in marks.values())
    for table, found in marks.items() if whole else ():
        recorded = batch.marks[start : start + len(found)]
        start += len(found)
        if recorded != found:
            was, present = _split(recorded), _split(found)
            row = ranges[table][0] + next(
                i for i, pair in enumerate(zip(was, present, strict=True)) if pair[0] != pair[1]
            )
            moved = sorted(was) == sorted(present)
            message = "is not where it was: rows were reordered" if moved else "was altered"
            return _Broken(f"{table} row {row} (batch {batch.seq})", message)
    return _Broken(f"batch {batch.seq}", "its time, row ranges, marks or hash were altered")


def _split(marks: bytes) -> list[bytes]:
    return [marks[at : at + 2] for at in range(0, len(marks), 2)]
