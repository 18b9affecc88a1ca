"""A T-10A luxmeter: the instrument's side of its frames."""

from __future__ import annotations

from typing import ClassVar

from ..faults import Faults
from ..luxmeter import CONVERSION, RANGE_LIMIT, Luxmeter, exponent
from ..world import World
from .endpoint import LineProtocol

_STX, _ETX = b"\x02", b"\x03"
_LONGEST = 64
_BROADCAST = "99"
_BLANK = " " * 6
_STATUS_GOOD, _STATUS_NOT_HELD, _STATUS_OVER = " ", "4", "5"


def check(body: bytes) -> bytes:
    """The block check of a frame's ``body`` (after STX, with ETX): the exclusive or as two hex digits."""
    code = 0
    for octet in body:
        code ^= octet
    return b"%02X" % code


def frame(body: str) -> bytes:
    """STX, body, ETX, block check, CR LF."""
    checked = body.encode("ascii") + _ETX
    return _STX + checked + check(checked) + b"\r\n"


def value_field(illuminance: float) -> str:
    """Sign, mantissa of 4 characters padded with blanks, exponent: ±mantissa x 10^(exponent - 4)."""
    power = exponent(illuminance)
    mantissa = round(abs(illuminance) * 10.0 ** (4 - power))
    return f"{'-' if illuminance < 0 and mantissa else '+'}{mantissa:4d}{power}"


class T10aProtocol(LineProtocol):
    """The states of the instrument: local, connected to a PC, held, EXT mode; and its conversions.

    In EXT mode a trigger starts a conversion of 0.5 s; a read before its end yields the previous reading, or
    a blank field where there is none. Otherwise it converts all the time, and hold keeps what there is.
    """

    reads: ClassVar[frozenset[str]] = frozenset(("10",))
    """The commands that read."""

    def __init__(self, meter: Luxmeter, world: World, faults: Faults) -> None:
        self._meter, self._world, self._faults = meter, world, faults
        self._head = f"{meter.device.head:02d}"
        self._buffer = b""
        self._connected = self._external = False
        self._held: int | None = None
        self._pending: int | None = None
        self._reading: float | None = None

    def receive(self, data: bytes) -> list[bytes]:
        self._buffer += data
        replies = []
        while (body := self._next_body()) is not None:
            reply = self._answer(body)
            if reply:
                replies.append(reply)
        return replies

    def _next_body(self) -> str | None:
        """The next frame with a right block check, without STX and ETX; others are passed over."""
        while (start := self._buffer.find(_STX)) >= 0:
            self._buffer = self._buffer[start:]
            restart = self._buffer.find(_STX, 1)
            end = self._buffer.find(_ETX)
            if 0 <= restart < end or (end < 0 and (restart > 0 or len(self._buffer) > _LONGEST)):
                self._buffer = self._buffer[1:]
                continue
            if end < 0 or len(self._buffer) < end + 3:
                return None
            checked, code = self._buffer[1 : end + 1], self._buffer[end + 1 : end + 3]
            self._buffer = self._buffer[end + 3 :]
            if check(checked) == code and checked.isascii():
                return checked[:-1].decode("ascii")
        self._buffer = b""
        return None

    def _answer(self, body: str) -> bytes | None:
        head, command, parameter = body[:2], body[2:4], body[4:]
        if head not in (self._head, _BROADCAST):
            return None
        status = self._obey(command, parameter)
        if status is None or head == _BROADCAST:
            return None
        fields = ""
        battery = "0"
        if command in self.reads:
            status, fields = self._read(command)
            battery = "1" if self._faults.present("low-battery") else "0"
        reply = frame(f"{self._head}{command}1{status}1{battery}{fields}")
        if self._faults.present("checksum"):
            reply = reply[:-4] + b"%02X" % (int(reply[-4:-2], 16) ^ 0x55) + reply[-2:]
        return reply

    def _obey(self, command: str, parameter: str) -> str | None:
        """Change state; the error character, or ``None`` where the instrument does not react."""
        now = self._world.time.now()
        if command == "54":
            self._connected = True
            return _STATUS_GOOD
        if not self._connected:
            return None
        if command == "55":
            self._hold(now, parameter.startswith("1"))
        elif command == "40" and parameter.startswith("1"):
            self._external = self._held is not None
            return _STATUS_GOOD if self._external else _STATUS_NOT_HELD
        elif command == "40" and parameter.startswith("2"):
            if self._external:
                self._settle(now)
                self._pending = now
        elif command not in self.reads:
            return None
        return _STATUS_GOOD

    def _hold(self, now: int, hold: bool) -> None:
        if not hold:
            self._held, self._external, self._pending = None, False, None
        elif self._held is None:
            self._held = now

    def _settle(self, now: int) -> None:
        """Take up the reading of a conversion that has ended."""
        if self._external:
            if self._pending is None or now < self._pending + CONVERSION:
                return
            start, self._pending = self._pending, None
        else:
            moment = now if self._held is None else self._held
            start = (moment // CONVERSION - 1) * CONVERSION
            if start < 0:
                return
        if self._reading is None or not self._faults.present("frozen"):
            self._reading = self._convert(start)

    def _convert(self, start: int) -> float:
        """The illuminance of the conversion that began at ``start``."""
        return self._meter.convert(start)

    def _read(self, command: str) -> tuple[str, str]:
        """The error character and the three value fields of a read."""
        self._settle(self._world.time.now())
        if self._reading is None or self._faults.present("nan"):
            return _STATUS_GOOD, 3 * _BLANK
        if self._reading > RANGE_LIMIT or self._faults.present("over-range"):
            return _STATUS_OVER, value_field(RANGE_LIMIT) + 2 * _BLANK
        return self._values(command, self._reading)

    def _values(self, command: str, illuminance: float) -> tuple[str, str]:  # noqa: ARG002
        """The error character and the fields that ``command`` asks for."""
        return _STATUS_GOOD, value_field(illuminance) + 2 * _BLANK
