"""Does a mobile robot stop before an obstacle that appears in its path, and what is left of its kinetic energy?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from hil import Design, Point, Record, Results, Trial, Window, procedure
from hil.comparing.results import Compared
from hil.coverage.truth import Answer, Stated, TrueWorld
from hil.errors import BenchFault, UsageError
from hil.scripts import Command
from hil_drivers.capability import Actuator, Robot, Sensor

from ..means import mean_over
from ..mobile import Place, drive_to, seen, tracked
from ..shares import share
from .parameters import ObstacleStop

NANOSECONDS = 1_000_000_000
ROOM = (20.0, 10.0)
"""Temperature in Cel and its tolerance at which mobile robots are tested (ISO 18646-2)."""

REST = 0.3
"""Seconds for which the robot has come to rest if neither coordinate moved by more than ``STILL``, in m."""

STILL = 0.001
AT_REST = 12
"""Readings of each coordinate at rest."""

BUMPER_EVERY = 4
"""Readings of the position for each one of the bumper."""


class Reading(NamedTuple):
    """One coordinate of a position: UTC in ns, m."""

    t: int
    at: float


class Approach(NamedTuple):
    """How the robot stood (windows of single readings, by role), and its last positions before the obstacle appears."""

    stands: Mapping[str, Window]
    readings: list[Reading]


class Move(NamedTuple):
    """The robot's x and y and the obstacle's x since that appeared; whether the bumper told of a touch, and whether the
    robot rested."""

    robot: list[Reading]
    across: list[Reading]
    obstacle: list[Reading]
    touched: bool
    rested: bool


@procedure(
    "obstacle-stop",
    version="3",
    roles={
        "drive": Actuator,
        "obstacle": Actuator,
        "lane": Actuator,
        "robot": Robot,
        "robot_x": Sensor,
        "robot_y": Sensor,
        "robot_turn": Sensor,
        "obstacle_x": Sensor,
        "obstacle_y": Sensor,
        "contact": Sensor,
        "temperature": Sensor,
    },
    items=("robot_turn", "contact"),
)
async def obstacle_stop(trial: Trial, p: ObstacleStop) -> None:
    """Let an obstacle appear before a driving robot, and measure what its own protection makes of it."""
    drive = trial.role("drive", Actuator)
    async for point in trial.points():
        await drive.set(0.0)
        await tracked(trial, within=p.timeout)
        async with point.valid(trial.role("temperature", Sensor), ROOM[0], tolerance=ROOM[1], period=1.0):
            await prepare(trial, p)
            before = await approach(trial, p, point.speed)
            await trial.role("lane", Actuator).set(p.lane)
            after = await come_to_rest(trial, p)
            await drive.set(0.0)
            await observe(trial, point, before, after)


async def prepare(trial: Trial, p: ObstacleStop) -> None:
    """Clear the path, and bring the robot back to its start: backwards, then by its odometry where it is off."""
    drive = trial.role("drive", Actuator)
    await trial.role("lane", Actuator).set(p.parked)
    await trial.role("obstacle", Actuator).set(p.obstacle)
    way = (await seen(trial)).x - p.start
    if way > p.lane_tolerance:
        await drive.set(-min(p.speeds))
        await trial.sleep(way / min(p.speeds))
        await drive.set(0.0)
    await drive_to(trial, Place(p.start, p.lane, 0.0), within=p.lane_tolerance, turned=0.02)


async def approach(trial: Trial, p: ObstacleStop, speed: float) -> Approach:
    """Drive until the obstacle is due, and return how the robot stands, and the readings of the last ``window`` s.

    :raises BenchFault: if the robot has not the speed then, or does not get there.
    """
    here, trigger = await seen(trial), p.start + p.run_up
    await trial.role("drive", Actuator).set(speed)
    await trial.sleep(max(0.0, (trigger - here.x) / speed - p.window - 0.2))
    stands = {name: await trial.sample(trial.role(name, Sensor), 1) for name in ("robot_y", "robot_turn")}
    readings = [await read(trial)]
    while readings[-1].at + p.delay * speed < trigger:
        readings.append(await read(trial))
        if readings[-1].t - readings[0].t > p.timeout * NANOSECONDS:
            raise BenchFault(f"did not get to x = {trigger:g} m", where="robot", remedy="look at what is in its way")
    last = [each for each in readings if readings[-1].t - each.t <= p.window * NANOSECONDS]
    found = slope(last)
    if abs(found - speed) > p.speed_tolerance * speed:
        raise BenchFault(
            f"drove at {found:.4f} m/s when the obstacle was due, not at {speed:g} m/s",
            where="robot",
            remedy="give it a longer run_up",
        )
    return Approach(stands, last)


async def come_to_rest(trial: Trial, p: ObstacleStop) -> Move:
    """Follow the robot, and the obstacle in the same frames of motion capture, until it rests, or was given the time.

    A robot that does not rest in time has failed; the bench has not.
    """
    robot, aside, other = (trial.role(name, Sensor) for name in ("robot_x", "robot_y", "obstacle_x"))
    contact, touched, rested = trial.role("contact", Sensor), False, False
    along: list[Reading] = []
    across: list[Reading] = []
    beside: list[Reading] = []
    while not (rested or (along and along[-1].t - along[0].t > p.timeout * NANOSECONDS)):
        x = trial.together(trial.measure(robot), trial.measure(other))
        (here, there), y = await trial.together(x, trial.measure(aside))
        for kept, seen_now in ((along, here), (across, y), (beside, there)):
            kept.append(Reading(seen_now.t, seen_now.value))
        if len(along) % BUMPER_EVERY == 0:
            touched = touched or (await trial.measure(contact)).value > 0.5
        rested = rests(along) and rests(across)
    touched = touched or (await trial.measure(contact)).value > 0.5
    return Move(along, across, beside, touched, rested)


def rests(readings: Sequence[Reading]) -> bool:
    """Whether a coordinate has moved by no more than ``STILL`` for ``REST`` seconds."""
    end = readings[-1].t
    last = [each.at for each in readings if end - each.t <= REST * NANOSECONDS]
    return end - readings[0].t > REST * NANOSECONDS and max(last) - min(last) <= STILL


async def observe(trial: Trial, point: Point, before: Approach, after: Move) -> None:
    """Measure where robot and obstacle are now, and keep the attempt."""
    names = ("robot_x", "robot_y", "robot_turn", "obstacle_x", "obstacle_y")
    rest = {f"{name}_at_rest": await trial.sample(trial.role(name, Sensor), AT_REST) for name in names}
    robot, aside, obstacle = (rest[f"{name}_at_rest"].channel for name in ("robot_x", "robot_y", "obstacle_x"))
    point.observe(
        speed=point.speed,
        contact=after.touched,
        rested=after.rested,
        approach=Window(robot, before.readings[0].t, before.readings[-1].t),
        stop=Window(robot, after.robot[0].t, after.robot[-1].t),
        across=Window(aside, after.across[0].t, after.across[-1].t),
        obstacle=Window(obstacle, after.obstacle[0].t, after.obstacle[-1].t),
        **{f"{name}_before": window for name, window in before.stands.items()},
        **rest,
    )


async def read(trial: Trial) -> Reading:
    """One reading of the robot's x."""
    measured = await trial.measure(trial.role("robot_x", Sensor))
    return Reading(measured.t, measured.value)


def slope(readings: list[Reading]) -> float:
    """The speed in m/s by the straight line through at least two readings."""
    n, origin = len(readings), readings[0].t
    t = [(each.t - origin) / NANOSECONDS for each in readings]
    middle = sum(t) / n
    return sum((a - middle) * each.at for a, each in zip(t, readings, strict=True)) / sum((a - middle) ** 2 for a in t)


@obstacle_stop.plan
def plan(p: ObstacleStop) -> Design:
    """Every speed once in each repeat, in random order."""
    points = [{"speed": speed} for speed in p.speeds]
    there = sum(p.run_up / speed + p.run_up / min(p.speeds) for speed in p.speeds)
    return Design({"speed": "m/s"}, points, repeats=p.repeats, order="random", duration=p.repeats * there)


@obstacle_stop.commands
def commands(p: ObstacleStop) -> list[Command]:
    """Every speed, and where the obstacle stands and waits."""
    speeds = [("drive", speed) for speed in (*p.speeds, -min(p.speeds))]
    return [*speeds, ("lane", p.lane), ("lane", p.parked), ("obstacle", p.obstacle)]


@obstacle_stop.analysis
def analyse(record: Record, p: ObstacleStop) -> Results:
    """By speed the kinetic energy that was taken away, the gap that was left and the share of stops without contact."""
    from .results import results

    return results(record, p)


@obstacle_stop.conditions
def conditions(found: Mapping[str, Any], _p: ObstacleStop) -> Mapping[str, Mapping[str, Compared]]:
    """At each speed the energy taken away and the way to rest, means of two stops or more, and the share of stops
    without contact."""
    told: dict[str, dict[str, Compared]] = {"energy taken away": {}, "way to rest": {}, "share without contact": {}}
    for one in found["speeds"]:
        at = f"{one['speed']:g} m/s"
        for name, key, unit in (("energy taken away", "energy", "J"), ("way to rest", "way", "m")):
            values = [stop[key]["value"] for stop in one["each"] if stop[key] is not None]
            mean = None if one[key] is None else mean_over(values, unit, one[key]["budget"], scatter="how stops differ")
            if mean is not None:
                told[name][at] = replace(mean, of_size=True)
        told["share without contact"][at] = share(one["without_contact"], one["stops"])
    return told


@obstacle_stop.truth(speeds="0.3 m/s,0.5 m/s", distance="0.4 m", repeats="2")
def truth(world: TrueWorld, found: Mapping[str, Any], p: ObstacleStop) -> Answer:
    """By speed, from the robot's true mass and speed on the way, and the true places of robot and obstacle at rest.

    :raises UsageError: if the robot touched the obstacle or did not rest: what it truly had then is not known.
    """
    stated, hall = dict[str, Stated](), world.hall
    for one in found["speeds"]:
        if one["without_contact"] < one["stops"]:
            raise UsageError(
                f"touched the obstacle, or did not come to rest, at {one['speed']:g} m/s",
                where="obstacle-stop",
                remedy="drive slower",
            )
        energy = 0.5 * hall.mass() * hall.cruise(one["speed"]) ** 2
        gaps = [
            math.cos(stop["heading"])
            * (
                hall.tracked("mocap", "obstacle.x", stop["indicated"]["obstacle"])
                - hall.tracked("mocap", "robot.x", stop["indicated"]["robot"])
            )
            + math.sin(stop["heading"]) * stop["aside"]
            - p.front
            - p.face
            for stop in one["each"]
        ]
        for name, exact, true, unit in (
            ("kinetic energy taken away", one["energy"]["unrounded"], energy, "J"),
            ("mean gap", one["gap"]["unrounded"], sum(gaps) / len(gaps), "m"),
        ):
            stated[f"{name} at {one['speed']:g} m/s"] = Stated(exact["value"], exact["u"], true, unit)
    return Answer(stated)
