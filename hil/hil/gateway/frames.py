"""What core and gateway say to each other: frames of MessagePack, each after its length."""

from __future__ import annotations

import struct
from typing import Any

import msgspec

LARGEST_COMMAND = 64 * 1024
"""Bytes of a frame from the gateway to the core."""

LARGEST = 64 * 2**20
"""Bytes of a frame from the core."""

_LENGTH = struct.Struct(">I")


def _plain(value: object) -> object:
    """A value that MessagePack does not know: a number of numpy as Python's own, anything else as its text."""
    item = getattr(value, "item", None)
    return item() if callable(item) else str(value)


_encoder = msgspec.msgpack.Encoder(enc_hook=_plain)
_decoder = msgspec.msgpack.Decoder()


def pack(document: Any) -> bytes:
    """``document`` as one frame."""
    body = _encoder.encode(document)
    return _LENGTH.pack(len(body)) + body


class Unpacker:
    """Takes bytes as they come, and gives whole frames.

    :param largest: bytes that a frame may have.
    """

    def __init__(self, largest: int) -> None:
        self._largest, self._pending = largest, bytearray()

    def feed(self, data: bytes) -> None:
        """Take ``data`` in."""
        self._pending += data

    def next(self) -> Any:
        """The next document, ``None`` while it is not whole.

        :raises ValueError: if it is too large, or no MessagePack.
        """
        if len(self._pending) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._pending)
        if length > self._largest:
            raise ValueError(f"a frame of {length} bytes")
        if len(self._pending) < _LENGTH.size + length:
            return None
        body = bytes(self._pending[_LENGTH.size : _LENGTH.size + length])
        del self._pending[: _LENGTH.size + length]
        return _decoder.decode(body)
