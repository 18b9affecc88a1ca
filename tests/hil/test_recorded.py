"""What a robot is told and tells is on record, and no picture or sound that its device calls damaged is used."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench_copy import copy_bench, hil
from hil.record import open_run
from hil_drivers.indication import Flag

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


CAMERA = """
import numpy as np

from hil_drivers.capability import Frame
from hil_drivers.device import Device
from hil_drivers.indication import Flag


class Damaged(Device):
    async def open(self):
        pass

    async def close(self):
        pass

    async def grab(self):
        now = self.clock.now()
        return Frame(np.zeros((4, 4), np.uint8), 7, now, now, "raw", Flag.%s)
"""

LOOK = """
from hil import Design, Parameters, Results, Trial, procedure
from hil_drivers.capability import Camera, Sensor


@procedure("look", version="1", roles={"eye": Camera, "temperature": Sensor})
async def look(trial: Trial, p: Parameters) -> None:
    camera, room = trial.role("eye", Camera), trial.role("temperature", Sensor)
    async for point in trial.points():
        async with point.valid(room, 23.0, tolerance=5.0):
            point.observe(brightness=float((await camera.grab()).image.mean()))


@look.plan
def plan(p):
    return Design({"repeat": "1"}, [{"repeat": 1.0}])


@look.analysis
def analyse(record, p):
    return Results((), {})
"""


@pytest.mark.parametrize(("flag", "code", "taken"), [("DEVICE_ERROR", 4, 0), ("STALE", 4, 0), ("LOW_LIGHT", 0, 1)])
def test_a_picture_that_its_camera_calls_damaged_is_on_record_and_no_observation(
    tmp_path: Path, flag: str, code: int, taken: int
) -> None:
    device = '\n[devices.eye]\ndriver = "eyes:Damaged"\naddress = "process:"\n'
    bench = copy_bench(tmp_path / "bench", ("[roles]\n", '[roles]\neye = "eye"\n'), add=device)
    (tmp_path / "look.py").write_text(LOOK, encoding="utf-8")
    (tmp_path / "eyes.py").write_text(CAMERA % flag, encoding="utf-8")
    done = hil("run", "look.py", "--bench", bench, "--out", "runs", cwd=tmp_path)
    assert done.returncode == code, done.stderr
    (folder,) = (tmp_path / "runs").iterdir()
    record = open_run(folder)
    frames = [event.data for event in record.events("frame")]
    assert {frame["flags"] for frame in frames} == {int(Flag[flag])}
    assert len(record.observations()) == taken
    if not taken:
        words = flag.lower().replace("_", " ")
        assert f"eye: gave a picture that may not be used ({words}); look at the camera" in done.stderr


def test_a_stimulus_that_its_source_calls_damaged_is_on_record_and_no_observation(tmp_path: Path) -> None:
    device = '\n[devices.eye]\ndriver = "eyes:Damaged"\naddress = "process:"\n'
    bench = copy_bench(tmp_path / "bench", ("[roles]\n", '[roles]\neye = "eye"\n'), add=device)
    look = LOOK.replace("Camera", "Source").replace("grab()).image.mean()", 'take()).values["level"]')
    (tmp_path / "look.py").write_text(look, encoding="utf-8")
    source = CAMERA.replace("Frame", "Values").replace("def grab", "def take")
    source = source.replace(
        'np.zeros((4, 4), np.uint8), 7, now, now, "raw", Flag.%s', '{"level": 1.0}, now, now, Flag.STALE'
    )
    (tmp_path / "eyes.py").write_text(source, encoding="utf-8")
    done = hil("run", "look.py", "--bench", bench, "--out", "runs", cwd=tmp_path)
    assert done.returncode == 4, done.stderr
    assert "eye: gave a stimulus that may not be used (stale); look at the device" in done.stderr
    (folder,) = (tmp_path / "runs").iterdir()
    record = open_run(folder)
    assert {event.data["flags"] for event in record.events("values")} == {int(Flag.STALE)}
    assert not record.observations()
