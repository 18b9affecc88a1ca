"""The shipped bench with an instrument of every kind: all of them answer, on one physics."""

from __future__ import annotations

import json
from pathlib import Path

from bench_copy import hil
from hil.bench.config import load_bench
from hil_drivers.device import driver_names

NOT_THERE = {
    *("audio-analyser", "carriage", "modbus", "pylon", "ros2", "scpi", "video", "weiss-ascii2"),
    *("dataset", "http", "mqtt-system", "onnx", "process", "scene-server", "stimuli", "virtual-instrument"),
    "ros2-system",
    *("cascade", "synthetic", "voice"),
}
"""Drivers that this bench has no device for: described ones, second dialects, a maker's own, what action-sim has; and
systems under test and what they are given, which are of no bench in particular."""


def test_every_kind_of_instrument_is_there() -> None:
    drivers = {section.driver for section in load_bench("instruments-sim").devices.values()}
    assert drivers == set(driver_names()) - NOT_THERE


def test_every_instrument_answers(tmp_path: Path) -> None:
    done = hil("devices", "--bench", "instruments-sim", "--json", cwd=tmp_path)
    devices = {row["device"]: row for row in json.loads(done.stdout)["devices"]}
    assert {name: row["last_error"] for name, row in devices.items() if row["state"] != "up"} == {}
    assert done.returncode == 0
    assert all(
        row["exchanges"] > 0 for name, row in devices.items() if name not in ("lights", "camera", "reader", "panel")
    )


def test_they_share_one_physics(tmp_path: Path) -> None:
    channels = ("chamber.temperature", "chamber.air", "specimen.resistance", "arm.z", "tool.z")
    done = hil("watch", *channels, "--bench", "instruments-sim", "--for", "12 s", "--jsonl", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    last = {line["channel"]: line["value"] for line in map(json.loads, done.stdout.splitlines()) if line["value"]}
    assert abs(last["chamber.air"] - last["chamber.temperature"]) < 0.5
    celsius = (last["specimen.resistance"] - 100.0) / 0.39083
    assert abs(celsius - last["chamber.temperature"]) < 1.0, "a PT100 in the chamber, by its slope at 0 Cel"
    assert abs(last["arm.z"] - last["tool.z"]) < 0.01, "the motion capture sees the arm's tool"
