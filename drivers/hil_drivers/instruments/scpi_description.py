"""The description of a SCPI instrument: TOML with ``[instrument]`` and a table ``[points.NAME]`` for each point."""

from __future__ import annotations

import math
import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from ..description import Described
from ..device import Point
from ..errors import RemoteProtocolError
from ..wire.scpi import parse_number

OVERLOAD = 9.9e37
"""What an instrument says where it has no value (SCPI-99, volume 1, 7.2.1.4)."""

_PLACE = re.compile(r"\{value(?::(?P<format>[+]?0?\d{0,2}(?:\.\d{1,2})?[deEfgG]?))?\}")


def _is_message(text: str) -> str:
    if not text or not text.isascii() or not text.isprintable():
        raise ValueError(f"{text!r} is no message: write one line of printable ASCII")
    return text


def _is_pattern(text: str) -> str:
    try:
        re.compile(text, re.ASCII)
    except re.error as error:
        raise ValueError(f"{text!r} is no regular expression: {error}") from None
    return text


def _is_value_pattern(text: str) -> str:
    if re.compile(_is_pattern(text), re.ASCII).groups != 1:
        raise ValueError(f"{text!r} needs one group in round brackets, around the number")
    return text


def _is_command(text: str) -> str:
    _is_message(text)
    places = _PLACE.findall(text)
    if len(places) != 1 or "{" in _PLACE.sub("", text) or "}" in _PLACE.sub("", text):
        raise ValueError(f"{text!r} needs {{value}} once, or a form of it such as {{value:.3f}} or {{value:d}}")
    return text


Message = Annotated[str, AfterValidator(_is_message)]
Pattern = Annotated[str, AfterValidator(_is_pattern)]
ValuePattern = Annotated[str, AfterValidator(_is_value_pattern)]
Command = Annotated[str, AfterValidator(_is_command)]
Number = Annotated[float, Field(strict=False)]
Seconds = Annotated[float, Field(strict=False, ge=0, le=3600)]


class InstrumentSection(Described):
    """``[instrument]``: how it is known, prepared and asked for errors."""

    identity: Pattern = Field(default=".*", description="a regular expression that the whole answer to *IDN? matches")
    error_query: str = Field(default="SYST:ERR?", description='a query such as "SYST:ERR?", or "" where there is none')
    opening: tuple[Message, ...] = Field(default=(), strict=False, description="a list of commands, sent at opening")
    closing: tuple[Message, ...] = Field(default=(), strict=False, description="a list of commands, sent at closing")


class PointSection(Described):
    """``[points.NAME]``: a quantity that is asked for by ``query``, set by ``command``, or both.

    The value is the number in the answer times ``scale`` plus ``offset``; a command carries (value - offset) / scale.
    """

    unit: str = Field(description='a UCUM unit such as "Cel"')
    query: Message | None = Field(default=None, description='a query such as "MEAS:VOLT?"')
    trigger: Message | None = Field(default=None, description='a command before the query, such as "INIT"')
    integration: Seconds = Field(default=0.0, description="seconds from the trigger to the end of its measurement")
    age: Seconds = Field(default=0.0, description="seconds that a value may be old where it measures by itself")
    field: int = Field(default=0, ge=0, le=99, description="the place of the number in the answer's list, from 0")
    pattern: ValuePattern | None = Field(
        default=None, description="a regular expression with one group, around the number in the answer"
    )
    scale: Number = Field(default=1.0, description="a number other than 0")
    offset: Number = Field(default=0.0, description="a number")
    resolution: Annotated[float, Field(strict=False, gt=0)] | None = Field(
        default=None, description="the step of the indication in unit, above 0"
    )
    overload: Annotated[float, Field(strict=False, gt=0)] = Field(
        default=OVERLOAD, description="the number from which an answer means that there is no value"
    )
    command: Command | None = Field(default=None, description='a command such as "VOLT {value:.3f}"')
    settle: Seconds = Field(default=0.0, description="seconds from a command until it has taken effect")
    lower: Number | None = Field(default=None, description="the lowest value, in unit")
    upper: Number | None = Field(default=None, description="the highest value, in unit")

    @model_validator(mode="after")
    def _is_consistent(self) -> PointSection:
        if self.query is None and self.command is None:
            raise ValueError("it has neither query nor command; give one")
        if self.query is not None and "?" not in self.query:
            raise ValueError(f"query = {self.query!r} asks nothing: it has no question mark")
        if self.command is not None and (self.lower is None or self.upper is None):
            raise ValueError("a point with a command needs lower and upper")
        if self.lower is not None and self.upper is not None and not self.lower < self.upper:
            raise ValueError("lower is not below upper")
        if self.scale == 0:
            raise ValueError("scale is 0")
        if self.integration and self.trigger is None:
            raise ValueError("integration counts from a trigger; give trigger")
        if self.pattern is not None and self.field:
            raise ValueError("pattern and field both say where the number is; give one")
        return self

    @property
    def point(self) -> Point:
        """The point that it declares."""
        return Point(self.unit, self.query is not None, self.command is not None, self.lower, self.upper)

    def number(self, answer: str) -> float:
        """The number in an answer, as the instrument wrote it.

        :raises RemoteProtocolError: if there is none where the description says.
        """
        if self.pattern is None:
            parts = answer.split(",")
            if self.field >= len(parts):
                raise RemoteProtocolError(f"sent {answer[:40]!r}, which has no field {self.field}")
            return parse_number(parts[self.field])
        found = re.search(self.pattern, answer, re.ASCII)
        if found is None or found[1] is None:
            raise RemoteProtocolError(f"sent {answer[:40]!r}, in which nothing matches the pattern")
        return parse_number(found[1])

    def commanded(self, value: float) -> str:
        """The command that brings the point to ``value``."""
        sent = (value - self.offset) / self.scale
        command = self.command or ""
        place = _PLACE.search(command)
        form = (place["format"] if place else None) or ".9g"
        text = format(round(sent) if form.endswith("d") else sent, form)
        return _PLACE.sub(lambda _: text, command)

    def value(self, number: float) -> float | None:
        """The value of a number, ``None`` where it means an overload."""
        if not math.isfinite(number) or abs(number) >= self.overload:
            return None
        return number * self.scale + self.offset


class ScpiDescription(Described):
    """A whole description."""

    instrument: InstrumentSection = InstrumentSection()
    points: dict[str, PointSection] = Field(min_length=1, description="a table for each point")
