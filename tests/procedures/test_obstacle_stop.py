"""Obstacle stop: its figures against closed forms and against the physics, and its verdict."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from hil_calibration.stream import Measurements
from hil_drivers.clock import NANOSECONDS
from hil_drivers.sim.base import bases
from hil_drivers.sim.hall.engine import Engine
from hil_drivers.sim.world import World
from hil_drivers.sim.world_file import WorldFile
from hil_procedures.figure import ALONE, OWN, Figure, combined, mean
from hil_procedures.obstacle_stop.parameters import ObstacleStop
from hil_procedures.obstacle_stop.results import judge
from hil_procedures.obstacle_stop.script import Reading, rests
from hil_procedures.obstacle_stop.seen import Body, Seen
from hil_procedures.obstacle_stop.session import Session, at_speed
from hil_procedures.obstacle_stop.stops import Stop, stop_of
from hil_procedures.readings import Series

Array = NDArray[np.float64]
NOISE, U_ORIGIN, U_SCALE = 5e-5, 1e-3, 2e-3
RATE = 120.0
BODY = Body(front=0.22, face=0.15, mass=11.2, u_mass=0.05, delay=0.01, u_delay=0.003)


def tracked(t: Array, x: Array, seed: int = 1, *, origin: str = "origin") -> Series:
    """Positions with noise, and a calibration with an error of the origin and one of the scale."""
    values = x + np.random.default_rng(seed).normal(0.0, NOISE, len(x))
    shared = np.column_stack([np.full(len(x), U_ORIGIN), U_SCALE * x])
    return Series(t, values, 0.0, Measurements(values, np.zeros(len(x)), shared, (origin, "scale"), "m"))


def still(x: float, origin: str = "origin") -> Series:
    return tracked(np.arange(12) / RATE, np.full(12, x), 7, origin=origin)


def value_of(figure: Figure | None) -> float:
    assert figure is not None
    return figure.value


def seen(speed: float = 0.5, braking: float = 1.0, distance: float = 0.3, touched: bool = False) -> Seen:
    """A robot that drives from x = -0.2, sees the obstacle at x = 0 and brakes at once."""
    run_up, after = np.arange(-48, 1) / RATE, np.arange(1, 200) / RATE
    braked = speed * after - braking * after**2 / 2.0
    way = speed**2 / 2.0 / braking
    x = np.where(after < speed / braking, braked, way)
    rest = min(way, distance) if touched else way
    stands = np.full(len(after), distance + BODY.front + BODY.face)
    return Seen(
        name="stop 1",
        speed=speed,
        told=touched,
        rested=True,
        approach=tracked(run_up, speed * run_up),
        stop=tracked(after, np.minimum(x, rest), 2),
        across=tracked(after, np.full(len(after), -2.0), 4, origin="origin along y"),
        moving=tracked(after, stands, 3, origin="other origin"),
        robot=still(rest),
        obstacle=still(distance + BODY.front + BODY.face, "other origin"),
        heading=0.0,
        aside=0.0,
        heading_before=0.0,
        aside_before=0.0,
        robot_indicated=rest,
        obstacle_indicated=distance + BODY.front + BODY.face,
    )


def test_a_stop_without_contact_takes_all_of_the_energy_and_leaves_a_gap() -> None:
    stop = stop_of(seen(), BODY)
    assert stop.before.value == pytest.approx(0.5, abs=4e-4)
    assert (stop.touched, stop.free, stop.after.value) == ((), True, 0.0)
    assert stop.energy.value == pytest.approx(0.5 * 11.2 * 0.25, rel=2e-3)
    assert value_of(stop.gap) == pytest.approx(0.3 - 0.125, abs=1e-4)
    assert stop.appeared.value == pytest.approx(0.3 - 0.5 * BODY.delay, abs=2e-4)
    assert stop.way is not None
    assert stop.way.value == pytest.approx(0.125 - 0.5 * BODY.delay, abs=2e-4)


def test_what_positions_share_enters_once() -> None:
    """By hand: mass and scale in the energy; both origins in the gap, none in the way."""
    stop = stop_of(seen(), BODY)
    energy = stop.energy.budget()
    parts = {part.name: part.u for part in energy.parts}
    assert parts["mass of the robot"] == pytest.approx(0.5 * 0.25 * 0.05, rel=2e-3)
    assert parts["scale"] == pytest.approx(11.2 * 0.25 * U_SCALE, rel=2e-3)
    assert "origin" not in parts
    assert energy.u == pytest.approx(math.hypot(*parts.values()))
    assert stop.gap is not None
    gap = {part.name: part.u for part in stop.gap.budget().parts}
    assert gap["origin"] == pytest.approx(U_ORIGIN)
    assert gap["other origin"] == pytest.approx(U_ORIGIN)
    assert gap["scale"] == pytest.approx(U_SCALE * (0.67 - 0.125), rel=1e-3)
    assert stop.way is not None
    way = {part.name: part.u for part in stop.way.budget().parts}
    assert "origin" not in way
    assert way[OWN] == pytest.approx(0.5 * BODY.u_delay, rel=0.02)


def test_a_mean_keeps_what_all_share_and_averages_what_is_their_own() -> None:
    figures = [Figure(float(i), {"mass": 0.1, f"{ALONE}stop {i}, readings": 0.2}) for i in range(4)]
    found = mean(figures)
    assert found.value == 1.5
    assert found.u == pytest.approx(math.hypot(0.1, 0.2 / 2.0))
    assert combined(0.0, [(1.0, figures[0]), (-1.0, figures[0])]).u == 0.0


def test_a_robot_that_stands_askew_has_a_smaller_gap_than_along_x() -> None:
    straight, askew = seen(), replace(seen(), heading=0.1, aside=-0.05)
    along = straight.obstacle.mean - straight.robot.mean
    expected = math.cos(0.1) * along - math.sin(0.1) * 0.05 - 0.37
    assert value_of(stop_of(askew, BODY).gap) == pytest.approx(expected, abs=1e-9)


def test_the_speed_at_a_touch_is_that_of_the_braking_robot_there() -> None:
    stop = stop_of(seen(0.9, 1.2, 0.2, touched=True), BODY)
    true = math.sqrt(0.9**2 - 2.0 * 1.2 * 0.2)
    assert abs(stop.after.value - true) < 3.0 * stop.after.u < 0.05
    assert stop.energy.value == pytest.approx(0.5 * 11.2 * (0.9**2 - true**2), abs=3.0 * stop.energy.u)
    assert value_of(stop.gap) == 0.0
    assert stop.way is None


def test_a_touch_just_after_the_obstacle_appears_is_found_with_readings_from_before_it() -> None:
    stop = stop_of(seen(0.9, 1.2, 0.02, touched=True), BODY)
    true = math.sqrt(0.9**2 - 2.0 * 1.2 * 0.02)
    assert abs(stop.after.value - true) < stop.after.u
    assert stop.after.u == pytest.approx(9.81 * 0.02 / 0.9 / math.sqrt(3.0), rel=0.1), "what braking could have done"


def pushed(told: bool = True, rested: bool = True) -> tuple[Seen, float]:
    """A robot that gets to a light obstacle and drives on with it, and its true speed at the touch."""
    before = seen(0.9, 1.2, 0.2)
    true = math.sqrt(0.9**2 - 2.0 * 1.2 * 0.2)
    t = before.stop.t
    hit = (0.9 - true) / 1.2
    slower = 0.9 * true
    on = 0.2 + np.minimum(slower * (t - hit) - 0.3 * (t - hit) ** 2, slower**2 / 1.2)
    x = np.where(t < hit, 0.9 * t - 0.6 * t**2, on)
    robot = tracked(t, x, 2)
    reach = BODY.front + BODY.face
    moving = tracked(t, np.maximum(0.2, x) + reach, 3, origin="other origin")
    end = float(x[-1])
    whole = replace(before, stop=robot, moving=moving, robot=still(end), obstacle=still(end + reach, "other origin"))
    return replace(whole, told=told, rested=rested), true


@pytest.mark.parametrize(("told", "rested"), [(True, True), (False, True), (True, False)])
def test_an_obstacle_that_is_pushed_was_touched_where_it_stood(told: bool, rested: bool) -> None:
    """Where the robot rests in the end would be taken for the touch otherwise, and half of the energy for given up."""
    whole, true = pushed(told, rested)
    stop = stop_of(whole, BODY)
    assert stop.touched == (("bumper", "pushed") if told else ("pushed",))
    assert not stop.free
    assert abs(stop.after.value - true) < 2.0 * stop.after.u < 0.06
    assert stop.energy.value == pytest.approx(0.5 * 11.2 * (0.9**2 - true**2), abs=2.0 * stop.energy.u)
    assert (value_of(stop.gap), stop.way) == (0.0, None)
    assert stop.appeared.value == pytest.approx(0.2 - 0.9 * BODY.delay, abs=3e-4)
    assert stop.after.effects["origin"] == pytest.approx(-stop.after.effects["other origin"], rel=1e-6)


def test_an_obstacle_that_sways_while_the_robot_is_far_from_it_was_not_pushed() -> None:
    quiet = seen()
    swaying = tracked(quiet.stop.t, quiet.moving.value + 0.004 * np.sin(9.0 * quiet.stop.t), 3, origin="other origin")
    assert stop_of(replace(quiet, moving=swaying), BODY).touched == ()


def test_bodies_that_overlap_by_more_than_the_uncertainty_have_touched_although_no_bumper_told() -> None:
    """u of the gap is 1.7 mm here: 1 mm is open, 8 mm are none. The touch is where the bodies met."""
    braked = seen(0.6, 0.9, 0.2)
    open_, touched = (
        stop_of(replace(braked, obstacle=still(0.57 - over, "other origin"), moving=moved_by(braked, -over)), BODY)
        for over in (0.001, 0.008)
    )
    assert (open_.touched, touched.touched) == ((), ("overlap",))
    assert abs(touched.after.value - math.sqrt(2.0 * 0.9 * 0.008)) < 2.0 * touched.after.u < 0.06


def moved_by(whole: Seen, way: float) -> Series:
    """The obstacle, standing elsewhere all the time."""
    return tracked(whole.moving.t, whole.moving.value + way, 3, origin="other origin")


def test_a_robot_that_does_not_rest_in_time_has_failed_and_its_energy_is_by_its_speed_then() -> None:
    quiet = seen()
    t = quiet.stop.t
    rolling = tracked(t, 0.1 * t, 2)
    stop = stop_of(replace(quiet, rested=False, stop=rolling), BODY)
    assert (stop.touched, stop.free, stop.gap, stop.way) == ((), False, None, None)
    assert stop.after.value == pytest.approx(0.1, abs=1e-3)
    assert stop.energy.value == pytest.approx(0.5 * 11.2 * (0.5**2 - 0.1**2), rel=2e-3)
    one = at_speed(0.5, [stop_of(quiet, BODY), stop], 0.95)
    assert (one.free, one.touched, one.restless, len(one.stops)) == (1, 0, 1, 2)
    assert value_of(one.smallest) == pytest.approx(value_of(one.gap))
    assert at_speed(0.5, [stop], 0.95).smallest is None


def test_a_robot_that_turns_aside_and_drives_on_has_not_given_up_its_energy() -> None:
    """Along the path it stands still, or nearly; across it, it goes on at 0.4 m/s."""
    quiet = seen()
    t = quiet.stop.t
    along, across = tracked(t, 0.2 + 0.03 * t, 2), tracked(t, -2.0 + 0.4 * t, 4, origin="origin along y")
    stop = stop_of(replace(quiet, rested=False, stop=along, across=across), BODY)
    assert not stop.free
    assert stop.after.value == pytest.approx(math.hypot(0.03, 0.4), abs=2e-3)
    assert stop.energy.value == pytest.approx(0.5 * 11.2 * (0.5**2 - 0.03**2 - 0.4**2), rel=0.02)
    own = [u for name, u in stop.after.effects.items() if name.startswith(ALONE)]
    assert len(own) == 4, "the scatter of each coordinate is its own"


def test_a_robot_rests_that_neither_drives_nor_slides_aside() -> None:
    times = [round(n * NANOSECONDS / RATE) for n in range(60)]
    still_, sliding = [Reading(t, -2.0) for t in times], [Reading(t, -2.0 + 2e-11 * t) for t in times]
    assert rests(still_)
    assert not rests(sliding)
    assert rests([*sliding[:10], *(Reading(t, sliding[10].at) for t in times[10:])])
    assert not rests(still_[:30]), "not for long enough"


def test_the_speed_at_a_touch_is_that_of_the_physics() -> None:
    """Against the energy theorem on true states: the errors are within U, at speeds and distances that touch."""
    for seed, speed, distance in ((1, 0.6, 0.2), (2, 0.9, 0.3), (3, 0.7, 0.3), (4, 1.0, 0.4)):
        true, found = touch_by_physics(seed, speed, distance)
        assert abs(found.value - true) < 2.0 * found.u
        assert found.u < 0.02


def touch_by_physics(seed: int, speed: float, distance: float) -> tuple[float, Figure]:
    """The true speed at the touch in the hall, and the one that tracked positions give."""
    robot = {"kind": "ros2-robot", "command_timeout": 0.0, "start": [-3, -2, 0], "max_linear": 1.0, "protection": {}}
    world = World(WorldFile.model_validate({"seed": seed, "scene": "robot-hall", "devices": {"robot": robot}}))
    base, engine = bases(world)["robot"], world.part(Engine)

    def x(t: float) -> float:
        return base.body(round(t * NANOSECONDS)).position[0]

    base.command(0, speed, 0.0)
    wall = x(2.0) + BODY.front + distance
    engine.place(2 * NANOSECONDS, 0, wall + BODY.face)
    engine.place(2 * NANOSECONDS, 1, -2.0)
    hit = next(t for t in np.arange(2.0, 5.0, 0.01).tolist() if engine.contact(round(t * NANOSECONDS), 0)) - 0.02
    before, after = (x(hit - 0.005) - x(hit - 0.015)) / 0.01, (x(hit + 0.005) - x(hit - 0.005)) / 0.01
    braking = (before - after) / 0.01
    t = np.arange(2.005, 4.0, 1.0 / RATE)
    stop = tracked(t, np.array([x(each) for each in t.tolist()]), seed)
    rest = still(x(4.0))
    moving = tracked(t, np.full(len(t), wall + BODY.face), seed + 1, origin="other origin")
    whole = replace(seen(speed, touched=True), stop=stop, moving=moving, robot=rest)
    return math.sqrt(after**2 - 2.0 * braking * (wall - BODY.front - x(hit))), stop_of(whole, BODY).after


def session(*free: tuple[int, int]) -> tuple[Session, ObstacleStop]:
    """So many of so many stops without contact, at each of some speeds."""
    p = ObstacleStop(speeds=tuple(0.1 * (i + 1) for i in range(len(free))), run_up=2.0)
    without, with_ = stop_of(seen(), BODY), stop_of(seen(0.9, 1.2, 0.2, touched=True), BODY)

    def at(stop: Stop, speed: float) -> Stop:
        return replace(stop, seen=replace(stop.seen, speed=speed))

    stops = [
        at(without if number < k else with_, speed)
        for speed, (k, n) in zip(p.speeds, free, strict=True)
        for number in range(n)
    ]
    return Session(tuple(at_speed(speed, stops, p.confidence) for speed in p.speeds), 23.0), p


@pytest.mark.parametrize(
    ("free", "outcome"),
    [(((60, 60), (60, 60)), "PASS"), (((60, 60), (10, 60)), "FAIL"), (((60, 60), (9, 10)), "INCONCLUSIVE")],
)
def test_the_worst_speed_decides(free: tuple[tuple[int, int], ...], outcome: str) -> None:
    found, p = session(*free)
    verdict = judge(found, 0.9, p)
    assert verdict.outcome == outcome
    assert outcome == "PASS" or verdict.reason.startswith("at 0.2 m/s")


def test_the_smallest_gap_is_0_where_one_stop_touched() -> None:
    found, _ = session((9, 10), (10, 10))
    touched, free = found.speeds
    assert value_of(touched.smallest) == 0.0
    assert value_of(touched.gap) == pytest.approx(value_of(free.smallest))
    assert touched.interval == pytest.approx((0.5550, 0.9975), abs=1e-4)
    assert touched.s_energy is not None
    assert free.s_energy == pytest.approx(0.0)
