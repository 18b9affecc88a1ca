"""The mobile base of the simulated world against closed forms, and the drift of its odometry."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_drivers.clock import NANOSECONDS
from hil_drivers.sim.base import Base, Place, bases
from hil_drivers.sim.bodies import Bodies
from hil_drivers.sim.world import World
from hil_drivers.sim.world_file import WorldFile

EXACT: dict[str, Any] = {"distance_scale": 0.0, "rotation_scale": 0.0, "noise": 0.0, "heading_noise": 0.0}


def at(seconds: float) -> int:
    return round(seconds * NANOSECONDS)


def world_of(seed: int = 1, **settings: Any) -> World:
    return World(WorldFile.model_validate({"seed": seed, "devices": {"robot": {"kind": "ros2-robot", **settings}}}))


def base_of(world: World) -> Base:
    return bases(world)["robot"]


def drive(base: Base, world: World, end: float, *commands: tuple[float, float, float]) -> None:
    """Command velocities at times, and let the time run to ``end``."""
    for t, speed, turn_rate in commands:
        world.time.advance(at(t))
        base.command(at(t), speed, turn_rate)
    world.time.advance(at(end))


def test_a_straight_drive_has_the_ramps_of_its_acceleration() -> None:
    world = world_of(**EXACT, acceleration=1.0, command_timeout=0.0)
    base = base_of(world)
    drive(base, world, 4.0, (0.0, 0.5, 0.0), (2.0, 0.0, 0.0))
    assert base.state(at(0.25)).speed == pytest.approx(0.25)
    assert base.state(at(0.25)).true.x == pytest.approx(0.5 * 0.25**2)
    assert base.state(at(2.0)).true == pytest.approx((0.5 * 0.5**2 + 0.5 * 1.5, 0.0, 0.0))
    assert base.state(at(4.0)).true == pytest.approx((1.0, 0.0, 0.0))
    assert base.state(at(4.0)).speed == 0.0


def test_a_circle_closes() -> None:
    world = world_of(**EXACT, command_timeout=0.0, acceleration=1e6, angular_acceleration=1e6)
    base = base_of(world)
    drive(base, world, 2.0 * math.pi, (0.0, 0.5, 1.0))
    half = base.state(at(math.pi)).true
    assert (half.x, half.y) == pytest.approx((0.0, 1.0), abs=0.01)
    assert base.state(at(2.0 * math.pi)).true == pytest.approx((0.0, 0.0, 2.0 * math.pi), abs=0.01)


@given(
    distance=st.floats(-2.0, 2.0),
    turn=st.floats(-3.0, 3.0),
    heading=st.floats(-3.0, 3.0),
    share=st.floats(0.0, 1.0),
)
def test_an_arc_may_be_cut_anywhere(distance: float, turn: float, heading: float, share: float) -> None:
    whole = Place(1.0, -1.0, heading).moved(distance, turn)
    parts = Place(1.0, -1.0, heading).moved(distance * share, turn * share)
    assert parts.moved(distance * (1.0 - share), turn * (1.0 - share)) == pytest.approx(whole, abs=1e-8)


def test_it_does_not_matter_who_asks_when() -> None:
    asked, unasked = world_of(3), world_of(3)
    for step in range(400):
        asked.time.advance(at(0.007 * step))
        if step == 10:
            base_of(asked).command(at(0.07), 0.4, 0.7)
        base_of(asked).state(at(0.007 * step))
    unasked.time.advance(at(0.07))
    base_of(unasked).command(at(0.07), 0.4, 0.7)
    unasked.time.advance(at(0.007 * 399))
    end = at(0.007 * 399)
    assert base_of(asked).state(end).true == pytest.approx(base_of(unasked).state(end).true, abs=1e-9)


EVENTS = st.lists(
    st.tuples(
        st.integers(1, 3 * NANOSECONDS),
        st.sampled_from([0.0, 0.3, -0.3, 9.0]),
        st.sampled_from([0.0, 1.0]),
        st.booleans(),
    ),
    max_size=12,
)


@given(events=EVENTS, timeout=st.sampled_from([0.0, 0.5, 0.5004321]))
def test_its_time_goes_on_whatever_is_commanded_and_asked(
    events: list[tuple[int, float, float, bool]], timeout: float
) -> None:
    world = world_of(**EXACT, command_timeout=timeout)
    base, now, before = base_of(world), 0, 0.0
    for pause, speed, turn_rate, commanded in events:
        now += pause
        world.time.advance(now)
        if commanded:
            base.command(now, speed, turn_rate)
        state = base.state(now)
        assert state.t == now
        assert abs(state.speed) <= 0.6 + 1e-12
        assert abs(state.speed - before) <= pause / NANOSECONDS + 1e-9
        assert state == base.state(now)
        before = state.speed


def test_it_stops_when_nobody_commands_it() -> None:
    world = world_of(**EXACT, command_timeout=0.5, acceleration=1.0)
    base = base_of(world)
    drive(base, world, 5.0, (1.0, 0.4, 0.0))
    assert base.state(at(1.45)).speed == pytest.approx(0.4)
    assert base.state(at(1.95)).speed == 0.0
    assert base.state(at(5.0)).true.x == pytest.approx(0.4 * 0.5)


def test_commands_are_limited() -> None:
    world = world_of(**EXACT, max_linear=0.3, max_angular=0.7, command_timeout=0.0)
    base = base_of(world)
    drive(base, world, 5.0, (0.0, 9.0, -9.0))
    assert (base.state(at(5.0)).speed, base.state(at(5.0)).turn_rate) == pytest.approx((0.3, -0.7))


def test_the_odometry_drifts_by_the_scales_of_its_seed() -> None:
    ratios = []
    for seed in range(40):
        world = world_of(seed, distance_scale=0.01, rotation_scale=0.0, noise=0.0, command_timeout=0.0)
        base = base_of(world)
        drive(base, world, 10.0, (0.0, 0.5, 0.0))
        ratios.append(base.odometry(at(10.0))[0] / base.state(at(10.0)).true.x - 1.0)
    assert abs(sum(ratios) / 40) < 4 * 0.01 / 40**0.5
    spread = (sum(r * r for r in ratios) / 40) ** 0.5
    assert 0.006 < spread < 0.015


def test_trackers_see_the_truth_and_not_the_belief() -> None:
    world = world_of(7, distance_scale=0.05, start=(1.0, 2.0, math.pi / 2), command_timeout=0.0)
    base = base_of(world)
    drive(base, world, 5.0, (0.0, 0.5, 0.0))
    body = world.part(Bodies).at("robot", at(5.0))
    assert body is not None
    true = base.state(at(5.0)).true
    assert body.position == pytest.approx((1.0, true.y, 0.0))
    assert body.rotation == pytest.approx((0.0, 0.0, math.sin(math.pi / 4), math.cos(math.pi / 4)))
    assert abs((true.y - 2.0) - base.odometry(at(5.0))[0]) > 0.01


def test_the_odometry_begins_anew_where_it_stands() -> None:
    world = world_of(**EXACT, command_timeout=0.0)
    base = base_of(world)
    drive(base, world, 2.0, (0.0, 0.5, 0.2))
    base.stop(at(2.0))
    world.time.advance(at(4.0))
    before = base.state(at(4.0)).true
    base.forget(at(4.0))
    assert base.odometry(at(4.0))[:3] == (0.0, 0.0, 0.0)
    assert base.state(at(4.0)).true == before
