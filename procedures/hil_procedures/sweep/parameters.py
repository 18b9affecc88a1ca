"""Parameters of a sweep; numbers without a unit are in that of the actuator's or the sensor's channel."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from pydantic import Field, field_validator

from hil import Parameters, unit

Seconds = Annotated[float, unit("s"), Field(gt=0, le=1e7)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Sweep(Parameters):
    """Parameters of the sweep."""

    levels: tuple[Number, ...] = Field(min_length=3, description="what the actuator is told, rising")
    start: Number = Field(default=1.0, description="what the role running is told before")
    readings: int = Field(default=10, ge=3, le=10_000, description="at each level in each direction")
    interval: Seconds = Field(default=1.0, description="between readings, s")
    within: Positive = Field(description="what is settled: spread of the readings, in the unit of the sensor")
    dwell: Seconds = Field(default=10.0, description="for which the readings must be settled, s")
    hold: Annotated[float, unit("s"), Field(ge=0, le=1e7)] = Field(
        default=0.0, description="further time before the readings that count, s"
    )
    timeout: Seconds = Field(default=4 * 3600.0, description="after which they have not settled, s")
    room: Annotated[float, unit("Cel")] = Field(default=23.0, description="temperature of the room, nominal, Cel")
    room_tolerance: Annotated[float, unit("K"), Field(gt=0)] = Field(
        default=5.0, description="of the validity gate on it, K"
    )

    @field_validator("levels")
    @classmethod
    def _rising(cls, levels: tuple[float, ...]) -> tuple[float, ...]:
        if any(b <= a for a, b in pairwise(levels)):
            raise ValueError("the levels do not rise")
        return levels
