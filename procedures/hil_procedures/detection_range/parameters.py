"""Parameters of the trial of detection range."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from hil import Parameters, unit

from ..detection.parameters import BLANK, SIGNS

__all__ = ["BLANK", "DetectionRange"]

Metre = Annotated[float, unit("m"), Field(gt=0, le=1e4)]
Degree = Annotated[float, unit("deg"), Field(ge=-360, le=360)]
Seconds = Annotated[float, unit("s"), Field(ge=0, le=1e6)]


class DetectionRange(Parameters):
    """Parameters of the trial."""

    targets: tuple[str, ...] = Field(default=SIGNS[:10], min_length=2, description="what is shown, each a text")
    bearings: tuple[Degree, ...] = Field(
        default=(0.0, 45.0, 90.0, 135.0, 180.0, 225.0, 270.0, 315.0),
        min_length=1,
        description="of the target, 0 straight ahead, clockwise, degrees",
    )
    distances: tuple[Metre, ...] = Field(
        default=(1.0, 1.5, 2.0, 2.7, 3.6, 4.8, 6.4, 8.5),
        min_length=3,
        description="at which every target is shown at each bearing, rising, m",
    )
    repeats: int = Field(default=1, ge=1, le=100, description="how often each target is shown in each place")
    blanks: int = Field(default=1, ge=0, le=100, description="how often nothing is shown, in each place and repeat")
    dwell: Seconds = Field(default=1.0, description="for which the target must stand still, s")
    still: Metre = Field(default=0.02, description="what is still: spread of the measured distance, m")
    tolerance: Metre = Field(default=0.1, description="of the validity gate: distance about the one planned, m")
    bearing_tolerance: Annotated[float, unit("deg"), Field(gt=0, le=20)] = Field(
        default=1.0, description="of the validity gate: bearing about the one planned, degrees"
    )
    level: float = Field(default=0.9, gt=0, lt=1, description="share of targets that is detected within the range")
    required: Metre | None = Field(
        default=None, description="the requirement: the range is at least this at every bearing, m; none: no verdict"
    )
    confidence: float = Field(
        default=0.95, gt=0.5, lt=1, description="that all one-sided bounds hold, of all bearings together"
    )

    @model_validator(mode="after")
    def _can_be_run(self) -> DetectionRange:
        if any(b <= a for a, b in zip(self.distances, self.distances[1:], strict=False)):
            raise ValueError("distances do not rise")
        if len({bearing % 360.0 for bearing in self.bearings}) < len(self.bearings):
            raise ValueError("a bearing is given twice")
        if len(set(self.targets)) < len(self.targets) or BLANK in self.targets:
            raise ValueError("a target is given twice, or is empty")
        return self

    @property
    def each(self) -> float:
        """The confidence of the bound of one bearing (Bonferroni)."""
        return 1.0 - (1.0 - self.confidence) / len(self.bearings)
