"""Universal Robots RTDE, protocol version 2: packages over TCP, big-endian.

A package is its size (16 bit, header included), its type (one ASCII character) and a payload. The client sets up a
*recipe* of outputs by name and is told their types, then starts the synchronisation; from then on the controller
sends data packages in the recipe's order at the frequency that was asked for. Inputs have a recipe of their own.
Source: the RTDE guide of the maker, and the published client library (``rtde.py``, ``serialize.py``).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from ..errors import LocalProtocolError, RemoteProtocolError

PORT = 30004
VERSION = 2
LONGEST = 16384
"""More bytes than any package of ours or theirs has (names of a recipe: 2048 at most)."""

LONGEST_NAMES = 2048

_HEADER = struct.Struct(">HB")
_TYPES = {
    "BOOL": "?",
    "UINT8": "B",
    "UINT32": "I",
    "UINT64": "Q",
    "INT32": "i",
    "DOUBLE": "d",
    "VECTOR3D": "3d",
    "VECTOR6D": "6d",
    "VECTOR6INT32": "6i",
    "VECTOR6UINT32": "6I",
}


class Kind(IntEnum):
    """The type of a package."""

    REQUEST_VERSION = ord("V")
    CONTROLLER_VERSION = ord("v")
    TEXT = ord("M")
    DATA = ord("U")
    SETUP_OUTPUTS = ord("O")
    SETUP_INPUTS = ord("I")
    START = ord("S")
    PAUSE = ord("P")


_KINDS = frozenset(Kind)


class Package(NamedTuple):
    """One package."""

    kind: int
    payload: bytes


class ControllerVersion(NamedTuple):
    """The version of the controller's software; from 5 on it is an e-Series or newer."""

    major: int
    minor: int
    bugfix: int
    build: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.bugfix}"


class Text(NamedTuple):
    """A message in words; ``level`` 0 exception, 1 error, 2 warning, 3 information."""

    level: int
    message: str
    source: str


def encode(kind: Kind, payload: bytes = b"") -> bytes:
    """One package.

    >>> encode(Kind.REQUEST_VERSION, (2).to_bytes(2, "big")).hex()
    '0005560002'

    :raises LocalProtocolError: if it is too long.
    """
    size = _HEADER.size + len(payload)
    if size > LONGEST:
        raise LocalProtocolError(f"a package of {size} bytes is too long")
    return _HEADER.pack(size, kind) + payload


def request_version() -> bytes:
    """Ask for protocol version 2."""
    return encode(Kind.REQUEST_VERSION, struct.pack(">H", VERSION))


def setup_outputs(frequency: float, names: Sequence[str]) -> bytes:
    """Ask for outputs at ``frequency`` in Hz.

    :raises LocalProtocolError: for names that cannot be asked for.
    """
    return encode(Kind.SETUP_OUTPUTS, struct.pack(">d", frequency) + _names(names))


def setup_inputs(names: Sequence[str]) -> bytes:
    """Ask for the right to write inputs.

    :raises LocalProtocolError: for names that cannot be asked for.
    """
    return encode(Kind.SETUP_INPUTS, _names(names))


def _names(names: Sequence[str]) -> bytes:
    joined = ",".join(names)
    if not names or not joined.isascii() or len(joined) > LONGEST_NAMES or any("," in name for name in names):
        raise LocalProtocolError(f"no such list of names: {joined[:80]!r}")
    return joined.encode("ascii")


class Packages:
    """Takes the bytes of one side, gives its packages."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def receive_data(self, data: bytes) -> None:
        """Take what arrived."""
        self._pending += data

    def next_event(self) -> Package | None:
        """The next package, or ``None`` while more bytes are needed.

        :raises RemoteProtocolError: for a size or a type that no package has; what was received is then dropped.
        """
        if len(self._pending) < _HEADER.size:
            return None
        size, kind = _HEADER.unpack_from(self._pending)
        if kind not in _KINDS or not _HEADER.size <= size <= LONGEST:
            head = bytes(self._pending[:16])
            self._pending.clear()
            raise RemoteProtocolError(
                f"sent a package of type {kind} and {size} bytes, which RTDE does not have: {head!r}",
                remedy="check that the address leads to the RTDE port (30004)",
            )
        if len(self._pending) < size:
            return None
        payload = bytes(self._pending[_HEADER.size : size])
        del self._pending[:size]
        return Package(kind, payload)


def parse_accepted(payload: bytes, what: str) -> None:
    """Check the reply to ``what``, which is one byte.

    :raises RemoteProtocolError: if it was refused, or the reply is none.
    """
    if len(payload) != 1:
        raise RemoteProtocolError(f"answered {what} with {len(payload)} bytes where one is expected")
    if payload != b"\x01":
        raise RemoteProtocolError(f"refused {what}", remedy="check the controller's version and state")


def parse_controller_version(payload: bytes) -> ControllerVersion:
    """The controller's version.

    :raises RemoteProtocolError: for another length.
    """
    if len(payload) != 16:
        raise RemoteProtocolError(f"told its version in {len(payload)} bytes where 16 are expected")
    return ControllerVersion(*struct.unpack(">IIII", payload))


def parse_text(payload: bytes) -> Text:
    """A message in words.

    :raises RemoteProtocolError: if its lengths contradict it.
    """
    end = 1 + payload[0] if payload else 0
    source_end = end + 1 + payload[end] if end and len(payload) > end else 0
    if not source_end or len(payload) != source_end + 1:
        raise RemoteProtocolError(f"sent a text message whose lengths do not fit: {payload[:40]!r}")
    message, source = payload[1:end], payload[end + 1 : source_end]
    return Text(payload[source_end], _readable(message), _readable(source))


def _readable(octets: bytes) -> str:
    text = octets.decode("utf-8", errors="replace")
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


@dataclass(frozen=True, slots=True)
class Recipe:
    """The layout of data packages: ``fields`` in order, and the place of each among the values."""

    number: int
    fields: tuple[str, ...]
    places: dict[str, int]
    layout: struct.Struct

    def unpack(self, payload: bytes) -> tuple[float, ...] | None:
        """The values of a data package, vectors laid out flat; ``None`` if it belongs to another recipe.

        :raises RemoteProtocolError: if its length is not that of the recipe.
        """
        if payload[:1] != bytes((self.number,)):
            return None
        if len(payload) != 1 + self.layout.size:
            raise RemoteProtocolError(
                f"sent a data package of {len(payload) - 1} bytes where its recipe has {self.layout.size}"
            )
        return self.layout.unpack_from(payload, 1)

    def pack(self, values: Sequence[float]) -> bytes:
        """The data package that holds ``values``, vectors laid out flat.

        :raises LocalProtocolError: if they do not fit the recipe.
        """
        try:
            return encode(Kind.DATA, bytes((self.number,)) + self.layout.pack(*values))
        except struct.error as error:
            raise LocalProtocolError(f"values that do not fit the recipe: {error}") from None


NO_RECIPE = Recipe(0, (), {}, struct.Struct(">"))
"""The recipe of nothing."""


def parse_recipe(payload: bytes, names: Sequence[str], *, what: str) -> Recipe:
    """The reply to the set-up of ``names``.

    :param what: ``outputs`` or ``inputs``, for messages.
    :raises RemoteProtocolError: naming those that the controller does not have or that somebody else holds.
    """
    if not payload[1:].isascii() or len(payload) < 2:
        raise RemoteProtocolError(f"answered the set-up of {what} with {payload[:40]!r}")
    types = payload[1:].decode("ascii").split(",")
    if len(types) != len(names):
        raise RemoteProtocolError(f"told {len(types)} types for {len(names)} {what}")
    _refuse(what, "does not have", "NOT_FOUND", names, types, "leave them out, or update the controller's software")
    _refuse(what, "has given to somebody else", "IN_USE", names, types, "end the other client, or use other registers")
    places: dict[str, int] = {}
    layout = ">"
    count = 0
    for name, kind in zip(names, types, strict=True):
        if kind not in _TYPES:
            raise RemoteProtocolError(f"told the unknown type {kind[:20]!r} of {name}")
        places[name] = count
        layout += _TYPES[kind]
        count += int(_TYPES[kind][:-1] or 1)
    return Recipe(payload[0], tuple(names), places, struct.Struct(layout))


def _refuse(what: str, why: str, mark: str, names: Sequence[str], types: Sequence[str], remedy: str) -> None:
    marked = [name for name, kind in zip(names, types, strict=True) if kind == mark]
    if marked:
        raise RemoteProtocolError(f"{why} the {what} {', '.join(marked)}", remedy=remedy)
