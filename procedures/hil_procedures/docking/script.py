"""Does a mobile robot get to its dock, how exactly, and in what time?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hil import Design, Record, Results, Trial, procedure
from hil.comparing.results import Compared, parts_of
from hil.coverage.truth import Answer, Stated, TrueWorld
from hil.errors import BenchFault, UsageError
from hil_drivers.capability import Robot, Sensor
from hil_drivers.errors import NotArrived

from ..mobile import Place, as_believed, drive_to, heading_of, tracked
from .parameters import Docking

ROOM = (20.0, 10.0)
"""Temperature in Cel and its tolerance at which mobile robots are tested (ISO 18646-2)."""

AT_REST = 12
"""Readings of each coordinate of the docked robot."""

ALIGNED = 0.02
"""Within so much of its heading, in rad, the robot sets out."""

TRACKED = 30.0
"""Seconds within which motion capture must track the robot before an attempt."""

SETTLE = 0.5
"""Seconds that the docked robot is given to stand still."""


@procedure(
    "docking",
    version="2",
    roles={"robot": Robot, "robot_x": Sensor, "robot_y": Sensor, "robot_turn": Sensor, "temperature": Sensor},
    items=("robot_turn",),
)
async def docking(trial: Trial, p: Docking) -> None:
    """Have a mobile robot drive to its dock again and again, and measure where it stands then."""
    async for point in trial.points():
        await tracked(trial, within=TRACKED)
        async with point.valid(trial.role("temperature", Sensor), ROOM[0], tolerance=ROOM[1], period=1.0):
            here = await drive_to(trial, Place(p.start_x, point.start, 0.0), within=p.start_tolerance, turned=ALIGNED)
            seconds, arrived = await dock(trial, p, here)
            await trial.sleep(SETTLE)
            names = ("robot_x", "robot_y", "robot_turn")
            docked = {f"{name}_docked": await trial.sample(trial.role(name, Sensor), AT_REST) for name in names}
            point.observe(start=point.start, seconds=seconds, arrived=arrived, **docked)


async def dock(trial: Trial, p: Docking, here: Place) -> tuple[float, bool]:
    """Tell the robot where the dock is, seen from ``here``; from then on it has its own odometry alone.

    :returns: how many seconds it took, and whether the robot says that it is there.
    """
    robot, clock = trial.role("robot", Robot), trial.role("robot_x", Sensor)
    told = await robot.pose()
    if told.pose is None:
        raise BenchFault("tells no pose", where="robot", remedy="look at its odometry")
    begun = await trial.measure(clock)
    arrived = True
    try:
        await robot.move_to(as_believed(Place(p.dock_x, p.dock_y, 0.0), here, told.pose))
    except NotArrived:
        arrived = False
    return ((await trial.measure(clock)).t - begun.t) * 1e-9, arrived


@docking.plan
def plan(p: Docking) -> Design:
    """Every start once in each repeat, in random order."""
    return Design({"start": "m"}, [{"start": start} for start in p.starts], repeats=p.repeats, order="random")


@docking.analysis
def analyse(record: Record, p: Docking) -> Results:
    """The share of dockings within the tolerances, accuracy and repeatability of the docked pose, and the time."""
    from .results import results

    return results(record, p)


@docking.conditions
def conditions(found: Mapping[str, Any], _p: Docking) -> Mapping[str, Mapping[str, Compared]]:
    """The mean departure of each coordinate from the dock."""
    told = {}
    for one in found["components"]:
        exact, parts = one["mean"]["unrounded"], parts_of(one["mean"]["budget"])
        told[one["name"]] = {"all starts": Compared(exact["value"], exact["u"], one["unit"], parts)}
    return told


@docking.truth(repeats="1")
def truth(world: TrueWorld, found: Mapping[str, Any], p: Docking) -> Answer:
    """Where the robot truly stood in the mean, from what motion capture indicated and its true errors.

    :raises UsageError: if it never arrived.
    """
    hall, docks = world.hall, [dock for dock in found["docks"] if dock["arrived"]]
    if not docks:
        raise UsageError("the robot arrived in no docking: no departure is stated", where="docking")
    n, turn = len(docks), world.hall.turn("mocap", "robot")

    def place(axis: str) -> float:
        return sum(hall.tracked("mocap", f"robot.{axis}", dock["indicated"][axis]) for dock in docks) / n

    true = {
        "x": place("x") - p.dock_x,
        "y": place("y") - p.dock_y,
        "heading": sum(heading_of(dock["indicated"]["turn"]) for dock in docks) / n - turn,
    }
    return Answer(
        {
            f"mean departure, {one['name']}": Stated(
                one["mean"]["unrounded"]["value"], one["mean"]["unrounded"]["u"], true[one["name"]], one["unit"]
            )
            for one in found["components"]
        }
    )
