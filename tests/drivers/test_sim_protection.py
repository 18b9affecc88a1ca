"""The robot of the hall brakes by itself before an obstacle; what of it and of the obstacle is drawn, and tracked."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from hil_drivers.clock import NANOSECONDS
from hil_drivers.sim.base import bases
from hil_drivers.sim.bodies import Bodies
from hil_drivers.sim.devices.natnet import NatnetDevice
from hil_drivers.sim.hall.engine import Engine
from hil_drivers.sim.hall.robot import HallRobot
from hil_drivers.sim.tracker import Tracker
from hil_drivers.sim.world import World
from hil_drivers.sim.world_file import WorldFile

ROBOT: dict[str, Any] = {"kind": "ros2-robot", "command_timeout": 0.0, "start": [-3.0, -2.0, 0.0]}


def at(seconds: float) -> int:
    return round(seconds * NANOSECONDS)


def world_of(seed: int = 1, **devices: Any) -> World:
    stated = {"seed": seed, "scene": "robot-hall", "devices": devices or {"robot": ROBOT}}
    return World(WorldFile.model_validate(stated))


def robot_of(world: World) -> HallRobot:
    robot = bases(world)["robot"]
    assert isinstance(robot, HallRobot)
    return robot


def stopped(seed: int, speed: float, *, protected: bool = True) -> tuple[HallRobot, Engine, float]:
    """Drive towards an obstacle that appears 0.3 m before the front, and what gap is left after 3 s."""
    protection: dict[str, Any] = {"protection": {}} if protected else {}
    world = world_of(seed, robot={**ROBOT, "max_linear": 1.0, **protection})
    robot, engine = robot_of(world), world.part(Engine)
    robot.command(0, speed, 0.0)
    t = 2.0
    x = robot.state(at(t)).true.x + 0.22 + 0.3 + 0.15
    engine.place(at(t), 0, x)
    engine.place(at(t), 1, -2.0)
    return robot, engine, x - 0.15 - 0.22 - robot.state(at(t + 3.0)).true.x


def test_the_protection_stops_the_robot_before_an_obstacle_that_is_far_enough() -> None:
    for seed in (1, 2, 3):
        robot, engine, gap = stopped(seed, 0.4)
        assert robot._protection is not None
        way = 0.3 - gap
        least = 0.4 * robot._protection.reaction + 0.4**2 / 2.0 / robot._protection.deceleration
        assert 0.85 * least < way < 1.15 * least + 0.4 * 0.11, "a scan comes up to 0.1 s late"
        assert robot.state(at(5.0)).speed == pytest.approx(0.0, abs=1e-6)
        assert not engine.contact(at(5.0), at(3.0))


def test_a_robot_that_is_too_fast_or_has_no_protection_touches_it() -> None:
    _, engine, gap = stopped(1, 0.9)
    assert engine.contact(at(5.0), at(3.0))
    assert abs(gap) < 0.005
    robot, engine, _ = stopped(1, 0.4, protected=False)
    assert engine.contact(at(5.0), at(3.0))
    assert robot.state(at(5.0)).speed > 0.1, "the wheels go on"


def test_it_may_go_back_from_an_obstacle_and_goes_on_when_that_is_gone() -> None:
    robot, engine, _ = stopped(1, 0.4)
    there = robot.state(at(5.0)).true.x
    robot.command(at(5.0), -0.3, 0.0)
    assert robot.state(at(6.0)).true.x < there - 0.2
    robot.command(at(6.0), 0.3, 0.0)
    engine.place(at(6.0), 1, 2.6)
    assert robot.state(at(8.0)).speed == pytest.approx(0.3, abs=1e-3)


def test_the_mass_is_drawn_by_the_seed_where_it_is_not_known() -> None:
    model = robot_of(world_of()).mass
    drawn = [robot_of(world_of(seed, robot={**ROBOT, "mass_u": 0.05})).mass for seed in range(30)]
    assert model == pytest.approx(11.2)
    assert np.std(drawn) == pytest.approx(0.05, rel=0.5)
    assert abs(np.mean(drawn) - model) < 0.04


def test_the_obstacle_can_be_tracked() -> None:
    world = world_of()
    world.part(Engine).place(at(1.0), 0, 1.25)
    found = world.part(Bodies).at("obstacle", at(2.0))
    assert found is not None
    assert found.position == (1.25, 2.6, 0.0)


def test_motion_capture_shows_a_body_turned_as_its_markers_sit() -> None:
    mocap = {"kind": "natnet", "bodies": {"robot": "robot"}, "mounting_turn": 0.01, "frame_tilt": 0.0}
    world = world_of(robot=ROBOT, mocap={**mocap, "marker_noise": 0.0})
    robot_of(world)
    described = world.file.devices["mocap"]
    assert isinstance(described, NatnetDevice)
    tracker = Tracker("mocap", described, world)
    z = tracker.see("robot", at(1.0), hidden=False).rotation[2]
    assert 2.0 * math.asin(z) == pytest.approx(tracker.turn("robot"), abs=1e-6)
    assert 1e-4 < abs(tracker.turn("robot")) < 0.04


def test_only_a_hall_has_a_protection() -> None:
    with pytest.raises(ValueError, match="only the world robot-hall has"):
        WorldFile.model_validate({"seed": 1, "devices": {"robot": {**ROBOT, "protection": {}}}})
