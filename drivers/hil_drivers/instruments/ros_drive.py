"""How a robot with two driven wheels is brought to a pose: turn towards it, drive, turn."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..capability import Pose

GAIN = 1.5
"""Velocity per distance, and turn rate per angle, in 1/s."""

ALIGNED = 0.3
"""The bearing, in rad, within which it drives while it turns."""

BACK_UP = 0.1
"""Within this distance, in m, it drives backwards rather than turn round."""


@dataclass(frozen=True, slots=True)
class Velocity:
    """A velocity command: m/s ahead, rad/s to the left."""

    linear: float = 0.0
    angular: float = 0.0

    @property
    def moving(self) -> bool:
        """Whether it is not a command to stand still."""
        return bool(self.linear or self.angular)


@dataclass(frozen=True, slots=True)
class Motion:
    """What may be commanded (m/s, rad/s), and when it has arrived (m, rad)."""

    linear: float
    angular: float
    tolerance: float
    heading_tolerance: float


def course(x: float, y: float, heading: float, target: Pose, motion: Motion) -> Velocity | None:
    """The velocity with which to go on from a pose towards ``target``, ``None`` on arrival.

    >>> course(0.0, 0.0, 0.0, Pose(1.0, 0.0, 0.0), Motion(0.5, 1.0, 0.005, 0.01))
    Velocity(linear=0.5, angular=0.0)
    """
    distance = math.hypot(target.x - x, target.y - y)
    if distance <= motion.tolerance:
        left = wrapped(target.rz - heading)
        return None if abs(left) <= motion.heading_tolerance else Velocity(0.0, _within(GAIN * left, motion.angular))
    bearing = wrapped(math.atan2(target.y - y, target.x - x) - heading)
    ahead = 1.0
    if distance < BACK_UP and abs(bearing) > math.pi / 2:
        ahead, bearing = -1.0, wrapped(bearing + math.pi)
    speed = _within(GAIN * distance, motion.linear) * math.cos(bearing) if abs(bearing) < ALIGNED else 0.0
    return Velocity(ahead * speed, _within(GAIN * bearing, motion.angular))


def wrapped(angle: float) -> float:
    """The same direction in (-pi, pi].

    >>> round(wrapped(3 * math.pi / 2), 6) == round(-math.pi / 2, 6)
    True
    """
    return math.pi - (math.pi - angle) % (2.0 * math.pi)


def _within(value: float, limit: float) -> float:
    return max(-limit, min(limit, value))
