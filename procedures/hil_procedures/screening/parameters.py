"""Parameters of a screening; numbers without a unit are in that of the channel."""

from __future__ import annotations

import math
import re
from typing import Annotated, Literal

from pydantic import Field, model_validator

from hil import Parameters, unit
from hil.design import Range
from hil.errors import ProcedureFault
from hil.suggest import nearest
from hil_drivers.written import number

from ..detection.parameters import SIGNS

Seconds = Annotated[float, unit("s"), Field(ge=0, le=1e7)]
FEWEST_ROWS = 64
"""Of a design for Sobol indices: with fewer, the intervals by bootstrap are too narrow."""
MOST_CELLS = 100_000
OWN = frozenset(("row", "sample"))
"""Factors of the design that are no influence."""

_INFLUENCE = re.compile(r"(?P<name>\w+)\s+(?P<low>\S+)\s+to\s+(?P<high>\S+)(?:\s+(?P<scale>log|linear))?")


class Screening(Parameters):
    """Parameters of the screening."""

    influences: tuple[str, ...] = Field(
        min_length=2,
        max_length=10,
        description='roles that are varied, each as "light 5 to 200 log"',
        examples=["light 5 to 200 log,temperature 15 to 30"],
    )
    set_within: tuple[str, ...] = Field(
        default=(),
        description='how far an influence may be from what is commanded, each as "light 0.5"; of no other: unknown',
    )
    design: Literal["saltelli", "latin-hypercube"] = Field(
        default="saltelli", description="saltelli: Sobol indices; latin-hypercube: fewer trials, regression on ranks"
    )
    n: int = Field(
        default=64,
        ge=8,
        le=1_000_000,
        description="rows of the design: a power of two for saltelli, each of them influences + 2 trials",
    )
    design_seed: int = Field(default=1, ge=0, description="chooses the points; the run's seed, their order")
    response: Literal["answer", "error", "hit", "reading"] = Field(
        default="answer",
        description="a model's value, or its error; whether a reader was right; what a sensor measures",
    )
    sensor: str = Field(default="sensor", min_length=1, description="role that gives a reading")
    signs: tuple[str, ...] = Field(
        default=SIGNS, min_length=1, description="of which a reader is shown one in each row"
    )
    warm_up: Seconds = Field(default=0.0, description="at the first point, before it, s")
    wait: Seconds = Field(default=2.0, description="from the last influence set to the response, s")
    cells: int = Field(default=3, ge=2, le=20, description="into which the range of each influence is divided")
    confidence: float = Field(default=0.95, gt=0.5, lt=1, description="of the intervals, two-sided")
    limit: float | None = Field(
        default=None, gt=0, le=1, description="the requirement: no total index is above this; none by default"
    )
    room: Annotated[float, unit("Cel")] = Field(default=23.0, description="temperature of the room, nominal, Cel")
    room_tolerance: Annotated[float, unit("K"), Field(gt=0)] = Field(
        default=5.0, description="of the validity gate on it, where no reference value is the gate, K"
    )

    @model_validator(mode="after")
    def _check(self) -> Screening:
        names = [one.name for one in self.ranges()]
        if len(set(names)) < len(names) or OWN & set(names):
            raise ValueError(f"each influence is named once, and none {' or '.join(sorted(OWN))}")
        if self.design == "saltelli" and (self.n & (self.n - 1) or self.n < FEWEST_ROWS):
            raise ValueError(f"n = {self.n}: saltelli takes a power of two, {FEWEST_ROWS} or more")
        if self.design == "latin-hypercube" and self.n < 3 * (len(names) + 1):
            raise ValueError(f"n = {self.n}: {len(names)} influences take {3 * (len(names) + 1)} trials or more")
        if self.cells ** len(names) > MOST_CELLS:
            raise ValueError(
                f"{self.cells} cells of {len(names)} influences are {self.cells ** len(names)}: take fewer"
            )
        self.tolerances()
        if self.limit is not None and self.design != "saltelli":
            raise ValueError("a limit is one of total indices, which need design=saltelli")
        return self

    def ranges(self) -> list[Range]:
        """The influences."""
        return [_range(text) for text in self.influences]

    def tolerances(self) -> dict[str, float]:
        """Of the influences for which it is stated, the half-width in the unit of the channel."""
        found = {}
        for text in self.set_within:
            name, _, figures = text.strip().partition(" ")
            try:
                found[name] = number(figures)
            except ValueError:
                found[name] = math.nan
            if not (math.isfinite(found[name]) and found[name] >= 0.0):
                raise ValueError(f'{text!r} is not of the form "light 0.5", a number without a unit')
            known = [one.name for one in self.ranges()]
            if name not in known:
                raise ValueError(f"set_within: {name!r} is no influence; {nearest(name, known)}")
        return found

    @property
    def virtual(self) -> bool:
        """Whether the response is that of a model to named values."""
        return self.response in ("answer", "error")


def _range(text: str) -> Range:
    found = _INFLUENCE.fullmatch(text.strip())
    if found is None:
        raise ValueError(
            f'{text!r} is not of the form "light 5 to 200 log"; numbers have no units, and log may be left out'
        )
    try:
        low, high = number(found["low"]), number(found["high"])
        return Range(found["name"], "1", low, high, "log" if found["scale"] == "log" else "linear")
    except ProcedureFault as fault:
        raise ValueError(str(fault)) from None
