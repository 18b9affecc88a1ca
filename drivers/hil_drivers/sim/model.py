"""What the models of a world file share."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Distribution(Model):
    """A distribution with mean 0: ``normal`` with ``u``, or a bounded one with ``half_width``."""

    distribution: Literal["normal", "rectangular", "triangular", "arcsine"]
    u: NotNegative | None = None
    half_width: NotNegative | None = None

    @model_validator(mode="after")
    def _has_its_width(self) -> Distribution:
        wanted = "u" if self.distribution == "normal" else "half_width"
        if getattr(self, wanted) is None:
            raise ValueError(f"a {self.distribution} distribution needs {wanted!r}")
        return self


class Effect(Distribution):
    """A declared effect whose truth is drawn by its name.

    ``response`` acts on the instrument, ``placement`` on what the place sees. ``point`` says which
    quantity of a device with several.
    """

    name: str = Field(min_length=1)
    device: str
    acts_on: Literal["response", "placement"] = "response"
    kind: Literal["relative", "absolute", "relative-per-kelvin"]
    reference: float | None = None
    point: str | None = None
    source: str = ""

    @model_validator(mode="after")
    def _has_its_reference(self) -> Effect:
        if self.kind == "relative-per-kelvin" and self.reference is None:
            raise ValueError("an effect of kind 'relative-per-kelvin' needs 'reference', a temperature in Cel")
        return self


class Certificate(Model):
    """Calibration points of an instrument: ``value`` = f(``indication``), with the covariance of the values."""

    indication: list[float] = Field(min_length=1)
    value: list[float] = Field(min_length=1)
    covariance: list[list[float]]

    @model_validator(mode="after")
    def _has_one_shape(self) -> Certificate:
        n = len(self.indication)
        if len(self.value) != n or len(self.covariance) != n or any(len(r) != n for r in self.covariance):
            raise ValueError(f"needs {n} values and a covariance of {n} rows and columns, one per indication")
        for name, knots in (("indication", self.indication), ("value", self.value)):
            if any(b <= a for a, b in pairwise(knots)):
                raise ValueError(f"{name!r} must increase from point to point")
        return self


class Prior(Model):
    """What is known of an instrument before its calibration: gain (relative), offset (in its unit),
    nonlinearity (relative)."""

    gain: Distribution
    offset: Distribution
    nonlinearity: Distribution
