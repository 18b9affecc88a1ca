"""Reading: what is not a run is refused in one sentence, and only what counts is handed out."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import apsw
import numpy as np
import pytest

import hil.record
from hil.errors import RecordError, UsageError
from hil.record import Record, RecordWriter, open_run


@pytest.fixture
async def record(tmp_path: Path) -> Record:
    """Point 0 committed at its second attempt, point 1 void, point 2 still observed."""
    writer = RecordWriter.create(tmp_path / "run", {})
    lux = writer.channel("lux", unit="lx")
    for number in range(100):
        writer.readings(lux, number, float(number), None, None, None, 0.0, 0)
    for index, attempt, end in ((0, 1, "void"), (0, 2, "committed"), (1, 1, "void"), (2, 1, "observed")):
        t = 10 * index + attempt
        writer.point(index, attempt, "offered", t, {"illuminance": 200.0})
        writer.point(index, attempt, "observing", t, {})
        writer.observation(index, attempt, t, {"hit": True}, {"lux": {"start": t, "end": t + 5}})
        writer.point(index, attempt, end, t + 6, {"level": 0.5}, "left the tolerance" if end == "void" else "")
    writer.event(1, "note", {"text": "a"})
    writer.event(2, "command", {})
    await writer.close("complete")
    return open_run(tmp_path / "run")


def test_points_are_told_in_their_latest_state(record: Record) -> None:
    """With the data of all their states, and the reason."""
    points = record.points()
    assert [(p.index, p.attempt, p.state) for p in points] == [
        (0, 1, "void"),
        (0, 2, "committed"),
        (1, 1, "void"),
        (2, 1, "observed"),
    ]
    assert points[0].reason == "left the tolerance"
    assert points[1].data == {"illuminance": 200.0, "level": 0.5}
    assert points[1].t == 8


def test_only_committed_attempts_count(record: Record) -> None:
    """Unless others are asked for."""
    assert [(o.point, o.attempt) for o in record.observations()] == [(0, 2)]
    assert [(o.point, o.attempt) for o in record.observations("void")] == [(0, 1), (1, 1)]
    assert len(record.observations(None)) == 4
    assert record.observations()[0].links == {"lux": {"start": 2, "end": 7}}
    with pytest.raises(UsageError, match="did you mean 'committed'"):
        record.observations("comitted")


def test_readings_of_a_window(record: Record) -> None:
    """Both ends included; what is missing is NaN."""
    readings = record.readings("lux", 10, 12)
    assert readings.t.tolist() == [10, 11, 12]
    assert readings.row.tolist() == [11, 12, 13]
    assert np.isnan(readings.value).all()
    assert np.isnan(readings.u).all()
    assert len(record.readings("lux", 90)) == 10
    assert len(record.readings("lux", end=-1)) == 0
    with pytest.raises(UsageError, match="did you mean 'lux'"):
        record.readings("luxx")


def test_events_and_tables(record: Record) -> None:
    """All, of one kind, and rows as they are stored."""
    assert [event.kind for event in record.events()] == ["note", "command", "closed"]
    assert record.events("note")[0].data == {"text": "a"}
    assert record.table("frame") == []
    with pytest.raises(UsageError):
        record.table("sqlite_schema")


def test_what_is_not_a_run(tmp_path: Path) -> None:
    """One sentence each, with the path and the remedy."""
    with pytest.raises(UsageError, match="does not exist; give the folder of a run"):
        open_run(tmp_path / "absent")
    with pytest.raises(UsageError, match=r"is not the folder of a run: it has no run\.db"):
        open_run(tmp_path)
    for content in (b"", b"something else, longer than the header of a database" * 100):
        (tmp_path / "run.db").write_bytes(content)
        with pytest.raises(UsageError, match="is not the record of a run"):
            open_run(tmp_path)
    (tmp_path / "run.db").unlink()
    db = apsw.Connection(str(tmp_path / "run.db"))
    db.execute("CREATE TABLE other(x)")
    with pytest.raises(UsageError, match="is not the record of a run"):
        open_run(tmp_path / "run.db")


async def test_a_record_of_a_later_version(tmp_path: Path) -> None:
    """It is not guessed at."""
    writer = RecordWriter.create(tmp_path, {})
    await writer.close("complete")
    db = apsw.Connection(str(tmp_path / "run.db"))
    db.execute("PRAGMA user_version = 2")
    db.close()
    with pytest.raises(UsageError, match="version 2"):
        open_run(tmp_path)


def test_a_damaged_record(record: Record) -> None:
    """The remedy is to verify it."""
    content = bytearray(record.path.read_bytes())
    content[8192:] = b"\xff" * (len(content) - 8192)
    record.path.write_bytes(content)
    with pytest.raises(RecordError, match="hil data verify"):
        record.observations()


def test_names_of_the_package() -> None:
    """All that is promised is there, also after its modules are loaded."""
    importlib.import_module("hil.record.verification")
    assert [name for name in hil.record.__all__ if not callable(getattr(hil.record, name))] == []
    with pytest.raises(AttributeError):
        _ = hil.record.nothing


HALF_WRITTEN = """
import os, sys, apsw
db = apsw.Connection(sys.argv[1])
db.pragma("journal_mode", "delete")
db.pragma("cache_size", 1)
db.execute("BEGIN IMMEDIATE")
db.execute("CREATE TABLE more (x)")
for _ in range(200):
    db.execute("INSERT INTO more VALUES (randomblob(4000))")
os._exit(9)
"""


def test_a_record_whose_writer_was_killed_while_it_closed_it_is_read(record: Record) -> None:
    """What was half done is undone, in a copy: the folder stays as it was found."""
    killed = subprocess.run([sys.executable, "-c", HALF_WRITTEN, str(record.path)], check=False)
    assert killed.returncode == 9
    journal = record.folder / "run.db-journal"
    before = journal.read_bytes()
    again = open_run(record.folder)
    assert (again.status, len(again.observations(None))) == ("complete", 4)
    assert journal.read_bytes() == before
