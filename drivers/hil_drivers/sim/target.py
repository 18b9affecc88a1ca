"""A target on a rail before a system under test that stands on a turntable. Times are bench time in ns."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..clock import NANOSECONDS
from .noise import Stream

if TYPE_CHECKING:
    from .world import World

FIRST_DISTANCE = 1.0
"""Where the target stands at first, in m."""

RAIL_SPEED = 1.0
"""Of the target, in m/s."""

TURNING_SPEED = 30.0
"""Of the turntable, in degrees per s."""


class Axis:
    """A coordinate that moves to its setpoint at a constant ``speed``, in its unit per s.

    :param origin: where its scale truly begins, by its latest reference run.
    """

    def __init__(self, value: float, speed: float) -> None:
        self.setpoint, self.origin = value, 0.0
        self._from, self._since, self._speed = value, 0, speed

    def set(self, setpoint: float, t: int) -> None:
        """Move to ``setpoint`` from ``t`` on."""
        self._from, self._since, self.setpoint = self._by_its_scale(t), t, setpoint

    def at(self, t: int) -> float:
        """The value at ``t``, no earlier than the last command."""
        return self.origin + self._by_its_scale(t)

    def _by_its_scale(self, t: int) -> float:
        way, reach = self.setpoint - self._from, self._speed * max(0, t - self._since) / NANOSECONDS
        return self.setpoint if abs(way) <= reach else self._from + math.copysign(reach, way)


class Target:
    """The target of a world: its ``distance`` in m, and its ``bearing`` in degrees, 0 straight ahead, clockwise."""

    def __init__(self, world: World) -> None:
        self._seed, self._homed = world.file.seed, 0
        self.distance = Axis(FIRST_DISTANCE, RAIL_SPEED)
        self.bearing = Axis(0.0, TURNING_SPEED)

    def axis(self, name: str) -> Axis:
        """The one called ``distance`` or ``bearing``."""
        return self.distance if name == "distance" else self.bearing

    def home(self, u: float) -> None:
        """Find the end switch of the rail again: the scale begins elsewhere than before, by the standard deviation
        ``u`` in m."""
        self.distance.origin = u * Stream(self._seed, "target", "home").normal(self._homed)
        self._homed += 1
