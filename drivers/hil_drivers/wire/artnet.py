"""Art-Net: the OpDmx packet (protocol version 14), which carries the levels of one DMX512 universe."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ..errors import LocalProtocolError, RemoteProtocolError

PORT = 6454
IDENTIFIER = b"Art-Net\0"
OP_DMX = 0x5000
VERSION = 14
CHANNELS = 512
FULL = 0xFFFF
"""Full level of a dimmer with a coarse and a fine channel."""

_HEADER = struct.Struct("<8sH")
_VERSION = struct.Struct(">H")
_REST = struct.Struct("<BBH")
_LENGTH = struct.Struct(">H")
_HEADER_SIZE = 18


@dataclass(frozen=True, slots=True)
class OpDmx:
    """Levels of one universe: ``data[0]`` is channel 1. ``sequence`` 0 means that order is not checked."""

    universe: int
    data: bytes
    sequence: int = 0
    physical: int = 0


def encode(packet: OpDmx) -> bytes:
    """The bytes of a packet; data of odd length is padded with one zero, as the protocol asks.

    :raises LocalProtocolError: for a universe outside 0 to 32767 or other than 1 to 512 channels.
    """
    if not 0 <= packet.universe < 0x8000 or not 1 <= len(packet.data) <= CHANNELS:
        raise LocalProtocolError(f"no such universe or number of channels: {packet}")
    if not 0 <= packet.sequence <= 0xFF or not 0 <= packet.physical <= 0xFF:
        raise LocalProtocolError(f"sequence and physical port are bytes: {packet}")
    data = packet.data + b"\0" * (len(packet.data) % 2)
    head = _HEADER.pack(IDENTIFIER, OP_DMX) + _VERSION.pack(VERSION)
    rest = _REST.pack(packet.sequence, packet.physical, packet.universe)
    return head + rest + _LENGTH.pack(len(data)) + data


def decode(datagram: bytes) -> OpDmx:
    """The packet in a datagram.

    :raises RemoteProtocolError: if it is no OpDmx packet.
    """
    if len(datagram) < _HEADER_SIZE or _HEADER.unpack_from(datagram) != (IDENTIFIER, OP_DMX):
        raise RemoteProtocolError(f"sent a datagram that is no OpDmx packet: {datagram[:18]!r}")
    if _VERSION.unpack_from(datagram, 10)[0] < VERSION:
        raise RemoteProtocolError("speaks an older version of Art-Net than 14")
    sequence, physical, universe = _REST.unpack_from(datagram, 12)
    (length,) = _LENGTH.unpack_from(datagram, 16)
    data = datagram[_HEADER_SIZE : _HEADER_SIZE + length]
    if universe >= 0x8000 or not 2 <= length <= CHANNELS or length % 2 or len(data) != length:
        raise RemoteProtocolError(f"sent an OpDmx packet of wrong universe or length ({length} channels)")
    return OpDmx(universe, data, sequence, physical)


def coarse_fine(level: float) -> bytes:
    """The two channels of a 16-bit dimmer, coarse then fine, for a level from 0 to 1.

    >>> coarse_fine(0.5).hex()
    '8000'

    :raises LocalProtocolError: outside 0 to 1.
    """
    if not 0.0 <= level <= 1.0:
        raise LocalProtocolError(f"a level lies within 0 to 1, not {level}")
    return round(level * FULL).to_bytes(2, "big")
