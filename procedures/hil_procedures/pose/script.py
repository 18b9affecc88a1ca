"""Does an arm go where it is told, and does it come back there?"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

from hil import Design, Point, Record, Results, Trial, procedure
from hil.comparing.results import Compared, dof_of, parts_of
from hil.coverage.truth import Answer, TrueWorld
from hil.scripts import Roles
from hil_drivers.capability import Robot, Sensor

from ..together import observe_together
from .parameters import PoseAccuracy
from .still import standing_still

AXES = ("x", "y", "z")


@procedure("pose-accuracy", version="2", roles={"robot": Robot, "x": Sensor, "y": Sensor, "z": Sensor})
async def pose_accuracy(trial: Trial, p: PoseAccuracy) -> None:
    """Find how accurately an arm goes to poses, and how well it comes back, by motion capture."""
    robot, sensors = trial.role("robot", Robot), {axis: trial.role(axis, Sensor) for axis in AXES}
    async for point in trial.points():
        target = p.commanded[point.pose]
        await robot.move_to(p.approached(target))
        await robot.move_to(target)
        stands = await standing_still(trial, sensors, within=p.still, for_=p.dwell, timeout=p.timeout)
        async with AsyncExitStack() as gates:
            await enter(gates, trial, p, point, stands)
            windows = await observe_together(trial, sensors, sweeps=p.readings, interval=p.interval)
            point.observe(pose=point.pose, **windows)


async def enter(
    gates: AsyncExitStack, trial: Trial, p: PoseAccuracy, point: Point, stands: Mapping[str, float]
) -> None:
    """The validity gates of a visit: the room, and a tool that is tracked and stays where it came to rest.

    How far that is from the command is what is measured: no gate is on it. A coordinate that is not tracked voids the
    visit.
    """
    period = p.readings * p.interval
    if p.room_tolerance:
        room = trial.role("temperature", Sensor)
        await gates.enter_async_context(point.valid(room, p.room, tolerance=p.room_tolerance, period=period))
    for axis in AXES:
        seen = trial.role(axis, Sensor)
        await gates.enter_async_context(point.valid(seen, stands[axis], tolerance=p.still, period=period))


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
