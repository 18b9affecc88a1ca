"""SCPI instruments on TCP: the sign panel and the carriage. One command per line, short or long form."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Collection, Mapping

from ..faults import Faults
from ..world import World
from .endpoint import LineProtocol

_LONGEST = 4096
_QUEUE = 16
_TEXT_LIMIT = 64
_HEADER = re.compile(r"\s*([*:A-Za-z0-9]+\??)(?:\s+(.*))?\s*", re.DOTALL)
_CHANNELS = re.compile(r"\(@\s*(\d{1,4}(?:\s*[:,]\s*\d{1,4})*)\s*\)")
_COMPLETE = re.compile(rb"\s*\*OPC\?\s*", re.IGNORECASE)
_STRING = re.compile(r"\"((?:[^\"]|\"\")*)\"|'((?:[^']|'')*)'")

Handler = Callable[[str], str | None]


class ScpiError(Exception):
    """An entry of the error queue: SCPI-99 number and text."""


UNDEFINED_HEADER = '-113,"Undefined header"'
PARAMETER_NOT_ALLOWED = '-108,"Parameter not allowed"'
DATA_TYPE_ERROR = '-104,"Data type error"'
OUT_OF_RANGE = '-222,"Data out of range"'
TOO_MUCH_DATA = '-223,"Too much data"'
SYNTAX_ERROR = '-102,"Syntax error"'
OVERFLOW = '-350,"Queue overflow"'


def forms(header: str) -> list[str]:
    """The short and the long form of a header such as ``DISPlay:TEXT?``, in capitals.

    Each node may be short or long; ``:`` may come first.
    """
    query = "?" if header.endswith("?") else ""
    found = [""]
    for node in header.rstrip("?").split(":"):
        short = "".join(c for c in node if not c.islower())
        variants = {short, node.upper()}
        found = [f"{start}:{variant}" if start else variant for start in found for variant in variants]
    return [mark + form + query for form in found for mark in ("", ":")]


def identity(model: str, serial: str) -> str:
    """What an instrument of ours says of itself."""
    return f"Example Instruments,{model},{serial},1.0"


class ScpiProtocol(LineProtocol):
    """The parser and the common commands; an instrument adds its own handlers by header.

    ``*OPC?`` is answered when the operation under way has ended, and what comes after it waits (IEEE 488.2, 12.5.3).

    :param identity: answers ``*IDN?``.
    :param asked_with: the headers of queries that take parameters.
    :param busy: whether an operation is under way.
    """

    def __init__(
        self,
        identity: str,
        handlers: Mapping[str, Handler],
        *,
        asked_with: Collection[str] = (),
        busy: Callable[[], bool] = lambda: False,
    ) -> None:
        self._buffer = b""
        self._busy = busy
        self._waiting: deque[bytes] = deque()
        self._errors: deque[str] = deque()
        common: dict[str, Handler] = {
            "*IDN?": lambda _: identity,
            "*CLS": lambda _: self._errors.clear(),
            "*OPC?": lambda _: "1",
            "SYSTem:ERRor?": lambda _: self.oldest_error(),
        }
        self._handlers = {f: h for header, h in {**common, **handlers}.items() for f in forms(header)}
        self._asked_with = {form for header in asked_with for form in forms(header)}

    def receive(self, data: bytes) -> list[bytes]:
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        if len(self._buffer) > _LONGEST:
            self._buffer = b""
            self._fail(TOO_MUCH_DATA)
        self._waiting.extend(lines)
        return self.due()

    def due(self) -> list[bytes]:
        replies = []
        while self._waiting and not self._waits(self._waiting[0]):
            reply = self._answer(self._waiting.popleft())
            if reply is not None:
                replies.append(reply.encode("ascii") + b"\n")
        return replies

    def oldest_error(self) -> str:
        """The oldest entry of the error queue, which is taken out of it."""
        return self._errors.popleft() if self._errors else '0,"No error"'

    def _waits(self, line: bytes) -> bool:
        """Whether a message is not answered yet, because an operation is under way."""
        return self._busy() and _COMPLETE.fullmatch(line) is not None

    def _fail(self, error: str) -> None:
        if len(self._errors) < _QUEUE:
            self._errors.append(error if len(self._errors) < _QUEUE - 1 else OVERFLOW)

    def _answer(self, line: bytes) -> str | None:
        try:
            text = line.decode("ascii").strip()
            return self._obey(text) if text else None
        except UnicodeDecodeError:
            self._fail(SYNTAX_ERROR)
        except ScpiError as error:
            self._fail(str(error))
        return None

    def _obey(self, text: str) -> str | None:
        """The answer to one message, if it has one.

        :raises ScpiError: if it cannot be obeyed.
        """
        match = _HEADER.fullmatch(text)
        if match is None:
            raise ScpiError(SYNTAX_ERROR)
        handler = self._handlers.get(match[1].upper())
        if handler is None:
            raise ScpiError(UNDEFINED_HEADER)
        if match[1].endswith("?") and match[2] and match[1].upper() not in self._asked_with:
            raise ScpiError(PARAMETER_NOT_ALLOWED)
        return handler((match[2] or "").strip())


def channel_list(text: str) -> list[int]:
    """The channels of a channel list, in its order: ``(@101,103:105)``.

    :raises ScpiError: if it is none, or a range of it leads backwards.
    """
    match = _CHANNELS.fullmatch(text.strip())
    if match is None:
        raise ScpiError(DATA_TYPE_ERROR)
    found: list[int] = []
    for part in match[1].split(","):
        first, *rest = (int(number) for number in part.split(":"))
        last = rest[0] if rest else first
        if len(rest) > 1 or not first <= last <= first + 999:
            raise ScpiError(OUT_OF_RANGE)
        found += range(first, last + 1)
    return found


def panel(world: World, faults: Faults) -> ScpiProtocol:
    """The sign panel: ``DISPlay:TEXT "..."``."""

    def show(parameter: str) -> None:
        match = _STRING.fullmatch(parameter)
        if match is None:
            raise ScpiError(DATA_TYPE_ERROR)
        text = match[1].replace('""', '"') if match[1] is not None else match[2].replace("''", "'")
        if not text.isprintable():
            raise ScpiError(DATA_TYPE_ERROR)
        if len(text) > _TEXT_LIMIT:
            raise ScpiError(TOO_MUCH_DATA)
        if not faults.present("frozen"):
            world.text = text

    def shown(_: str) -> str:
        return '"' + world.text.replace('"', '""') + '"'

    return ScpiProtocol(identity("SIGN PANEL", "SN0001"), {"DISPlay:TEXT": show, "DISPlay:TEXT?": shown})


def carriage(world: World, faults: Faults, *, positions: Collection[int]) -> ScpiProtocol:
    """The carriage: ``SOURce:POSition n``; bit 0 of ``STATus:OPERation:CONDition?`` while it moves."""
    moved = world.carriage
    if moved is None:
        raise TypeError("this world has no carriage")

    def go(parameter: str) -> None:
        try:
            value = float(parameter)
        except ValueError:
            raise ScpiError(DATA_TYPE_ERROR) from None
        if value not in positions:
            raise ScpiError(OUT_OF_RANGE)
        if not faults.present("frozen"):
            moved.move(world.time.now(), int(value))

    def moving() -> bool:
        return moved.moving(world.time.now())

    return ScpiProtocol(
        identity("CARRIAGE", "SN0002"),
        {
            "SOURce:POSition": go,
            "SOURce:POSition?": lambda _: f"{moved.position(world.time.now()):g}",
            "STATus:OPERation:CONDition?": lambda _: str(int(moving())),
        },
        busy=moving,
    )
