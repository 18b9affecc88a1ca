"""The register map of a Modbus instrument, as a TOML file tells it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ..description import Described, load, nearest
from ..indication import Flag
from ..wire.modbus import LAST_ADDRESS, Function, Request
from ..wire.modbus_values import Layout, Order

FLAGS = {flag.name.lower().replace("_", "-"): flag for flag in Flag if flag.name and flag is not Flag.GOOD}
"""The quality flags by the names that a map uses."""

_WRITES = {1: Function.WRITE_COIL, 3: Function.WRITE_REGISTER}
_BIT_FUNCTIONS = (1, 2)

Register = Annotated[int, Field(ge=0, le=LAST_ADDRESS)]
Type = Literal["int16", "uint16", "int32", "uint32", "float32", "float64", "bit"]

_REGISTER = "a protocol address from 0 to 65535 (register number 40001 of a manual is mostly 0)"
_FUNCTION = "the function code by which it is read: 1 coil, 2 discrete input, 3 holding register, 4 input register"
_TYPE = "one of int16, uint16, int32, uint32, float32, float64, bit"
_ORDER = 'one of "high-first", "low-first"'


class Place(Described):
    """Where a number stands, and how: what points and checks have in common."""

    register_: Register = Field(alias="register", description=_REGISTER)
    function: Literal[1, 2, 3, 4] = Field(default=3, description=_FUNCTION)
    type: Type = Field(description=_TYPE)
    bit: Annotated[int, Field(ge=0, le=15)] | None = Field(default=None, description="a bit from 0 (lowest) to 15")
    word_order: Order | None = Field(default=None, description=_ORDER)
    byte_order: Order | None = Field(default=None, description=_ORDER)

    @model_validator(mode="after")
    def _has_its_bit(self) -> Place:
        one_bit = self.function in _BIT_FUNCTIONS
        if one_bit and self.type != "bit":
            raise ValueError(f'function {self.function} reads single bits; write type = "bit", or function = 3 or 4')
        if one_bit and self.bit is not None:
            raise ValueError(f"function {self.function} reads single bits; leave out 'bit'")
        if self.type == "bit" and not one_bit and self.bit is None:
            raise ValueError("a bit of a register needs its number; write bit = 0 (lowest) to 15")
        if self.type != "bit" and self.bit is not None:
            raise ValueError(f"'bit' is for type = \"bit\", not for {self.type}")
        if self.register_ + self.count > LAST_ADDRESS + 1:
            raise ValueError(f"a {self.type} at register {self.register_} reaches beyond 65535")
        return self

    @property
    def count(self) -> int:
        """How many registers or bits it takes."""
        return 1 if self.type == "bit" else Layout(self.type).count

    @property
    def request(self) -> Request:
        """What reads it."""
        return Request(Function(self.function), self.register_, self.count)


class MappedPoint(Place):
    """One quantity: value = number * scale + offset, in ``unit``.

    ``lower`` and ``upper`` bound what may be commanded, or what is declared to be measured: beyond them a value is
    flagged. ``invalid`` gives numbers as they stand in the registers that are no values, each with its flag.
    """

    unit: str = Field(description='a UCUM unit such as "Cel"')
    scale: float = Field(default=1.0, description="a number other than 0")
    offset: float = Field(default=0.0, description="a number")
    lower: float | None = Field(default=None, description="a number")
    upper: float | None = Field(default=None, description="a number")
    writable: bool = Field(default=False, description="true or false")
    write_function: Literal[5, 6, 16] | None = Field(default=None, description="5, 6 or 16")
    invalid: dict[str, str] = Field(default={}, description='a table of numbers, such as { 32767 = "not-available" }')
    scan_period: Annotated[float, Field(ge=0)] | None = Field(default=None, description="seconds, 0 or more")

    @model_validator(mode="after")
    def _makes_sense(self) -> MappedPoint:
        if self.scale == 0.0:
            raise ValueError("scale: expected a number other than 0, found 0")
        if self.lower is not None and self.upper is not None and self.lower >= self.upper:
            raise ValueError("lower is not below upper")
        if self.writable and self.function not in _WRITES:
            raise ValueError(f"what function {self.function} reads cannot be written; use function = 1 or 3")
        if self.writable and self.bit is not None:
            raise ValueError("a bit of a register cannot be written; map the whole register")
        self._check_writing()
        for number, flag in self.invalid.items():
            if _number(number) is None:
                raise ValueError(f"invalid: {number!r} is no number")
            if flag not in FLAGS:
                raise ValueError(f"invalid: {flag!r} is no flag; {nearest(flag, FLAGS)}")
        return self

    def _check_writing(self) -> None:
        if self.write_function is None:
            return
        if not self.writable:
            raise ValueError("'write_function' is for a point with writable = true")
        possible = [5] if self.function == 1 else [6, 16] if self.count == 1 else [16]
        if self.write_function not in possible:
            raise ValueError(f"write_function: expected {' or '.join(map(str, possible))}, found {self.write_function}")

    @property
    def writes_by(self) -> Function:
        """The function that writes it."""
        if self.write_function is not None:
            return Function(self.write_function)
        return _WRITES[self.function] if self.count == 1 else Function.WRITE_REGISTERS

    def flag_of(self, number: float) -> Flag:
        """The flag of a number that is no value; good where it is one."""
        if not math.isfinite(number):
            return Flag.NOT_AVAILABLE
        near = 1e-6 if self.type in ("float32", "float64") else 0.0
        told = ((_number(text), flag) for text, flag in self.invalid.items())
        found = (flag for stated, flag in told if stated is not None and math.isclose(stated, number, rel_tol=near))
        return next((FLAGS[flag] for flag in found), Flag.GOOD)


class Check(Place):
    """A register that must hold a number when the link is made: it tells the instrument and the order of words."""

    equals: float = Field(description="a number")
    tolerance: Annotated[float, Field(ge=0)] = Field(default=0.0, description="a number of 0 or more")
    means: str = Field(default="", description="words for what it tells")


class RegisterMap(Described):
    """A whole map. Orders and ``scan_period`` (s) hold for all points that do not say otherwise."""

    instrument: str = Field(default="", description="the instrument's name in words")
    device_id: Annotated[int, Field(ge=0, le=255)] = Field(default=1, description="a device id from 0 to 255")
    word_order: Order = Field(default="high-first", description=_ORDER)
    byte_order: Order = Field(default="high-first", description=_ORDER)
    scan_period: Annotated[float, Field(ge=0)] = Field(default=0.0, description="seconds, 0 or more")
    checks: list[Check] = Field(default=[], description="tables [[checks]]")
    points: dict[str, MappedPoint] = Field(min_length=1, description="at least one table [points.NAME]")

    def layout(self, place: Place) -> Layout | None:
        """How a number stands in its registers; ``None`` for a bit."""
        if place.type == "bit":
            return None
        return Layout(place.type, place.word_order or self.word_order, place.byte_order or self.byte_order)

    def decode(self, place: Place, words: list[int]) -> float:
        """The number in what was read, before scale and offset."""
        layout = self.layout(place)
        if layout is not None:
            return layout.decode(words)
        return float(words[0] >> (place.bit or 0) & 1)


def load_map(path: str | Path) -> RegisterMap:
    """Read a register map.

    :raises DescriptionError: with one sentence for each fault of the file.
    """
    return load(path, RegisterMap)


def _number(text: str) -> float | None:
    try:
        return float(int(text, 0))
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return None
