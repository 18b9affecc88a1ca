"""The readings of one stop, and what is stated of the robot and the obstacle. Lengths in m, times in s."""

from __future__ import annotations

from dataclasses import dataclass

from ..readings import Series


@dataclass(frozen=True)
class Seen:
    """The readings of one stop: times in s of one origin, ``speed`` as planned in m/s.

    ``told`` is whether the bumper told of a touch, ``rested`` whether the robot came to rest in time. ``stop`` and
    ``across`` are the robot's x and y from where the obstacle appeared on, ``moving`` the obstacle's x, frame by frame.
    ``heading`` is that of the robot in rad, ``aside`` by how far the obstacle stands to the left of it in m, at the
    end; ``heading_before`` and ``aside_before`` are those before the obstacle appeared. ``robot``, ``obstacle``, and
    their mean indications ``robot_indicated`` and ``obstacle_indicated`` are of the end: at rest, unless the bench had
    to stop the robot.
    """

    name: str
    speed: float
    told: bool
    rested: bool
    approach: Series
    stop: Series
    across: Series
    moving: Series
    robot: Series
    obstacle: Series
    heading: float
    aside: float
    heading_before: float
    aside_before: float
    robot_indicated: float
    obstacle_indicated: float


@dataclass(frozen=True)
class Body:
    """What is stated of the robot and the obstacle: lengths in m from the origins of their markers, mass in kg, and in
    s how long after the last position before it the obstacle stands."""

    front: float
    face: float
    mass: float
    u_mass: float
    delay: float
    u_delay: float

    @property
    def reach(self) -> float:
        """From origin to origin where the front of the robot meets the face of the obstacle."""
        return self.front + self.face
