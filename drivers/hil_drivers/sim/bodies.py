"""What moves in the world and can be tracked: a registry of name to pose at a bench time.

Whatever moves registers itself; trackers look it up when they sense. A pose is true, not what a robot believes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from .world import World


class Body(NamedTuple):
    """A true pose: position in m, rotation as a quaternion (x, y, z, w)."""

    position: tuple[float, float, float]
    rotation: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 1.0)


class Bodies:
    """The bodies of one world: ``world.part(Bodies)``."""

    def __init__(self, _world: World) -> None:
        self._poses: dict[str, Callable[[int], Body]] = {}

    def register(self, name: str, pose: Callable[[int], Body]) -> None:
        """Let ``name`` be tracked; ``pose`` is asked for bench times in ns up to now."""
        self._poses[name] = pose

    def at(self, name: str, t: int) -> Body | None:
        """Where ``name`` truly is at ``t``, ``None`` if there is no such body."""
        pose = self._poses.get(name)
        return None if pose is None else pose(t)
