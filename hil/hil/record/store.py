"""The one read-write connection of a ``run.db``; it lives in the writer's thread.

``journal_mode=WAL`` with ``synchronous=FULL``: a commit has reached the disk when it returns. Rows are inserted by
statements of many rows, because SQLite is left and entered (and the interpreter's lock handed over) at each
statement: row by row, a busy event loop slows the writer by two orders of magnitude. After each large statement the
thread pauses, because otherwise it takes the lock back before a waiting loop has woken up (measured on a busy
machine: loop lag at p99 7 ms without the pause, 4 to 5 ms with it, 4 ms in a bare loop).
"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import chain as flattened
from pathlib import Path
from typing import Any

import apsw
import numpy as np
from numpy.typing import NDArray

from ..errors import RecordError
from .chain import GENESIS, READING, Rows, batch_hash, canonical
from .disk import lock_folder, sync_directory
from .inbox import Parcel
from .rows import joined, json_text
from .schema import APPLICATION_ID, COLUMNS, DATA_TABLES, SCRIPT, VERSION
from .sqlite import check_version

_CHUNKS = (400, 20, 1)
_PAUSE = 1e-4


@dataclass(frozen=True, slots=True)
class Committed:
    """Where the record on disk ends: everything up to here survives a power cut.

    :param batch: the number of the last batch, from 1.
    :param t: when it was committed, UTC in nanoseconds by the machine's clock.
    :param rows: rows on disk, all tables but ``batch``.
    :param readings: readings on disk.
    :param hash: the head of the chain.
    :param appended: how many appends (see `RecordWriter.appended`) are on disk.
    """

    batch: int
    t: int
    rows: int
    readings: int
    hash: str
    appended: int


class Store:
    """Creates ``path``, or goes on with it, and appends to it batch by batch.

    :param path: the ``run.db``.
    :param after: where the record ends that is continued; ``None`` creates one.
    :raises apsw.Error: if the disk refuses (so do all methods).
    :raises RecordError: if the record does not end there any more.
    """

    def __init__(self, path: Path, after: Committed | None = None) -> None:
        check_version()
        self._counts = dict.fromkeys(DATA_TABLES, 0)
        self._batch, self._head = 0, GENESIS
        with ExitStack() as opened:
            self._lock = lock_folder(path.parent)
            opened.callback(os.close, self._lock)
            self._db = apsw.Connection(str(path))
            opened.callback(self._db.close)
            self._db.pragma("journal_mode", "wal")
            self._db.pragma("synchronous", "full")
            if after is None:
                self._create_tables()
            else:
                self._go_on(path, after)
            sync_directory(path.parent)
            sync_directory(path.parent.parent)
            opened.pop_all()

    def _go_on(self, path: Path, after: Committed) -> None:
        last = self._db.execute("SELECT seq, hash FROM batch ORDER BY seq DESC LIMIT 1").fetchone()
        if last != (after.batch, after.hash):
            raise RecordError(
                "somebody else wrote to the record", where=str(path), remedy="run `hil data verify` on it"
            )
        self._batch, self._head = after.batch, after.hash
        for table in DATA_TABLES:
            (row,) = self._db.execute(f"SELECT ifnull(max(rowid), 0) FROM {table}").fetchall()
            self._counts[table] = int(row[0] or 0)

    def _create_tables(self) -> None:
        with self._db:
            self._db.pragma("application_id", APPLICATION_ID)
            self._db.pragma("user_version", VERSION)
            self._db.execute(SCRIPT)

    @property
    def head(self) -> str:
        """The hash of the last batch."""
        return self._head

    @property
    def batch(self) -> int:
        """The number of the last batch."""
        return self._batch

    def commit(self, parcel: Parcel) -> Committed:
        """Write ``parcel`` and its batch; return when both have reached the disk."""
        contents: dict[str, Rows] = {name: parcel.rows[name] for name in DATA_TABLES if name in parcel.rows}
        if parcel.readings:
            contents["reading"] = joined(parcel.readings)
        now = time.time_ns()
        self._db.execute("BEGIN IMMEDIATE")
        for table, rows in contents.items():
            self._insert(table, rows)
        self._append_batch(now, contents)
        self._db.execute("COMMIT")
        total = sum(self._counts.values())
        return Committed(self._batch, now, total, self._counts["reading"], self._head, parcel.appended)

    def _append_batch(self, now: int, contents: dict[str, Rows]) -> None:
        ranges: dict[str, tuple[int, int]] = {}
        for table, rows in contents.items():
            first = self._counts[table] + 1
            self._counts[table] += len(rows)
            ranges[table] = (first, self._counts[table])
        text = json_text(ranges, "batch")
        encoded = {table: canonical(contents[table]) for table in sorted(contents)}
        marks = b"".join(mark for _, mark in encoded.values())
        self._batch += 1
        prev = self._head
        self._head = batch_hash(prev, self._batch, now, text, marks, (rows for rows, _ in encoded.values()))
        self._insert("batch", [(self._batch, now, text, marks, prev, self._head)])

    def _insert(self, table: str, rows: Rows) -> None:
        width, start = len(COLUMNS[table]), 0
        for size in _CHUNKS:
            sql = f"INSERT INTO {table} VALUES {', '.join(['(' + ', '.join('?' * width) + ')'] * size)}"
            while len(rows) - start >= size:
                self._db.execute(sql, _flat(rows[start : start + size]))
                start += size
                if size == _CHUNKS[0]:
                    time.sleep(_PAUSE)

    def release(self) -> None:
        """Close the connection and let go of the folder; an unfinished batch is rolled back."""
        with suppress(apsw.Error):
            self._db.close()
        os.close(self._lock)


def _flat(rows: Rows) -> list[Any]:
    if not isinstance(rows, np.ndarray):
        return list(flattened.from_iterable(rows))
    return _flat_readings(rows)


def _flat_readings(rows: NDArray[np.void]) -> list[Any]:
    names = READING.names or ()
    flat: list[Any] = [None] * (len(names) * len(rows))
    for column, name in enumerate(names):
        flat[column :: len(names)] = rows[name].tolist()
    return flat
