"""Motion JPEG over HTTP without I/O: the response's head, then parts of ``multipart/x-mixed-replace`` (RFC 2046).

A part's length is its ``Content-Length``, or up to the next delimiter where there is none. A boundary that is
given with its two leading hyphens, as some cameras do, is understood.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType

from ..errors import LocalProtocolError, RemoteProtocolError

LONGEST_HEAD = 16384
LARGEST_PART = 32 << 20
"""Bytes of one picture, more than a camera of 8 bit and 8 megapixel sends."""

_PATH = re.compile(r"/[\x21-\x7e]*")
_BOUNDARY = re.compile(r"boundary\s*=\s*(?:\"([^\"]{1,200})\"|([^\s;]{1,200}))", re.IGNORECASE)
_BLANK = b"\r\n\r\n"
_FIRST, _LAST = b"\xff\xd8", b"\xff\xd9"


@dataclass(frozen=True, slots=True)
class Part:
    """One picture as it came; the names of ``headers`` are in lower case."""

    headers: Mapping[str, str]
    jpeg: bytes


class _State(Enum):
    RESPONSE = auto()
    DELIMITER = auto()
    HEADERS = auto()
    BODY = auto()


def request(host: str, path: str) -> bytes:
    """A request for the stream, in HTTP/1.0: the answer cannot be in chunks.

    :raises LocalProtocolError: for a path that no request can hold.
    """
    if not _PATH.fullmatch(path):
        raise LocalProtocolError(f"{path!r} is no path of HTTP")
    return f"GET {path} HTTP/1.0\r\nHost: {host}\r\nAccept: multipart/x-mixed-replace\r\n\r\n".encode("ascii")


def is_count(text: str) -> bool:
    """Whether a header's value is a count: digits alone."""
    return text.isascii() and text.isdigit() and len(text) < 19


def nanoseconds(text: str) -> int | None:
    """A header's value in seconds, with a fraction or without, in ns; ``None`` for any other text.

    >>> nanoseconds("12.25")
    12250000000
    """
    seconds, _, rest = text.partition(".")
    if not is_count(seconds) or (rest and not is_count(rest)):
        return None
    return int(seconds) * 10**9 + int(f"{rest:0<9}"[:9])


class MotionJpeg:
    """The receiving side of one connection."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._state = _State.RESPONSE
        self._delimiter = b""
        self._headers: Mapping[str, str] = MappingProxyType({})

    @property
    def begun(self) -> bool:
        """Whether bytes of the next part have come already."""
        return self._state in (_State.HEADERS, _State.BODY) and (bool(self._buffer) or self._state is _State.BODY)

    def receive_data(self, data: bytes) -> None:
        """Take what arrived.

        :raises RemoteProtocolError: if more arrived than the longest part may hold.
        """
        if len(self._buffer) + len(data) > LARGEST_PART + LONGEST_HEAD:
            raise RemoteProtocolError(f"sent a part of more than {LARGEST_PART} bytes")
        self._buffer += data

    def next_event(self) -> Part | None:
        """The next complete part, or ``None`` while more bytes are needed.

        :raises RemoteProtocolError: if the bytes are no such stream; nothing after them can be understood.
        """
        if self._state is _State.RESPONSE and (head := self._head()) is not None:
            self._delimiter = _delimiter(head)
            self._state = _State.DELIMITER
        if self._state is _State.DELIMITER and self._delimited():
            self._state = _State.HEADERS
        if self._state is _State.HEADERS and (head := self._head()) is not None:
            self._headers = _fields(head)
            self._state = _State.BODY
        if self._state is not _State.BODY or (body := self._body()) is None:
            return None
        self._state = _State.DELIMITER
        part = Part(self._headers, _picture(body))
        if self._delimited():
            self._state = _State.HEADERS
        return part

    def _head(self) -> str | None:
        end = self._buffer.find(_BLANK)
        if end < 0 or end > LONGEST_HEAD:
            if len(self._buffer) > LONGEST_HEAD:
                raise RemoteProtocolError(f"sent a head of more than {LONGEST_HEAD} bytes")
            return None
        head = self._buffer[:end].decode("latin-1")
        del self._buffer[: end + len(_BLANK)]
        return head

    def _delimited(self) -> bool:
        """Whether the delimiter's line came complete; it is then dropped, as empty lines before it are."""
        blanks = next((n for n, octet in enumerate(self._buffer) if octet not in b"\r\n"), len(self._buffer))
        del self._buffer[:blanks]
        expected = self._delimiter
        if not expected.startswith(bytes(self._buffer[: len(expected)])):
            raise RemoteProtocolError(f"sent {bytes(self._buffer[:20])!r} where {expected.decode('latin-1')} must be")
        end = self._buffer.find(b"\n", len(expected))
        if end < 0:
            if len(self._buffer) > LONGEST_HEAD:
                raise RemoteProtocolError("sent a delimiter without an end")
            return False
        if bytes(self._buffer[len(expected) : end]).strip() not in (b"", b"--"):
            raise RemoteProtocolError("sent a delimiter that goes on after its boundary")
        del self._buffer[: end + 1]
        return True

    def _body(self) -> bytes | None:
        length = self._headers.get("content-length")
        if length is None:
            end = self._buffer.find(b"\r\n" + self._delimiter)
            if end < 0:
                return None
        else:
            end = _length(length)
            if len(self._buffer) < end:
                return None
        body = bytes(self._buffer[:end])
        del self._buffer[:end]
        return body


def _delimiter(head: str) -> bytes:
    """The delimiter that the head of a response announces."""
    first, *_ = head.split("\r\n")
    words = first.split(" ", 2)
    if len(words) < 2 or not words[0].startswith("HTTP/1."):
        raise RemoteProtocolError(f"does not answer in HTTP: {first[:40]!r}")
    if words[1] != "200":
        raise RemoteProtocolError(f"refused the stream with status {' '.join(words[1:])[:60]}")
    fields = _fields(head)
    kind = fields.get("content-type", "")
    found = _BOUNDARY.search(kind)
    if not kind.lower().startswith("multipart/") or found is None:
        raise RemoteProtocolError(f"sends {kind[:60]!r}, which is no motion JPEG")
    if fields.get("transfer-encoding", "identity").lower() != "identity":
        raise RemoteProtocolError("sends the stream in chunks, which HTTP/1.0 does not have")
    boundary = (found[1] or found[2]).encode("latin-1")
    return boundary if boundary.startswith(b"--") else b"--" + boundary


def _fields(head: str) -> Mapping[str, str]:
    pairs = (line.partition(":") for line in head.split("\r\n"))
    return MappingProxyType({name.strip().lower(): value.strip() for name, colon, value in pairs if colon})


def _length(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) <= LARGEST_PART):
        raise RemoteProtocolError(f"sent a part of {text[:20]!r} bytes")
    return int(text)


def _picture(body: bytes) -> bytes:
    """A JPEG from its first marker to its last: one that is cut short would be decoded with a grey rest."""
    if not body.startswith(_FIRST) or not body.rstrip(b"\r\n\x00").endswith(_LAST):
        raise RemoteProtocolError("sent a picture that is no complete JPEG")
    return body
