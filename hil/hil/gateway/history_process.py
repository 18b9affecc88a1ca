"""Reads the record of a run for the gateway: ``python -m hil.gateway.history_process``, one question in a line."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import msgspec

from hil_drivers.indication import UNUSABLE

from ..commanding.commander import refused
from ..errors import HilError, RecordError, UsageError
from ..parent import end_with_parent
from ..record.reader import locate
from ..record.sqlite import read_only
from ..suggest import nearest
from .history import LENGTH

SLACK = 120 * 10**9
"""Nanoseconds by which a reading may be on record later, or earlier, than one of its time."""

LOOKED_AT = 2_000_000
"""Readings that are looked at for one page."""

STEP = 100_000

NANOSECONDS = 1_000_000
"""In a millisecond."""


def main() -> None:
    """Answer until the gateway ends, or dies."""
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for line in sys.stdin.buffer:
        status, body = answer(json.loads(line))
        sys.stdout.buffer.write(LENGTH.pack(status, len(body)) + body)
        sys.stdout.buffer.flush()


def answer(question: dict[str, Any]) -> tuple[int, bytes]:
    """The status of HTTP and the JSON with which the gateway answers."""
    try:
        return 200, msgspec.json.encode(page(**question))
    except UsageError as error:
        status, failed = 404, error
        return status, msgspec.json.encode(refused(failed))
    except HilError as error:
        return 503, msgspec.json.encode(refused(error))


def page(folder: str, channel: str, begin: int, end: int, after: int, most: int) -> dict[str, Any]:
    """Readings of ``channel``, ``begin`` and ``end`` in UTC milliseconds, in the order of the record.

    The value of a channel without a calibration is its indication, as on the screens.

    :param after: the number of the last reading of the page before; 0 for the first page.
    :raises UsageError: for a run or a channel that is not there.
    :raises RecordError: if the record cannot be read.
    """
    path = locate(Path(folder))
    try:
        with closing(read_only(path)) as db:
            number, unit = _channel(db, channel)
            rows, following = _readings(db, number, begin * NANOSECONDS, end * NANOSECONDS, after, most)
    except (apsw.Error, ValueError, KeyError) as error:
        raise RecordError(f"cannot be read ({error})", where=str(path), remedy="run `hil data verify` on it") from None
    return {"channel": channel, "unit": unit, "rows": rows, "next": following}


def _channel(db: apsw.Connection, name: str) -> tuple[int, str]:
    known = {
        row[1]: (int(row[0]), str(json.loads(row[2]).get("unit", ""))) for row in db.execute("SELECT * FROM channel")
    }
    if name not in known:
        raise UsageError("there is no such channel", where=name, remedy=nearest(name, known))
    return known[name]


def _readings(
    db: apsw.Connection, number: int, begin: int, end: int, after: int, most: int
) -> tuple[list[list[Any]], int | None]:
    """A page of ``[t, value, u, flags]``, and the number after which the next one begins."""
    last = _one(db, "SELECT max(rowid) FROM reading") or 0
    first = max(after + 1, _place(db, begin - SLACK, last))
    until = min(_place(db, end + SLACK, last), last)
    looked_at = min(until, first + LOOKED_AT - 1)
    found: list[list[Any]] = []
    for start in range(first, looked_at + 1, STEP):
        for row in _slice(db, number, begin, end, start, min(start + STEP - 1, looked_at), most + 1 - len(found)):
            if len(found) == most:
                return [each[1:] for each in found], int(found[-1][0])
            found.append(row)
    return [each[1:] for each in found], looked_at if looked_at < until else None


def _slice(
    db: apsw.Connection, number: int, begin: int, end: int, start: int, stop: int, most: int
) -> Iterator[list[Any]]:
    sql = (
        "SELECT rowid, t, CASE WHEN value IS NULL AND flags & ? = 0 THEN raw ELSE value END, u, flags FROM reading"
        " WHERE rowid BETWEEN ? AND ? AND ch = ? AND t BETWEEN ? AND ? ORDER BY rowid LIMIT ?"
    )
    for rowid, t, value, u, flags in db.execute(sql, (int(UNUSABLE), start, stop, number, begin, end, most)):
        yield [rowid, int(t) // NANOSECONDS, value, u, flags]


def _place(db: apsw.Connection, t: int, last: int) -> int:
    """The number of the first reading at ``t`` or later, by halving: they are on record in about the order of time."""
    low, high = 1, last + 1
    while low < high:
        middle = (low + high) // 2
        if _one(db, "SELECT t FROM reading WHERE rowid = ?", middle) < t:
            low = middle + 1
        else:
            high = middle
    return low


def _one(db: apsw.Connection, sql: str, *values: int) -> int:
    row = db.execute(sql, values).fetchone()
    return row[0] if row is not None and row[0] is not None else 0


if __name__ == "__main__":
    main()
