"""The robot's own protection: it brakes when its range sensor sees something in its path, too near.

It is the system under test of an obstacle stop. Its sensor is the range sensor of the hall, with its ten degrees
between two rays; its software knows of nothing else. Times are bench time in ns, lengths in m.
"""

from __future__ import annotations

import numpy as np

from ...clock import NANOSECONDS
from ..devices.ros2_robot import ProtectionOptions
from ..noise import Stream
from ..world import World
from .senses import RAYS, Senses


class Protection:
    """The protection of one robot, whose reaction and deceleration are drawn by the seed."""

    def __init__(self, name: str, options: ProtectionOptions, world: World) -> None:
        self._options, self._world = options, world
        seed = world.file.seed
        self._each = Stream(seed, "noise", name, "protection")
        self._noise = Stream(seed, "noise", name, "scan")
        draw = Stream(seed, "truth", "protection", name)
        self.reaction = options.reaction * (1.0 + options.spread * draw.normal(0))
        self.deceleration = options.deceleration * (1.0 + options.spread * draw.normal(1))
        self._period = round(options.period * NANOSECONDS)
        self._scanned = -1
        self._seen_at: int | None = None
        angles = 2.0 * np.pi * np.arange(RAYS) / RAYS
        self._ahead, self._aside = np.cos(angles), np.abs(np.sin(angles))

    def act(self, t: int, wanted: float) -> float | None:
        """The deceleration in m/s² with which to brake now, ``None`` while the robot may go.

        :param wanted: the speed that is commanded, m/s; to stand or to go back is always free.
        """
        if t // self._period > self._scanned:
            self._scanned = t // self._period
            self._look(t)
        if self._seen_at is None or wanted <= 0.0 or t < self._seen_at + self._reaction(self._seen_at):
            return None
        return self.deceleration * (1.0 + self._options.each * self._each.normal(2 * self._seen_at + 1))

    def _reaction(self, seen: int) -> int:
        own = 1.0 + self._options.each * self._each.normal(2 * seen)
        return max(0, round(self.reaction * own * NANOSECONDS))

    def _look(self, t: int) -> None:
        """One scan: is something in the path?"""
        first = RAYS * self._scanned
        strayed = [self._options.noise * self._noise.normal(first + ray) for ray in range(RAYS)]
        ranges = self._world.part(Senses).ranges(t) + np.array(strayed)
        ahead = ranges * self._ahead
        near = (ahead > 0.0) & (ahead < self._options.distance) & (ranges * self._aside < self._options.width / 2.0)
        if not near.any():
            self._seen_at = None
        elif self._seen_at is None:
            self._seen_at = t
