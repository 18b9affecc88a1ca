"""``hil watch`` and ``hil devices --bench`` as their user calls them."""

from __future__ import annotations

import json
from pathlib import Path

from bench_copy import copy_bench, hil

ABSENT = ('driver = "hmp"\naddress = "sim:climate"', 'driver = "hmp"\naddress = "modbus+tcp://127.0.0.1:1"')


def test_a_stream_of_values_has_u_with_its_k(tmp_path: Path) -> None:
    done = hil("watch", "room.humidity", "--bench", "action-sim", "--for", "3 s", "--jsonl", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    first = json.loads(done.stdout.splitlines()[0])
    assert (first["channel"], first["state"], first["unit"], first["k"]) == ("room.humidity", "ok", "%", 2.0)
    assert first["U"] == 2 * first["u"]


def test_lines_for_people_round_the_value_to_its_u(tmp_path: Path) -> None:
    done = hil("watch", "room.humidity", "--bench", "action-sim", "--for", "3 s", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "room.humidity: 45.1 ± 1.2 %  ● ok" in done.stdout


def test_a_channel_that_is_not_fresh_at_the_end_is_told(tmp_path: Path) -> None:
    bench = copy_bench(tmp_path / "bench", ABSENT)
    done = hil("watch", "room.humidity", "--bench", bench, "--period", "500 ms", "--for", "2 s", cwd=tmp_path)
    assert done.returncode == 4
    assert "room.humidity: - %  ○ stale" in done.stdout


def test_a_wrong_duration_is_told(tmp_path: Path) -> None:
    done = hil("watch", "--bench", "action-sim", "--for", "soon", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, "hil: --for 'soon' is not a duration; write it as '500 ms' or '2 s'\n")


def test_devices_of_a_bench_with_one_that_is_not_there(tmp_path: Path) -> None:
    bench = copy_bench(tmp_path / "bench", ABSENT)
    done = hil("devices", "--bench", bench, "--json", cwd=tmp_path)
    assert done.returncode == 4, done.stderr
    devices = {row["device"]: row for row in json.loads(done.stdout)["devices"]}
    assert devices["climate"]["state"] == "down"
    assert "cannot be reached" in devices["climate"]["last_error"]
    assert (devices["luxmeter"]["state"], devices["luxmeter"]["calibration_due"]) == ("up", "2027-06-30")
    assert devices["luxmeter"]["latency"] > 0
    assert devices["luxmeter"]["overdue"] is False
