"""Messages between the controller and a ROS process: a JSON object, and arrays as raw bytes behind it.

A frame is two unsigned 32-bit big-endian lengths, the JSON text, and the bytes. In the JSON an array is
``{"$array": [offset, count, type]}``, with numpy's name of the type, such as ``<f8``.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np

PREFIX = struct.Struct(">II")
LARGEST = 1 << 28
"""Longer frames are refused, in bytes."""

INLINE = 32
"""Arrays with fewer elements are written as JSON lists."""

ARRAY = "$array"


class FrameError(ValueError):
    """Bytes that are no frame."""


def frame(head: dict[str, Any]) -> bytes:
    """One frame; numpy arrays anywhere in ``head`` travel as raw bytes.

    >>> frame({"a": 1})
    b'\\x00\\x00\\x00\\x07\\x00\\x00\\x00\\x00{"a":1}'
    """
    parts: list[bytes] = []
    text = json.dumps(head, separators=(",", ":"), default=_Attachments(parts)).encode()
    body = b"".join(parts)
    return PREFIX.pack(len(text), len(body)) + text + body


class Frames:
    """The frames in a stream of bytes, however it is cut."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def receive(self, data: bytes) -> Iterator[dict[str, Any]]:
        """Take bytes and yield what is complete.

        :raises FrameError: if they are no frames.
        """
        self._buffer += data
        while len(self._buffer) >= PREFIX.size:
            head, body = PREFIX.unpack_from(self._buffer)
            if head + body > LARGEST:
                raise FrameError(f"a frame of {head + body} bytes is longer than {LARGEST}")
            end = PREFIX.size + head + body
            if len(self._buffer) < end:
                return
            text = bytes(self._buffer[PREFIX.size : PREFIX.size + head])
            raw = bytes(self._buffer[PREFIX.size + head : end])
            del self._buffer[:end]
            yield _parsed(text, raw)


class _Attachments:
    """What JSON cannot write: small arrays as lists, large ones as raw bytes."""

    def __init__(self, parts: list[bytes]) -> None:
        self._parts, self._offset = parts, 0

    def __call__(self, value: object) -> object:
        if not isinstance(value, np.ndarray):
            raise TypeError(f"{type(value).__name__} cannot be sent")
        if value.size < INLINE:
            return value.tolist()
        flat = np.ascontiguousarray(value).reshape(-1)
        raw = flat.tobytes()
        place = [self._offset, int(flat.size), flat.dtype.str]
        self._parts.append(raw)
        self._offset += len(raw)
        return {ARRAY: place}


def _parsed(text: bytes, raw: bytes) -> dict[str, Any]:
    def restored(value: dict[str, Any]) -> Any:
        if ARRAY not in value:
            return value
        offset, count, kind = value[ARRAY]
        return np.frombuffer(raw, dtype=np.dtype(kind), count=count, offset=offset)

    try:
        head = json.loads(text, object_hook=restored)
    except (ValueError, TypeError, RecursionError) as error:
        raise FrameError(f"no JSON object: {error}") from None
    if not isinstance(head, dict):
        raise FrameError("no JSON object")
    return head
