"""A luxmeter of the T-10A kind."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from ..model import NotNegative, Prior
from .base import LINK_FAULTS, SimDevice


class LuxmeterDevice(SimDevice):
    """What measures illuminance; ``noise`` is the relative standard deviation of one 0.5 s reading. Before a
    display wall, the ``plane`` is that of its white patch, and the ``eye`` sees all of it."""

    faults: ClassVar[frozenset[str]] = LINK_FAULTS | frozenset(
        ("checksum", "nan", "low-battery", "over-range", "frozen")
    )
    shared: ClassVar[tuple[str, ...]] = ("head",)

    head: int = Field(default=0, ge=0, le=29)
    carriage_position: int = Field(default=0, ge=0)
    stands: Literal["plane", "eye"] = "plane"
    noise: NotNegative = 0.001
    prior: Prior | None = None

    @model_validator(mode="after")
    def _has_one_origin(self) -> LuxmeterDevice:
        if ("illuminance" in self.certificates) == (self.prior is not None):
            raise ValueError("needs either a certificate of 'illuminance' or 'prior'")
        return self

    def responses(self) -> tuple[str, ...]:
        return ("illuminance",)

    def placements(self) -> tuple[str, ...]:
        return ("illuminance",)


class T10aDevice(LuxmeterDevice):
    """A luxmeter of the T-10A kind."""

    kind: Literal["t10a"]
