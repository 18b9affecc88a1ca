"""Parameters of a study of repeatability and reproducibility; numbers without a unit are in that of the channel."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from hil import Parameters, unit
from hil_drivers.written import number

Number = Annotated[float, Field(allow_inf_nan=False)]
Seconds = Annotated[float, unit("s"), Field(ge=0, le=1e7)]


class RepeatabilityReproducibility(Parameters):
    """Parameters of the study."""

    items: tuple[str, ...] = Field(
        min_length=2, max_length=200, description="what everybody measures: names, or levels where a role sets them"
    )
    groups: tuple[str, ...] = Field(
        default=("Operator A", "Operator B", "Operator C"), min_length=2, max_length=50, description="one block each"
    )
    of: Literal["operator", "day", "bench", "set-up"] = Field(default="operator", description="what the groups are")
    repeats: int = Field(default=3, ge=2, le=1000, description="of each item in each group")
    measures: str = Field(default="sensor", description="role that measures; empty where people type what they read")
    typed_in: str = Field(default="1", description="unit of what people type (UCUM)")
    sets: str = Field(default="actuator", description="role that brings the items about; empty where people place them")
    begins: str = Field(
        default="",
        description="role that is set to 1 at the beginning of each block, so that each is a set-up of its own; empty: "
        "none",
    )
    handover: bool = Field(default=True, description="ask at the beginning of each block whether it may begin")
    warm_up: Seconds = Field(default=0.0, description="at the first item, before the first block, s")
    wait: Seconds = Field(default=2.0, description="from an item set, or placed, to the first reading, s")
    readings: int = Field(default=1, ge=1, le=10_000, description="of which one result is the mean")
    pool: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="p above which the interaction is pooled with repeatability (0.25 is usual); 0 never pools",
    )
    confidence: float = Field(default=0.95, gt=0.5, lt=1, description="of the intervals, two-sided")
    limit: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = Field(
        default=None,
        description="the requirement: s_R is at most this, without a unit, in that of the results; none by default",
    )
    room: Annotated[float, unit("Cel")] = Field(default=23.0, description="temperature of the room, nominal, Cel")
    room_tolerance: Annotated[float, unit("K"), Field(gt=0)] = Field(
        default=5.0, description="of the validity gate on it, K"
    )

    @field_validator("limit", mode="before")
    @classmethod
    def _limit_is_plain(cls, value: object) -> object:
        if isinstance(value, str):
            try:
                number(value)
            except ValueError:
                raise ValueError("it is given without a unit, in that of the results") from None
        return value

    @model_validator(mode="after")
    def _check(self) -> RepeatabilityReproducibility:
        for what, names in (("item", self.items), ("group", self.groups)):
            if len(set(names)) < len(names) or not all(names):
                raise ValueError(f"each {what} must have a name of its own")
        if self.sets:
            self.levels()
        return self

    def levels(self) -> dict[str, float]:
        """What the role ``sets`` is told for each item."""
        found = {}
        for item in self.items:
            try:
                found[item] = number(item)
            except ValueError:
                found[item] = math.nan
            if not math.isfinite(found[item]):
                raise ValueError(f"{item!r} is no level; {_remedy(item)}")
        return found


def _remedy(item: str) -> str:
    """What to say in place of ``item``, which is no level."""
    figures = item.split()[0] if item.split() else ""
    try:
        number(figures)
    except ValueError:
        return "say sets= where people place the items"
    return f"give {figures}, without a unit, in that of the channel that is set"
