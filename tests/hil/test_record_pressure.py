"""A disk that falls behind is visible, a reader in another process holds nobody up, and clocks may be stepped."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.record import RecordWriter, open_run, seal, verify
from hil.record import store as store_module
from hil.record.inbox import Inbox
from hil.record.rows import block_of_readings
from hil_drivers.clock import WallClock

HOUR = 3600 * 1_000_000_000


def append(writer: RecordWriter, ch: int, count: int, start: int = 0) -> None:
    values = np.linspace(100.0, 200.0, count)
    writer.readings(ch, np.arange(start, start + count), values, values, 0.1, 0.2, 1e-6, 0)


async def test_a_queue_that_is_half_full_and_drained_again_is_on_record(tmp_path: Path) -> None:
    """Before anything is lost: when, how much waited, and for how much there is room."""
    writer = RecordWriter.create(tmp_path, {}, window=10.0, capacity=100)
    lux = writer.channel("lux", unit="lx")
    append(writer, lux, 50)
    await writer.flush()
    append(writer, lux, 51, start=1000)
    append(writer, lux, 20, start=2000)
    await writer.flush()
    append(writer, lux, 5, start=3000)
    await writer.flush()
    append(writer, lux, 5, start=4000)
    await writer.close("complete")
    events = open_run(tmp_path).events("backpressure")
    assert [event.data["state"] for event in events] == ["half full", "drained"]
    assert events[0].t == 1050
    assert events[0].data == {"state": "half full", "waiting": 51, "capacity": 100}
    assert events[1].t >= 2019
    assert events[1].data["waiting"] <= 50
    assert open_run(tmp_path).events("gap") == []
    assert verify(tmp_path).status == "closed"


async def test_the_end_of_a_run_drains_the_queue(tmp_path: Path) -> None:
    """Also where nothing more comes."""
    writer = RecordWriter.create(tmp_path, {}, window=10.0, capacity=100)
    append(writer, writer.channel("lux"), 100)
    await writer.close("complete")
    kinds = [(event.kind, event.data.get("state")) for event in open_run(tmp_path).events()]
    assert kinds == [("backpressure", "half full"), ("backpressure", "drained"), ("closed", None)]


@given(st.lists(st.integers(1, 120) | st.none(), max_size=40))
def test_pressure_alternates_and_counts_are_kept(steps: list[int | None]) -> None:
    """Whatever comes in (a number of readings) and whenever the writer takes it (None)."""
    inbox, states, taken, kept = Inbox(100, 0.0), list[str](), 0, 0
    for step in [*steps, None]:
        if step is not None:
            block = block_of_readings(1, np.arange(step), (1.0, 1.0, 0.1, 0.1, 0.0), 0)
            kept += step if inbox.put_readings(block, step) else 0
            continue
        inbox.put("run", ("key", "value"))
        parcel = inbox.take()
        assert parcel is not None
        taken += sum(len(item) for item in parcel.readings)
        states += [json.loads(data)["state"] for _, kind, data in parcel.rows.get("event", ())]
    assert taken == kept
    assert states == [("half full", "drained")[n % 2] for n in range(len(states))]


READER = """
import sys
import apsw
db = apsw.Connection("file:" + sys.argv[1] + "?mode=ro", flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
db.execute("BEGIN")
print(db.execute("SELECT count(*) FROM reading").fetchone()[0], flush=True)
sys.stdin.readline()
print(db.execute("SELECT count(*) FROM reading").fetchone()[0], flush=True)
db.execute("COMMIT")
print(db.execute("SELECT count(*) FROM reading").fetchone()[0], flush=True)
db.close()
"""


async def test_a_reader_in_another_process_never_blocks_the_writer(tmp_path: Path) -> None:
    """It holds one snapshot open through 30 commits, sees that snapshot, and then everything."""
    writer = RecordWriter.create(tmp_path / "run", {}, window=0.0)
    lux = writer.channel("lux", unit="lx")
    append(writer, lux, 1000)
    await writer.flush()
    command = [sys.executable, "-c", READER, str(tmp_path / "run" / "run.db")]
    child = await asyncio.create_subprocess_exec(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert await child.stdout.readline() == b"1000\n"
    for number in range(30):
        append(writer, lux, 1000, start=1000 * (number + 1))
        committed = await writer.flush()
    assert committed.readings == 31_000
    rest, _ = await child.communicate(b"\n")
    assert rest == b"1000\n31000\n"
    assert writer.lost == 0
    await writer.close("complete")
    assert verify(tmp_path / "run").ends["readings"] == 31_000


@pytest.mark.parametrize("step", [HOUR, -HOUR])
async def test_a_system_clock_that_is_stepped_does_not_reorder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """By an hour, either way: times come from the monotonic clock, batches tell the machine's, and the chain holds."""
    offset = 0
    wall = SimpleNamespace(time_ns=lambda: time.time_ns() + offset, sleep=time.sleep)
    monkeypatch.setattr(store_module, "time", wall)
    clock = WallClock()
    writer = RecordWriter.create(tmp_path, {}, window=0.0)
    lux = writer.channel("lux", unit="lx")
    for number in range(10):
        offset = step if number >= 5 else 0
        for _ in range(20):
            writer.readings(lux, clock.utc(clock.now()), 1.0, 1.0, 0.1, 0.1, 1e-6, 0)
        await writer.flush()
    await writer.close("complete")
    record = open_run(tmp_path)
    t = record.readings("lux").t
    assert (np.diff(t) > 0).all()
    assert t[-1] - t[0] < HOUR // 2
    batches = [row["t"] for row in record.table("batch")]
    assert abs(max(np.diff(batches), key=abs) - step) < HOUR // 2
    seal(tmp_path)
    assert verify(tmp_path).holds
