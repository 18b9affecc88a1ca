"""SCPI over a byte stream: messages that end with a line feed, quoted strings, identification, error queue.

Source: IEEE 488.2 (string data: a quote inside is doubled) and SCPI-99 (``SYSTem:ERRor?``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import LocalProtocolError, RemoteProtocolError

MAX_LINE = 4096

_PRINTABLE = re.compile(r"[\x20-\x7e]*")
_QUOTED = re.compile(r'"((?:[^"]|"")*)"|\'((?:[^\']|\'\')*)\'')
_ERROR = re.compile(r"([+-]?\d{1,5}),(.*)", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})(?:[eE][+-]?\d{1,2})?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Identity:
    """The answer to ``*IDN?``."""

    manufacturer: str
    model: str
    serial: str
    version: str


@dataclass(frozen=True, slots=True)
class ErrorEntry:
    """One entry of the error queue; ``code`` 0 is "No error"."""

    code: int
    text: str


def encode(message: str) -> bytes:
    """The bytes of one message.

    :raises LocalProtocolError: if it is empty or holds anything but printable ASCII.
    """
    if not message or not _PRINTABLE.fullmatch(message):
        raise LocalProtocolError(f"a message is one line of printable ASCII, not {message!r}")
    return message.encode("ascii") + b"\n"


def quote(text: str) -> str:
    """String data, in double quotes.

    >>> quote('a "b" c')
    '"a ""b"" c"'
    """
    return '"' + text.replace('"', '""') + '"'


class Lines:
    """Takes bytes, gives lines without their ending."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def receive_data(self, data: bytes) -> None:
        """Take what arrived.

        :raises RemoteProtocolError: if ``MAX_LINE`` bytes hold no line feed.
        """
        self._pending += data
        if len(self._pending) > MAX_LINE and b"\n" not in self._pending[: MAX_LINE + 1]:
            start = bytes(self._pending[:16])
            self._pending.clear()
            raise RemoteProtocolError(f"sends a line without end: {start!r}")

    def next_event(self) -> str | None:
        """The next line, or ``None`` while more bytes are needed.

        :raises RemoteProtocolError: if it holds anything but printable ASCII.
        """
        line, found, rest = self._pending.partition(b"\n")
        if not found:
            return None
        self._pending = rest
        text = bytes(line).rstrip(b"\r").decode("latin-1")
        if not _PRINTABLE.fullmatch(text):
            self._pending.clear()
            raise RemoteProtocolError(f"sent a line that is not printable ASCII: {text[:40]!r}")
        return text


def parse_string(line: str) -> str:
    """The text of string data in single or double quotes.

    :raises RemoteProtocolError: if it is no string data.
    """
    found = _QUOTED.fullmatch(line.strip())
    if found is None:
        raise RemoteProtocolError(f"sent {line[:40]!r} where quoted text is due")
    double, single = found.groups()
    return double.replace('""', '"') if double is not None else single.replace("''", "'")


def parse_integer(line: str) -> int:
    """An integer.

    :raises RemoteProtocolError: if it is none.
    """
    if not _INTEGER.fullmatch(line.strip()):
        raise RemoteProtocolError(f"sent {line[:40]!r} where an integer is due")
    return int(line.strip())


def parse_number(line: str) -> float:
    """A decimal number (NR1, NR2 or NR3).

    :raises RemoteProtocolError: if it is none.
    """
    if not _NUMBER.fullmatch(line.strip()):
        raise RemoteProtocolError(f"sent {line[:40]!r} where a number is due")
    return float(line.strip())


def parse_error(line: str) -> ErrorEntry:
    """An entry of the error queue.

    >>> parse_error('0,"No error"')
    ErrorEntry(code=0, text='No error')

    :raises RemoteProtocolError: if it is none.
    """
    found = _ERROR.fullmatch(line.strip())
    if found is None:
        raise RemoteProtocolError(f"sent {line[:40]!r} where an entry of its error queue is due")
    return ErrorEntry(int(found[1]), parse_string(found[2]))


def parse_identity(line: str) -> Identity:
    """The answer to ``*IDN?``: four parts, separated by commas.

    :raises RemoteProtocolError: if there are not four.
    """
    parts = [part.strip() for part in line.split(",")]
    if len(parts) != 4:
        raise RemoteProtocolError(f"identifies itself as {line[:60]!r}, not in four parts")
    return Identity(*parts)
