"""A mobile robot that motion capture sees: where it is, and driving it to a place of the hall.

The robot drives by its odometry, which has an origin of its own and drifts: a place of the hall is told to it relative
to where motion capture sees it. Lengths in m, angles in rad.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from hil import Trial
from hil.errors import BenchFault
from hil_drivers.capability import Pose, Robot, Sensor

TRIES = 4
"""How often a place is approached, the last times from near by."""


LOOK = 0.5
"""Seconds between two looks for a robot that is not tracked."""


class Place(NamedTuple):
    """A pose in the plane of the hall."""

    x: float
    y: float
    heading: float

    def departs(self, other: Place) -> tuple[float, float]:
        """By how far it is from ``other``, in m and in rad."""
        return math.hypot(self.x - other.x, self.y - other.y), abs(wrapped(self.heading - other.heading))


def wrapped(angle: float) -> float:
    """The same direction in (-pi, pi].

    >>> round(wrapped(3 * math.pi / 2), 6) == round(-math.pi / 2, 6)
    True
    """
    return math.pi - (math.pi - angle) % (2.0 * math.pi)


def heading_of(turn: float) -> float:
    """The heading of a rigid body that stands upright, from the z of its quaternion (x, y, z, w), w not negative.

    >>> round(heading_of(math.sin(0.2 / 2)), 6)
    0.2
    """
    return 2.0 * math.asin(max(-1.0, min(1.0, turn)))


async def tracked(trial: Trial, *, within: float) -> None:
    """Wait until motion capture tracks the robot, as it may not after an attempt that was void.

    :param within: bench seconds.
    :raises BenchFault: if it does not.
    """
    sensor = trial.role("robot_x", Sensor)
    for _ in range(max(1, round(within / LOOK))):
        if (await sensor.read()).usable:
            return
        await trial.sleep(LOOK)
    raise BenchFault(
        f"did not track the robot for {within:g} s", where="motion capture", remedy="look at its markers and cameras"
    )


async def seen(trial: Trial) -> Place:
    """Where motion capture sees the robot, by the roles ``robot_x``, ``robot_y`` and ``robot_turn``."""
    x, y, turn = [(await trial.measure(trial.role(f"robot_{name}", Sensor))).value for name in ("x", "y", "turn")]
    return Place(x, y, heading_of(turn))


def as_believed(target: Place, here: Place, believed: Pose) -> Pose:
    """``target`` in the frame of the robot's odometry, which takes the place ``here`` for ``believed``."""
    turned = believed.rz - here.heading
    dx, dy = target.x - here.x, target.y - here.y
    return Pose(
        believed.x + math.cos(turned) * dx - math.sin(turned) * dy,
        believed.y + math.sin(turned) * dx + math.cos(turned) * dy,
        0.0,
        rz=wrapped(believed.rz + target.heading - here.heading),
    )


async def drive_to(trial: Trial, target: Place, *, within: float, turned: float) -> Place:
    """Have the robot (role ``robot``) go to a place of the hall, and return where it is seen then.

    :param within: the largest departure from ``target`` in m, ``turned`` in rad.
    :raises BenchFault: if it is not there after some tries.
    """
    robot = trial.role("robot", Robot)
    here = await seen(trial)
    for _ in range(TRIES):
        away, aside = here.departs(target)
        if away <= within and aside <= turned:
            return here
        told = await robot.pose()
        if told.pose is None:
            raise BenchFault("tells no pose", where="robot", remedy="look at its odometry")
        await robot.move_to(as_believed(target, here, told.pose))
        here = await seen(trial)
    raise BenchFault(
        f"is at x = {here.x:.3f} m, y = {here.y:.3f} m, {math.degrees(here.heading):.1f} degrees, not at its start",
        where="robot",
        remedy="look at its odometry and at what is in its way",
    )
