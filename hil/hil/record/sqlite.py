"""Connections to a ``run.db``, and what their failures mean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw

from ..errors import RecordError
from .disk import sync, sync_directory
from .schema import COLUMNS

_BUSY_MS = 5_000

_AT_LEAST = 3_051_003
"""Before it, SQLite could lose a commit when two connections wrote and checkpointed at once (the WAL-reset bug)."""


def check_version() -> None:
    """Refuse a SQLite that can lose commits.

    :raises RecordError: if the SQLite that apsw brings is older than 3.51.3.
    """
    if apsw.SQLITE_VERSION_NUMBER < _AT_LEAST:
        raise RecordError(f"SQLite {apsw.sqlite_lib_version()} can lose commits", remedy="upgrade apsw")


def settle(path: Path) -> None:
    """Fold the write-ahead log of a closed ``run.db`` into it, leave one plain file, and sync it.

    :raises apsw.BusyError: if another connection stays open for 5 s.
    """
    with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)) as db:
        db.set_busy_timeout(_BUSY_MS)
        if db.pragma("journal_mode") != "delete":
            db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
            db.pragma("journal_mode", "delete")
    sync(path)
    sync_directory(path.parent)


def read_only(path: Path) -> apsw.Connection:
    """A connection that reads ``path``, live or not; never ``immutable``, which would ignore the log."""
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    db.set_busy_timeout(_BUSY_MS)
    return db


def select(db: apsw.Connection, table: str, condition: str = "", *values: object) -> Iterator[tuple[Any, ...]]:
    """Rows of ``table`` in the order in which they were appended."""
    columns = ", ".join(COLUMNS[table])
    return iter(db.execute(f"SELECT {columns} FROM {table} {condition} ORDER BY rowid", values))


def record_error(error: Exception, path: Path) -> RecordError:
    """What a failure of SQLite or of the operating system means to a user."""
    if isinstance(error, apsw.FullError):
        return RecordError(
            "the disk is full", where=str(path), remedy="free space and run again; what was committed stays"
        )
    if isinstance(error, apsw.BusyError):
        return RecordError(
            "another program holds the record open", where=str(path), remedy="close that program and seal the run"
        )
    return RecordError(
        f"the record cannot be written ({error})",
        where=str(path),
        remedy="look at the disk and its permissions; what was committed stays",
    )
