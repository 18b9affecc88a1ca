"""Parameters of the trial of pose accuracy and repeatability."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, model_validator

from hil import Parameters, unit
from hil_drivers.capability import Pose

Metre = Annotated[float, unit("m"), Field(gt=0, le=10)]
Coordinate = Annotated[float, unit("m"), Field(ge=-10, le=10)]
Angle = Annotated[float, unit("rad"), Field(ge=-2 * math.pi, le=2 * math.pi)]
Seconds = Annotated[float, unit("s"), Field(gt=0, le=1e4)]
Temperature = Annotated[float, unit("Cel"), Field(gt=-90, lt=300)]

Order = Literal["random", "listed", "blocked"]

DOWN = 2.221441469079183
"""pi / sqrt(2): about x and y alike, it lets the tool look straight down."""

CORNERS = ((0, 0, 0), (1, 1, 1), (-1, 1, 1), (-1, -1, -1), (1, -1, -1))
"""Centre, and the corners of a rectangle that cuts the cube through two opposite edges."""

INSIDE = 0.4
"""How far the corners are from the centre, in sides of the cube: not quite at its own corners."""


FEWEST = 5
"""Visits to a pose from which its accuracy and repeatability are stated."""


class PoseAccuracy(Parameters):
    """Parameters of the trial."""

    poses: tuple[str, ...] = Field(
        default=(),
        max_length=50,
        description='to be visited, each "x y z" in m, or "x y z rx ry rz" with a rotation vector in rad; none: five '
        "in a cube",
    )
    centre: tuple[Coordinate, ...] = Field(
        default=(-0.45, -0.13, 0.35), min_length=3, max_length=3, description="of the cube, x, y, z, m"
    )
    side: Metre = Field(default=0.3, description="of the cube, m")
    orientation: tuple[Angle, ...] = Field(
        default=(DOWN, DOWN, 0.0),
        min_length=3,
        max_length=3,
        description="at all poses that state none, a rotation vector, rad",
    )
    cycles: int = Field(default=30, ge=FEWEST, le=1000, description="visits to each pose")
    order: Order = Field(
        default="random",
        description='"random": in each cycle all poses in random order; "listed": in each cycle as they are listed; '
        '"blocked": all visits to one pose, then all to the next',
    )
    approach: tuple[Coordinate, ...] = Field(
        default=(0.0, 0.0, 0.05),
        min_length=3,
        max_length=3,
        description="from where each pose is approached, as a way from it, x, y, z, m",
    )
    still: Metre = Field(
        default=0.0006,
        description="what stands still: spread of each measured coordinate, and by how much it may then depart from "
        "where it came to rest; well above the noise of motion capture, m",
    )
    dwell: Seconds = Field(default=0.5, description="for which it must stand still, s")
    timeout: Seconds = Field(default=30.0, description="after which it does not stand still: the visit failed, s")
    recovery: Seconds = Field(
        default=300.0,
        description="for which an arm that stopped itself is waited for; then no more visits are made, s",
    )
    readings: int = Field(default=10, ge=2, le=10000, description="of each coordinate in each visit")
    interval: Seconds = Field(default=0.02, description="between two readings, s")
    room: Temperature = Field(default=23.0, description="of the validity gate: temperature of the room, Cel")
    room_tolerance: float = Field(
        default=3.0, ge=0, le=50, description="of the validity gate: temperature about that one, K; 0: no such gate"
    )
    accuracy: Metre | None = Field(
        default=None, description="the requirement: AP is at most this at every pose, m; none: no verdict on it"
    )
    repeatability: Metre | None = Field(
        default=None, description="the requirement: RP is at most this at every pose, m; none: no verdict on it"
    )

    @model_validator(mode="after")
    def _can_be_run(self) -> PoseAccuracy:
        commanded = list(self.commanded.values())
        if len(set(commanded)) < len(commanded):
            raise ValueError("a pose is given twice")
        return self

    @property
    def commanded(self) -> dict[str, Pose]:
        """The poses by name, in their order."""
        listed = [self._pose(text) for text in self.poses] or [self._at(corner) for corner in CORNERS]
        return {f"P{number}": pose for number, pose in enumerate(listed, start=1)}

    def approached(self, pose: Pose) -> Pose:
        """From where ``pose`` is approached."""
        dx, dy, dz = self.approach
        return Pose(pose.x + dx, pose.y + dy, pose.z + dz, pose.rx, pose.ry, pose.rz)

    def _pose(self, text: str) -> Pose:
        try:
            numbers = [float(part) for part in text.split()]
        except ValueError:
            numbers = []
        if len(numbers) not in (3, 6) or not all(map(math.isfinite, numbers)):
            raise ValueError(f"{text!r} is no pose; 3 or 6 numbers are expected")
        return Pose(*numbers, *(self.orientation if len(numbers) == 3 else ()))

    def _at(self, corner: tuple[int, int, int]) -> Pose:
        reach = INSIDE * self.side
        x, y, z = (middle + reach * way for middle, way in zip(self.centre, corner, strict=True))
        return Pose(x, y, z, *self.orientation)
