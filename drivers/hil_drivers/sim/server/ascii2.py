"""A climatic chamber that speaks ASCII-2: ``$01?``, ``$01I``, ``$01E``, ``$01U``, each line ended by CR.

While a gradient acts, the nominal value that it shows moves with it. What an alarm does to the strings is not
published: here the channel of the start goes off, as long as it lasts.
"""

from __future__ import annotations

from pathlib import Path

from ..devices.ascii2 import Ascii2Device
from ..world import World
from .chamber import COMPRESSED_AIR, DRYER, HUMIDITY, ChamberEndpoint, Controller
from .endpoint import LineProtocol, TcpEndpoint
from .terminal import TerminalEndpoint

_LONGEST = 1024
_START = 1
_OUTPUTS = {HUMIDITY: 2, COMPRESSED_AIR: 10, DRYER: 11}
_LABELS = {
    "climate": {1: "Start", 2: "Humidity", 7: "Cond.protect", 10: "Comp.air/GN2", 11: "Dryer"},
    "cabinet": {1: "Start", 3: "Cond.protect", 9: "Custom 1"},
}
_RULE = "-" * 78


def outputs(device: Ascii2Device) -> dict[str, int]:
    """The digital channels of a model that act on its physics."""
    return {} if device.model == "cabinet" else _OUTPUTS


class Ascii2Protocol(LineProtocol):
    """The chamber's controller and its strings."""

    def __init__(self, controller: Controller, device: Ascii2Device) -> None:
        self._controller, self._device, self._buffer = controller, device, b""
        self._cabinet = device.model == "cabinet"

    def receive(self, data: bytes) -> list[bytes]:
        *lines, self._buffer = (self._buffer + data).split(b"\r")
        self._buffer = self._buffer[-_LONGEST:]
        return [self._answer(line.strip().decode("latin-1")).encode("latin-1") + b"\r" for line in lines]

    def _answer(self, line: str) -> str:
        command, *words = line.split()
        if command == "$01I":
            return self._state()
        if command == "$01?":
            return self._help()
        try:
            numbers = [float(word) for word in words]
            if command == "$01E":
                return self._write(numbers[:-1], words[-1])
            if command == "$01U":
                return self._slopes(*numbers)
        except (ValueError, TypeError, IndexError):
            return ""
        return f"'{line}' is an unknown command."

    def _state(self) -> str:
        controller, chamber = self._controller, self._controller.chamber
        settings, now = chamber.settings, controller.now
        numbers = [chamber.set_point(now), controller.actual("temperature")]
        if self._cabinet:
            numbers += [0.0, chamber.specimen(now), 0.0, 0.0, 2.0, 2.0]
        else:
            numbers += [chamber.humidity_set_point(now), controller.actual("humidity"), settings.fan, settings.fan]
        numbers += [0.0, chamber.specimen(now), 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
        bits = ["1" if controller.switched(i) else "0" for i in range(32)]
        bits[_START] = "1" if controller.running and not controller.alarm else "0"
        return " ".join([*(f"{number:06.1f}" for number in numbers), "".join(bits)])

    def _write(self, numbers: list[float], bits: str) -> str:
        limits = self._written()
        if len(numbers) != len(limits) or len(bits) != 32 or set(bits) - {"0", "1"}:
            return ""
        if any(not low <= number <= high for number, (_, low, high, _) in zip(numbers, limits, strict=True)):
            return ""
        changes = {"temperature": numbers[0], "running": bits[_START] == "1"}
        if not self._cabinet:
            changes |= {"humidity": numbers[1], "fan": numbers[2]}
        for i in range(32):
            if i != _START:
                self._controller.switch(i, bits[i] == "1")
        self._controller.set(**changes)
        return "0"

    def _slopes(self, up: float, down: float, humidity_up: float, humidity_down: float) -> str:
        if min(up, down, humidity_up, humidity_down) < 0.0 or (up and down) or (humidity_up and humidity_down):
            return ""
        self._controller.set(
            temperature_up=up, temperature_down=down, humidity_up=humidity_up, humidity_down=humidity_down
        )
        return "0"

    def _written(self) -> list[tuple[str, float, float, str]]:
        """Name, limits and label of each number that is written."""
        cold, hot = self._device.temperature_limits
        dry, moist = self._device.humidity_limits
        measured = [(f"MV{i:02d}", 0.0, 0.0, "unused") for i in range(1, 5)]
        if not self._cabinet:
            first = [("CV01", cold, hot, "Temperature"), ("CV02", dry, moist, "Humidity")]
            return [*first, ("SV01", 50.0, 100.0, "Fan speed"), *measured]
        outer = [(f"CV{i:02d}", -55.0, 150.0, "T.external") for i in (2, 3)]
        shifts = [(f"SV{i:02d}", 2.0, 30.0, "T.shift") for i in (1, 2)]
        return [("CV01", cold, hot, "Temperature"), *outer, *shifts, *measured]

    def _help(self) -> str:
        written = self._written()
        names = [name for name, *_ in written]
        doubled = [name for name in names for _ in range(1 if self._cabinet and name.startswith("SV") else 2)]
        channels = [f"DO{i:02d}" for i in range(32)]
        labels = [f"{channel}  {_LABELS[self._device.model].get(i, 'unused')}" for i, channel in enumerate(channels)]
        limits = [
            f"{name}  0000.0 {label}"
            if low == high
            else f"{name}  value min: {low:7.1f}   value max: {high:7.1f}   {label}"
            for name, low, high, label in written
        ]
        lines = ["ASCII-2 PROTOCOL CONFIGURATION", "", "Form of the E string:"]
        lines += [" ".join(["$01E", *names, *channels, "<CR>"]), "", "Description:", *limits, *labels, _RULE]
        lines += ["Form of the I string:", "$01I<CR>", " ".join([*doubled, *channels, "<CR>"]), "", "Description:"]
        lines += [f"{name}  nominal and actual value" for name in names]
        lines += [*labels, _RULE, "Configured messages:", "none"]
        return "\r\n".join(lines)


class Ascii2Serial(ChamberEndpoint, TerminalEndpoint):
    """The chamber on a serial line."""

    def __init__(self, name: str, device: Ascii2Device, world: World, directory: Path) -> None:
        controller = Controller(name, world, outputs(device))
        super().__init__(name, world, directory, lambda _: Ascii2Protocol(controller, device))


class Ascii2Tcp(ChamberEndpoint, TcpEndpoint):
    """The chamber on TCP, one controller behind all connections."""

    def __init__(self, name: str, device: Ascii2Device, world: World) -> None:
        controller = Controller(name, world, outputs(device))
        super().__init__(name, world, lambda _: Ascii2Protocol(controller, device))
