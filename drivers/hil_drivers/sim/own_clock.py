"""The clock of a simulated device: another origin and another rate than bench time, drawn by the seed."""

from __future__ import annotations

from ..clock import NANOSECONDS
from .faults import Faults
from .noise import Stream
from .world import World

RATE = 50e-6
"""The largest relative deviation of its rate."""

LONGEST_UP = 30 * 86400
"""The most seconds for which a device may have run when the world begins."""


class OwnClock:
    """The time of one device. While the fault ``clock-jump`` is present it has restarted when the fault began.

    :param faults: the device's.
    """

    def __init__(self, name: str, world: World, faults: Faults) -> None:
        self._faults = faults
        first, second = Stream(world.file.seed, "truth", "clock", name).uniforms()
        self._origin = round(first * LONGEST_UP * NANOSECONDS)
        self._rate = round((2.0 * second - 1.0) * RATE * NANOSECONDS)

    def at(self, t: int) -> int:
        """Its reading in ns at bench time ``t``."""
        jump = self._faults.present("clock-jump")
        if jump is not None:
            t = max(0, t - round(jump.start * NANOSECONDS))
            return t + t * self._rate // NANOSECONDS
        return self._origin + t + t * self._rate // NANOSECONDS
