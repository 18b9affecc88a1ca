"""The robot hall: its physics against closed forms and against the bare engine, its senses, and that it repeats."""

from __future__ import annotations

import gc
import hashlib
import json
import math
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hil_drivers.clock import NANOSECONDS
from hil_drivers.sim.arm import Arm, Doing, arms
from hil_drivers.sim.base import bases
from hil_drivers.sim.bodies import Bodies
from hil_drivers.sim.devices.modbus import ModbusDevice
from hil_drivers.sim.faults import Faults
from hil_drivers.sim.hall.engine import STEPS_PER_TICK, TICK, Engine
from hil_drivers.sim.hall.robot import HallRobot
from hil_drivers.sim.hall.senses import Senses
from hil_drivers.sim.server.modbus_map import MapMemory
from hil_drivers.sim.server.seen import picture
from hil_drivers.sim.world import World
from hil_drivers.sim.world_file import WorldFile

ROBOT: dict[str, Any] = {"kind": "ros2-robot", "command_timeout": 0.0, "start": [-3.0, -2.0, 0.0]}
ARM: dict[str, Any] = {"kind": "ur-rtde", "watchdog": 100.0}
MAP = Path(__file__).parents[2] / "hil" / "hil" / "benches" / "hall-map.toml"
HALL: dict[str, Any] = {
    "kind": "modbus",
    "map": str(MAP),
    "values": {
        "obstacle.x": {"follows": "hall.obstacle.x"},
        "obstacle.y": {"follows": "hall.obstacle.y"},
        "contact": {"follows": "hall.contact"},
        "range.0": {"follows": "hall.range.0"},
    },
}


def at(seconds: float) -> int:
    return round(seconds * NANOSECONDS)


def world_of(seed: int = 1, **devices: Any) -> World:
    stated = {"seed": seed, "scene": "robot-hall", "devices": devices or {"robot": ROBOT}}
    return World(WorldFile.model_validate(stated))


def robot_of(world: World) -> HallRobot:
    robot = bases(world)["robot"]
    assert isinstance(robot, HallRobot)
    return robot


def test_a_straight_drive_is_the_closed_form_but_for_the_lag_of_the_wheels() -> None:
    world = world_of()
    robot = robot_of(world)
    robot.command(at(1.0), 0.5, 0.0)
    robot.command(at(4.0), 0.0, 0.0)
    way = robot.state(at(6.0)).true.x + 3.0
    assert way == pytest.approx(0.5 * 3.0, abs=0.02)
    assert robot.state(at(3.5)).speed == pytest.approx(0.5, abs=1e-4)
    assert robot.body(at(6.0)).position == pytest.approx((-3.0 + way, -2.0, 0.0), abs=1e-3)


def test_odometry_believes_in_wheels_of_another_size() -> None:
    world = world_of(robot={**ROBOT, "distance_scale": 0.05})
    robot = robot_of(world)
    robot.command(0, 0.4, 0.0)
    state = robot.state(at(5.0))
    assert abs(robot._distance_scale - 1.0) > 0.005
    assert state.believed.x / (state.true.x + 3.0) == pytest.approx(robot._distance_scale, abs=5e-3)


def test_odometry_begins_anew_where_it_is_told_to() -> None:
    robot = robot_of(world_of())
    robot.command(0, 0.4, 0.0)
    robot.state(at(2.003))
    robot.forget(at(2.003))
    assert robot.state(at(2.003)).believed == (0.0, 0.0, 0.0)
    assert robot.state(at(3.003)).believed.x == pytest.approx(0.4, abs=0.01)


def test_it_does_not_matter_who_asks_when() -> None:
    asked, unasked = world_of(3), world_of(3)
    for world, step in ((asked, 0.0037), (unasked, 1.0)):
        robot = robot_of(world)
        told = False
        for t in np.arange(0.0, 2.0, step):
            if t > 0.5 and not told:
                robot.command(at(0.5), 0.4, 0.7)
                told = True
            robot.state(at(float(t)))
    assert np.array_equal(asked.part(Engine).positions(at(2.0)), unasked.part(Engine).positions(at(2.0)))
    assert robot_of(asked).state(at(1.2345)) == robot_of(unasked).state(at(1.2345))


def test_between_ticks_it_is_where_single_steps_of_the_bare_engine_are() -> None:
    world = world_of(robot=ROBOT, arm=ARM)
    robot, engine = robot_of(world), world.part(Engine)
    _move(arms(world)["arm"], 0, 0.1)
    bare = engine.mujoco.MjData(engine.model)
    bare.qpos[:] = engine.positions(0)
    commanded: list[np.ndarray[Any, Any]] = []
    engine.control(lambda _t: commanded.append(engine.data.ctrl.copy()))
    robot.command(0, 0.5, 1.0)
    engine.positions(at(0.5))
    worst = np.zeros(engine.model.nq)
    for tick, ctrl in enumerate(commanded):
        bare.ctrl[:] = ctrl
        for step in range(STEPS_PER_TICK):
            if tick > 20:
                t = tick * TICK + step * TICK // STEPS_PER_TICK
                worst = np.maximum(worst, np.abs(engine.positions(t) - bare.qpos))
            engine.mujoco.mj_step(engine.model, bare)
    assert len(commanded) == 50
    pose, rest = worst[:7], worst[7:]
    assert 1e-9 < pose.max() < 5e-5, pose
    assert rest.max() < 5e-4, rest


def test_a_range_is_the_distance_to_wall_and_obstacle() -> None:
    world = world_of()
    robot_of(world)
    senses = world.part(Senses)
    assert senses.value("range.0", 0) == pytest.approx(7.0)
    assert senses.value("range.270", 0) == pytest.approx(1.0)
    senses.set("obstacle.x", -1.0, at(0.5))
    senses.set("obstacle.y", -2.0, at(0.5))
    assert senses.value("range.0", at(0.49)) == pytest.approx(7.0, abs=1e-3)
    assert senses.value("range.0", at(0.5)) == pytest.approx(1.85, abs=1e-3)
    assert senses.value("nearest", at(0.5)) == pytest.approx(1.0, abs=1e-3)
    assert senses.value("range.0", at(0.25)) == pytest.approx(7.0, abs=1e-3), "the past stays as it was"


def test_an_obstacle_that_came_and_went_before_anybody_asked_was_there() -> None:
    world = world_of()
    robot, engine = robot_of(world), world.part(Engine)
    robot.command(0, 0.5, 0.0)
    for seconds, x in ((0.5, -2.0), (4.0, 2.0)):
        engine.place(at(seconds), 0, x)
        engine.place(at(seconds), 1, -2.0)
    assert engine.contact(at(4.0), at(4.0))
    assert robot.state(at(4.0)).true.x == pytest.approx(-2.0 - 0.15 - 0.22, abs=0.01)


def test_odometry_is_the_same_whether_it_is_asked_for_or_not() -> None:
    asked, unasked = robot_of(world_of(3)), robot_of(world_of(3))
    for robot in (asked, unasked):
        robot.command(0, 0.4, 0.7)
        for tick in range(0, 7000 if robot is asked else 0, 37):
            robot.state(tick * TICK)
    assert asked.state(at(70.003)) == unasked.state(at(70.003))


def test_what_is_written_to_the_controller_stands_in_the_way() -> None:
    world = world_of(robot=ROBOT, hall=HALL)
    robot = robot_of(world)
    device = world.file.devices["hall"]
    assert isinstance(device, ModbusDevice)
    memory = MapMemory("hall", device, world, Faults("hall", world))
    for address, value in ((0, -1.0), (2, -2.0)):
        memory.write_holding(address, np.array([value], ">f4").view(">u2").tolist())
    assert memory.discrete(0, 1) == [0]
    robot.command(0, 0.5, 0.0)
    world.time.advance(at(6.0))
    assert memory.discrete(0, 1) == [1]
    assert robot.state(at(6.0)).true.x == pytest.approx(-1.0 - 0.15 - 0.22, abs=0.01)
    assert float(np.array(memory.input(102, 2), ">u2").view(">f4")[0]) == pytest.approx(0.22, abs=0.01)
    assert np.array(memory.holding(0, 2), ">u2").view(">f4")[0] == -1.0


def _move(arm: Arm, t: int, up: float) -> list[float]:
    target = list(arm.account(0))
    target[2] += up
    arm.command(1, target, t)
    return target


def test_an_arm_at_rest_is_where_its_true_geometry_has_it() -> None:
    world = world_of(4, arm=ARM)
    arm = arms(world)["arm"]
    target = _move(arm, at(0.5), 0.1)
    assert arm.doing(at(3.0))[1] is Doing.ARRIVED
    assert arm.body(at(3.0)).position == pytest.approx(Arm.body(arm, at(3.0)).position, abs=1e-6)
    assert arm.body(at(3.0)).rotation == pytest.approx(Arm.body(arm, at(3.0)).rotation, abs=1e-6)
    assert math.dist(arm.body(at(3.0)).position, target[:3]) > 1e-4
    assert arm.account(at(3.0))[:3] == pytest.approx(target[:3], abs=3e-5)


def test_servos_lag_behind_what_they_follow() -> None:
    world = world_of(arm=ARM)
    arm = arms(world)["arm"]
    _move(arm, 0, 0.2)
    t = at(0.4)
    assert max(abs(a - b) for a, b in zip(arm.sensed(t), arm.joints(t), strict=True)) > 1e-3


def test_trackers_find_robot_and_arm() -> None:
    world = world_of(robot=ROBOT, arm=ARM)
    robot_of(world), arms(world)
    bodies = world.part(Bodies)
    assert bodies.at("robot", 0) == robot_of(world).body(0)
    assert bodies.at("arm", 0) == arms(world)["arm"].body(0)


def test_the_camera_sees_the_obstacle_if_there_is_light() -> None:
    camera = {"kind": "camera", "view": "robot", "width": 160, "height": 120}
    world = World(
        WorldFile.model_validate(
            {
                "seed": 1,
                "scene": "robot-hall",
                "devices": {"robot": ROBOT, "camera": camera, "lights": {"kind": "artnet"}},
                "lamp": {"device": "lights"},
            }
        )
    )
    robot_of(world)
    dark = _seen(world, 1.0)
    world.light.level.set(at(1.0), 0.5)
    empty = _seen(world, 2.0)
    for axis, value in (("x", -2.0), ("y", -2.0)):
        world.part(Senses).set(f"obstacle.{axis}", value, at(2.5))
    assert _seen(world, 2.0).tobytes() == empty.tobytes()
    assert dark.mean() < empty.mean() / 3.0
    near = _seen(world, 3.0)[40:80, 70:90].astype(float)
    assert abs(near - empty[40:80, 70:90]).mean() > 10.0


def _seen(world: World, seconds: float) -> np.ndarray[Any, np.dtype[np.uint8]]:
    device = world.file.devices["camera"]
    return picture(world, "camera", device, at(seconds), at(seconds + 0.01), index=at(seconds))  # type: ignore[arg-type]


def test_a_renderer_is_freed_in_any_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    unraised: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", unraised.append)
    worlds = [world_of()]
    assert worlds[0].part(Senses).picture("robot", 160, 120, 0).any()

    def collect() -> None:
        worlds.clear()
        gc.collect()

    collector = threading.Thread(target=collect)
    collector.start()
    collector.join()
    assert not unraised


def hashes() -> dict[str, str]:
    """Those of all states of a drive into things with the arm moving, and of a picture."""
    world = world_of(5, robot=ROBOT, arm=ARM)
    robot, engine = robot_of(world), world.part(Engine)
    _move(arms(world)["arm"], 0, 0.1)
    robot.command(0, 0.6, 0.5)
    states = hashlib.sha256()
    for tick in range(600):
        states.update(engine.positions(tick * TICK).tobytes())
    seen = world.part(Senses).picture("robot", 160, 120, 599 * TICK)
    return {"states": states.hexdigest(), "picture": hashlib.sha256(seen.tobytes()).hexdigest()}


def test_another_process_computes_the_same_bits() -> None:
    code = "import json; from test_sim_hall import hashes; print(json.dumps(hashes()))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parent, capture_output=True, text=True, check=True, timeout=120
    )
    assert json.loads(done.stdout) == hashes()
    assert len(set(hashes().values())) == 2


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda d: d.update(again=ROBOT), "one device of kind 'ros2-robot' only"),
        (lambda d: d["hall"]["values"].update(contact={"follows": "hall.range.355"}), "should match pattern"),
    ],
)
def test_a_hall_that_contradicts_itself_is_refused(change: Callable[[Any], None], told: str) -> None:
    devices = json.loads(json.dumps({"robot": ROBOT, "hall": HALL}))
    change(devices)
    with pytest.raises(ValueError, match=told):
        world_of(**devices)


@pytest.mark.parametrize("device", [HALL, {"kind": "camera", "view": "robot"}, {"kind": "video", "view": "robot"}])
def test_a_light_room_has_no_hall(device: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="robot-hall"):
        WorldFile.model_validate({"seed": 1, "devices": {"it": device}})


def test_an_engine_that_is_not_installed_is_named(tmp_path: Path) -> None:
    world = tmp_path / "world.json"
    world.write_text(json.dumps({"seed": 1, "scene": "robot-hall", "devices": {"arm": ARM}}))
    code = "import sys; sys.modules['mujoco'] = None; from hil_drivers.sim.__main__ import main; "
    code += "sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(world)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert 'install the extra "simulation"' in done.stderr
    assert "Traceback" not in done.stderr
