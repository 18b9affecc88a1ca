"""Claims on devices, latched trips, and runs that were cut off: what is kept between processes."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.errors import BenchFault, ConfigurationError, UsageError
from hil.record import RecordWriter, open_run
from hil.safety.claims import claim, place
from hil.safety.latches import Latches
from hil.safety.recovery import MADE_SAFE, cut_off_runs, interrupted_runs

HOLDER = """
import sys
from hil.safety.claims import claim
with claim({"chamber": sys.argv[1]}):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(autouse=True)
def _own_runtime_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "runtime"))


@pytest.mark.parametrize(
    ("address", "leads_to"),
    [
        ("tcp://Chamber.Example:2049", "chamber.example:2049/"),
        ("modbus+tcp://10.0.0.7:502?device_id=3", "10.0.0.7:502/#3"),
        ("sim:chamber", ""),
        ("process:", ""),
        ("video:///film.mkv", ""),
        ("stimuli:", ""),
        ("model:", ""),
    ],
)
def test_where_an_address_leads_to(address: str, leads_to: str) -> None:
    assert place(address).replace("/", "") == leads_to.replace("/", "")


def test_a_serial_device_is_one_whatever_link_and_options_lead_to_it(tmp_path: Path) -> None:
    node, link = tmp_path / "ttyUSB0", tmp_path / "by-id"
    node.touch()
    link.symlink_to(node)
    assert place(f"serial://{link}?baudrate=9600") == place(f"modbus+rtu://{node}?device_id=4") == str(node)


def test_a_device_that_another_process_has_is_named_with_it_and_free_after_kill_9() -> None:
    address = "tcp://127.0.0.1:2049"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, address], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        told = rf"chamber: is driven by another run already \(process {holder.pid}\)"
        with pytest.raises(BenchFault, match=told), claim({"chamber": address}):
            pass
        holder.kill()
        holder.wait()
        with claim({"chamber": address}):
            pass


def test_two_devices_of_one_bench_may_share_a_line_and_nobody_else_may(tmp_path: Path) -> None:
    line = f"modbus+rtu://{tmp_path}/tty"
    with claim({"a": f"{line}?device_id=1", "b": f"{line}?device_id=2"}):
        with pytest.raises(BenchFault, match=f"process {os.getpid()}"), claim({"c": f"{line}?device_id=3"}):
            pass
        with claim({"other": "tcp://127.0.0.1:1"}):
            pass


def test_a_directory_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "file"))
    with pytest.raises(BenchFault, match="make that directory writable"), claim({"a": "tcp://127.0.0.1:1"}):
        pass


def test_latched_trips_stay_until_they_are_released(tmp_path: Path) -> None:
    latches = Latches.of(tmp_path / "runs", "a bench", "first")
    assert latches.held() == {}
    latches.hold("hot", "x is 90", 7)
    Latches.of(tmp_path / "runs", "a bench", "second").hold("hot", "x is 95", 9)
    found = Latches.of(tmp_path / "runs", "a bench").held()["hot"]
    assert (found.reason, found.since, found.run, found.acknowledged_by) == ("x is 90", 7, "first", "")
    with pytest.raises(UsageError, match="no interlock 'hott' is latched; did you mean 'hot'"):
        latches.acknowledge("hott", "A. Metrologist")
    with pytest.raises(UsageError, match="say who you are"):
        latches.acknowledge("hot", "")
    assert latches.acknowledge("hot", "A. Metrologist").acknowledged_by == "A. Metrologist"
    latches.release("hot")
    assert latches.held() == {}
    assert list((tmp_path / "runs").iterdir()) == []


@given(st.binary(max_size=60))
def test_a_damaged_file_of_latches_is_told_and_never_taken_for_none(
    tmp_path_factory: pytest.TempPathFactory, text: bytes
) -> None:
    latches = Latches(tmp_path_factory.mktemp("latches") / "latched.json")
    assert latches._path is not None
    latches._path.write_bytes(text)
    try:
        held = latches.held()
    except ConfigurationError as error:
        assert "look at the bench, then remove the file" in str(error)  # noqa: PT017
    else:
        assert json.loads(text) == held == {}


async def test_a_run_that_was_cut_off_is_found_until_the_bench_was_made_safe_after_it(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    header = {"procedure": {"name": "x", "version": "1"}, "bench": {"name": "a bench"}}
    cut_off = runs / "20260601T080000Z_x_a-bench_01A"
    (runs / "20260601T080000Z_x_a-bench_empty").mkdir(parents=True)
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", CUT_OFF, cut_off, json.dumps(header))
    assert await killed.wait() == -9
    ended = RecordWriter.create(runs / "20260601T080000Z_x_a-bench_01B", header)
    await ended.close("complete")
    live = RecordWriter.create(runs / "20260601T080000Z_x_a-bench_01C", header)
    await live.flush()
    try:
        assert interrupted_runs(runs, "a bench") == [cut_off]
        assert interrupted_runs(runs, "another") == []
        assert interrupted_runs(tmp_path / "nowhere", "a bench") == []
        (cut_off / MADE_SAFE).write_text("{", encoding="utf-8")
        assert interrupted_runs(runs, "a bench") == [cut_off]
        (cut_off / MADE_SAFE).write_text(json.dumps({"head": open_run(cut_off).chain_head}), encoding="utf-8")
        assert interrupted_runs(runs, "a bench") == []
    finally:
        await live.close("complete")


@pytest.mark.parametrize("content", [None, b"", b"not a record" * 99, b"SQLite format 3\0" + bytes(84)])
def test_a_record_that_cannot_be_read_counts_as_cut_off(tmp_path: Path, content: bytes | None) -> None:
    folder = tmp_path / "20260601T080000Z_x_a-bench_01A"
    folder.mkdir()
    (folder / "media").mkdir()
    if content is not None:
        (folder / "run.db").write_bytes(content)
    (found,) = cut_off_runs(tmp_path, "a bench")
    assert found.folder == folder
    assert found.unreadable
    assert found.named == f"{folder.name} (its record cannot be read)"
    assert cut_off_runs(tmp_path, "bench") == cut_off_runs(tmp_path, "x") == []
    (folder / MADE_SAFE).write_text(json.dumps({"head": found.state}), encoding="utf-8")
    assert cut_off_runs(tmp_path, "a bench") == []
    (folder / "run.db").write_bytes(b"changed since")
    assert cut_off_runs(tmp_path, "a bench") != []


CUT_OFF = """
import asyncio, json, os, signal, sys
from pathlib import Path
from hil.record import RecordWriter

async def main():
    record = RecordWriter.create(Path(sys.argv[1]), json.loads(sys.argv[2]))
    record.event(1, "note", {"text": "x"})
    await record.flush()
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""
