"""Any SCPI instrument, by the same description as its driver's."""

from __future__ import annotations

import re
from functools import cached_property
from typing import ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from ...description import DescriptionError, load
from ...instruments.scpi_description import ScpiDescription
from .base import LINK_FAULTS, ROOM, SimDevice
from .shown import Served

PLACE = re.compile(r"\{([^{}]+)\}")
"""Where the number of a point stands in an answer."""


class ScpiInstrumentDevice(SimDevice):
    """An instrument of a description; ``values`` by point, and 0 for a point that is not named.

    What a point is commanded to is held and shown. ``identity`` answers ``*IDN?``. ``answers`` gives by query the form
    of an answer whose numbers the description finds by a pattern, such as ``"T={air}K"`` for the point ``air``. The
    instrument stands at ``place``, whose temperature acts on its readings where an effect says so.
    """

    faults: ClassVar[frozenset[str]] = LINK_FAULTS | frozenset(("over-range", "frozen"))
    shared: ClassVar[tuple[str, ...]] = ("description",)

    kind: Literal["scpi"]
    description: str
    place: str = ROOM
    identity: str = "Example Instruments,SIMULATED,SN0001,1.0"
    values: dict[str, float | Served] = Field(default_factory=dict)
    answers: dict[str, str] = Field(default_factory=dict)

    @field_validator("description")
    @classmethod
    def _is_a_description(cls, path: str) -> str:
        try:
            load(path, ScpiDescription)
        except DescriptionError as error:
            raise ValueError(str(error)) from None
        return path

    @field_validator("values")
    @classmethod
    def _are_points(cls, values: dict[str, float | Served], info: ValidationInfo) -> dict[str, float | Served]:
        if "description" in info.data:
            points = load(info.data["description"], ScpiDescription).points
            for name in values:
                if name not in points:
                    raise ValueError(f"the description has no point {name!r}, only {', '.join(points)}")
        return values

    @model_validator(mode="after")
    def _answers_as_described(self) -> ScpiInstrumentDevice:
        pattern = self.described.instrument.identity
        if re.fullmatch(pattern, self.identity, re.ASCII) is None:
            raise ValueError(
                f"identity {self.identity!r} does not match {pattern!r}; give the identity of one that does"
            )
        for name, point in self.described.points.items():
            told = PLACE.findall(self.answers.get(point.query or "", ""))
            if point.pattern is not None and name not in told:
                raise ValueError(f'answers."{point.query}" lacks {{{name}}}: its description finds it by a pattern')
        for query, form in self.answers.items():
            unknown = set(PLACE.findall(form)) - set(self.described.points)
            if unknown or query not in {point.query for point in self.described.points.values()}:
                raise ValueError(f"answers.{query!r} = {form!r} names a query or a point that the description lacks")
        return self

    @cached_property
    def described(self) -> ScpiDescription:
        """The description."""
        return load(self.description, ScpiDescription)

    def __hash__(self) -> int:
        return hash((self.kind, self.description))

    def served(self, point: str) -> Served:
        """What a point shows."""
        value = self.values.get(point, 0.0)
        return value if isinstance(value, Served) else Served(constant=value)

    def responses(self) -> tuple[str, ...]:
        return tuple(self.described.points)

    def places(self) -> tuple[str, ...]:
        return (self.place,)
