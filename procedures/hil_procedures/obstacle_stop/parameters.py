"""Parameters of the trial of obstacle stops."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from hil import Parameters, unit

Place = Annotated[float, unit("m"), Field(ge=-1000, le=1000)]
Metre = Annotated[float, unit("m"), Field(gt=0, le=100)]
Speed = Annotated[float, unit("m/s"), Field(gt=0, le=10)]
Seconds = Annotated[float, unit("s"), Field(ge=0, le=1e4)]
Share = Annotated[float, Field(gt=0, lt=1)]


class ObstacleStop(Parameters):
    """Parameters of the trial; places are those of motion capture, the path goes along its x."""

    speeds: tuple[Speed, ...] = Field(
        default=(0.3, 0.5, 0.7), min_length=1, description="at which the robot drives when the obstacle appears, m/s"
    )
    distance: Metre = Field(default=0.3, description="from the front of the robot at which the obstacle appears, m")
    repeats: int = Field(default=10, ge=1, le=1000, description="trials at each speed")
    start: Place = Field(default=-3.0, description="x from which the robot drives, m")
    lane: Place = Field(default=-2.0, description="y along which it drives, m")
    run_up: Metre = Field(default=1.5, description="from the start to where the robot is when the obstacle appears, m")
    parked: Place = Field(default=2.6, description="y at which the obstacle waits, out of the path, m")
    delay: Seconds = Field(default=0.01, description="from a position that is seen until the obstacle stands, s")
    u_delay: Seconds = Field(default=0.003, description="standard uncertainty of the delay, s")
    front: Metre = Field(default=0.22, description="of the robot, from the origin of its markers to its front, m")
    face: Metre = Field(default=0.15, description="of the obstacle, from the origin of its markers to its face, m")
    mass: Annotated[float, unit("kg"), Field(gt=0, le=1e5)] = Field(default=11.2, description="of the robot, kg")
    u_mass: Annotated[float, unit("kg"), Field(ge=0, le=1e4)] = Field(
        default=0.05, description="standard uncertainty of the mass, kg"
    )
    window: Annotated[float, unit("s"), Field(ge=0.1, le=60)] = Field(
        default=0.4, description="in which the speed before the obstacle appears is measured, s"
    )
    speed_tolerance: Annotated[float, Field(gt=0, le=0.5)] = Field(
        default=0.05, description="of that speed about the planned one, a fraction; outside, the attempt is void"
    )
    lane_tolerance: Metre = Field(
        default=0.05, description="of the robot about the lane when it starts; outside, it is aligned again, m"
    )
    timeout: Annotated[float, unit("s"), Field(gt=0, le=1e4)] = Field(
        default=30.0, description="after which it has not come to rest, or to speed, s"
    )
    confidence: Share = Field(default=0.95, description="of each interval of a share")
    required: Share | None = Field(
        default=None,
        description="the requirement: this share of stops or more is without contact at every speed; none: no verdict",
    )

    @model_validator(mode="after")
    def _can_be_run(self) -> ObstacleStop:
        if len(set(self.speeds)) < len(self.speeds):
            raise ValueError("a speed is given twice")
        if self.run_up < max(self.speeds) * self.window:
            raise ValueError(f"run_up is shorter than the way in {self.window:g} s at {max(self.speeds):g} m/s")
        return self

    @property
    def obstacle(self) -> float:
        """Where the obstacle appears: x of the origin of its markers, m."""
        return self.start + self.run_up + self.front + self.distance + self.face

    @property
    def each(self) -> float:
        """The confidence of the bound at one speed, where all must hold together (Bonferroni)."""
        return 1.0 - (1.0 - self.confidence) / len(self.speeds)
