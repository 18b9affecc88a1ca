"""Vaisala HMP probes and Indigo 5xx transmitters: their Modbus registers.

A float32 stands in two registers, **least significant word first**; both words must come from one
transaction. A quiet NaN means that the quantity is not available. Addresses are PDU addresses (register
number 1 is address 0).
Source: HMP4 manual, Indigo 520 guide, HMDW110 manual (register tables).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence

from ..errors import LocalProtocolError, RemoteProtocolError

DEFAULT_DEVICE_ID = 240

RELATIVE_HUMIDITY = 0x0000
TEMPERATURE = 0x0002
DEW_POINT = 0x0006
ERROR_STATUS = 0x0200
"""1 where the device has no error, 0 where it has."""

ERROR_CODE = 0x0203
"""The bits of the present errors in two registers, least significant word first."""

HUMIDITY_STATUS, TEMPERATURE_STATUS = 0x0207, 0x0208
"""0 where the measurement is good."""

TEST = 0x1F00
"""The first of three test registers: an integer, then a float32."""

TEST_INTEGER = -12345
TEST_FLOAT = -123.45
INTEGER_UNAVAILABLE = -0x8000


def float_from_registers(registers: Sequence[int]) -> float:
    """The float32 in two registers, least significant word first.

    >>> round(float_from_registers([0x7AE1, 0x41F4]), 2)
    30.56

    :raises RemoteProtocolError: if there are not two registers of 16 bits.
    """
    if len(registers) != 2 or any(not 0 <= word <= 0xFFFF for word in registers):
        raise RemoteProtocolError(f"sent {list(registers)} where a float32 has two registers")
    return float(struct.unpack("<f", struct.pack("<HH", *registers))[0])


def float_to_registers(value: float) -> list[int]:
    """The two registers of a float32, least significant word first.

    :raises LocalProtocolError: for a value beyond float32.
    """
    try:
        return list(struct.unpack("<HH", struct.pack("<f", value)))
    except OverflowError:
        raise LocalProtocolError(f"{value} does not fit a float32") from None


def float_step(value: float) -> float:
    """The distance from ``value`` to the next float32: the resolution of what was read."""
    exponent = math.frexp(value)[1] if value else -149
    return math.ldexp(1.0, max(exponent - 24, -149))


def integer_from_register(register: int) -> int | None:
    """The signed integer in one register, ``None`` where it is not available."""
    value = register - 0x10000 if register >= 0x8000 else register
    return None if value == INTEGER_UNAVAILABLE else value


def check_test_registers(registers: Sequence[int]) -> None:
    """Check what was read from ``TEST``: -12345 and -123.45, in the expected order of words.

    :raises RemoteProtocolError: if they do not hold these values; it says so if only the words are swapped.
    """
    if len(registers) != 3 or integer_from_register(registers[0]) != TEST_INTEGER:
        raise RemoteProtocolError(
            f"holds {list(registers)} in its test registers 0x1F00 to 0x1F02",
            remedy="check that the address leads to a Vaisala probe",
        )
    if _is_test_float(registers[2], registers[1]):
        raise RemoteProtocolError(
            "sends floats with the most significant word first", remedy="correct the order in its gateway"
        )
    if not _is_test_float(registers[1], registers[2]):
        raise RemoteProtocolError(f"holds {list(registers[1:])} where its test registers hold -123.45")


def _is_test_float(low: int, high: int) -> bool:
    return math.isclose(float_from_registers([low, high]), TEST_FLOAT, rel_tol=1e-6)
