"""Konica Minolta T-10A (illuminance) and CL-200A (illuminance and chromaticity), serial ASCII.

A frame is ``STX body ETX BCC CR LF``; the block check is the exclusive or of every byte after STX up to and
including ETX, as two upper-case hexadecimal digits. A command's body is head (2 digits), command (2 digits)
and 4 characters; a reply's body is head, command and 4 status characters, alone or followed by three fields
of 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import xor

from ..errors import LocalProtocolError, RemoteProtocolError
from ..indication import Flag

STX, ETX = b"\x02", b"\x03"
SHORT_BODY, LONG_BODY = 8, 26
MAX_PENDING = 256
"""More bytes than this without a complete frame are not this protocol (the longest frame has 32)."""

ALL_HEADS = 99
NOT_IN_HOLD = 4

_BETWEEN_FRAMES = b"\r\n\x11\x13"
_ERRORS = {
    "0": (0, Flag.GOOD),
    " ": (0, Flag.GOOD),
    "1": (1, Flag.DEVICE_ERROR),
    "2": (2, Flag.DEVICE_ERROR),
    "3": (3, Flag.DEVICE_ERROR),
    "4": (NOT_IN_HOLD, Flag.DEVICE_ERROR),
    "5": (5, Flag.OVER_RANGE),
    "6": (6, Flag.LOW_LIGHT),
    "7": (7, Flag.OVER_RANGE | Flag.UNDER_RANGE),
}


@dataclass(frozen=True, slots=True)
class Command:
    """One command: ``head`` 0 to 30 or ``ALL_HEADS``, ``number`` 0 to 99, ``parameter`` of 4 characters."""

    head: int
    number: int
    parameter: str = "    "


PC_MODE = Command(0, 54, "1   ")
HOLD = Command(ALL_HEADS, 55, "1  0")
EXT_MODE = Command(0, 40, "10  ")
TRIGGER = Command(ALL_HEADS, 40, "21  ")


def read_illuminance(head: int) -> Command:
    """Command 10 of the T-10A: read the illuminance of one head."""
    return Command(head, 10, "0200")


def read_colour(head: int, number: int) -> Command:
    """A reading command of the CL-200A, such as 02 or 08."""
    return Command(head, number, "1200")


@dataclass(frozen=True, slots=True)
class Field:
    """One value as displayed; ``resolution`` is one unit of the last digit of its mantissa."""

    value: float
    resolution: float


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply. ``error`` is the error character as a number (0 none); a blank field is ``None``."""

    head: int
    number: int
    error: int
    flags: Flag
    fields: tuple[Field | None, ...]


def block_check(body: bytes) -> bytes:
    """The two check digits of a body."""
    return b"%02X" % reduce(xor, body + ETX, 0)


def frame(body: bytes) -> bytes:
    """A body in its frame.

    >>> frame(b"00541   ").hex(" ")
    '02 30 30 35 34 31 20 20 20 03 31 33 0d 0a'

    :raises LocalProtocolError: if the body holds anything but printable ASCII.
    """
    if any(not 0x20 <= byte < 0x7F for byte in body):
        raise LocalProtocolError(f"a frame holds printable ASCII only, not {body!r}")
    return STX + body + ETX + block_check(body) + b"\r\n"


def encode(command: Command) -> bytes:
    """The bytes of a command.

    :raises LocalProtocolError: for a head, a number or a parameter that the protocol does not have.
    """
    if not (0 <= command.head <= 30 or command.head == ALL_HEADS) or not 0 <= command.number <= 99:
        raise LocalProtocolError(f"no such head or command: {command}")
    if len(command.parameter) != 4 or not command.parameter.isascii():
        raise LocalProtocolError(f"a parameter has 4 ASCII characters: {command}")
    return frame(f"{command.head:02d}{command.number:02d}{command.parameter}".encode("ascii"))


class Bodies:
    """Takes bytes, gives the bodies of frames whose check is right. Either side of the line can use it."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def receive_data(self, data: bytes) -> None:
        """Take what arrived.

        :raises RemoteProtocolError: if ``MAX_PENDING`` bytes hold no complete frame.
        """
        self._pending += data
        if len(self._pending) > MAX_PENDING:
            raise self._refused("sends without end", bytes(self._pending[:16]))

    def next_event(self) -> bytes | None:
        """The body of the next frame, or ``None`` while more bytes are needed.

        :raises RemoteProtocolError: for a wrong check or bytes outside a frame.
        """
        pending = bytes(self._pending).lstrip(_BETWEEN_FRAMES)
        if pending and not pending.startswith(STX):
            raise self._refused("does not send frames of this protocol", pending[:16])
        end = pending.find(ETX)
        if end < 0 or len(pending) < end + 5:
            return None
        body, tail = pending[1:end], pending[end + 1 : end + 5]
        if tail != block_check(body) + b"\r\n":
            raise self._refused("sent a frame with a wrong check", pending[: end + 5])
        self._pending = bytearray(pending[end + 5 :])
        return body

    def _refused(self, what: str, data: bytes) -> RemoteProtocolError:
        self._pending.clear()
        return RemoteProtocolError(f"{what}: {data!r}", remedy="check the line and its settings")


class Replies:
    """Takes the bytes of an instrument, gives its replies."""

    def __init__(self) -> None:
        self._bodies = Bodies()

    def receive_data(self, data: bytes) -> None:
        """Take what arrived (see ``Bodies``)."""
        self._bodies.receive_data(data)

    def next_event(self) -> Reply | None:
        """The next reply, or ``None`` while more bytes are needed.

        :raises RemoteProtocolError: for anything that is no reply of this protocol.
        """
        body = self._bodies.next_event()
        return None if body is None else parse_reply(body)


def parse_reply(body: bytes) -> Reply:
    """The meaning of a reply's body.

    :raises RemoteProtocolError: for a wrong length, a wrong digit or an unknown status.
    """
    if len(body) not in (SHORT_BODY, LONG_BODY) or not body.isascii():
        raise RemoteProtocolError(f"sent a reply of a length that no reply has: {body!r}")
    text = body.decode("ascii")
    if not text[:4].isdecimal() or text[5] not in _ERRORS:
        raise RemoteProtocolError(f"sent a reply with an unknown head, command or status: {text!r}")
    error, flags = _ERRORS[text[5]]
    if text[7] == "1":
        flags |= Flag.LOW_BATTERY
    fields = tuple(parse_field(text[i : i + 6]) for i in range(SHORT_BODY, len(text), 6))
    return Reply(int(text[:2]), int(text[2:4]), error, flags, fields)


def parse_field(text: str) -> Field | None:
    """One field of 6 characters: sign, mantissa of 4 padded with blanks, exponent.

    The value is mantissa 10^(exponent - 4). The sign is ``+``, ``-``, or ``=`` before a zero.

    >>> parse_field("+ 2733")
    Field(value=27.3, resolution=0.1)

    :raises RemoteProtocolError: if it is neither a value nor blank.
    """
    if text == "      ":
        return None
    sign, mantissa, exponent = text[0], text[1:5].lstrip(" "), text[5]
    digits = mantissa + exponent
    if not (mantissa and digits.isascii() and digits.isdecimal() and sign in "+-="):
        raise RemoteProtocolError(f"sent a field that is no number: {text!r}")
    if sign == "=" and int(mantissa) != 0:
        raise RemoteProtocolError(f"sent a number without a sign: {text!r}")
    scale = f"e{int(exponent) - 4}"
    value = float(mantissa + scale)
    return Field(-value if sign == "-" else value, float("1" + scale))
