"""Pictures as messages that viewers know: ``sensor_msgs/msg/Image`` (ROS 2), encoded as CDR (OMG DDS-XTypes, XCDR1).

Pixels stay as the camera gave them: nothing is compressed, so that their SHA-256 is that of the picture on record.
"""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

SCHEMA = "sensor_msgs/msg/Image"

DEFINITION = """\
std_msgs/Header header
uint32 height
uint32 width
string encoding
uint8 is_bigendian
uint32 step
uint8[] data
================================================================================
MSG: std_msgs/Header
builtin_interfaces/Time stamp
string frame_id
================================================================================
MSG: builtin_interfaces/Time
int32 sec
uint32 nanosec
"""

_LITTLE_ENDIAN = b"\x00\x01\x00\x00"
_LATEST = 2**31 - 1
_ENCODINGS = {1: b"mono8", 3: b"bgr8"}


def image_message(t: int, camera: str, image: NDArray[np.uint8]) -> bytes:
    """One picture as a message.

    :param t: UTC in nanoseconds; the stamp holds seconds up to 2038, the message's log time has no such end.
    :param image: shape ``(height, width)``, or ``(height, width, 3)`` in the order blue, green, red.
    :raises ValueError: for another shape.
    """
    channels = image.shape[2] if image.ndim == 3 else 1
    if image.ndim not in (2, 3) or channels not in _ENCODINGS or image.dtype != np.uint8:
        raise ValueError(f"a picture of {image.dtype} and shape {image.shape} cannot be kept")
    height, width = image.shape[:2]
    second, nanosecond = divmod(max(t, 0), 1_000_000_000)
    head = struct.pack("<iI", min(second, _LATEST), nanosecond) + _string(camera.encode())
    head = _aligned(head) + struct.pack("<II", height, width) + _string(_ENCODINGS[channels]) + b"\x00"
    head = _aligned(head) + struct.pack("<II", width * channels, image.nbytes)
    return b"".join((_LITTLE_ENDIAN, head, image.tobytes()))


def pixels(message: bytes) -> bytes:
    """The pixels of a message that `image_message` made.

    :raises ValueError: if it is none.
    """
    return _parts(message)[2]


def image(message: bytes) -> NDArray[np.uint8]:
    """The picture of a message that `image_message` made, in the shape that it had.

    :raises ValueError: if it is none.
    """
    height, width, found = _parts(message)
    channels = len(found) // max(1, height * width)
    shape = (height, width) if channels == 1 else (height, width, channels)
    return np.frombuffer(found, np.uint8).reshape(shape)


def _parts(message: bytes) -> tuple[int, int, bytes]:
    """Height, width and pixels."""
    try:
        (length,) = struct.unpack_from("<I", message, 12)
        height, width, encoding = struct.unpack_from("<III", message, at := _multiple(16 + length))
        at = _multiple(at + 12 + encoding + 1) + 4
        (size,) = struct.unpack_from("<I", message, at)
    except struct.error as error:
        raise ValueError(f"is not a picture ({error})") from error
    found = message[at + 4 :]
    if len(found) != size:
        raise ValueError(f"holds {len(found)} bytes of a picture of {size}")
    return height, width, found


def _string(text: bytes) -> bytes:
    return struct.pack("<I", len(text) + 1) + text + b"\x00"


def _aligned(data: bytes) -> bytes:
    return data + bytes(_multiple(len(data)) - len(data))


def _multiple(number: int) -> int:
    """The next multiple of 4: where a number of 32 bits may stand."""
    return -(-number // 4) * 4
