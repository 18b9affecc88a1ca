"""Parameters of a soak; numbers without a unit are in that of the sensor's channel."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from hil import Parameters, unit

Seconds = Annotated[float, unit("s"), Field(gt=0, le=1e7)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]

BATCHES = 12
"""Into how many batches the readings are divided."""


class Soak(Parameters):
    """Parameters of the soak."""

    setpoint: Number = Field(description="what the actuator is told, and the sensor is to measure")
    start: Number = Field(default=1.0, description="what the role running is told before")
    duration: Seconds = Field(default=3600.0, description="of the soak, s")
    interval: Seconds = Field(default=10.0, description="between readings, s")
    within: Positive = Field(description="what is steady: spread of the readings before the soak begins")
    dwell: Seconds = Field(default=300.0, description="for which the readings must be steady, s")
    timeout: Seconds = Field(default=4 * 3600.0, description="after which they have not become steady, s")
    abandon: Positive = Field(description="departure from the set point at which the soak is void and begins again")
    limit: Positive | None = Field(
        default=None, description="the requirement: every reading is within this of the set point; none by default"
    )

    @model_validator(mode="after")
    def _long_enough(self) -> Soak:
        if self.duration < 4 * BATCHES * self.interval:
            raise ValueError(f"a soak of {self.duration:g} s has less than {4 * BATCHES} readings")
        if self.limit is not None and self.limit > self.abandon:
            raise ValueError("the soak would be abandoned within its limit")
        return self
