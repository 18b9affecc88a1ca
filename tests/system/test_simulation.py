"""The shipped bench with physics: every instrument answers, they tell of one world, and it repeats."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench_copy import hil

pytestmark = pytest.mark.soak

CHANNELS = (
    "robot.x",
    "robot.x.tracked",
    "robot.y.tracked",
    "range.ahead",
    "robot.contact",
    "arm.z",
    "tool.z",
    "obstacle.x",
)


def test_every_instrument_answers(tmp_path: Path) -> None:
    done = hil("devices", "--bench", "simulation", "--json", cwd=tmp_path)
    devices = {row["device"]: row for row in json.loads(done.stdout)["devices"]}
    assert {name: row["last_error"] for name, row in devices.items() if row["state"] != "up"} == {}
    assert done.returncode == 0


def test_they_tell_of_one_world_and_tell_it_again(tmp_path: Path) -> None:
    first, again = (_watched(tmp_path) for _ in range(2))
    last = {line["channel"]: line["value"] for line in first}
    assert last.keys() == set(CHANNELS)
    assert abs(last["robot.x.tracked"] + 3.0) < 0.005
    assert abs(last["robot.y.tracked"] + 2.0) < 0.005
    assert abs(last["range.ahead"] - 7.0) < 0.05
    assert abs(last["arm.z"] - last["tool.z"]) < 0.01
    assert last["robot.contact"] == 0.0
    assert [(line["channel"], line["value"]) for line in first] == [(line["channel"], line["value"]) for line in again]


def _watched(folder: Path) -> list[dict[str, Any]]:
    done = hil("watch", *CHANNELS, "--bench", "simulation", "--for", "2 s", "--jsonl", cwd=folder)
    assert done.returncode == 0, done.stderr
    return [line for line in map(json.loads, done.stdout.splitlines()) if "value" in line]
