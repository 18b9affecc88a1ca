"""SIMSERV, the protocol of climatic chambers with a S!MPAC controller, on TCP port 2049.

A request is ``command B6 chamber [B6 argument]... CR`` with a command of five digits and four arguments at most; a
reply is ``code [B6 data]... CR LF``. The separator is the byte 0xB6 (which is no UTF-8), text is Latin-1.
Sources: public clients of Vötsch and Weiss chambers that quote the maker's description of 2019.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import LocalProtocolError, RemoteProtocolError

PORT = 2049
SEPARATOR = b"\xb6"
MAX_LINE = 4096
MAX_ARGUMENTS = 4

DONE, UNKNOWN_COMMAND, BAD_PARAMETERS, NOT_READABLE = 1, -5, -6, -8
_MEANINGS = {
    UNKNOWN_COMMAND: "does not know this command",
    BAD_PARAMETERS: "finds too few or wrong parameters",
    NOT_READABLE: "cannot read these data",
}

INFO, STATUS = 99997, 10012
VARIABLES, NAME, UNIT = 11018, 11026, 11023
SET_POINT, ACTUAL, LOWER_LIMIT, UPPER_LIMIT = 11002, 11004, 11007, 11009
GRADIENT_UP, GRADIENT_DOWN = 11066, 11070
WRITE_SET_POINT, WRITE_GRADIENT_UP, WRITE_GRADIENT_DOWN = 11001, 11068, 11072
OUTPUT, WRITE_OUTPUT = 14003, 14001
MESSAGES, MESSAGE_TEXT, MESSAGE_TYPE, MESSAGE_ACTIVE = 17002, 17007, 17005, 17009

MANUAL_MODE = 1
"""The digital output that starts and stops the manual mode."""

RUNNING, WARNING, ALARM = 2, 4, 8
"""Bits of ``STATUS``; bit 0 is always set."""

ALARM_MESSAGE = 1
"""The ``MESSAGE_TYPE`` of an alarm (2 is a warning, 4 an information)."""

_CODE = re.compile(rb"-?[0-9]{1,3}")
_BEGUN = re.compile(rb"-?[0-9]{0,3}(?:\xb6[^\r]*)?\r?")
_ALLOWED = re.compile(rb"[\x20-\x7e\xa0-\xff\r\n]*")
_NUMBER = re.compile(r"\s*[+-]?(?:\d{1,12}(?:\.\d{0,12})?|\.\d{1,12})(?:[eE][+-]?\d{1,2})?\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply: its ``code`` (``DONE`` or a refusal) and its data."""

    code: int
    data: tuple[str, ...]

    @property
    def readable(self) -> bool:
        """Whether the data asked for exist: a code says so, some controllers a text in their place."""
        return self.code != NOT_READABLE and not any("read failed" in text.lower() for text in self.data)


def encode(command: int, *arguments: int | float, chamber: int = 1) -> bytes:
    """The bytes of one request.

    >>> encode(WRITE_SET_POINT, 1, 23.5).hex(" ")
    '31 31 30 30 31 b6 31 b6 31 b6 32 33 2e 35 0d'

    :raises LocalProtocolError: for a command, an index or a count of arguments that the protocol does not have.
    """
    if not 10000 <= command <= 99999 or not 1 <= chamber <= 99 or len(arguments) > MAX_ARGUMENTS:
        raise LocalProtocolError(f"no such request: {command} {arguments} to chamber {chamber}")
    fields = [str(command), str(chamber), *(f"{argument:.9g}" for argument in arguments)]
    return SEPARATOR.join(field.encode("ascii") for field in fields) + b"\r"


class Replies:
    """Takes the bytes of a chamber, gives its replies."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def receive_data(self, data: bytes) -> None:
        """Take what arrived.

        :raises RemoteProtocolError: if ``MAX_LINE`` bytes hold no end of a line.
        """
        self._pending += data
        if len(self._pending) > MAX_LINE and b"\n" not in self._pending[: MAX_LINE + 1]:
            raise self._refused("sends a line without end", bytes(self._pending[:16]))

    def next_event(self) -> Reply | None:
        """The next reply, or ``None`` while more bytes are needed.

        :raises RemoteProtocolError: for bytes that are no text, a line that does not end with CR LF, or one that does
            not begin with a code.
        """
        line, found, rest = self._pending.partition(b"\n")
        if not _ALLOWED.fullmatch(line):
            raise self._refused("sent bytes that are no text", bytes(line[:40]))
        if not found:
            if not _BEGUN.fullmatch(line):
                raise self._refused("sent a reply that begins with no code", bytes(line[:40]))
            return None
        self._pending = rest
        if not line.endswith(b"\r") or b"\r" in line[:-1]:
            raise self._refused("sent a line that does not end with CR LF", bytes(line[:40]))
        code, *data = bytes(line[:-1]).split(SEPARATOR)
        if not _CODE.fullmatch(code):
            raise self._refused("sent a reply that begins with no code", bytes(line[:40]))
        return Reply(int(code), tuple(text.decode("latin-1") for text in data))

    def _refused(self, what: str, data: bytes) -> RemoteProtocolError:
        self._pending.clear()
        return RemoteProtocolError(f"{what}: {data!r}", remedy="check that the address leads to a SIMSERV chamber")


def demand(reply: Reply, count: int = 0) -> tuple[str, ...]:
    """The data of a reply that must carry ``count`` of them at least.

    :raises RemoteProtocolError: if the request was refused, or data are missing.
    """
    if reply.code != DONE:
        meaning = _MEANINGS.get(reply.code, "refuses")
        raise RemoteProtocolError(f"{meaning} (code {reply.code})")
    if len(reply.data) < count:
        raise RemoteProtocolError(f"sent {len(reply.data)} data where {count} are due")
    return reply.data


def text(reply: Reply) -> str:
    """The first of the data of a reply.

    :raises RemoteProtocolError: if the request was refused, or there are none.
    """
    return demand(reply, 1)[0]


def number(reply: Reply) -> float:
    """The first of the data of a reply, a decimal number.

    :raises RemoteProtocolError: if it is none.
    """
    found = text(reply)
    if not _NUMBER.fullmatch(found):
        raise RemoteProtocolError(f"sent {found[:40]!r} where a number is due")
    return float(found)


def integer(reply: Reply) -> int:
    """The first of the data of a reply, a whole number of 0 or more; some controllers write it with decimals.

    :raises RemoteProtocolError: if it is none.
    """
    found = number(reply)
    if found < 0 or not found.is_integer():
        raise RemoteProtocolError(f"sent {found:g} where a whole number is due")
    return int(found)


def measured(reply: Reply) -> tuple[float | None, float | None]:
    """A value and its resolution, one unit of the last digit that was written; both ``None`` where it is not readable.

    >>> measured(Reply(1, ("23.45",)))
    (23.45, 0.01)

    :raises RemoteProtocolError: if the request was refused otherwise, or it is no number.
    """
    if not reply.readable:
        return None, None
    value = number(reply)
    mantissa, _, exponent = text(reply).strip().lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    return value, float(f"1e{int(exponent or 0) - decimals}")
