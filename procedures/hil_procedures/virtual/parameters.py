"""Parameters of the calibration of a virtual instrument."""

from __future__ import annotations

import math

from pydantic import Field, model_validator

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

    @model_validator(mode="after")
    def _enough_calibrate(self) -> CalibrateVirtualInstrument:
        from hil_calibration.systems.virtual import FEWEST_SUBJECTS

        if self.stimuli * self.share < 2 * FEWEST_SUBJECTS:
            least = math.ceil(2 * FEWEST_SUBJECTS / self.share)
            raise ValueError(
                f"stimuli must be at least {least} where a share of {self.share:g} calibrates: its subjects are drawn, "
                f"and {FEWEST_SUBJECTS} are needed"
            )
        return self
