"""What a robot is told, and what it tells, is on record."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench_copy import copy_bench, hil
from hil.record import open_run

ARM = """
[devices.arm]
driver = "ur-rtde"
address = "sim:arm"
commands = true
"""

PROCEDURE = """
from dataclasses import replace

from hil import Design, Parameters, Results, Trial, procedure
from hil_drivers.capability import Robot


@procedure("lift", version="1", roles={"robot": Robot})
async def lift(trial: Trial, p: Parameters) -> None:
    robot = trial.role("robot", Robot)
    async for point in trial.points():
        here = (await robot.pose()).pose
        await robot.move_to(replace(here, z=here.z + 0.01))
        await robot.pose()


@lift.plan
def plan(p):
    return Design({"repeat": "1"}, [{"repeat": 1.0}])


@lift.analysis
def analyse(record, p):
    return Results((), {})
"""


def test_targets_and_poses_of_a_robot_are_on_record(tmp_path: Path) -> None:
    bench = copy_bench(tmp_path / "bench", ("[roles]\n", '[roles]\nrobot = "arm"\n'), add=ARM)
    (tmp_path / "lift.py").write_text(PROCEDURE, encoding="utf-8")
    done = hil("run", "lift.py", "--bench", bench, "--out", "runs", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (folder,) = (tmp_path / "runs").iterdir()
    record = open_run(folder)
    before, after = (event.data["pose"] for event in record.events("pose"))
    (move,), (moved,) = record.events("move"), record.events("moved")
    assert move.data["device"] == "arm"
    assert move.data["target"] == moved.data["target"]
    assert move.data["target"]["z"] == pytest.approx(before["z"] + 0.01)
    assert after["z"] == pytest.approx(before["z"] + 0.01, abs=1e-4)
    assert move.t < moved.t
