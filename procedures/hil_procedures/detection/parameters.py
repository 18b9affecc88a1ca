"""Parameters of the trial of detection against illuminance."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hil import Parameters, unit

Illuminance = Annotated[float, unit("lx"), Field(gt=0)]
Seconds = Annotated[float, unit("s"), Field(ge=0, le=1e6)]

LEVEL = 0.9
"""The share of signs that is read at a90."""

BLANK = ""
"""What the panel shows when there is nothing to read."""

SIGNS = (
    "RUYT3",
    "KLEXM",
    "MN9TP",
    "KPT7R",
    "NVUYX",
    "3HEA9",
    "ALTNU",
    "H3YFR",
    "L7U9W",
    "PHFKM",
    "NRLYE",
    "XRCUM",
    "37TYR",
    "CRHYU",
    "C4R3M",
    "9TA34",
    "9XEM7",
    "VMLYN",
    "WK3RP",
    "ELAK3",
)
"""Random strings of letters and digits that no other resembles, of which the reader reads each in good light."""


class DetectionVsIlluminance(Parameters):
    """Parameters of the trial."""

    signs: tuple[str, ...] = Field(default=SIGNS, min_length=2, description="what is shown, each a text")
    illuminances: tuple[Illuminance, ...] = Field(
        default=(4.0, 6.0, 8.0, 10.0, 13.0, 17.0, 22.0, 30.0, 60.0),
        min_length=3,
        description="at which every sign is shown, lx",
    )
    repeats: int = Field(default=2, ge=1, le=100, description="how often each sign is shown at each illuminance")
    blanks: int = Field(default=2, ge=0, le=100, description="how often nothing is shown, in each repeat at each")
    warm_up: Seconds = Field(default=3600.0, description="of the lamp, before the first point, s")
    dwell: Seconds = Field(default=1.0, description="for which the illuminance must be steady, s")
    band: float = Field(
        default=0.01, gt=0, le=0.1, description="what is steady: spread, as a fraction of the illuminance"
    )
    tolerance: float = Field(
        default=0.1, gt=0, le=0.5, description="of the validity gate, a fraction of the illuminance"
    )
    required: Illuminance = Field(default=20.0, description="the requirement: a90 is at most this, lx")
    confidence: float = Field(default=0.95, gt=0.5, lt=1, description="of each one-sided bound")
