"""Does a mobile robot get to its dock, how exactly, and in what time?"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from hil import Design, Record, Results, Trial, procedure
from hil.comparing.results import Compared
from hil.coverage.truth import Answer, Stated, TrueWorld
from hil.errors import BenchFault, UsageError
from hil.scripts import Roles
from hil_drivers.capability import Performer, Pose, Robot, Sensor
from hil_drivers.errors import NotArrived

from ..means import mean_over
from ..mobile import Place, as_believed, drive_to, heading_of, tracked
from ..shares import share
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

MOVED, SUCCEEDED, NOT_ARRIVED = "moved", "succeeded", "not arrived"
ARRIVED = (MOVED, SUCCEEDED)
"""The outcomes by which a robot says that it is there."""


@procedure(
    "docking",
    version="4",
    roles={"robot": Robot, "robot_x": Sensor, "robot_y": Sensor, "robot_turn": Sensor, "temperature": Sensor},
    items=("robot_turn",),
)
async def docking(trial: Trial, p: Docking) -> None:
    """Have a mobile robot drive to its dock again and again, and measure where it stands then."""
    async for point in trial.points():
        await tracked(trial, within=TRACKED)
        async with point.valid(trial.role("temperature", Sensor), ROOM[0], tolerance=ROOM[1], period=1.0):
            here = await drive_to(trial, Place(p.start_x, point.start, 0.0), within=p.start_tolerance, turned=ALIGNED)
            seconds, outcome = await dock(trial, p, here)
            await trial.sleep(SETTLE)
            names = ("robot_x", "robot_y", "robot_turn")
            docked = {f"{name}_docked": await trial.sample(trial.role(name, Sensor), AT_REST) for name in names}
            point.observe(start=point.start, seconds=seconds, arrived=outcome in ARRIVED, outcome=outcome, **docked)


async def dock(trial: Trial, p: Docking, here: Place) -> tuple[float, str]:
    """Have the robot dock, by its task or by telling it where the dock is, seen from ``here``.

    :returns: how many seconds it took, and how it ended by the robot's own account.
    """
    clock = trial.role("robot_x", Sensor)
    go = partial(perform, trial, p) if p.task else partial(move, trial, await target(trial, p, here))
    begun = await trial.measure(clock)
    try:
        outcome = await go()
    except NotArrived:
        outcome = NOT_ARRIVED
    return ((await trial.measure(clock)).t - begun.t) * 1e-9, outcome


async def target(trial: Trial, p: Docking, here: Place) -> Pose:
    """The dock as the robot believes it to be; from here on it has its own odometry alone.

    :raises BenchFault: if it tells no pose.
    """
    told = await trial.role("robot", Robot).pose()
    if told.pose is None:
        raise BenchFault("tells no pose", where="robot", remedy="look at its odometry")
    return as_believed(Place(p.dock_x, p.dock_y, 0.0), here, told.pose)


async def move(trial: Trial, to: Pose) -> str:
    """Have it move there."""
    await trial.role("robot", Robot).move_to(to)
    return MOVED


async def perform(trial: Trial, p: Docking) -> str:
    """Have it carry out its task; how that ended."""
    return (await trial.role("performer", Performer).perform(p.task)).status


@docking.further_roles
def roles(p: Docking) -> Roles:
    """What carries out the task, where there is one."""
    return Roles({"performer": Performer} if p.task else {})


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
    """The mean departure of each coordinate from the dock, of two dockings or more, and the share within the
    tolerances beyond doubt."""
    told: dict[str, dict[str, Compared]] = {name: {} for name in ("x", "y", "heading")}
    docks = [dock for dock in found["docks"] if dock["arrived"]]
    for one in found["components"]:
        values = [dock["departures"][one["name"]]["value"] for dock in docks]
        mean = mean_over(values, one["unit"], one["mean"]["budget"], scatter="how dockings differ")
        if mean is not None:
            told[one["name"]]["all starts"] = mean
    return {**told, "share within": {"all starts": share(found["within"], found["dockings"])}}


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
