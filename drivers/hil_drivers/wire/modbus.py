"""Modbus: requests and what answers them, as protocol data units, whatever frames carry them.

Source: MODBUS Application Protocol Specification V1.1b3, clauses 6.1 to 6.6, 6.11, 6.12 and 7. Addresses are those of
the protocol, from 0 (register number 40001 of a manual is mostly holding register 0).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from ..errors import LocalProtocolError, RemoteProtocolError

LAST_ADDRESS = 0xFFFF
_ON = 0xFF00
_EXCEPTION = 0x80


class Function(IntEnum):
    """The function codes that are used here."""

    READ_COILS = 1
    READ_DISCRETE_INPUTS = 2
    READ_HOLDING_REGISTERS = 3
    READ_INPUT_REGISTERS = 4
    WRITE_COIL = 5
    WRITE_REGISTER = 6
    WRITE_REGISTERS = 16


LONGEST = {
    Function.READ_COILS: 2000,
    Function.READ_DISCRETE_INPUTS: 2000,
    Function.READ_HOLDING_REGISTERS: 125,
    Function.READ_INPUT_REGISTERS: 125,
    Function.WRITE_COIL: 1,
    Function.WRITE_REGISTER: 1,
    Function.WRITE_REGISTERS: 123,
}
"""How many coils, inputs or registers one request can have."""

_BITS = (Function.READ_COILS, Function.READ_DISCRETE_INPUTS)
_READS = (*_BITS, Function.READ_HOLDING_REGISTERS, Function.READ_INPUT_REGISTERS)
_ECHOED = (Function.WRITE_COIL, Function.WRITE_REGISTER)

EXCEPTIONS = {
    1: "illegal function",
    2: "illegal address",
    3: "illegal value",
    4: "device failure",
    5: "it needs longer",
    6: "busy",
    8: "memory parity error",
    10: "no path through the gateway",
    11: "no answer from behind the gateway",
}


@dataclass(frozen=True, slots=True)
class Request:
    """One request for ``count`` coils, inputs or registers from ``address``; a write carries as many ``values``."""

    function: Function
    address: int
    count: int
    values: tuple[int, ...] = ()

    def __str__(self) -> str:
        verb, noun = ("read", "from") if self.function in _READS else ("write", "at")
        what = self.function.name.lower().split("_", 1)[1].replace("_", " ").rstrip("s")
        return f"{verb} {what} {noun} {self.address:#06x}"


def encode(request: Request) -> bytes:
    """The protocol data unit of a request.

    :raises LocalProtocolError: for an address, a number or a value that the protocol does not have.
    """
    function, address, count, values = request.function, request.address, request.count, request.values
    if not 1 <= count <= LONGEST[function] or not 0 <= address <= LAST_ADDRESS + 1 - count:
        raise LocalProtocolError(f"no such addresses: {request}")
    if function in _READS:
        return struct.pack(">BHH", function, address, count)
    if len(values) != count or any(not 0 <= value <= 0xFFFF for value in values):
        raise LocalProtocolError(f"a write has as many values of 16 bits as its count: {request}")
    if function == Function.WRITE_REGISTERS:
        return struct.pack(f">BHHB{count}H", function, address, count, 2 * count, *values)
    value = values[0] if function == Function.WRITE_REGISTER else _ON * bool(values[0])
    return struct.pack(">BHH", function, address, value)


def response_size(head: bytes) -> int | None:
    """The size of the response that begins with ``head``, ``None`` while more of it is needed to know.

    :raises RemoteProtocolError: if no response begins so.
    """
    if not head:
        return None
    if head[0] & _EXCEPTION:
        known, size = head[0] ^ _EXCEPTION, 2
    elif head[0] in _READS:
        known, size = head[0], 2 + (head[1] if len(head) > 1 else 0)
    else:
        known, size = head[0], 5
    if known not in list(Function):
        raise RemoteProtocolError(f"sent a response with the function code {head[0]}, which was never asked for")
    return size if len(head) > 1 else None


def exception_code(response: bytes) -> int:
    """The code of an exception response, 0 where it is none."""
    return response[1] if response[0] & _EXCEPTION else 0


def check(request: Request, response: bytes) -> None:
    """Check that a complete response is one to ``request``; an exception to it is one too.

    :raises RemoteProtocolError: if it has another function, another size, or echoes something else.
    """
    function = request.function
    if response[0] & ~_EXCEPTION != function:
        raise RemoteProtocolError(f"answered function {response[0] & ~_EXCEPTION} where {function} was asked")
    if response[0] & _EXCEPTION:
        return
    if function in _READS:
        size = -(-request.count // 8) if function in _BITS else 2 * request.count
        if response[1] != size or len(response) != 2 + size:
            raise RemoteProtocolError(_other_number(request, response))
    elif function in _ECHOED and response != encode(request):
        raise RemoteProtocolError(
            f"answered {response.hex(' ')} where it should have echoed {encode(request).hex(' ')}"
        )
    elif function == Function.WRITE_REGISTERS and response != encode(request)[:5]:
        raise RemoteProtocolError("confirmed that it wrote other registers than it was told")


def values_of(request: Request, response: bytes) -> list[int]:
    """What a checked response carries: registers, or coils and inputs as 0 and 1; nothing after a write."""
    if request.function in _BITS:
        return [response[2 + i // 8] >> i % 8 & 1 for i in range(request.count)]
    if request.function in _READS:
        return list(struct.unpack(f">{request.count}H", response[2:]))
    return []


def refusal(request: Request, code: int) -> RemoteProtocolError:
    """The error that tells of an exception response."""
    return RemoteProtocolError(f"refused to {request}: {EXCEPTIONS.get(code, 'exception')} ({code})")


def wrong_number(request: Request, got: Sequence[object]) -> RemoteProtocolError:
    """The error that tells of another number of values than was asked for."""
    return RemoteProtocolError(f"sent {len(got)} registers where {request.count} were asked for")


def _other_number(request: Request, response: bytes) -> str:
    if request.function in _BITS:
        return f"sent {response[1]} bytes of inputs or coils where {request.count} of them were asked for"
    return f"sent {response[1] / 2:g} registers where {request.count} were asked for"
