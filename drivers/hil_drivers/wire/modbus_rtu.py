"""Modbus RTU: frames of device id, protocol data unit and CRC, on a line that several devices share.

Source: MODBUS over Serial Line Specification and Implementation Guide V1.02, clauses 2.5.1 and 6.2.2. A frame says its
own length, so the pauses that the specification puts between frames are not needed to tell them apart.
"""

from __future__ import annotations

from ..errors import LocalProtocolError, RemoteProtocolError
from . import modbus

MAX_PENDING = 512
"""More bytes than this without a complete frame are not this protocol (the longest frame has 256)."""

GAP_CHARACTERS = 3.5
SHORTEST_GAP = 0.00175
"""Seconds between frames above 19 200 baud, where 3.5 characters would be too short to be kept."""


def _table() -> tuple[int, ...]:
    table = []
    for code in range(256):
        for _ in range(8):
            code = code >> 1 ^ (0xA001 if code & 1 else 0)
        table.append(code)
    return tuple(table)


_CRC = _table()


def crc(data: bytes) -> bytes:
    """The two check bytes, the low one first.

    >>> crc(bytes([0x02, 0x07])).hex()
    '4112'
    """
    code = 0xFFFF
    for byte in data:
        code = code >> 8 ^ _CRC[(code ^ byte) & 0xFF]
    return code.to_bytes(2, "little")


def frame(device_id: int, pdu: bytes) -> bytes:
    """A protocol data unit in its frame.

    :raises LocalProtocolError: for a device id outside 1 to 247, which no device answers.
    """
    if not 1 <= device_id <= 247:
        raise LocalProtocolError(f"a device on a line has an id from 1 to 247, not {device_id}")
    head = bytes([device_id]) + pdu
    return head + crc(head)


def gap(baudrate: int) -> float:
    """The seconds of silence that must stand between two frames (clause 2.5.1.1; a character has 11 bits)."""
    return max(SHORTEST_GAP, GAP_CHARACTERS * 11 / baudrate) if baudrate > 0 else SHORTEST_GAP


class Responses:
    """Takes the bytes of a line, gives the protocol data units of the responses of one device.

    What another device answered is dropped: it is late, and not for this request.
    """

    def __init__(self, device_id: int) -> None:
        self._device_id = device_id
        self._pending = bytearray()

    def receive_data(self, data: bytes) -> None:
        """Take what arrived.

        :raises RemoteProtocolError: if ``MAX_PENDING`` bytes hold no complete frame.
        """
        self._pending += data
        if len(self._pending) > MAX_PENDING:
            raise self._refused("sends without end", bytes(self._pending[:16]))

    def next_event(self) -> bytes | None:
        """The next response, or ``None`` while more bytes are needed.

        :raises RemoteProtocolError: for a wrong check, or what no response begins with.
        """
        while (received := self._next_frame()) is not None:
            if received[0] == self._device_id:
                return received[1:-2]
        return None

    def _next_frame(self) -> bytes | None:
        try:
            size = modbus.response_size(bytes(self._pending[1:3]))
        except RemoteProtocolError as error:
            raise self._refused(error.what, bytes(self._pending[:16])) from None
        if size is None or len(self._pending) < size + 3:
            return None
        received = bytes(self._pending[: size + 3])
        if crc(received[:-2]) != received[-2:]:
            raise self._refused("sent a frame with a wrong checksum", received)
        del self._pending[: size + 3]
        return received

    def _refused(self, what: str, data: bytes) -> RemoteProtocolError:
        self._pending.clear()
        return RemoteProtocolError(f"{what}: {data[:16].hex(' ')}", remedy="check the line and its settings")
