"""Parameters of the calibration of a virtual instrument."""

from __future__ import annotations

from pydantic import Field

from hil import Parameters


class CalibrateVirtualInstrument(Parameters):
    """Parameters of the calibration."""

    contents: tuple[str, ...] = Field(
        default=("inside", "outside"), min_length=1, description="kinds of stimuli that are given, by their names"
    )
    stimuli: int = Field(default=300, ge=20, le=100_000, description="of each kind")
    coverage: float = Field(default=0.9, gt=0.5, lt=1, description="stated share of values inside their intervals")
    share: float = Field(default=0.5, gt=0.1, lt=0.9, description="of the subjects that calibrate; the others test")
    salt: str = Field(default="", description="another one splits the subjects otherwise")
    bins: int = Field(default=5, ge=1, le=20, description="rows of the table of errors, of equal numbers of values")
    near: float = Field(
        default=0.01, gt=0, description="features closer than this, by their spread, are told as near-duplicates"
    )
