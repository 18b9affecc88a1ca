"""Parameters of the demonstration of a success rate."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from hil import Parameters

from ..detection.parameters import SIGNS, Illuminance, Seconds

Share = Annotated[float, Field(gt=0, lt=1)]


class Condition(Parameters):
    """At which condition, and how it is held."""

    signs: tuple[str, ...] = Field(default=SIGNS, min_length=1, description="of which each trial shows one, a text")
    illuminance: Illuminance = Field(default=60.0, description="at which all are shown, lx")
    warm_up: Seconds = Field(default=3600.0, description="of the lamp, before the first trial, s")
    dwell: Seconds = Field(default=1.0, description="for which the illuminance must be steady, s")
    band: float = Field(
        default=0.01, gt=0, le=0.1, description="what is steady: spread, as a fraction of the illuminance"
    )
    tolerance: float = Field(
        default=0.1, gt=0, le=0.5, description="of the validity gate, a fraction of the illuminance"
    )


class SuccessRate(Condition):
    """Parameters of the plan of fixed size."""

    reliability: Share = Field(default=0.9, description="the requirement: at least this share is read")
    confidence: Share = Field(default=0.95, description="with which that is to be shown")
    failures: int = Field(default=1, ge=0, le=1000, description="how many failures the plan allows")


class SuccessRateSequential(Condition):
    """Parameters of the sequential test."""

    acceptable: Share = Field(default=0.02, description="failure probability that is to be accepted")
    rejectable: Share = Field(default=0.10, description="failure probability that is to be rejected")
    producer_risk: Share = Field(default=0.05, description="of rejecting what is acceptable, at most")
    consumer_risk: Share = Field(default=0.05, description="of accepting what is rejectable, at most")
    most: int = Field(
        default=150,
        ge=1,
        le=100_000,
        description="trials at which it is cut off and decides, so that the risks hold",
    )
    confidence: Share = Field(default=0.95, description="of the interval of the success probability")

    @model_validator(mode="after")
    def _check_order(self) -> SuccessRateSequential:
        if self.acceptable >= self.rejectable:
            raise ValueError("acceptable lies below rejectable: between them the test may decide either way")
        return self
