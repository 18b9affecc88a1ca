"""One visit to a pose: the arm's moves, its rest, and what motion capture sees then.

What the arm does wrong is the outcome of the visit. What the bench does wrong is raised, and voids the attempt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hil import Trial, Window
from hil.errors import BenchFault
from hil_drivers.capability import Pose, Robot, Sensor
from hil_drivers.errors import DeviceError, DeviceUnreachable, NotArrived, SetpointRefused, StoppedItself
from hil_drivers.indication import UNUSABLE

from ..together import observe_together
from .parameters import PoseAccuracy
from .still import standing_still

AXES = ("x", "y", "z")

LOOK = 1.0
"""Seconds between two looks at an arm that has stopped itself, or does not answer."""

ARRIVED, REFUSED, NOT_ARRIVED, STOPPED, RESTLESS = "arrived", "refused", "not arrived", "stopped itself", "did not rest"
FAILURES = (REFUSED, NOT_ARRIVED, STOPPED, RESTLESS)
"""The outcomes of a visit that is a failed response of the arm."""


@dataclass(frozen=True)
class Visit:
    """How a visit ended, why it failed if it did, and by axis the readings of the tool at rest if it did not."""

    outcome: str
    reason: str = ""
    windows: Mapping[str, Window] = field(default_factory=dict)


async def visit(trial: Trial, p: PoseAccuracy, target: Pose) -> Visit:
    """Have the arm go to ``target``, wait until it rests, and read where its tool is.

    :raises DeviceError: if a link is lost, or the bench stops the arm.
    :raises BenchFault: if motion capture loses the tool.
    """
    robot, sensors = trial.role("robot", Robot), {axis: trial.role(axis, Sensor) for axis in AXES}
    try:
        await robot.move_to(p.approached(target))
        await robot.move_to(target)
    except SetpointRefused as error:
        return Visit(REFUSED, error.what)
    except NotArrived as error:
        return Visit(NOT_ARRIVED, error.what)
    except StoppedItself as error:
        return Visit(STOPPED, error.what)
    rest = await standing_still(trial, sensors, within=p.still, for_=p.dwell, timeout=p.timeout)
    if rest.unrest:
        return Visit(RESTLESS, rest.unrest)
    windows = await observe_together(trial, sensors, sweeps=p.readings, interval=p.interval)
    for axis, sensor in sensors.items():
        if abs((await trial.measure(sensor)).value - rest.stands[axis]) > p.still:
            return Visit(RESTLESS, f"left the place where it had come to rest, by more than {p.still:g} m along {axis}")
    return Visit(ARRIVED, windows=windows)


async def linked(trial: Trial, *, within: float) -> None:
    """Wait until the arm answers, as it may not after a visit that was void because its link was lost.

    :param within: bench seconds.
    :raises DeviceUnreachable: if it does not.
    """
    robot = trial.role("robot", Robot)
    for _ in range(max(1, round(within / LOOK))):
        try:
            await robot.pose()
        except DeviceUnreachable:
            await trial.sleep(LOOK)
        else:
            return
    await robot.pose()


async def require_ready(robot: Robot) -> None:
    """Before the first visit: an arm that is stopped already was left so, and has failed at nothing.

    :raises BenchFault: if it has no account of its pose, or is stopped.
    """
    if not await _ready(robot):
        raise BenchFault("is stopped, or tells no pose", where="robot", remedy="clear it at the teach pendant first")


async def moves_again(trial: Trial, p: PoseAccuracy, target: Pose) -> bool:
    """Whether an arm that has stopped itself is cleared in time, and then goes back to before ``target``.

    As long as no program of it follows, it is waited for; one that refuses, or stops itself again, is let alone.
    """
    robot = trial.role("robot", Robot)
    for _ in range(max(1, round(p.recovery / LOOK))):
        try:
            if await _ready(robot):
                await robot.move_to(p.approached(target))
                return True
        except (SetpointRefused, NotArrived, StoppedItself, DeviceUnreachable):
            return False
        except DeviceError as error:
            trial.note("the arm is cleared, and does not move yet", reason=str(error))
        await trial.sleep(LOOK)
    return False


async def _ready(robot: Robot) -> bool:
    """Whether it has an account of its pose, and calls itself fit to move."""
    told = await robot.pose()
    return told.pose is not None and not told.flags & UNUSABLE
