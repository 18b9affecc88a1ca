"""The belt of a treadmill: its speed follows the setpoint as a first-order lag. Times are bench time in ns.

What stands on it and keeps its place drives as fast as the belt runs back.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..clock import NANOSECONDS

if TYPE_CHECKING:
    from .world import World

TIME_CONSTANT = 0.5
"""Of the drive, in s."""


class Belt:
    """The belt of a world: speeds in m/s, the way that has run past in m."""

    def __init__(self, _: World) -> None:
        self.setpoint = 0.0
        self._since, self._speed, self._distance = 0, 0.0, 0.0

    def set(self, setpoint: float, t: int) -> None:
        """Follow ``setpoint`` from ``t`` on."""
        self._speed, self._distance, self._since = self.speed(t), self.distance(t), t
        self.setpoint = setpoint

    def speed(self, t: int) -> float:
        """The speed at ``t``, no earlier than the last command."""
        return self.setpoint + (self._speed - self.setpoint) * math.exp(-self._elapsed(t))

    def distance(self, t: int) -> float:
        """The way at ``t``, no earlier than the last command."""
        lag = (self._speed - self.setpoint) * (1.0 - math.exp(-self._elapsed(t)))
        return self._distance + TIME_CONSTANT * (self.setpoint * self._elapsed(t) + lag)

    def _elapsed(self, t: int) -> float:
        return (t - self._since) / NANOSECONDS / TIME_CONSTANT
