"""What a point of a described instrument shows: a constant, or a quantity of the world."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from ..model import Model, NotNegative


class Served(Model):
    """What a point shows: a ``constant``, or a quantity of the world times ``scale`` plus ``offset``; with ``noise``,
    the standard deviation of one reading. All in the unit of the point.
    """

    constant: float | None = None
    follows: Literal["temperature", "humidity", "illuminance"] | None = None
    scale: float = 1.0
    offset: float = 0.0
    noise: NotNegative = 0.0

    @model_validator(mode="after")
    def _has_one_origin(self) -> Served:
        if (self.constant is None) == (self.follows is None):
            raise ValueError("needs either 'constant' or 'follows'")
        return self
