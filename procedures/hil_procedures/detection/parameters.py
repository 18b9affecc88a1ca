"""Parameters of the trial of detection against illuminance."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hil import Parameters, unit

Illuminance = Annotated[float, unit("lx"), Field(gt=0)]
Seconds = Annotated[float, unit("s"), Field(ge=0, le=1e6)]

BLANK = ""
"""What the panel shows when there is nothing to read."""

SIGNS = (
    "NFR7C",
    "DYEP3",
    "CXJDT",
    "TDKYC",
    "3EK7C",
    "3RCKY",
    "FMTYE",
    "3MY9H",
    "E37JP",
    "EYD3C",
    "4JV9Y",
    "TNU3P",
    "MKHD3",
    "MXVNU",
    "M4DEX",
    "THNFV",
    "TC9DY",
    "3NP4V",
    "3UDLV",
    "9DCM7",
)
"""Drawn at random from letters and digits that no other resembles."""


class DetectionVsIlluminance(Parameters):
    """Parameters of the trial.

    Every sign is shown at every illuminance in lx, ``repeats`` times, and nothing is shown ``blanks`` times at
    each. ``tolerance`` and ``band`` are fractions of the illuminance. The requirement: a90, the illuminance at
    which nine signs in ten are read, is at most ``required``.
    """

    signs: tuple[str, ...] = Field(default=SIGNS, min_length=2)
    illuminances: tuple[Illuminance, ...] = Field(default=(3.0, 4.5, 6.0, 8.0, 11.0, 15.0, 22.0, 60.0), min_length=3)
    repeats: int = Field(default=2, ge=1, le=100)
    blanks: int = Field(default=2, ge=0, le=100)
    warm_up: Seconds = 3600.0
    dwell: Seconds = 1.0
    band: float = Field(default=0.01, gt=0, le=0.1)
    tolerance: float = Field(default=0.1, gt=0, le=0.5)
    required: Illuminance = 20.0
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
