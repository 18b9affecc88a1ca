"""Parameters of the trial of docking."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field, model_validator

from hil import Parameters, unit

Place = Annotated[float, unit("m"), Field(ge=-1000, le=1000)]
Metre = Annotated[float, unit("m"), Field(gt=0, le=10)]
Radian = Annotated[float, unit("rad"), Field(gt=0, le=math.pi / 2)]
Share = Annotated[float, Field(gt=0, lt=1)]


class Docking(Parameters):
    """Parameters of the trial; places are those of motion capture."""

    dock_x: Place = Field(default=-1.0, description="x of the dock, m")
    dock_y: Place = Field(default=-2.0, description="y of the dock, m")
    start_x: Place = Field(default=-2.5, description="x from which the robot sets out, along x, m")
    starts: tuple[Place, ...] = Field(
        default=(-2.2, -2.0, -1.8), min_length=1, description="y from which it sets out, each in every repeat, m"
    )
    repeats: int = Field(default=10, ge=1, le=1000, description="dockings from each start")
    task: str = Field(
        default="",
        description="of the robot, by which it docks (role performer); none: it is told to move there",
    )
    tolerance_x: Metre = Field(default=0.03, description="of a docked robot about the dock, along x, m")
    tolerance_y: Metre = Field(default=0.03, description="the same along y, m")
    tolerance_heading: Radian = Field(default=0.03, description="the same for its heading, which is along x, rad")
    u_heading: Annotated[float, unit("rad"), Field(ge=0, le=0.5)] = Field(
        default=0.002, description="standard uncertainty of how the markers sit on the robot, about the vertical, rad"
    )
    start_tolerance: Metre = Field(
        default=0.03, description="of the robot about its start; outside, it is driven there again, m"
    )
    confidence: Share = Field(default=0.95, description="of the interval of the success probability")
    required: Share | None = Field(
        default=None, description="the requirement: this share of dockings or more succeeds; none: no verdict"
    )

    @model_validator(mode="after")
    def _can_be_run(self) -> Docking:
        if len(set(self.starts)) < len(self.starts):
            raise ValueError("a start is given twice")
        return self
