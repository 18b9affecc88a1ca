"""A run's readings as a table, a picture, and files in another folder."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench_copy import hil, run_json
from hil import open_run
from hil.cli.record_plot import BINS, thinned
from hil.errors import UsageError, VerificationFailed
from hil.sealing.csv_file import iso_times
from hil.sealing.export import export_run
from runs import CHANNELS, write_run

GOLDEN = Path(__file__).parents[1] / "data" / "record-v1"


async def test_one_line_to_a_table(tmp_path: Path) -> None:
    """All channels or some, in the order of the record, with units in its metadata."""
    record = open_run(await write_run(tmp_path / "run", 100))
    table = record.frame()
    assert table.column_names == ["t", "channel", "raw", "value", "u_ind", "u", "u_t", "flags"]
    assert table.num_rows == 100
    assert str(table.schema.field("t").type) == "timestamp[ns, tz=UTC]"
    about = json.loads(table.schema.metadata[b"hil"])
    assert {name: meta["unit"] for name, meta in about["channels"].items()} == CHANNELS
    lux, readings = record.frame("luxmeter.illuminance"), record.readings("luxmeter.illuminance")
    assert lux["raw"].to_pylist() == readings.raw.tolist()
    assert lux["value"].null_count == np.isnan(readings.value).sum() > 0
    assert set(lux["channel"].to_pylist()) == {"luxmeter.illuminance"}
    assert record.frame("never.read").num_rows == 0
    with pytest.raises(UsageError, match=r"did you mean 'room\.temperature'"):
        record.frame("room.temperatur")


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=20))
def test_times_are_iso_8601_to_the_nanosecond(times: list[int]) -> None:
    """Any 64 bits, against numpy's own calendar."""
    found = iso_times(np.array(times)).to_pylist()
    for t, text in zip(times, found, strict=True):
        assert len(text) == len("2026-06-01T08:00:00.123456789Z")
        second = np.datetime64(text[:19], "s").astype(int)
        assert int(second) * 10**9 + int(text[20:29]) == t


def test_every_format_is_exported_and_holds_the_same(tmp_path: Path) -> None:
    """On the command line; the run is not touched, and no file is written over."""
    before = {path.name: path.stat().st_mtime_ns for path in GOLDEN.iterdir()}
    for kind, count in (("csv", 2), ("parquet", 1), ("mcap", 1)):
        made = run_json("data", "export", GOLDEN, "--to", kind, "--out", "exported", cwd=tmp_path)
        assert (made["readings"], len(made["files"])) == (85, count)
    table = pq.read_table(tmp_path / "exported" / "record-v1.readings.parquet")
    lines = pc.read_csv(tmp_path / "exported" / "record-v1.readings.csv")
    assert table["value"].to_pylist() == lines["value"].to_pylist()
    assert table["channel"].to_pylist() == lines["channel"].to_pylist()
    assert table.equals(open_run(GOLDEN).frame())
    again = hil("data", "export", GOLDEN, "--to", "csv", "--out", "exported", cwd=tmp_path)
    assert again.returncode == 2
    assert "is there already" in again.stderr
    assert sorted(path.name for path in (tmp_path / "exported").iterdir()) == [
        "record-v1.readings.csv",
        "record-v1.readings.json",
        "record-v1.readings.parquet",
        "record-v1.run.mcap",
    ]
    assert {path.name: path.stat().st_mtime_ns for path in GOLDEN.iterdir()} == before


async def test_what_is_not_exported(tmp_path: Path) -> None:
    """Into the run itself; a record that does not hold; where nothing can be written."""
    run = await write_run(tmp_path / "run", 20)
    with pytest.raises(UsageError, match="is in the folder of the run"):
        export_run(run, "csv", run / "export")
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        export_run(run, "csv", tmp_path / "file" / "folder")
    (run / "results.json").write_text("{}")
    with pytest.raises(VerificationFailed, match=r"is not exported.*results\.json"):
        export_run(run, "csv", tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(("name", "magic"), [("a.png", b"\x89PNG"), ("a.svg", b"<?xml")])
def test_a_picture_of_a_run(tmp_path: Path, name: str, magic: bytes) -> None:
    """With the expanded uncertainty of each value."""
    done = hil("data", "show", GOLDEN, "--plot", name, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    content = (tmp_path / name).read_bytes()
    assert content.startswith(magic)
    if name.endswith(".svg"):
        text = content.decode()
        assert "luxmeter.illuminance" in text
        assert "± U, k = 2" in text


def test_what_cannot_be_drawn(tmp_path: Path) -> None:
    """An unknown channel, another kind of file, a channel without a picture."""
    for arguments, message in (
        (("--plot", "a.png", "--channel", "luxmeter.illuminanc"), "did you mean"),
        (("--plot", "a.txt"), "no picture"),
        (("--channel", "room.temperature"), "belongs to --plot"),
        (("--plot", "absent/a.png"), "cannot write"),
    ):
        done = hil("data", "show", GOLDEN, *arguments, cwd=tmp_path)
        assert done.returncode == 2
        assert message in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_no_peak_is_lost_in_a_picture_of_many_readings() -> None:
    """One reading in a million stands out."""
    values = np.zeros(1_000_000)
    values[123_456], values[654_321], values[::7] = 5.0, -5.0, np.nan
    values[123_456], values[654_321] = 5.0, -5.0
    kept = thinned(values)
    assert len(kept) <= 2 * BINS
    assert {123_456, 654_321} <= set(kept.tolist())
    assert (np.diff(kept) > 0).all()


def test_the_reader_does_not_need_arrow_to_start() -> None:
    """It is imported when a table is asked for."""
    code = "import sys, hil.record.reader, hil.record.writer; print('pyarrow' in sys.modules, 'mcap' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"


def test_lost_readings_are_shown(tmp_path: Path) -> None:
    """Also that there are none."""
    run = shutil.copytree(GOLDEN, tmp_path / "run")
    assert run_json("data", "show", run, cwd=tmp_path)["lost"] == 0
