"""Parameters of the characterisation of a climatic chamber."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hil import Parameters, unit

Temperature = Annotated[float, unit("Cel"), Field(gt=-90, lt=300)]
Humidity = Annotated[float, unit("%"), Field(gt=0, le=100)]
Kelvin = Annotated[float, unit("K"), Field(gt=0, le=20)]
Percent = Annotated[float, unit("%"), Field(gt=0, le=50)]
Seconds = Annotated[float, unit("s"), Field(gt=0, le=1e6)]

LOCATIONS = ("centre", *(f"corner_{number}" for number in range(1, 9)))
"""Where the thermometers stand: the roles of the middle of the working space and of its corners."""


class ClimaticCharacterisation(Parameters):
    """Parameters of the characterisation."""

    temperatures: tuple[Temperature, ...] = Field(
        default=(10.0, 40.0, 70.0), min_length=1, description="set points, in this order, Cel"
    )
    humidities: tuple[Humidity, ...] = Field(
        default=(), description="set points at each temperature, %; without any, humidity is not controlled"
    )
    band: Kelvin = Field(default=0.6, description="what is steady: spread of the readings at each location, K")
    dwell: Seconds = Field(default=900.0, description="for which every location must be steady, s")
    hold: Seconds = Field(default=1800.0, description="further time before the observation begins, s")
    window: Seconds = Field(default=1800.0, description="of the observation, s")
    interval: Seconds = Field(default=20.0, description="between two sweeps over the locations, s")
    timeout: Seconds = Field(default=4 * 3600.0, description="after which the chamber has not become steady, s")
    tolerance: Kelvin = Field(
        default=2.0, description="of the validity gate: the chamber's own indication about its set point, K"
    )
    humidity_band: Percent = Field(default=2.0, description="what is steady: spread of the probe's readings, %")
    humidity_tolerance: Percent = Field(
        default=5.0, description="of the validity gate: the chamber's own indication about its set point, %"
    )

    @property
    def sweeps(self) -> int:
        """How many sweeps an observation has."""
        return max(2, round(self.window / self.interval))
