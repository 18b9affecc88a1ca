"""The scene server's protocol: lines of JSON on TCP, in which a display is told what to draw and says when it did.

Each request carries an ``id``, and its answer the same one. Times are the server's own monotonic clock in ns; every
answer has its ``clock``, read when it was made, so that an exchange ties the two clocks to each other.

======================================= ===================================================================
request                                 answer, beside ``id`` and ``clock``
======================================= ===================================================================
``{"id", "do": "hello"}``               ``protocol``: ``scene-1``
``{"id", "do": "draw", "scene": {...}}`` ``frame``: in which it will be drawn; ``wait``: until then, in s
``{"id", "do": "drawn", "frame": n}``   ``time``: when frame n began, if it holds what was commanded for it;
                                        ``null`` if it does not; ``wait`` instead, if it has not begun
``{"id", "do": "level", "level": x}``   ``level``: the brightness from 0 to 1
``{"id", "do": "state"}``               ``level``; ``refresh``: frames per second, as measured
======================================= ===================================================================

A request that cannot be obeyed is answered with ``error``. A scene has a ``kind``:

=========== ======================== ============================================================
kind        also                     what is drawn
=========== ======================== ============================================================
``text``    ``text``                 one line of printable characters, dark on white
``grey``    ``level``                one grey level, 0 to 1 of the luminance of white
``picture`` ``name``                 a picture that the server has
``element`` ``speed``                a dark bar on white, so many widths of the display per second
=========== ======================== ============================================================
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import RemoteProtocolError

PROTOCOL = "scene-1"
MAX_LINE = 4096
"""Longer lines are refused, in bytes."""

LONGEST_TEXT = 64
_LARGEST = 2**62


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: to which request, the server's clock in ns, the rest, and of which server."""

    id: int
    clock: int
    body: Mapping[str, Any]
    where: str = ""

    def count(self, key: str) -> int:
        """A whole number of 0 or more.

        :raises RemoteProtocolError: if there is none.
        """
        value = self.body.get(key)
        if type(value) is not int or not 0 <= value < _LARGEST:
            raise RemoteProtocolError(f"answered with {key} = {value!r:.40}", where=self.where)
        return value

    def number(self, key: str, lower: float, upper: float) -> float:
        """A number between two bounds.

        :raises RemoteProtocolError: if there is none.
        """
        value = self.body.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not lower <= value <= upper:
            raise RemoteProtocolError(f"answered with {key} = {value!r:.40}", where=self.where)
        return float(value)


def encode(number: int, do: str, **rest: Any) -> bytes:
    """The line of a request."""
    return json.dumps({"id": number, "do": do, **rest}, separators=(",", ":")).encode() + b"\n"


def parse_scene(content: str) -> dict[str, Any] | None:
    """The scene that a line of text stands for: ``grey:0.5``, ``element:0.25``, ``picture:NAME``, or the text itself.

    Text that would read as another kind is written ``text:grey:0.5``. ``None`` for what no display can draw.

    >>> parse_scene("grey:0.5")
    {'kind': 'grey', 'level': 0.5}
    >>> parse_scene("STOP")
    {'kind': 'text', 'text': 'STOP'}
    """
    kind, _, rest = content.partition(":")
    if kind == "grey":
        return _with_number("grey", "level", rest, 0.0, 1.0)
    if kind == "element":
        return _with_number("element", "speed", rest, -10.0, 10.0)
    if kind == "picture":
        return {"kind": "picture", "name": rest} if rest and _printable(rest) else None
    text = rest if kind == "text" and rest else content
    return {"kind": "text", "text": text} if _printable(text) else None


def _printable(text: str) -> bool:
    return len(text) <= LONGEST_TEXT and text.isascii() and text.isprintable()


def _with_number(kind: str, key: str, text: str, lower: float, upper: float) -> dict[str, Any] | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return {"kind": kind, key: value} if math.isfinite(value) and lower <= value <= upper else None


class Answers:
    """Takes bytes, gives the answer to request ``number``; those to earlier ones, which came late, are dropped.

    :param where: the server, used in errors.
    """

    def __init__(self, number: int, where: str = "") -> None:
        self._number, self._where = number, where
        self._pending = b""

    def receive_data(self, data: bytes) -> None:
        """Take what arrived.

        :raises RemoteProtocolError: for a line without end.
        """
        self._pending += data
        if len(self._pending) > MAX_LINE and b"\n" not in self._pending[: MAX_LINE + 1]:
            start, self._pending = self._pending[:16], b""
            raise RemoteProtocolError(f"sends a line without end: {start!r}")

    def next_event(self) -> Answer | None:
        """The answer, or ``None`` while more bytes are needed.

        :raises RemoteProtocolError: for a line that is no answer, or an answer to what was not asked.
        """
        while True:
            line, found, rest = self._pending.partition(b"\n")
            if not found:
                return None
            self._pending = rest
            answer = parse_answer(line, self._where)
            if answer.id == self._number:
                return answer
            if answer.id > self._number:
                raise RemoteProtocolError(f"answered request {answer.id}, which was not made")


def parse_answer(line: bytes, where: str = "") -> Answer:
    """One line of the server ``where``.

    :raises RemoteProtocolError: if it is no answer.
    """
    try:
        body = json.loads(line)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise RemoteProtocolError(f"sent {line[:40]!r} where a JSON object is due")
    number, clock = body.get("id"), body.get("clock")
    if type(number) is not int or type(clock) is not int or not (0 <= number < _LARGEST and 0 <= clock < _LARGEST):
        raise RemoteProtocolError(f"sent {line[:40]!r} without its id and clock")
    return Answer(number, clock, body, where)
