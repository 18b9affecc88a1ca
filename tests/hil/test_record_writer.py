"""Writing: nothing blocks, nothing is lost silently, failures of the disk surface."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import numpy as np
import pytest

from hil.errors import RecordError
from hil.record import Committed, RecordWriter, open_run, verify


def some_readings(writer: RecordWriter, ch: int, count: int, start: int = 0) -> range:
    values = np.linspace(100.0, 200.0, count)
    return writer.readings(ch, np.arange(start, start + count), values, values, 0.1, 0.2, 1e-6, 0)


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_what_is_appended_is_read_back(tmp_path: Path) -> None:
    """Every method once, through the file."""
    writer = RecordWriter.create(tmp_path / "run", {"procedure": "x", "seed": 1})
    lux, room = writer.channel("lux", unit="lx"), writer.channel("room", unit="Cel")
    assert (lux, room) == (1, 2)
    assert writer.readings(lux, 10, 200.0, None, None, None, 1e-6, 0) == range(1, 2)
    assert some_readings(writer, room, 450) == range(2, 452)
    assert writer.readings([1, 2], [11, 12], None, [1.0, None], 0.1, 0.2, 0.0, 0) == range(452, 454)
    assert some_readings(writer, room, 0) == range(0)
    writer.event(20, "note", {"text": "°C"})
    writer.point(0, 1, "offered", 30, {"illuminance": 200.0})
    writer.observation(0, 1, 31, {"hit": True}, {"lux": {"start": 10, "end": 11}})
    writer.clock(1, 2, 3, offset=float("nan"), root_delay=0.5, source="chrony")
    writer.frame(lux, 40, "media/camera.mcap", 1, 1000, "ab" * 32)
    writer.amend(50, "Q. Manager", "wrong lot number", "run lot", "A", "B")
    committed = await writer.flush()
    assert (committed.batch, committed.readings, committed.appended) == (1, 453, writer.appended)
    assert committed.hash == writer.chain_head
    await writer.close("complete", t=60)

    record = open_run(tmp_path / "run")
    assert record.run == {"record_version": 1, "procedure": "x", "seed": 1}
    assert record.channels == {"lux": {"unit": "lx", "number": 1}, "room": {"unit": "Cel", "number": 2}}
    assert record.readings("lux").t.tolist() == [10, 11]
    assert record.readings("lux").row.tolist() == [1, 452]
    assert [event.kind for event in record.events()] == ["note", "closed"]
    assert record.events("closed")[0].data == {"status": "complete", "batch": 1, "chain": committed.hash}
    assert record.table("clock")[0]["clock_offset"] is None
    assert record.table("frame")[0]["sha256"] == "ab" * 32
    assert record.table("amend")[0]["new"] == '"B"'
    assert record.status == "complete"
    assert (record.chain_head, writer.chain_head) == (record.table("batch")[-1]["hash"],) * 2


async def test_a_closed_record_is_one_plain_file(tmp_path: Path) -> None:
    """No log beside it, and the thread is gone."""
    writer = RecordWriter.create(tmp_path, {})
    await writer.close("complete")
    assert names(tmp_path) == ["run.db"]
    assert apsw.Connection(str(tmp_path / "run.db")).pragma("journal_mode") == "delete"
    assert "record" not in [thread.name for thread in threading.enumerate()]
    with pytest.raises(RecordError, match="is closed"):
        writer.event(1, "late", {})
    with pytest.raises(RecordError, match="is closed"):
        await writer.close("again")


async def test_commits_are_announced_in_order(tmp_path: Path) -> None:
    """To every subscriber the same, in the loop's thread; one that fails does not disturb the others."""
    heard: dict[str, list[Committed]] = {"first": [], "second": []}
    threads, failures = set[str](), list[dict[str, Any]]()
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: failures.append(context))

    def failing(committed: Committed) -> None:
        raise LookupError("a subscriber's bug")

    writer = RecordWriter.create(tmp_path, {}, window=0.001)
    channel = writer.channel("lux")
    writer.subscribe(failing)
    writer.subscribe(heard["first"].append)
    writer.subscribe(lambda committed: threads.add(threading.current_thread().name))
    cancel = writer.subscribe(heard["second"].append)
    flushed = []
    for number in range(20):
        some_readings(writer, channel, 3, number)
        flushed.append(await writer.flush())
    cancel()
    some_readings(writer, channel, 3)
    await writer.close("complete")
    await asyncio.sleep(0)
    batches = [committed.batch for committed in heard["first"]]
    assert batches == list(range(1, len(batches) + 1))
    assert heard["first"][-1] == writer.committed
    assert [c.readings for c in flushed] == [3 * (n + 1) for n in range(20)]
    assert set(heard["second"]) <= set(heard["first"])
    assert len(heard["second"]) < len(heard["first"])
    assert threads == {threading.current_thread().name}
    assert len(failures) == len(batches)


async def test_many_tasks_append_and_flush_at_once(tmp_path: Path) -> None:
    """Each flush covers what its task appended before."""
    writer = RecordWriter.create(tmp_path, {}, window=0.005)
    channels = [writer.channel(f"channel.{number}") for number in range(8)]

    async def task(channel: int) -> None:
        for number in range(25):
            rows = some_readings(writer, channel, 7, number)
            appended = writer.appended
            committed = await writer.flush()
            assert committed.appended >= appended
            assert committed.readings >= rows[-1]

    await asyncio.gather(*(task(channel) for channel in channels))
    await writer.close("complete")
    assert all(len(open_run(tmp_path).readings(f"channel.{number}")) == 175 for number in range(8))
    assert not [f for f in verify(tmp_path).findings if f.place != "closed.json"]


async def test_commits_wait_for_company(tmp_path: Path) -> None:
    """Within a window many appends become one batch."""
    writer = RecordWriter.create(tmp_path, {}, window=10.0)
    channel = writer.channel("lux")
    for number in range(5000):
        writer.readings(channel, number, 1.0, 1.0, 0.1, 0.1, 0.0, 0)
    committed = await writer.flush()
    assert (committed.batch, committed.readings) == (1, 5000)
    assert await writer.flush() == committed
    await writer.close("complete")


async def test_what_finds_no_room_is_counted(tmp_path: Path) -> None:
    """A full queue drops readings, counts them, and says so in the record; other rows are kept."""
    writer = RecordWriter.create(tmp_path, {}, window=10.0, capacity=100)
    lux, room = writer.channel("lux"), writer.channel("room")
    assert len(some_readings(writer, lux, 90)) == 90
    assert len(some_readings(writer, lux, 11, start=1000)) == 0
    assert len(writer.readings([lux, room], [2000, 2001], 1.0, 1.0, 0.1, 0.1, 0.0, 0)) == 2
    assert len(some_readings(writer, lux, 8)) == 8
    assert len(writer.readings(room, 3000, 1.0, 1.0, 0.1, 0.1, 0.0, 0)) == 0
    writer.event(4000, "note", {})
    assert writer.lost == 12
    await writer.flush()
    assert len(some_readings(writer, lux, 100)) == 100
    await writer.close("complete")
    record = open_run(tmp_path)
    gaps = record.events("gap")
    assert [gap.data["channels"] for gap in gaps] == [{"lux": 11, "room": 1}]
    assert (gaps[0].data["lost"], gaps[0].data["first"], gaps[0].data["last"], gaps[0].t) == (12, 1000, 3000, 3000)
    assert len(record.readings("lux")) + len(record.readings("room")) == 200
    assert len(record.events("note")) == 1


async def test_a_block_larger_than_the_queue_is_a_gap_too(tmp_path: Path) -> None:
    """Even when nothing else waits."""
    writer = RecordWriter.create(tmp_path, {}, capacity=100)
    channel = writer.channel("lux")
    await writer.flush()
    some_readings(writer, channel, 101)
    await writer.close("complete")
    assert open_run(tmp_path).events("gap")[0].data["lost"] == 101


async def test_misuse_is_refused_at_the_call(tmp_path: Path) -> None:
    """And leaves the record as it was."""
    writer = RecordWriter.create(tmp_path, {})
    channel = writer.channel("lux")
    wrong: list[Any] = [
        lambda: writer.channel("lux"),
        lambda: writer.readings(2, 1, 1.0, 1.0, 0.1, 0.1, 0.0, 0),
        lambda: writer.readings(0, 1, 1.0, 1.0, 0.1, 0.1, 0.0, 0),
        lambda: writer.readings([channel, 9], [1, 2], 1.0, 1.0, 0.1, 0.1, 0.0, 0),
        lambda: writer.readings(channel, 1.5, 1.0, 1.0, 0.1, 0.1, 0.0, 0),  # type: ignore[arg-type]
        lambda: writer.readings(channel, 1, "1.0", 1.0, 0.1, 0.1, 0.0, 0),  # type: ignore[arg-type]
        lambda: writer.point(0, 1, "done", 1, {}),
        lambda: writer.event(1, "closed", {}),
        lambda: writer.event(1, "gap", {}),
        lambda: writer.event(1, "note", {"x": object()}),
        lambda: writer.frame(7, 1, "f", 1, 1, "00"),
        lambda: writer.clock(1, 2, 3, offset="fast"),  # type: ignore[arg-type]
    ]
    for call in wrong:
        with pytest.raises(RecordError):
            call()
    await writer.flush()
    with pytest.raises(RecordError, match="there is a record already"):
        RecordWriter.create(tmp_path, {})
    await writer.close("complete")
    assert open_run(tmp_path).events() == open_run(tmp_path).events("closed")


async def test_rows_cannot_be_updated_or_deleted(tmp_path: Path) -> None:
    """The triggers of every table."""
    writer = RecordWriter.create(tmp_path, {"a": 1})
    writer.channel("lux")
    await writer.close("complete")
    db = apsw.Connection(str(tmp_path / "run.db"))
    for statement in (
        "UPDATE run SET value = '2'",
        "DELETE FROM event",
        "UPDATE batch SET t = 0",
        "DELETE FROM channel",
    ):
        with pytest.raises(apsw.ConstraintError, match="append-only"):
            db.execute(statement)
    with pytest.raises(apsw.ConstraintError):
        db.execute("INSERT INTO run VALUES (1, x'00')")


async def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """A file stands where the folder should be; and the disk refuses once the thread tries."""
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordError, match="cannot be written"):
        RecordWriter.create(tmp_path / "file" / "run", {})
    (tmp_path / "run.db-wal").mkdir()
    writer = RecordWriter.create(tmp_path, {})
    with pytest.raises(RecordError, match=r"run\.db"):
        await writer.flush()
    with pytest.raises(RecordError, match=r"run\.db"):
        writer.event(1, "note", {})
    with pytest.raises(RecordError, match=r"run\.db"):
        await writer.close("complete")


async def test_another_program_that_holds_the_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Closing says so, after everything has been committed."""
    monkeypatch.setattr("hil.record.sqlite._BUSY_MS", 50)
    writer = RecordWriter.create(tmp_path, {})
    await writer.flush()
    other = apsw.Connection(str(tmp_path / "run.db"), flags=apsw.SQLITE_OPEN_READONLY)
    assert other.execute("SELECT count(*) FROM run").fetchall()
    with pytest.raises(RecordError, match="another program holds the record open"):
        await writer.close("complete")
    other.close()
    assert open_run(tmp_path).status == "complete"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small file system can be mounted by root only")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


async def fill(writer: RecordWriter) -> None:
    channel = writer.channel("lux")
    for number in range(1000):
        some_readings(writer, channel, 500, number)
        await writer.flush()


async def test_a_full_disk(small_disk: Path, tmp_path: Path) -> None:
    """It surfaces at flush, at the next call and at close; what was committed stays and holds."""
    writer = RecordWriter.create(small_disk / "run", {})
    with pytest.raises(RecordError, match=r"run\.db: the disk is full; free space"):
        await fill(writer)
    with pytest.raises(RecordError, match="the disk is full"):
        writer.event(1, "note", {})
    with pytest.raises(RecordError, match="the disk is full"):
        await writer.close("complete")
    assert writer.committed
    verification = verify(small_disk / "run")
    assert (verification.findings, verification.status) == ((), "interrupted")
    assert verification.ends["readings"] == writer.committed.readings > 0
    assert verification.ends["hash"] == writer.chain_head


LIMITED = """
import asyncio, resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_record_writer import fill
from hil.errors import RecordError
from hil.record import RecordWriter

async def main():
    writer = RecordWriter.create(Path(sys.argv[1]), {})
    await writer.flush()
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
    try:
        await fill(writer)
    except RecordError as error:
        print(writer.committed.readings, writer.chain_head, error)

asyncio.run(main())
"""


def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    """An I/O error without a full disk, in a child process: the limit holds for a whole process."""
    run = tmp_path / "run"
    child = subprocess.run(
        [sys.executable, "-c", LIMITED, str(run), os.fspath(Path(__file__).parent)],
        capture_output=True,
        text=True,
        check=True,
    )
    readings, head, message = child.stdout.split(" ", 2)
    assert "the record cannot be written" in message
    assert "run.db" in message
    verification = verify(run)
    assert (verification.findings, verification.status) == ((), "interrupted")
    assert (verification.ends["readings"], verification.ends["hash"]) == (int(readings), head)
    assert int(readings) > 0
