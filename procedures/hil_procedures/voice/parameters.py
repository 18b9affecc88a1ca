"""Parameters of the trial of voice detection against signal-to-noise ratio."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from hil import Parameters

Decibel = Annotated[float, Field(ge=-60, le=120)]

LEVEL = 0.9
"""The share of utterances in which a voice is detected at the result."""

BLANK = ""
"""What is said where there is noise alone."""

UTTERANCES = tuple(f"utterance {number}" for number in range(1, 17))


class VoiceDetectionVsSnr(Parameters):
    """Parameters of the trial."""

    utterances: tuple[str, ...] = Field(default=UTTERANCES, min_length=2, description="what is said, each a name")
    levels: tuple[Decibel, ...] = Field(
        default=(-6.0, -5.0, -4.0, -3.0, -2.0, -1.0, 0.0, 3.0),
        min_length=3,
        description="signal-to-noise ratios at which every utterance is played, dB",
    )
    repeats: int = Field(default=1, ge=1, le=100, description="how often each utterance is played at each ratio")
    blanks: int = Field(default=1, ge=0, le=100, description="how often noise alone is played, in each repeat at each")
    tolerance: float = Field(default=0.4, gt=0, le=6, description="of the validity gate, dB")
    required: Decibel = Field(default=0.0, description="the requirement: the ratio found is at most this, dB")
    confidence: float = Field(default=0.95, gt=0.5, lt=1, description="of each one-sided bound")

    @model_validator(mode="after")
    def _can_be_run(self) -> VoiceDetectionVsSnr:
        if len(set(self.utterances)) < len(self.utterances) or BLANK in self.utterances:
            raise ValueError("an utterance is given twice, or is empty")
        if len(set(self.levels)) < len(self.levels):
            raise ValueError("a ratio is given twice")
        return self
