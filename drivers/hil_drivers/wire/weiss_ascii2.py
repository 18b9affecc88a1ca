"""ASCII-2, the protocol of Weiss and Vötsch climatic chambers on RS-232 or TCP.

``$01?`` asks for a help text, ``$01I`` reads, ``$01E`` writes, ``$01U`` sets the gradients; each ends with CR. A
chamber answers to ``I`` with a nominal and an actual value of each quantity and 32 digital channels, to ``E`` and ``U``
with ``0``, or with something else where it refuses. How many numbers there are differs from model to model: the help
text tells their names (``CV`` controlled, ``SV`` set, ``MV`` measured values, ``DO`` digital channels) in the order in
which they travel, and the limits of those that can be set.
Source: a public chamber simulator of a test laboratory that quotes the help texts of two chambers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..errors import LocalProtocolError, RemoteProtocolError

PORT = 2049
CHANNELS = 32
"""How many digital channels each string has."""

MAX_LINE = 512
MAX_HELP = 32768

READ, HELP, WRITE, GRADIENTS = "I", "?", "E", "U"

_ALLOWED = re.compile(rb"[\x09\x20-\x7e\x80-\xff\r\n]*")
_NUMBER = re.compile(r"[+-]?\d{1,6}(?:\.\d{1,6})?", re.ASCII)
_BITS = re.compile(rf"[01]{{{CHANNELS}}}")
_NAME = re.compile(r"(?:CV|SV|MV|DO)\d\d")
_WRITTEN = re.compile(r"\$\d\dE")
_DESCRIBED = re.compile(r"((?:CV|SV|MV|DO)\d\d)\s+(.*)")
_LIMITS = re.compile(r"value min:\s*(\S+)\s+value max:\s*(\S+)\s*(.*)", re.IGNORECASE)
_LAST_CHANNEL = f"DO{CHANNELS - 1:02d}"


@dataclass(frozen=True, slots=True)
class Quantity:
    """One number that can be set: its limits, and what the help text calls it."""

    lower: float
    upper: float
    label: str


@dataclass(frozen=True, slots=True)
class Description:
    """What the help text tells.

    ``written`` and ``read`` are the names of the numbers in the order in which they are written and read (a name
    that is read twice is nominal first, then actual); ``quantities`` are those with limits, ``channels`` the labels
    of the digital channels by their number.
    """

    written: tuple[str, ...]
    read: tuple[str, ...]
    quantities: Mapping[str, Quantity]
    channels: Mapping[int, str]

    def nominal(self, name: str) -> int:
        """Where the nominal value of ``name`` stands among the numbers read.

        :raises RemoteProtocolError: if it is not among them.
        """
        return self._places(name)[0]

    def actual(self, name: str) -> int:
        """Where the actual value of ``name`` stands among the numbers read.

        :raises RemoteProtocolError: if it is not among them.
        """
        return self._places(name)[-1]

    def _places(self, name: str) -> list[int]:
        places = [place for place, each in enumerate(self.read) if each == name]
        if not places:
            raise RemoteProtocolError(f"does not read {name}, which it writes")
        return places


@dataclass(frozen=True, slots=True)
class State:
    """The answer to a read: its numbers, and the digital channels."""

    numbers: tuple[float, ...]
    channels: tuple[bool, ...]


def request(kind: str, *, address: int = 1) -> bytes:
    """The request to read (``READ``) or for the help text (``HELP``).

    >>> request(READ)
    b'$01I\\r'

    :raises LocalProtocolError: for any other, or an address that is not from 1 to 99.
    """
    if kind not in (READ, HELP) or not 1 <= address <= 99:
        raise LocalProtocolError(f"no such request: {kind!r} to {address}")
    return f"${address:02d}{kind}\r".encode("ascii")


def write(numbers: Sequence[float], channels: Sequence[bool], *, address: int = 1) -> bytes:
    """Write all numbers and channels at once.

    >>> write([-77.0], [False, True] + 30 * [False])
    b'$01E -077.0 01000000000000000000000000000000\\r'

    :raises LocalProtocolError: for a number that has no such form, or not 32 channels.
    """
    if len(channels) != CHANNELS:
        raise LocalProtocolError(f"there are {CHANNELS} digital channels, not {len(channels)}")
    bits = "".join("01"[channel] for channel in channels)
    return _line(WRITE, [*map(_written_number, numbers), bits], address)


def gradients(up: float, down: float, humidity_up: float, humidity_down: float, *, address: int = 1) -> bytes:
    """Set the gradients in K/min and %/min; 0 for none. Of up and down, only one may be other than 0.

    :raises LocalProtocolError: if both are, or a number has no such form.
    """
    if (up and down) or (humidity_up and humidity_down):
        raise LocalProtocolError("a gradient up and a gradient down exclude each other")
    return _line(GRADIENTS, map(_written_number, (up, down, humidity_up, humidity_down)), address)


def _line(kind: str, fields: Iterable[str], address: int) -> bytes:
    if not 1 <= address <= 99:
        raise LocalProtocolError(f"no such address: {address}")
    return f"${address:02d}{kind} {' '.join(fields)}\r".encode("ascii")


def _written_number(value: float) -> str:
    text = f"{value:06.1f}"
    if len(text) != 6 or not _NUMBER.fullmatch(text):
        raise LocalProtocolError(f"{value} does not fit the form 0000.0")
    return text


class Lines:
    """Takes bytes, gives lines without their ending: CR, LF or both."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def receive_data(self, data: bytes) -> None:
        """Take what arrived.

        :raises RemoteProtocolError: for bytes that are no text, or ``MAX_LINE`` of them without an end of a line.
        """
        self._pending += data
        if not _ALLOWED.fullmatch(self._pending):
            raise self.refused("sent bytes that are no text", bytes(self._pending[:40]))
        if len(self._pending) > MAX_LINE and not re.search(rb"[\r\n]", self._pending[: MAX_LINE + 1]):
            raise self.refused("sends a line without end", bytes(self._pending[:40]))

    def next_event(self) -> str | None:
        """The next line, or ``None`` while more bytes are needed; the line feed after a CR may come later."""
        if self._pending.startswith(b"\n"):
            del self._pending[:1]
        end = re.search(rb"[\r\n]", self._pending)
        if end is None:
            return None
        line = bytes(self._pending[: end.start()])
        del self._pending[: end.end()]
        return line.decode("latin-1")

    def refused(self, what: str, data: bytes | str) -> RemoteProtocolError:
        """An error that tells what was received; the rest of it is dropped."""
        self._pending.clear()
        return RemoteProtocolError(f"{what}: {data!r}", remedy="check the line and its settings")


class States:
    """Takes the bytes of a chamber that was asked to read, gives its answer.

    :param count: how many numbers the chamber sends, by its description.
    """

    def __init__(self, count: int) -> None:
        self._count, self._lines = count, Lines()

    def receive_data(self, data: bytes) -> None:
        """Take what arrived (see ``Lines``)."""
        self._lines.receive_data(data)

    def next_event(self) -> State | None:
        """The state, or ``None`` while more bytes are needed.

        :raises RemoteProtocolError: for a line that is none, or has another count of numbers.
        """
        line = self._lines.next_event()
        if line is None:
            return None
        *numbers, bits = line.split() or [""]
        if not _BITS.fullmatch(bits) or not all(map(_NUMBER.fullmatch, numbers)):
            raise self._lines.refused("sent a line that is no state", line[:60])
        if len(numbers) != self._count:
            raise self._lines.refused(f"sent {len(numbers)} numbers where its help tells {self._count}", line[:60])
        return State(tuple(map(float, numbers)), tuple(bit == "1" for bit in bits))


class Acknowledgements:
    """Takes the bytes of a chamber that was written to, gives whether it obeyed."""

    def __init__(self) -> None:
        self._lines = Lines()

    def receive_data(self, data: bytes) -> None:
        """Take what arrived (see ``Lines``)."""
        self._lines.receive_data(data)

    def next_event(self) -> str | None:
        """Its answer, ``0`` if it obeyed, or ``None`` while more bytes are needed."""
        return self._lines.next_event()


@dataclass
class _Told:
    """What a help text has told so far."""

    written: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    quantities: dict[str, Quantity] = field(default_factory=dict)
    channels: dict[int, str] = field(default_factory=dict)


class Help:
    """Takes the bytes of a chamber that was asked for its help text, gives its description.

    It is complete with the line about the last digital channel of the read string; what follows, such as an
    example, is left.
    """

    def __init__(self) -> None:
        self._lines, self._received, self._told = Lines(), 0, _Told()

    def receive_data(self, data: bytes) -> None:
        """Take what arrived.

        :raises RemoteProtocolError: if ``MAX_HELP`` bytes hold no description, or they are no text.
        """
        self._received += len(data)
        if self._received > MAX_HELP:
            raise self._lines.refused("sends help without end", data[:40])
        self._lines.receive_data(data)

    def next_event(self) -> Description | None:
        """The description, or ``None`` while more bytes are needed.

        :raises RemoteProtocolError: if it contradicts itself.
        """
        while (line := self._lines.next_event()) is not None:
            if self._take(line.strip()):
                return self._description()
        return None

    def _take(self, line: str) -> bool:
        """Learn from one line; whether it was the last that counts."""
        words, told = line.split(), self._told
        names = [word for word in words if _NAME.fullmatch(word)]
        if words and _WRITTEN.fullmatch(words[0]) and names:
            told.written = _numbers(names)
        elif len(names) > 1 and words[0] == names[0]:
            told.read = _numbers(names)
        elif described := _DESCRIBED.fullmatch(line):
            return self._describe(described[1], described[2])
        return False

    def _describe(self, name: str, text: str) -> bool:
        if name.startswith("DO"):
            self._told.channels[int(name[2:])] = text.strip()
            return bool(self._told.read) and name == _LAST_CHANNEL
        limits = _LIMITS.fullmatch(text)
        if limits is not None:
            lower, upper, label = limits.groups()
            if not (_NUMBER.fullmatch(lower) and _NUMBER.fullmatch(upper)):
                raise self._lines.refused(f"tells limits of {name} that are no numbers", text[:60])
            self._told.quantities[name] = Quantity(float(lower), float(upper), label.strip())
        return False

    def _description(self) -> Description:
        told = self._told
        if not told.written or set(told.written) - set(told.read):
            raise self._lines.refused("tells in its help text to write what it does not read", str(told.written)[:60])
        return Description(told.written, told.read, told.quantities, told.channels)


def _numbers(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names if not name.startswith("DO"))
