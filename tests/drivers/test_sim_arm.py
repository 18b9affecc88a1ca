"""The physics of the simulated arm and of motion capture, without any wire."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_drivers.clock import NANOSECONDS
from hil_drivers.sim.arm import NOMINAL, Arm, Doing, arms, pose
from hil_drivers.sim.bodies import Bodies, Body
from hil_drivers.sim.devices.natnet import NatnetDevice
from hil_drivers.sim.kinematics import multiplied, quaternion, rotation_matrix, rotation_vector, turned
from hil_drivers.sim.tracker import Tracker
from hil_drivers.sim.world import World
from hil_drivers.sim.world_file import WorldFile

MILLISECOND = NANOSECONDS // 1000
ANGLES = st.floats(-3.0, 3.0)


def world(seed: int = 1, **mocap: Any) -> World:
    devices = {"arm": {"kind": "ur-rtde"}, "mocap": {"kind": "natnet", "bodies": {"tool": "arm"}, **mocap}}
    return World(WorldFile.model_validate({"seed": seed, "devices": devices}))


def moved(arm: Arm, number: int, joints: list[float], t: int) -> int:
    """Command the pose of ``joints``, with heartbeats, until it has arrived; when that is."""
    position, rotation = pose(joints)
    arm.command(number, [*position, *rotation], t)
    while arm.doing(t)[1] is Doing.MOVING:
        t += 100 * MILLISECOND
        arm.beat(t)
    assert arm.doing(t) == (number, Doing.ARRIVED)
    return t


@given(st.tuples(ANGLES, ANGLES, ANGLES))
def test_rotations_agree_in_every_form(vector: tuple[float, float, float]) -> None:
    matrix = rotation_matrix(vector)
    angle = math.sqrt(sum(part * part for part in vector))
    back = rotation_vector(matrix)
    if angle < 3.1:
        assert back == pytest.approx(vector, abs=1e-6)
    assert np.array(rotation_matrix(back)) == pytest.approx(np.array(matrix), abs=1e-6)
    q = quaternion(matrix)
    assert turned(q, (0.1, -0.2, 0.3)) == pytest.approx(tuple(np.array(matrix) @ [0.1, -0.2, 0.3]), abs=1e-9)
    assert multiplied(q, (-q[0], -q[1], -q[2], q[3])) == pytest.approx((0.0, 0.0, 0.0, 1.0), abs=1e-9)


@given(st.lists(st.floats(-0.5, 0.5), min_size=6, max_size=6))
def test_the_inverse_kinematics_leads_to_the_pose(change: list[float]) -> None:
    home = [0.0, -1.6, 1.8, -1.8, -1.57, 0.0]
    target = NOMINAL.forward([a + b for a, b in zip(home, change, strict=True)])
    joints = NOMINAL.inverse(target, home)
    assert joints is not None
    assert NOMINAL.forward(joints).position == pytest.approx(target.position, abs=1e-8)


def test_out_of_reach_there_are_no_joints() -> None:
    arm = arms(world())["arm"]
    arm.command(1, [1.5, 0.0, 0.2, 0.0, 0.0, 0.0], NANOSECONDS)
    assert arm.doing(NANOSECONDS) == (1, Doing.UNREACHABLE)
    assert arm.joints(NANOSECONDS) == arm.joints(0)


def test_a_move_is_a_trapezoid_within_its_limits() -> None:
    arm = arms(world())["arm"]
    begin = arm.joints(0)
    end = moved(arm, 1, [2.0, -1.2, 1.5, -1.8, -1.4, 0.3], 0)
    times = range(0, end, 10 * MILLISECOND)
    joints = np.array([arm.joints(t) for t in times])
    rates = np.array([arm.rates(t) for t in times])
    assert np.max(np.abs(rates)) == pytest.approx(1.05, rel=1e-6)
    assert np.gradient(joints, 0.01, axis=0)[1:-1] == pytest.approx(rates[1:-1], abs=0.02)
    assert np.max(np.abs(np.diff(rates, axis=0))) / 0.01 <= 1.4 * (1.0 + 1e-6)
    assert joints[0] == pytest.approx(begin)
    assert pose(arm.joints(end))[0] == pytest.approx(pose([2.0, -1.2, 1.5, -1.8, -1.4, 0.3])[0], abs=1e-6)


def test_without_a_heartbeat_it_stops_after_a_second_for_good() -> None:
    arm = arms(world())["arm"]
    position, rotation = pose([2.5, -1.6, 1.8, -1.8, -1.57, 0.0])
    arm.command(1, [*position, *rotation], 0)
    assert arm.doing(NANOSECONDS - 1) == (1, Doing.MOVING)
    assert arm.doing(NANOSECONDS) == (1, Doing.UNHEARD)
    arm.beat(2 * NANOSECONDS)
    assert arm.joints(9 * NANOSECONDS) == arm.joints(NANOSECONDS)


def test_the_pose_error_belongs_to_the_seed_and_varies_with_the_pose() -> None:
    found: dict[int, list[list[float]]] = {}
    for seed in (1, 2):
        arm = arms(world(seed))["arm"]
        t, errors = 0, []
        for number, turn in enumerate((0.0, 1.5, 0.0), start=1):
            t = moved(arm, number, [turn, -1.6, 1.8, -1.8, -1.57, 0.0], t) + NANOSECONDS
            errors.append([a - b for a, b in zip(arm.body(t).position, pose(arm.joints(t))[0], strict=True)])
        found[seed] = errors
    for first, second, again in found.values():
        assert 5e-5 < max(map(abs, first)) < 3e-3
        assert first != pytest.approx(second, abs=5e-5)
        assert first == pytest.approx(again, abs=2e-4)
    assert found[1][0] != pytest.approx(found[2][0], abs=5e-5)


def test_repeatability_is_that_of_the_joints() -> None:
    """30 visits: the spread of the tool is of the order of joint repeatability times reach, 5e-5 rad x 0.5 m."""
    arm = arms(world())["arm"]
    t, visits = 0, []
    for number in range(1, 61, 2):
        t = moved(arm, number, [0.3, -1.6, 1.8, -1.8, -1.57, 0.0], t)
        t = moved(arm, number + 1, [0.0, -1.6, 1.8, -1.8, -1.57, 0.0], t)
        visits.append(arm.body(t).position)
    spread = np.std(np.array(visits), axis=0, ddof=1)
    assert 5e-6 < float(np.max(spread)) < 1e-4
    assert arm.body(t) == arm.body(t + 100 * NANOSECONDS)


def test_a_declared_effect_of_the_place_moves_the_tool() -> None:
    effect = {
        "name": "mounting",
        "device": "arm",
        "acts_on": "placement",
        "kind": "absolute",
        "point": "tcp.x",
        "distribution": "rectangular",
        "half_width": 0.01,
    }
    plain = world()
    other = World(WorldFile.model_validate({**plain.file.model_dump(by_alias=True), "effects": [effect]}))
    shift = arms(other)["arm"].body(0).position[0] - arms(plain)["arm"].body(0).position[0]
    assert shift == pytest.approx(other.truth.effects["mounting"])
    assert shift != 0.0


@pytest.mark.parametrize("acts_on", ["placement", "response"])
def test_declared_effects_and_certificates_act_on_what_motion_capture_tells(acts_on: str) -> None:
    effect = {
        "name": "drift of the volume",
        "device": "mocap",
        "acts_on": acts_on,
        "kind": "absolute",
        "point": "tool.y",
        "distribution": "normal",
        "u": 0.01,
    }
    certificate = {"indication": [-1.0, 1.0], "value": [-0.9, 1.1], "covariance": [[1e-12, 0.0], [0.0, 1e-12]]}
    plain = world()
    document = {**plain.file.model_dump(by_alias=True), "effects": [effect]}
    document["devices"]["mocap"]["certificates"] = {"tool.x": certificate}
    shifts = []
    for made in (World(WorldFile.model_validate(document)), plain):
        device = made.file.devices["mocap"]
        assert isinstance(device, NatnetDevice)
        arms(made)
        shifts.append(Tracker("mocap", device, made).see("tool", 0, hidden=False).position)
    truth = World(WorldFile.model_validate(document)).truth.effects["drift of the volume"]
    assert shifts[0][0] - shifts[1][0] == pytest.approx(-0.1, abs=1e-5)
    assert shifts[0][1] - shifts[1][1] == pytest.approx(truth if acts_on == "placement" else -truth)
    assert shifts[0][2] == shifts[1][2]


def test_what_is_not_there_is_never_tracked() -> None:
    made = world(bodies={"tool": "arm", "robot": "robot"})
    device = made.file.devices["mocap"]
    assert isinstance(device, NatnetDevice)
    tracker = Tracker("mocap", device, made)
    arms(made)
    assert tracker.see("tool", 0, hidden=False).tracked
    assert not tracker.see("robot", 0, hidden=False).tracked
    made.part(Bodies).register("robot", lambda t: Body((t / NANOSECONDS, 0.0, 0.1)))
    seen = tracker.see("robot", 2 * NANOSECONDS, hidden=False)
    assert seen.tracked
    assert seen.position == pytest.approx((2.0, 0.0, 0.1), abs=3e-3)


def test_marker_noise_and_the_last_pose_that_was_seen() -> None:
    made = world(marker_noise=1e-3)
    device = made.file.devices["mocap"]
    assert isinstance(device, NatnetDevice)
    arms(made)
    tracker = Tracker("mocap", device, made)
    seen = [tracker.see("tool", t * 4 * MILLISECOND, hidden=False) for t in range(400)]
    spread = np.std(np.array([each.position for each in seen]), axis=0, ddof=1)
    assert spread == pytest.approx([1e-3 / math.sqrt(5)] * 3, rel=0.15)
    errors = [each.marker_error for each in seen]
    assert np.mean(errors) == pytest.approx(1e-3, rel=0.1)
    hidden = tracker.see("tool", 2 * NANOSECONDS, hidden=True)
    assert hidden == seen[-1]._replace(tracked=False)


def test_the_stops_of_an_arm_are_as_its_truth_says() -> None:
    """100 visits to one pose, each with a deviation of its own, seen without motion capture."""
    here = world(seed=5)
    arm, t = arms(here)["arm"], 0
    home = [0.0, -1.6, 1.8, -1.8, -1.57, 0.0]
    away = [0.1, -1.6, 1.8, -1.8, -1.57, 0.0]
    seen = []
    for number in range(100):
        t = moved(arm, 2 * number + 1, away, t)
        t = moved(arm, 2 * number + 2, home, t)
        seen.append(arm.body(t).position)
    position, rotation = pose(home)
    mean, covariance = arm.stops([*position, *rotation])
    found, expected = np.array(seen), np.array(covariance)
    spread = np.sqrt(np.diag(expected))
    assert np.abs(found.mean(axis=0) - mean) == pytest.approx(np.zeros(3), abs=4.0 * float(spread.max()) / 10.0)
    assert found.std(axis=0, ddof=1) == pytest.approx(spread, rel=0.28)
    assert math.dist(mean, position) > 1e-4, "it does not go where it is told"
    with pytest.raises(ValueError, match="no joints"):
        arm.stops([3.0, *position[1:], *rotation])
