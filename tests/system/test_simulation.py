"""The shipped bench with physics: every instrument answers, they tell of one world, and a run repeats."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

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

PROCEDURE = '''\
"""Drive towards an obstacle, and tell where it believes to be."""

from hil import Design, Parameters, Record, Results, Trial, Verdict, procedure
from hil_drivers.capability import Actuator, Robot, Sensor


class DriveCheck(Parameters):
    """No parameters."""


@procedure(
    "drive-check",
    version="1",
    roles={"drive": Actuator, "obstacle": Actuator, "lane": Actuator, "robot": Robot, "temperature": Sensor},
)
async def drive_check(trial: Trial, p: DriveCheck) -> None:
    """Put the obstacle on the lane, drive for a while, and ask the robot where it is."""
    await trial.role("lane", Actuator).set(-2.0)
    async for point in trial.points():
        await trial.role("obstacle", Actuator).set(point.stand)
        await trial.role("drive", Actuator).set(0.4)
        await trial.sleep(2.0)
        await trial.role("drive", Actuator).set(0.0)
        await trial.sleep(1.0)
        told = await trial.role("robot", Robot).pose()
        assert told.pose is not None
        async with point.valid(trial.role("temperature", Sensor), 23.0, tolerance=5.0):
            point.observe(stand=point.stand, x=told.pose.x, heading=told.pose.rz)


@drive_check.plan
def plan(p: DriveCheck) -> Design:
    """Two places."""
    return Design(factors={"stand": "m"}, points=[{"stand": place} for place in (3.0, -0.9)])


@drive_check.analysis
def analyse(record: Record, p: DriveCheck) -> Results:
    """Nothing is judged."""
    return Results(summary=(), data={}, verdict=Verdict("PASS", "driven", "none", "nothing is judged"))
'''


def test_every_instrument_answers(tmp_path: Path) -> None:
    done = hil("devices", "--bench", "simulation", "--json", cwd=tmp_path)
    devices = {row["device"]: row for row in json.loads(done.stdout)["devices"]}
    assert {name: row["last_error"] for name, row in devices.items() if row["state"] != "up"} == {}
    assert done.returncode == 0


def test_they_tell_of_one_world(tmp_path: Path) -> None:
    done = hil("watch", *CHANNELS, "--bench", "simulation", "--for", "2 s", "--jsonl", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    last = {line["channel"]: line["value"] for line in map(json.loads, done.stdout.splitlines()) if "value" in line}
    assert last.keys() == set(CHANNELS)
    assert abs(last["robot.x.tracked"] + 3.0) < 0.005
    assert abs(last["robot.y.tracked"] + 2.0) < 0.005
    assert abs(last["range.ahead"] - 7.0) < 0.05
    assert abs(last["arm.z"] - last["tool.z"]) < 0.01
    assert last["robot.contact"] == 0.0


def test_a_run_repeats_bit_for_bit_and_the_robot_brakes_before_the_obstacle(tmp_path: Path) -> None:
    (tmp_path / "drive_check.py").write_text(PROCEDURE, encoding="utf-8")
    first, again = _observed(tmp_path / "a"), _observed(tmp_path / "b")
    assert first == again
    free, blocked = first
    assert abs(free["x"] - 0.4 * 2.2) < 0.1
    assert 0.4 < blocked["x"] - free["x"] < 0.8, "its protection sees the obstacle at 0.7 m, by its own account too"


def _observed(folder: Path) -> list[dict[str, float]]:
    folder.mkdir()
    done = hil("run", "../drive_check.py", "--bench", "simulation", "--out", "runs", cwd=folder)
    assert done.returncode == 0, done.stderr
    (run,) = folder.glob("runs/*/run.db")
    with closing(sqlite3.connect(run)) as record:
        return [json.loads(data) for (data,) in record.execute("SELECT data FROM observation ORDER BY rowid")]
