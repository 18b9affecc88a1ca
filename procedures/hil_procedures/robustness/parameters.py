"""Parameters of the trial of climatic robustness; levels are in °C or %, by the quantity."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from hil import Parameters, unit

Level = Annotated[float, Field(ge=-90, le=300, allow_inf_nan=False)]
Temperature = Annotated[float, unit("Cel"), Field(gt=-90, lt=300)]
Humidity = Annotated[float, unit("%"), Field(gt=0, le=100)]
Kelvin = Annotated[float, unit("K"), Field(gt=0, le=20)]
Percent = Annotated[float, unit("%"), Field(gt=0, le=50)]
Seconds = Annotated[float, unit("s"), Field(gt=0, le=1e6)]
Number = Annotated[float, Field(gt=0, allow_inf_nan=False)]

Quantity = Literal["temperature", "humidity"]


class ClimaticRobustness(Parameters):
    """Parameters of the trial."""

    quantity: Quantity = Field(default="temperature", description="what changes; the other one is held")
    reference: Level = Field(default=23.0, description="the level that departures refer to, °C or %")
    levels: tuple[Level, ...] = Field(
        default=(0.0, 10.0, 40.0, 55.0),
        min_length=1,
        description="the plateaus, rising in this order and falling in the reverse one, °C or %",
    )
    humidity: Humidity | None = Field(
        default=None, description="held while the temperature changes, %; none: not controlled"
    )
    temperature: Temperature = Field(default=23.0, description="held while the humidity changes, Cel")
    band: Kelvin = Field(default=0.3, description="what is steady: spread of the specimen's readings, K")
    humidity_band: Percent = Field(default=2.0, description="what is steady: spread of the probe's readings, %")
    dwell: Seconds = Field(default=1800.0, description="for which they must be steady, s")
    hold: Seconds = Field(default=3600.0, description="of soaking after that, before the observation begins, s")
    window: Seconds = Field(default=1800.0, description="of the observation, s")
    interval: Seconds = Field(default=30.0, description="between two readings of each sensor, s")
    timeout: Seconds = Field(default=8 * 3600.0, description="after which the climate has not become steady, s")
    tolerance: Kelvin = Field(
        default=2.0, description="of the validity gate: the chamber's own temperature about its set point, K"
    )
    humidity_tolerance: Percent = Field(
        default=5.0, description="of the validity gate: the chamber's own humidity about its set point, %"
    )
    limit: Number | None = Field(
        default=None,
        description="the requirement: no departure is larger, in the unit of the metric; without it, no verdict",
    )

    @model_validator(mode="after")
    def _can_be_run(self) -> ClimaticRobustness:
        if any(b <= a for a, b in zip(self.levels, self.levels[1:], strict=False)):
            raise ValueError("levels do not rise")
        if self.reference in self.levels:
            raise ValueError(f"levels has the reference, {self.reference:g}, which is visited first and last anyway")
        if self.quantity == "humidity" and not all(0.0 < level <= 100.0 for level in (self.reference, *self.levels)):
            raise ValueError("a level of humidity is above 0 and at most 100; state the reference too")
        if self.sweeps < 10:
            raise ValueError(f"{self.window:g} s has fewer than 10 readings every {self.interval:g} s")
        return self

    @property
    def sweeps(self) -> int:
        """How many readings of each sensor an observation has."""
        return round(self.window / self.interval)

    @property
    def sequence(self) -> tuple[float, ...]:
        """The levels as they are visited: the reference, up, down, and the reference again."""
        return (self.reference, *self.levels, *reversed(self.levels[:-1]), self.reference)

    @property
    def humidity_controlled(self) -> bool:
        """Whether the chamber controls its humidity."""
        return self.quantity == "humidity" or self.humidity is not None

    def climate(self, level: float) -> tuple[float, float | None]:
        """The set points of temperature in Cel and humidity in % at a level; ``None`` where it is not controlled."""
        return (level, self.humidity) if self.quantity == "temperature" else (self.temperature, level)
