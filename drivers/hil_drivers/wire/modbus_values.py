"""Numbers in 16-bit registers: integers and floats, in any order of words and of bytes."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ..errors import LocalProtocolError, RemoteProtocolError

Kind = Literal["int16", "uint16", "int32", "uint32", "float32", "float64"]
Order = Literal["high-first", "low-first"]

_CODES: dict[Kind, str] = {"int16": "h", "uint16": "H", "int32": "i", "uint32": "I", "float32": "f", "float64": "d"}
_MANTISSA = {"float32": (24, -149), "float64": (53, -1074)}


@dataclass(frozen=True, slots=True)
class Layout:
    """How a number stands in registers: its kind, the order of words, and the order of bytes in each word.

    Modbus itself knows only words, their high byte first; everything else is the device's own.
    """

    kind: Kind
    words: Order = "high-first"
    bytes: Order = "high-first"

    @property
    def count(self) -> int:
        """How many registers it takes."""
        return struct.calcsize(">" + _CODES[self.kind]) // 2

    @property
    def is_float(self) -> bool:
        return self.kind in _MANTISSA

    def decode(self, registers: Sequence[int]) -> float:
        """The number in ``registers``, integers exactly.

        >>> Layout("float32", words="low-first").decode([0x0000, 0x41BC])
        23.5

        :raises RemoteProtocolError: if there are not ``count`` registers of 16 bits.
        """
        if len(registers) != self.count or any(not 0 <= word <= 0xFFFF for word in registers):
            raise RemoteProtocolError(f"sent {list(registers)} where a {self.kind} has {self.count} registers")
        ordered = registers if self.words == "high-first" else registers[::-1]
        packed = struct.pack(f"{self._byte_order}{self.count}H", *ordered)
        number: float = struct.unpack(">" + _CODES[self.kind], packed)[0]
        return number

    def encode(self, number: float) -> list[int]:
        """The registers of a number; one of an integer kind is rounded.

        :raises LocalProtocolError: if the kind cannot hold it.
        """
        try:
            packed = struct.pack(">" + _CODES[self.kind], number if self.is_float else round(number))
        except (struct.error, OverflowError, ValueError):
            raise LocalProtocolError(f"{number} does not fit {self.kind}") from None
        words = list(struct.unpack(f"{self._byte_order}{self.count}H", packed))
        return words if self.words == "high-first" else words[::-1]

    def step(self, number: float) -> float:
        """The distance from ``number`` to the next that this kind can hold."""
        if self.kind not in _MANTISSA:
            return 1.0
        bits, least = _MANTISSA[self.kind]
        exponent = math.frexp(number)[1] if number else least
        return math.ldexp(1.0, max(exponent - bits, least))

    @property
    def _byte_order(self) -> str:
        return ">" if self.bytes == "high-first" else "<"


def other_orders(layout: Layout) -> list[Layout]:
    """The layouts that differ from ``layout`` by order alone."""
    orders: tuple[Order, Order] = ("high-first", "low-first")
    every = [Layout(layout.kind, words, octets) for words in orders for octets in orders]
    return [each for each in every if each != layout]
