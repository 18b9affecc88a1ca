"""Does an arm go where it is told, and does it come back there?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from hil import Design, Point, Record, Results, Trial, procedure
from hil.comparing.results import Compared, dof_of, parts_of
from hil.coverage.truth import Answer, TrueWorld
from hil.gate import Gate
from hil.scripts import Command, Roles
from hil_drivers.capability import Robot, Sensor

from .parameters import PoseAccuracy
from .visit import AXES, STOPPED, linked, moves_again, require_ready, visit

ROOM_EVERY = 1.0
"""Seconds between two looks at the temperature of the room."""

BEFORE_AND_AFTER = 1e9
"""Period in s of a gate that looks when a visit begins, and when it has ended."""


@procedure("pose-accuracy", version="3", roles={"robot": Robot, "x": Sensor, "y": Sensor, "z": Sensor})
async def pose_accuracy(trial: Trial, p: PoseAccuracy) -> None:
    """Find how accurately an arm goes to poses, and how well it comes back, by motion capture."""
    await require_ready(trial.role("robot", Robot))
    async for point in trial.points():
        target, stopped = p.commanded[point.pose], False
        await linked(trial, within=p.timeout)
        async with gate(trial, p, point):
            found = await visit(trial, p, target)
            stopped = found.outcome == STOPPED
            point.observe(pose=point.pose, outcome=found.outcome, reason=found.reason, **found.windows)
        if stopped and not await moves_again(trial, p, target):
            trial.note("the arm stopped itself and does not move again: no more visits are made")
            break


def gate(trial: Trial, p: PoseAccuracy, point: Point) -> Gate:
    """The validity gate of a visit: the room; where that is no condition, that motion capture sees the tool.

    How far the tool is from the command is what is measured: no gate is on it.
    """
    if p.room_tolerance:
        room = trial.role("temperature", Sensor)
        return point.valid(room, p.room, tolerance=p.room_tolerance, period=ROOM_EVERY)
    return point.valid(trial.role("x", Sensor), 0.0, tolerance=math.inf, period=BEFORE_AND_AFTER)


@pose_accuracy.further_roles
def roles(p: PoseAccuracy) -> Roles:
    """The thermometer of the room, where it is a condition."""
    return Roles({"temperature": Sensor} if p.room_tolerance else {})


@pose_accuracy.plan
def plan(p: PoseAccuracy) -> Design:
    """All poses in each cycle, or all cycles at each pose."""
    points = [{"pose": name} for name in p.commanded]
    arranged = [point for point in points for _ in range(p.cycles)] if p.order == "blocked" else points
    return Design(
        {"pose": None},
        arranged,
        repeats=1 if p.order == "blocked" else p.cycles,
        order="random" if p.order == "random" else "given",
        attempts=5,
        duration=p.cycles * len(points) * (p.dwell + p.readings * p.interval),
    )


@pose_accuracy.commands
def commands(p: PoseAccuracy) -> list[Command]:
    """Every pose, and from where it is approached."""
    return [("robot", each) for pose in p.commanded.values() for each in (p.approached(pose), pose)]


@pose_accuracy.analysis
def analyse(record: Record, p: PoseAccuracy) -> Results:
    """By pose the accuracy, its components and the repeatability with their uncertainty, and the verdict."""
    from .results import results

    return results(record, p)


@pose_accuracy.conditions
def conditions(found: Mapping[str, Any], _p: PoseAccuracy) -> Mapping[str, Mapping[str, Compared]]:
    """Along each axis, mean minus command at each pose."""
    return {
        f"AP{axis}": {
            one["pose"]: Compared(
                part["value"], part["u"], found["unit"], parts_of(part["budget"]), dof_of(part["budget"])
            )
            for one in found["poses"]
            for part in (one["components"][place],)
        }
        for place, axis in enumerate(AXES)
    }


@pose_accuracy.truth(
    poses="-0.45 -0.13 0.35,-0.33 -0.01 0.47,-0.57 -0.25 0.23",
    cycles="30",
    order="blocked",
    approach="0,0,0.01",
    dwell="0.1 s",
    readings="4",
    accuracy="1.2 mm",
    repeatability="0.3 mm",
)
def truth(world: TrueWorld, found: Mapping[str, Any], p: PoseAccuracy) -> Answer:
    """Where the arm of this seed truly stops, on average and from stop to stop."""
    from .truth import answer

    return answer(world, found, p)
