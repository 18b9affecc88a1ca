"""A climatic chamber that speaks SIMSERV: fields between bytes 0xB6, requests that end with CR, replies with CR LF."""

from __future__ import annotations

import math
from collections.abc import Callable

from ..devices.simserv import SimservDevice
from ..world import World
from .chamber import ChamberEndpoint, Controller
from .endpoint import LineProtocol, TcpEndpoint

_LONGEST = 1024
_START = 1
_OK, _UNKNOWN, _BAD, _UNREADABLE = b"1", b"-5", b"-6", b"-8"
_INFO = {1: "EXAMPLE EX 340/70", 2: "19", 3: "59226140030010"}
_NAMES = {1: "temperature", 2: "humidity"}
_UNITS = {1: "\N{DEGREE SIGN}C", 2: "%rH"}
_LIMIT_NUMBERS = {11007: 0, 11009: 1, 11014: 0, 11015: 1, 11016: 0, 11017: 1}
_GRADIENTS = {11066: "up", 11070: "down", 11068: "up", 11072: "down"}
_ALARM_TEXT = "Temperature limiter test space"


class _Refused(Exception):
    """A request that is not carried out; its argument is the code."""


class SimservProtocol(LineProtocol):
    """One connection to the chamber's controller."""

    def __init__(self, controller: Controller, device: SimservDevice) -> None:
        self._controller, self._device = controller, device
        self._count = 2 if device.humidity else 1
        self._buffer = b""
        self._commands: dict[int, Callable[[list[float]], str]] = {
            99997: lambda a: self._among(_INFO, a),
            10012: lambda _: str(1 + 2 * controller.running + 8 * controller.alarm),
            11018: lambda _: str(self._count),
            11026: lambda a: _NAMES[self._variable(a)].capitalize(),
            11023: lambda a: _UNITS[self._variable(a)],
            11002: lambda a: f"{getattr(controller.chamber.settings, _NAMES[self._variable(a)]):.2f}",
            11004: self._actual,
            11001: self._set,
            14003: lambda a: str(int(self._output(a))),
            14001: self._switch,
            17002: lambda _: "1",
            17007: lambda _: _ALARM_TEXT,
            17005: lambda _: "1",
            17009: lambda _: str(int(controller.alarm)),
            17012: lambda _: "",
            19204: lambda _: "0",
            19210: lambda _: "0",
        }

    def receive(self, data: bytes) -> list[bytes]:
        *lines, self._buffer = (self._buffer + data).split(b"\r")
        self._buffer = self._buffer[-_LONGEST:]
        return [self._answer(line.lstrip(b"\n")) + b"\r\n" for line in lines]

    def _answer(self, line: bytes) -> bytes:
        try:
            command, _chamber, *arguments = line.split(b"\xb6")
            numbers = [float(argument) for argument in arguments]
            data = self._obey(int(command), numbers)
        except _Refused as refused:
            return bytes(refused.args[0])
        except (ValueError, LookupError):
            return _BAD
        return _OK + (b"\xb6" + data.encode("latin-1") if data else b"")

    def _obey(self, command: int, arguments: list[float]) -> str:
        if command in _LIMIT_NUMBERS:
            return f"{self._limits(self._variable(arguments))[_LIMIT_NUMBERS[command]]:.2f}"
        if command in (11066, 11070):
            return f"{getattr(self._controller.chamber.settings, self._gradient(command, arguments)):.2f}"
        if command in (11068, 11072):
            self._controller.set(**{self._gradient(command, arguments): _at_least(0.0, arguments[1])})
            return ""
        if command not in self._commands:
            raise _Refused(_UNKNOWN)
        return self._commands[command](arguments)

    def _variable(self, arguments: list[float]) -> int:
        if arguments[0] not in range(1, self._count + 1):
            raise _Refused(_BAD)
        return int(arguments[0])

    def _gradient(self, command: int, arguments: list[float]) -> str:
        return f"{_NAMES[self._variable(arguments)]}_{_GRADIENTS[command]}"

    def _limits(self, variable: int) -> tuple[float, float]:
        return self._device.temperature_limits if variable == 1 else self._device.humidity_limits

    def _actual(self, arguments: list[float]) -> str:
        variable = self._variable(arguments)
        if self._controller.faults.present("nan"):
            raise _Refused(_UNREADABLE)
        return f"{self._controller.actual(_NAMES[variable]):.2f}"

    def _set(self, arguments: list[float]) -> str:
        variable, value = self._variable(arguments), arguments[1]
        lower, upper = self._limits(variable)
        if not lower <= value <= upper:
            raise _Refused(_BAD)
        self._controller.set(**{_NAMES[variable]: value})
        return ""

    def _output(self, arguments: list[float]) -> bool:
        if arguments[0] == _START:
            return self._controller.running
        return self._controller.switched(int(arguments[0]))

    def _switch(self, arguments: list[float]) -> str:
        number, on = int(arguments[0]), self._among({0: "", 1: "on"}, arguments[1:]) == "on"
        if number == _START:
            self._controller.set(running=on)
        else:
            self._controller.switch(number, on)
        return ""

    def _among(self, table: dict[int, str], arguments: list[float]) -> str:
        return table[int(arguments[0])]


def _at_least(lower: float, value: float) -> float:
    if not lower <= value < math.inf:
        raise _Refused(_BAD)
    return value


class SimservEndpoint(ChamberEndpoint, TcpEndpoint):
    """The chamber on a TCP port, one controller behind all connections."""

    def __init__(self, name: str, device: SimservDevice, world: World) -> None:
        controller = Controller(name, world, device.outputs)
        super().__init__(name, world, lambda _: SimservProtocol(controller, device))
