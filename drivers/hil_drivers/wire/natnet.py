"""OptiTrack NatNet, versions 3.0 to 4.x: datagrams, little-endian.

A message is its id and the size of its payload (16 bit each), then the payload. A frame is a sequence of sections
(marker sets, unlabelled markers, rigid bodies, skeletons, assets, labelled markers, force plates, devices), each
begun by a count; from 4.1 on the count is followed by the section's size in bytes, and there are assets.
Source: the published clients of NatNet 3.0 and 4 (layouts), ``NatNetTypes.h`` (ids).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

from ..errors import LocalProtocolError, RemoteProtocolError

OLDEST = (3, 0)
NEWEST_KNOWN = 4
"""The newest major version whose layout is known."""

SIZED_SECTIONS = (4, 1)
"""The version from which sections tell their size."""

_HEADER = struct.Struct("<HH")
_COUNT = struct.Struct("<i")
_BODY = struct.Struct("<i3f4ffH")
_SUFFIX = struct.Struct("<IIdQQQ")
_FLAGS = struct.Struct("<H")
_PRECISION = 8
"""Bytes of the precision time stamp that version 4 puts before the flags; clients differ in which minor version."""

_ECHO = struct.Struct("<Q")
_ECHOED = struct.Struct("<QQ")
_SERVER = struct.Struct("<256s4B4B")
_CONNECTION = struct.Struct("<QHB4s")
_NAME_LENGTH = 256
_TRACKED = 1
_MODELS_CHANGED = 2
_RIGID_BODY = 1

Version = tuple[int, int]


class Id(IntEnum):
    """What a message is."""

    CONNECT = 0
    SERVER_INFO = 1
    REQUEST_MODELS = 4
    MODELS = 5
    FRAME = 7
    MESSAGE = 8
    DISCONNECT = 9
    KEEP_ALIVE = 10
    ECHO_REQUEST = 12
    ECHO_RESPONSE = 13
    UNRECOGNISED = 100


class Message(NamedTuple):
    """One datagram, opened."""

    id: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """Who serves: ``frequency`` of its clock in Hz; where it sends frames (``group`` empty: to each client)."""

    application: str
    version: Version
    frequency: int
    data_port: int
    group: str


class RigidBody(NamedTuple):
    """One rigid body of a frame: position in m, quaternion (x, y, z, w), mean marker error in m."""

    position: tuple[float, float, float]
    rotation: tuple[float, float, float, float]
    marker_error: float
    tracked: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame: rigid bodies by id; ``mid_exposure`` and ``transmitted`` in ticks of the server's clock."""

    number: int
    bodies: Mapping[int, RigidBody]
    mid_exposure: int
    transmitted: int
    models_changed: bool


@dataclass(frozen=True, slots=True)
class Echo:
    """The reply to a ping: our own stamp, and the server's when it received it, in its ticks."""

    sent: int
    received: int


def encode(what: Id, payload: bytes = b"") -> bytes:
    """One message."""
    return _HEADER.pack(what, len(payload)) + payload


def connect() -> bytes:
    """Ask the server who it is, and to be sent frames where it sends them to each client."""
    return encode(Id.CONNECT, b"Ping\0")


def echo_request(stamp: int) -> bytes:
    """Ask for the server's time; ``stamp`` of 0 to 2^64 - 1 comes back.

    :raises LocalProtocolError: for another stamp.
    """
    try:
        return encode(Id.ECHO_REQUEST, _ECHO.pack(stamp))
    except struct.error:
        raise LocalProtocolError(f"no such stamp: {stamp}") from None


def decode(datagram: bytes) -> Message:
    """The message in a datagram.

    :raises RemoteProtocolError: if its size is not that which it tells.
    """
    if len(datagram) < _HEADER.size:
        raise _refused("a datagram too short for a message", datagram)
    what, size = _HEADER.unpack_from(datagram)
    if len(datagram) - _HEADER.size < size:
        raise _refused(f"a message of {len(datagram) - _HEADER.size} bytes that tells {size}", datagram)
    return Message(what, datagram[_HEADER.size : _HEADER.size + size])


def parse_server_info(payload: bytes) -> ServerInfo:
    """Who serves.

    :raises RemoteProtocolError: if it is older than NatNet 3.0, newer than what is known, or has no clock.
    """
    if len(payload) < _SERVER.size:
        raise _refused("a server description that is too short", payload)
    name, *versions = _SERVER.unpack_from(payload)
    version = (versions[4], versions[5])
    if version < OLDEST or version[0] > NEWEST_KNOWN:
        raise RemoteProtocolError(
            f"speaks NatNet {version[0]}.{version[1]}, which this driver does not",
            remedy=f"let the server stream version {OLDEST[0]}.{OLDEST[1]} to {NEWEST_KNOWN}.x",
        )
    if len(payload) < _SERVER.size + _CONNECTION.size:
        raise _refused("a server description without its connection", payload[_SERVER.size :])
    frequency, data_port, multicast, group = _CONNECTION.unpack_from(payload, _SERVER.size)
    if not frequency:
        raise RemoteProtocolError("tells a clock frequency of 0 Hz", remedy="update the server's software")
    address = ".".join(map(str, group)) if multicast else ""
    return ServerInfo(_text(name.partition(b"\0")[0]), version, frequency, data_port, address)


def parse_echo(payload: bytes) -> Echo:
    """The reply to a ping.

    :raises RemoteProtocolError: for another length.
    """
    if len(payload) != _ECHOED.size:
        raise _refused("an echo of wrong length", payload)
    return Echo(*_ECHOED.unpack(payload))


def parse_models(payload: bytes, version: Version) -> dict[str, int]:
    """The ids of the rigid bodies by name; what stands behind an unknown kind of model is left out.

    :raises RemoteProtocolError: if the description contradicts its own counts.
    """
    reader = _Reader(payload, version)
    bodies: dict[str, int] = {}
    for _ in range(reader.count()):
        kind = reader.integer()
        end = reader.sized_end()
        if kind == _RIGID_BODY:
            name, number = reader.rigid_body_description()
            bodies[name] = number
        elif kind == 0:
            reader.marker_set_description()
        elif end is None:
            break
        if end is not None:
            reader.jump(end)
    return bodies


def parse_frame(payload: bytes, version: Version) -> Frame:
    """One frame.

    :raises RemoteProtocolError: if it contradicts its own counts, or lacks a finite position.
    """
    reader = _Reader(payload, version)
    number = reader.integer()
    reader.section(reader.marker_set)
    reader.section(lambda: reader.skip(12))
    bodies: dict[int, RigidBody] = {}
    reader.section(lambda: reader.rigid_body(bodies))
    reader.section(reader.skeleton)
    if version >= SIZED_SECTIONS:
        reader.section(reader.asset)
    reader.section(lambda: reader.skip(26))
    reader.section(reader.plate)
    reader.section(reader.plate)
    _, _, _, mid_exposure, _, transmitted = reader.unpack(_SUFFIX)
    if reader.left >= _PRECISION + _FLAGS.size:
        reader.skip(_PRECISION)
    (flags,) = reader.unpack(_FLAGS)
    return Frame(number, bodies, mid_exposure, transmitted, bool(flags & _MODELS_CHANGED))


def float_step(value: float) -> float:
    """The distance from ``value`` to the next float32: the resolution of what was sent."""
    exponent = math.frexp(value)[1] if value else -149
    return math.ldexp(1.0, max(exponent - 24, -149))


class _Reader:
    """A place in a payload, moved on by what is read."""

    def __init__(self, data: bytes, version: Version) -> None:
        self._data, self._at, self._version = data, 0, version
        self._sized = version >= SIZED_SECTIONS

    def unpack(self, layout: struct.Struct) -> tuple[Any, ...]:
        end = self._at + layout.size
        if end > len(self._data):
            raise _refused(f"a message that ends {end - len(self._data)} bytes early", self._data)
        values = layout.unpack_from(self._data, self._at)
        self._at = end
        return values

    @property
    def left(self) -> int:
        """How many bytes are left."""
        return len(self._data) - self._at

    def skip(self, size: int) -> None:
        self.jump(self._at + size)

    def jump(self, to: int) -> None:
        if not self._at <= to <= len(self._data):
            raise _refused("a message with a section of a wrong size", self._data)
        self._at = to

    def integer(self) -> int:
        return int(self.unpack(_COUNT)[0])

    def count(self) -> int:
        """A count; none can be larger than the bytes that are left."""
        number = self.integer()
        if not 0 <= number <= self.left:
            raise _refused(f"a message with the count {number}", self._data)
        return number

    def sized_end(self) -> int | None:
        """Where a section with a size ends; ``None`` where sections have none."""
        return self.count() + self._at if self._sized else None

    def string(self) -> str:
        end = self._data.find(b"\0", self._at, self._at + _NAME_LENGTH)
        if end < 0:
            raise _refused("a message with a name that does not end", self._data)
        text = _text(self._data[self._at : end])
        self._at = end + 1
        return text

    def section(self, element: Callable[[], None]) -> None:
        """Read a section, each element by the function given; with a size, its end is checked."""
        number = self.count()
        end = self.sized_end()
        for _ in range(number):
            element()
        if end is not None and end != self._at:
            raise _refused("a message with a section of a wrong size", self._data)

    def marker_set(self) -> None:
        self.string()
        self.skip(12 * self.count())

    def rigid_body(self, bodies: dict[int, RigidBody]) -> None:
        number, x, y, z, qx, qy, qz, qw, error, flags = self.unpack(_BODY)
        tracked = bool(int(flags) & _TRACKED)
        if tracked and not all(map(math.isfinite, (x, y, z, qx, qy, qz, qw, error))):
            raise _refused("a tracked rigid body without a finite pose", self._data)
        bodies[int(number)] = RigidBody((x, y, z), (qx, qy, qz, qw), error, tracked)

    def skeleton(self) -> None:
        self.skip(4)
        self.skip(_BODY.size * self.count())

    def asset(self) -> None:
        self.skip(4)
        self.skip(_BODY.size * self.count())
        self.skip(26 * self.count())

    def plate(self) -> None:
        """A force plate or a device: channels, each with values."""
        self.skip(4)
        for _ in range(self.count()):
            self.skip(4 * self.count())

    def marker_set_description(self) -> None:
        self.string()
        for _ in range(self.count()):
            self.string()

    def rigid_body_description(self) -> tuple[str, int]:
        name, number = self.string(), self.integer()
        self.skip(4 + 12 + (16 if self._version >= (4, 2) else 0))
        markers = self.count()
        self.skip(16 * markers)
        if self._version >= (4, 0):
            for _ in range(markers):
                self.string()
        return name, number


def _text(octets: bytes) -> str:
    text = octets.decode("utf-8", errors="replace")
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def _refused(what: str, data: bytes) -> RemoteProtocolError:
    return RemoteProtocolError(
        f"sent {what}: {data[:16]!r}", remedy="check that the address leads to the command port of a NatNet server"
    )
