"""Tables on a terminal of 80 columns, and the lines of ``hil watch``."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench_copy import command, copy_bench, hil
from hil.cli.output import table_lines
from hil.cli.queue import BELOW, COLUMNS, row_of
from hil.ending import STOPPED_BY
from terminal import in_terminal

ABSENT = ('driver = "hmp"\naddress = "sim:climate"', 'driver = "hmp"\naddress = "modbus+tcp://127.0.0.1:1"')
FLAGGED = '\n[[sim.faults]]\ndevice = "luxmeter"\nkind = "over-range"\n'


@pytest.mark.parametrize("arguments", [("doctor",), ("bench", "list"), ("devices",)])
def test_tables_fit_a_terminal_of_80_columns(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    shown = in_terminal(command(*arguments), tmp_path)
    assert len(shown) > 5
    assert max(map(len, shown)) <= 80
    assert not any("…" in line for line in shown), "nothing is cut off"


def test_devices_of_a_bench_fit_and_tell_quality_and_reasons(tmp_path: Path) -> None:
    bench = copy_bench(tmp_path / "bench", ABSENT, add=FLAGGED)
    shown = in_terminal(command("devices", "--bench", bench), tmp_path)
    assert max(map(len, shown)) <= 80
    rows = {line.split()[0]: line for line in shown if "●" in line or "○" in line}
    assert "over range" in rows["luxmeter"]
    assert "good" in rows["carriage"]
    assert "○ down" in rows["climate"]
    assert "    climate: cannot be reached" in "\n".join(shown)


def test_the_queue_fits_and_tells_what_came_of_each_run() -> None:
    name = "20260601T080000Z_detection-vs-illuminance_reader-sim_01M8FQZNNT4V9GYFN8SY71NC18"
    stopped = f"{STOPPED_BY} Operator A: the lamp flickers, and nobody knows why"
    items = [
        {"id": "01M8FQZNNT", "status": "stopped", "verdict": "", "run": name, "error": stopped},
        {"id": "01M8FQZNNU", "status": "done", "verdict": "PASS", "run": name, "error": ""},
    ]
    settings = {"warm_up": "60 s", "levels": "10,20,50,100,200,500,1000,2000"}
    rows = [row_of({**item, "procedure": "detection-vs-illuminance", "settings": settings}) for item in items]
    shown = table_lines(COLUMNS, rows, 80, below=BELOW)
    assert max(map(len, shown)) <= 80
    assert shown[2].split() == ["01M8FQZNNT", "stopped", "detection-vs-illuminance"]
    assert "    warm_up=60 s levels=10,20,50,100,200,500,1000,2000" in shown
    assert f"    {name[:48]}" in "\n".join(shown)
    assert "    the bench was brought to its safe state by Operator A: the lamp" in "\n".join(shown)


def test_the_screen_of_watch_fits_and_tells_why(tmp_path: Path) -> None:
    bench = copy_bench(tmp_path / "bench", ABSENT, add=FLAGGED)
    names = ("room.humidity", "luxmeter.illuminance", "carriage.position")
    arguments = ("watch", *names, "--bench", bench, "--period", "500 ms", "--for", "3 s")
    shown = in_terminal(command(*arguments), tmp_path)
    assert max(map(len, shown)) <= 80
    text = " ".join(" ".join(shown).split())
    assert "○ stale" in text
    assert "room.humidity: climate: cannot be reached" in text
    assert "; check that it is switched on and" in text
    assert "luxmeter.illuminance: over range" in text


def test_lines_of_watch_have_the_reason_on_a_line_of_its_own(tmp_path: Path) -> None:
    bench = copy_bench(tmp_path / "bench", ABSENT)
    done = hil("watch", "room.humidity", "--bench", bench, "--period", "500 ms", "--for", "2 s", cwd=tmp_path)
    lines = done.stdout.splitlines()
    (place,) = [place for place, line in enumerate(lines) if "○ stale" in line]
    assert lines[place] == "room.humidity: - %  ○ stale"
    assert lines[place + 1].startswith("    climate: ")
    assert max(map(len, lines)) <= 80


CELL = st.text(st.characters(codec="ascii", exclude_categories=["C"]), max_size=60)


@given(st.lists(st.lists(CELL, min_size=4, max_size=4), max_size=5), st.integers(40, 120))
def test_any_table_of_four_columns_fits(rows: list[list[str]], room: int) -> None:
    lines = table_lines(["a", "b", "c", "last"], rows, room, below=["last"])
    assert max(map(len, lines)) <= room
    assert lines[0].split() == ["a", "b", "c"] or lines[0].split() == ["a", "b", "c", "last"]
    told = "".join("".join(lines).split())
    assert all("".join(cell.split()) in told for row in rows for cell in row[3:])


def test_a_table_that_fits_is_left_as_it_is() -> None:
    assert (
        table_lines(["a", "b"], [["1", "2"]], 80) == table_lines(["a", "b"], [["1", "2"]]) == ["a  b", "-  -", "1  2"]
    )
