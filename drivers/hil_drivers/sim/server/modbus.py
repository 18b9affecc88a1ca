"""Modbus as an instrument speaks it: data units, the frames of TCP and of RTU, and what the faults do to them.

Faults of the protocol: ``exception`` (every request is refused with code 4, device failure) and ``checksum``: on RTU a
frame with a wrong CRC; over TCP what a gateway makes of one, exception 11.
"""

from __future__ import annotations

import asyncio
import struct
from abc import ABC
from collections.abc import Sequence
from pathlib import Path

from ..devices.modbus_linked import ModbusLinked
from ..faults import Faults
from ..world import World
from .endpoint import LineProtocol, TcpEndpoint
from .terminal import TerminalEndpoint

_ILLEGAL_FUNCTION, _ILLEGAL_ADDRESS, _ILLEGAL_VALUE, _DEVICE_FAILURE, _NO_GATEWAY_ANSWER = 1, 2, 3, 4, 11
_STALE = 0.05
"""Seconds of wall time after which the first part of a request counts as noise."""


class Refused(Exception):
    """A request that the instrument refuses, with its exception code."""

    def __init__(self, code: int = _ILLEGAL_ADDRESS) -> None:
        super().__init__(code)
        self.code = code


class Memory(ABC):  # noqa: B024 (an instrument overrides what it has)
    """What an instrument holds, by protocol address; here it has nothing."""

    def moved(self) -> None:  # noqa: B027 (most have nothing to do)
        """Bench time or the faults have changed."""

    def close(self) -> None:  # noqa: B027 (most have nothing to do)
        """The instrument is switched off."""

    def holding(self, address: int, count: int) -> Sequence[int]:  # noqa: ARG002
        """Holding registers.

        :raises Refused: where there are none.
        """
        raise Refused

    def input(self, address: int, count: int) -> Sequence[int]:  # noqa: ARG002
        """Input registers."""
        raise Refused

    def discrete(self, address: int, count: int) -> Sequence[int]:  # noqa: ARG002
        """Discrete inputs, as 0 and 1."""
        raise Refused

    def coils(self, address: int, count: int) -> Sequence[int]:  # noqa: ARG002
        """Coils, as 0 and 1."""
        raise Refused

    def write_holding(self, address: int, values: Sequence[int]) -> None:  # noqa: ARG002
        """Write holding registers."""
        raise Refused

    def write_coils(self, address: int, values: Sequence[int]) -> None:  # noqa: ARG002
        """Write coils, 0 or 1."""
        raise Refused


def words(value: float) -> list[int]:
    """The two registers of a float32, the least-significant word first."""
    high, low = struct.unpack(">HH", struct.pack(">f", value))
    return [low, high]


def respond(memory: Memory, faults: Faults, request: bytes) -> bytes:
    """The response to a request, both as protocol data units."""
    try:
        if faults.present("exception"):
            raise Refused(_DEVICE_FAILURE)
        return request[:1] + _performed(memory, request[0], request[1:])
    except Refused as refused:
        return bytes([request[0] | 0x80, refused.code])
    except struct.error:
        return bytes([request[0] | 0x80, _ILLEGAL_VALUE])


def _performed(memory: Memory, function: int, body: bytes) -> bytes:
    if function not in (1, 2, 3, 4, 5, 6, 15, 16):
        raise Refused(_ILLEGAL_FUNCTION)
    address, count = struct.unpack(">HH", body[:4])
    if function in (1, 2):
        read = memory.coils if function == 1 else memory.discrete
        return _packed(read(address, _within(count, 2000)))
    if function in (3, 4):
        registers = (memory.holding if function == 3 else memory.input)(address, _within(count, 125))
        return struct.pack(f">B{count}H", 2 * count, *registers)
    if function == 5:
        if count not in (0, 0xFF00):
            raise Refused(_ILLEGAL_VALUE)
        memory.write_coils(address, [int(count == 0xFF00)])
    elif function == 6:
        memory.write_holding(address, [count])
    elif function == 15:
        data = body[5:]
        memory.write_coils(
            address, [data[i // 8] >> i % 8 & 1 for i in range(min(_within(count, 1968), 8 * len(data)))]
        )
    else:
        memory.write_holding(address, struct.unpack(f">{_within(count, 123)}H", body[5:]))
    return body[:4]


def _packed(bits: Sequence[int]) -> bytes:
    octets = bytearray((len(bits) + 7) // 8)
    for i, bit in enumerate(bits):
        octets[i // 8] |= bit << i % 8
    return bytes([len(octets)]) + bytes(octets)


def _within(count: int, most: int) -> int:
    if not 1 <= count <= most:
        raise Refused(_ILLEGAL_VALUE)
    return count


class TcpProtocol(LineProtocol):
    """One connection: requests in the frames of Modbus TCP. It answers for one device id only."""

    def __init__(self, memory: Memory, faults: Faults, device_id: int) -> None:
        self._memory, self._faults, self._device_id = memory, faults, device_id
        self._buffer = b""

    def receive(self, data: bytes) -> list[bytes]:
        self._buffer += data
        replies = []
        while len(self._buffer) >= 8:
            transaction, protocol, length = struct.unpack(">HHH", self._buffer[:6])
            if protocol or not 2 <= length <= 254:
                self._buffer = b""
                break
            if len(self._buffer) < 6 + length:
                break
            unit, request = self._buffer[6], self._buffer[7 : 6 + length]
            self._buffer = self._buffer[6 + length :]
            if unit == self._device_id:
                response = respond(self._memory, self._faults, request)
                if self._faults.present("checksum"):
                    response = bytes([request[0] | 0x80, _NO_GATEWAY_ANSWER])
                replies.append(struct.pack(">HHHB", transaction, 0, 1 + len(response), unit) + response)
        return replies


def crc(data: bytes) -> bytes:
    """The CRC-16 of a frame, the low byte first."""
    remainder = 0xFFFF
    for octet in data:
        remainder ^= octet
        for _ in range(8):
            remainder, carry = remainder >> 1, remainder & 1
            remainder ^= 0xA001 * carry
    return struct.pack("<H", remainder)


class RtuProtocol(LineProtocol):
    """An instrument on a line: requests in RTU frames. What is for others, or damaged, is passed over."""

    def __init__(self, memory: Memory, faults: Faults, device_id: int) -> None:
        self._memory, self._faults, self._device_id = memory, faults, device_id
        self._buffer, self._since = b"", 0.0

    def receive(self, data: bytes) -> list[bytes]:
        now = asyncio.get_running_loop().time()
        if now - self._since > _STALE:
            self._buffer = b""
        self._buffer, self._since = self._buffer + data, now
        replies = []
        while (request := self._next_request()) is not None:
            if request[0] == self._device_id:
                reply = request[:1] + respond(self._memory, self._faults, request[1:])
                code = crc(reply)
                replies.append(reply + (bytes(255 - octet for octet in code) if self._damaged() else code))
        return replies

    def _next_request(self) -> bytes | None:
        """The next frame without its check."""
        size = 8
        if len(self._buffer) > 6 and self._buffer[1] in (15, 16):
            size = 9 + self._buffer[6]
        if len(self._buffer) < size:
            return None
        body, code = self._buffer[: size - 2], self._buffer[size - 2 : size]
        if crc(body) != code:
            self._buffer = b""
            return None
        self._buffer = self._buffer[size:]
        return body

    def _damaged(self) -> bool:
        return self._faults.present("checksum") is not None


class TcpModbusEndpoint(TcpEndpoint):
    """An instrument behind a Modbus TCP gateway."""

    def __init__(self, name: str, world: World, memory: Memory, device_id: int) -> None:
        super().__init__(name, world, lambda faults: TcpProtocol(memory, faults, device_id))
        self._memory, self._device_id = memory, device_id

    async def open(self) -> None:
        await super().open()
        self.address = f"modbus+{self.address}?device_id={self._device_id}"

    def moved(self) -> None:
        super().moved()
        self._memory.moved()

    def close(self) -> None:
        super().close()
        self._memory.close()


class RtuModbusEndpoint(TerminalEndpoint):
    """An instrument on a serial line."""

    def __init__(
        self, name: str, world: World, memory: Memory, device_id: int, directory: Path, line: str | None
    ) -> None:
        super().__init__(name, world, directory, lambda faults: RtuProtocol(memory, faults, device_id), line=line)
        self._memory, self._device_id = memory, device_id

    async def open(self) -> None:
        await super().open()
        self.address = f"modbus+rtu://{self.path}?device_id={self._device_id}&baudrate=19200&bytesize=8&parity=N"

    def moved(self) -> None:
        super().moved()
        self._memory.moved()

    def close(self) -> None:
        super().close()
        self._memory.close()


def modbus_endpoint(
    name: str, world: World, memory: Memory, device: ModbusLinked, *, directory: Path
) -> TcpModbusEndpoint | RtuModbusEndpoint:
    """What serves ``memory`` over TCP, or on a pseudo-terminal."""
    if device.transport == "tcp":
        return TcpModbusEndpoint(name, world, memory, device.bus_id)
    return RtuModbusEndpoint(name, world, memory, device.bus_id, directory, device.line)
