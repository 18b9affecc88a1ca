"""A mobile robot on ROS 2."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ..model import Model, NotNegative, Positive
from .base import SimDevice


class ProtectionOptions(Model):
    """How a robot brakes by itself: lengths in m, times in s, m/s².

    When its range sensor sees something in its path, ``width`` wide, nearer than ``distance`` from the sensor's axis,
    it waits for the ``reaction`` and brakes with the ``deceleration``. Both have a relative standard deviation
    ``spread`` that the seed draws once, and ``each`` at every stop. The sensor scans every ``period`` with ``noise``.
    """

    distance: Positive = 0.7
    width: Positive = 0.5
    reaction: NotNegative = 0.1
    deceleration: Positive = 1.2
    spread: Annotated[float, Field(ge=0, le=0.3)] = 0.1
    each: Annotated[float, Field(ge=0, le=0.3)] = 0.05
    period: Annotated[float, Field(ge=0.01, le=1)] = 0.1
    noise: NotNegative = 0.01


class Ros2RobotDevice(SimDevice):
    """A mobile base with a real ROS node. Lengths in m, angles in rad, times in s, velocities in m/s and rad/s.

    ``distance_scale`` and ``rotation_scale`` are standard deviations, relative, of what is drawn once by the seed;
    ``noise`` and ``heading_noise`` of what one odometry message adds. It stops when no command has come for
    ``command_timeout`` (0: never). ``start`` is where it truly stands at first: x, y, heading. In a robot-hall, it may
    have a ``protection`` of its own, and ``mass_u`` is the standard deviation in kg of what the seed adds to its mass.
    """

    faults: ClassVar[frozenset[str]] = frozenset(("silent", "dropped", "hang", "frozen", "qos-mismatch", "burst"))
    shared: ClassVar[tuple[str, ...]] = ("period", "stamped")

    kind: Literal["ros2-robot"]
    period: Annotated[float, Field(ge=0.005, le=10)] = 0.05
    stamped: bool = False
    start: tuple[float, float, float] = (0.0, 0.0, 0.0)
    max_linear: Positive = 0.6
    max_angular: Positive = 1.5
    acceleration: Positive = 1.0
    angular_acceleration: Positive = 3.0
    command_timeout: NotNegative = 0.5
    distance_scale: NotNegative = 0.01
    rotation_scale: NotNegative = 0.01
    noise: NotNegative = 5e-4
    heading_noise: NotNegative = 5e-4
    mass_u: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    protection: ProtectionOptions | None = None

    def responses(self) -> tuple[str, ...]:
        return ("x", "y", "heading")
