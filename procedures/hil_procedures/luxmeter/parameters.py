"""Parameters of the calibration of a luxmeter."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from pydantic import Field, field_validator

from hil import Parameters, unit

Illuminance = Annotated[float, unit("lx"), Field(gt=0)]
Seconds = Annotated[float, unit("s"), Field(ge=0, le=1e6)]


class CalibrateLuxmeter(Parameters):
    """Parameters of the calibration.

    ``levels`` are nominal illuminances in lx, rising; ``readings`` the number in each window; ``linearity`` the
    half-width of the item's relative departure from a straight line, a rectangle, by its maker's statement.
    """

    levels: tuple[Illuminance, ...] = Field(default=(2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0), min_length=6)
    readings: int = Field(default=5, ge=3, le=1000)
    warm_up: Seconds = 3600.0
    dwell: Seconds = 2.0
    band: float = Field(default=0.01, gt=0, le=0.1)
    temperature: Annotated[float, unit("Cel")] = 23.0
    temperature_tolerance: Annotated[float, unit("K"), Field(gt=0)] = 2.0
    linearity: float = Field(default=0.001, gt=0, le=0.05)

    @field_validator("levels")
    @classmethod
    def _rising(cls, levels: tuple[float, ...]) -> tuple[float, ...]:
        if any(b <= a for a, b in pairwise(levels)):
            raise ValueError("the levels do not rise")
        return levels
