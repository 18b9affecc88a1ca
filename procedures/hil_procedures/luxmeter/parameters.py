"""Parameters of the calibration of a luxmeter."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, field_validator

from hil import Parameters, unit

Illuminance = Annotated[float, unit("lx"), Field(gt=0)]
Seconds = Annotated[float, unit("s"), Field(ge=0, le=1e6)]


class CalibrateLuxmeter(Parameters):
    """Parameters of the calibration."""

    levels: tuple[Illuminance, ...] = Field(
        default=(2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0), min_length=6, description="nominal, rising, lx"
    )
    readings: int = Field(default=5, ge=3, le=1000, description="of each instrument in each place")
    warm_up: Seconds = Field(default=3600.0, description="of the lamp, before the first point, s")
    dwell: Seconds = Field(default=2.0, description="for which the illuminance must be steady, s")
    band: float = Field(default=0.01, gt=0, le=0.1, description="what is steady: spread, as a fraction of the level")
    temperature: Annotated[float, unit("Cel")] = Field(default=23.0, description="of the room, nominal, Cel")
    temperature_tolerance: Annotated[float, unit("K"), Field(gt=0)] = Field(
        default=2.0, description="of the validity gate on it, K"
    )
    linearity: float = Field(
        default=0.001,
        gt=0,
        le=0.05,
        description="half-width of the item's relative departure from a straight line, by its maker's statement",
    )

    mpe: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="maximum permissible error, a fraction of the reference value; nothing is decided by default",
    )
    rule: Literal["simple", "guarded-acceptance"] | None = Field(
        default=None, description="decision rule on it (JCGM 106), with U as guard band; the laboratory's by default"
    )

    @field_validator("levels")
    @classmethod
    def _rising(cls, levels: tuple[float, ...]) -> tuple[float, ...]:
        if any(b <= a for a, b in pairwise(levels)):
            raise ValueError("the levels do not rise")
        return levels
