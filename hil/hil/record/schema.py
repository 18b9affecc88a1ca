"""The tables of ``run.db``, version 1.

Every table is STRICT and append-only: triggers abort UPDATE and DELETE. Times are integer nanoseconds, UTC since
the POSIX epoch unless the name begins with ``mono``; text columns named here as JSON hold canonical JSON.

| table | one row is | columns of note |
|---|---|---|
| run | a fact about the run | ``value`` JSON |
| channel | a channel of the bench | ``id`` is what ``ch`` refers to; ``meta`` JSON (unit, calibration...) |
| reading | one reading | ``raw`` indication, ``value`` measured value, ``u_ind``, ``u``, ``u_t`` in s |
| block | a waveform | ``n`` samples of ``dtype`` from ``t``, every ``dt`` ns, in ``payload`` |
| frame | a camera frame | the ``seq``-th picture of a file under ``media/``, bytes and SHA-256 of its pixels |
| point | a state of an attempt at a point | a change of state is a new row; ``data`` JSON |
| observation | what one attempt observed | ``data`` JSON; ``links`` JSON: the readings that belong to it |
| event | anything else that happened | ``data`` JSON |
| clock | an anchor of the monotonic clock in UTC | the system clock's state, seconds |
| amend | an amendment (ISO/IEC 17025, 7.5.2) | who, why, what, before and after, ``old`` and ``new`` JSON |
| batch | one commit | the row ranges it holds, and the chain (see `hil.record.chain`) |

The record itself writes the events ``backpressure`` (its queue is half full, or drained), ``gap`` (what found no room),
``resumed`` and ``closed`` (its status, and the ``reason`` where its plan was not complete).
"""

from __future__ import annotations

from collections.abc import Mapping

DATABASE = "run.db"
VERSION = 1
APPLICATION_ID = 0x48494C52  # "HILR"

STATES = ("offered", "observing", "void", "observed", "committed")
"""The states of an attempt at a point."""

_INTEGER, _REAL, _TEXT, _BLOB = "INTEGER NOT NULL", "REAL", "TEXT NOT NULL", "BLOB NOT NULL"

_TABLES: dict[str, dict[str, str]] = {
    "run": {"key": _TEXT, "value": _TEXT},
    "channel": {"id": "INTEGER PRIMARY KEY", "name": _TEXT, "meta": _TEXT},
    "reading": {
        "t": _INTEGER,
        "ch": _INTEGER,
        "raw": _REAL,
        "value": _REAL,
        "u_ind": _REAL,
        "u": _REAL,
        "u_t": _REAL,
        "flags": _INTEGER,
    },
    "block": {
        "t": _INTEGER,
        "dt": _INTEGER,
        "n": _INTEGER,
        "ch": _INTEGER,
        "dtype": _TEXT,
        "payload": _BLOB,
        "u": _REAL,
    },
    "frame": {
        "t": _INTEGER,
        "ch": _INTEGER,
        "file": _TEXT,
        "seq": _INTEGER,
        "length": _INTEGER,
        "sha256": _TEXT,
    },
    "point": {
        "t": _INTEGER,
        "point": _INTEGER,
        "attempt": _INTEGER,
        "state": f"{_TEXT} CHECK (state IN {STATES})",
        "data": _TEXT,
        "reason": _TEXT,
    },
    "observation": {"t": _INTEGER, "point": _INTEGER, "attempt": _INTEGER, "data": _TEXT, "links": _TEXT},
    "event": {"t": _INTEGER, "kind": _TEXT, "data": _TEXT},
    "clock": {
        "mono_before": _INTEGER,
        "utc": _INTEGER,
        "mono_after": _INTEGER,
        "clock_offset": _REAL,
        "root_dispersion": _REAL,
        "root_delay": _REAL,
        "tai_offset": "INTEGER",
        "source": _TEXT,
    },
    "amend": {"t": _INTEGER, "who": _TEXT, "why": _TEXT, "target": _TEXT, "old": _TEXT, "new": _TEXT},
    "batch": {
        "seq": "INTEGER PRIMARY KEY",
        "t": _INTEGER,
        "rows": _TEXT,
        "marks": _BLOB,
        "prev": _TEXT,
        "hash": _TEXT,
    },
}

COLUMNS: dict[str, tuple[str, ...]] = {table: tuple(columns) for table, columns in _TABLES.items()}
"""The columns of each table, in order."""

DATA_TABLES = tuple(table for table in COLUMNS if table != "batch")
"""The tables that the chain in ``batch`` covers, in the order in which a batch holds their rows."""


def _table(name: str) -> str:
    columns = ", ".join(f"{column} {kind}" for column, kind in _TABLES[name].items())
    return f"CREATE TABLE {name}({columns}) STRICT;\n"


def _append_only(table: str, action: str) -> str:
    return (
        f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;\n"
    )


SCRIPT = "".join(_table(name) + _append_only(name, "UPDATE") + _append_only(name, "DELETE") for name in COLUMNS)
"""The statements that create the tables and their triggers."""

SCRIPTS: Mapping[int, str] = {VERSION: SCRIPT}
"""What created the tables of each version that this program reads, the present one included, by its number."""
