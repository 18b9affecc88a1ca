"""A scanning multimeter: the instrument's side of the commands of 34970A and DAQ6510, as far as scans need them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...clock import NANOSECONDS
from ..faults import Faults
from ..world import World
from .scpi import DATA_TYPE_ERROR, OUT_OF_RANGE, Handler, ScpiError, ScpiProtocol, channel_list, identity

if TYPE_CHECKING:
    from ..devices.pt100_scanner import ScannerDevice
    from ..thermometer import Thermometer

_OVERLOAD, _NOT_A_NUMBER = 9.9e37, 9.91e37
_STALE = '-230,"Data corrupt or stale"'
_INIT_IGNORED = '-213,"Init ignored"'
_CONFLICT = '-221,"Settings conflict"'
_SHORTEST, _LONGEST = 0.02, 200.0
_MODELS = {"34970a": "34970A", "daq6510": "MODEL DAQ6510"}


@dataclass
class _Settings:
    """How one channel is measured; ``delay`` in s."""

    function: str = ""
    cycles: float = 1.0
    delay: float = 0.0
    offset: bool = False


class Scanner:
    """The state of the instrument: settings of its channels, scan list, readings."""

    def __init__(self, device: ScannerDevice, world: World, probes: Mapping[int, Thermometer], faults: Faults) -> None:
        self._device, self._world, self._probes, self._faults = device, world, probes, faults
        self._settings = {number: _Settings() for number in probes}
        self._scan: list[int] = []
        self._begun: int | None = None
        self._last: dict[int, float] = {}

    def protocol(self) -> ScpiProtocol:
        """Its commands, by its dialect."""
        shared: dict[str, Handler] = {
            "ABORt": self._abort,
            "INITiate": self._initiate,
            "ROUTe:CHANnel:DELay": self._set("delay", 0.0, 3600.0),
        }
        own = self._hp() if self._device.dialect == "34970a" else self._keithley()
        return ScpiProtocol(
            identity(_MODELS[self._device.dialect], "SN0003"),
            {**shared, **own},
            asked_with=("TRACe:DATA?",),
            busy=self._measures,
        )

    def _hp(self) -> dict[str, Handler]:
        return {
            "CONFigure:FRESistance": lambda text: self._function("FRES", text),
            "CONFigure:RESistance": lambda text: self._function("RES", text),
            "CONFigure:TEMPerature": self._temperature,
            "SENSe:FRESistance:NPLC": self._set("cycles", _SHORTEST, _LONGEST),
            "SENSe:TEMPerature:NPLC": self._set("cycles", _SHORTEST, _LONGEST),
            "SENSe:FRESistance:OCOMpensated": self._switch("offset"),
            "ROUTe:SCAN": self._select,
            "ROUTe:SCAN:SIZE?": lambda _: f"+{len(self._scan)}",
            "TRIGger:SOURce": _only("IMM", "IMMEDIATE"),
            "TRIGger:COUNt": _only("1"),
            "FETCh?": lambda _: ",".join(f"{reading:+.8E}" for reading in self._readings(None)),
        }

    def _keithley(self) -> dict[str, Handler]:
        return {
            "SENSe:FUNCtion": self._quoted_function,
            **{
                f"SENSe:{node}:{key}": handler
                for node in ("FRESistance", "TEMPerature")
                for key, handler in {
                    "NPLC": self._set("cycles", 5e-4, 15.0),
                    "AZERo": self._switch(""),
                    "OCOMpensated": self._switch("offset"),
                }.items()
            },
            "SENSe:TEMPerature:TRANsducer": _only("FRTD", of_channels=True),
            "SENSe:TEMPerature:RTD:FOUR": _only("PT100", of_channels=True),
            "ROUTe:SCAN:CREate": self._select,
            "ROUTe:SCAN:COUNt:SCAN": _only("1"),
            "TRACe:CLEar": self._clear,
            "TRACe:DATA?": self._traced,
        }

    def _channels(self, text: str) -> list[int]:
        numbers = channel_list(text)
        if not numbers or any(number not in self._probes for number in numbers):
            raise ScpiError(OUT_OF_RANGE)
        return numbers

    def _of_channels(self, text: str) -> tuple[str, list[int]]:
        value, _, listed = text.rpartition("(@")
        return value.rstrip(", "), self._channels(f"(@{listed}")

    def _function(self, name: str, text: str) -> None:
        _, numbers = self._of_channels(text)
        for number in numbers:
            delay = self._settings[number].delay
            self._settings[number] = _Settings(name, delay=delay)

    def _temperature(self, text: str) -> None:
        value, _ = self._of_channels(text)
        if value.upper() not in ("FRTD,85", "FRTD"):
            raise ScpiError(DATA_TYPE_ERROR)
        self._function("TEMP", text)

    def _quoted_function(self, text: str) -> None:
        value, _ = self._of_channels(text)
        if value.strip("\"'").upper() not in ("FRES", "RES", "TEMP"):
            raise ScpiError(DATA_TYPE_ERROR)
        self._function(value.strip("\"'").upper(), text)

    def _set(self, name: str, lower: float, upper: float) -> Handler:
        def handler(text: str) -> None:
            value, numbers = self._of_channels(text)
            for number in numbers:
                setattr(self._settings[number], name, _number(value, lower, upper))

        return handler

    def _switch(self, name: str) -> Handler:
        def handler(text: str) -> None:
            value, numbers = self._of_channels(text)
            if value.upper() not in ("ON", "OFF", "0", "1"):
                raise ScpiError(DATA_TYPE_ERROR)
            for number in numbers:
                if name:
                    setattr(self._settings[number], name, value.upper() in ("ON", "1"))

        return handler

    def _select(self, text: str) -> None:
        self._scan, self._begun = self._channels(text), None

    def _abort(self, _: str) -> None:
        self._begun = None

    def _clear(self, _: str) -> None:
        self._begun = None

    def _initiate(self, _: str) -> None:
        if not self._scan or any(not self._settings[number].function for number in self._scan):
            raise ScpiError(_CONFLICT)
        if self._measures():
            raise ScpiError(_INIT_IGNORED)
        self._begun = self._world.time.now()

    def _measures(self) -> bool:
        return self._begun is not None and self._world.time.now() < self._end()

    def _end(self) -> int:
        return (self._begun or 0) + sum(self._time(number) for number in self._scan)

    def _cycle(self, number: int) -> int:
        return round(self._settings[number].cycles / self._device.line_frequency * NANOSECONDS)

    def _time(self, number: int) -> int:
        """The ns that a channel takes: the delay, the value and the zero, and both again against thermal voltages."""
        held = self._settings[number]
        return round(held.delay * NANOSECONDS) + (4 if held.offset else 2) * self._cycle(number)

    def _traced(self, text: str) -> str:
        first, last, buffer, *what = (part.strip() for part in text.split(","))
        if buffer != '"defbuffer1"' or what not in ([], ["READ"]) or first != "1" or not last.isdecimal():
            raise ScpiError(DATA_TYPE_ERROR)
        return ",".join(f"{reading:.6E}" for reading in self._readings(int(last)))

    def _readings(self, count: int | None) -> list[float]:
        if self._begun is None or self._measures() or count not in (None, len(self._scan)):
            raise ScpiError(_STALE)
        readings, t = [], self._begun
        for place, number in enumerate(self._scan):
            readings.append(self._reading(place, number, t))
            t += self._time(number)
        return readings

    def _reading(self, place: int, number: int, begun: int) -> float:
        if self._faults.present("over-range") or (place == 0 and self._faults.present("open-circuit")):
            return _OVERLOAD
        if self._faults.present("nan"):
            return _NOT_A_NUMBER
        if number in self._last and self._faults.present("frozen"):
            return self._last[number]
        held = self._settings[number]
        start = begun + round(held.delay * NANOSECONDS)
        two_wire = held.function == "RES"
        end = start + self._cycle(number)
        self._last[number] = self._probes[number].reading(start, end, held.cycles, two_wire=two_wire)
        return self._last[number]


def scanner(device: ScannerDevice, world: World, probes: Mapping[int, Thermometer]) -> Callable[[Faults], ScpiProtocol]:
    """What makes the protocol of each connection: all of them speak to one instrument, which keeps its settings."""
    made: list[Scanner] = []

    def protocol(faults: Faults) -> ScpiProtocol:
        if not made:
            made.append(Scanner(device, world, probes, faults))
        return made[0].protocol()

    return protocol


def _number(text: str, lower: float, upper: float) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ScpiError(DATA_TYPE_ERROR) from None
    if not lower <= value <= upper:
        raise ScpiError(OUT_OF_RANGE)
    return value


def _only(*values: str, of_channels: bool = False) -> Callable[[str], None]:
    """A setting of which this instrument knows one value."""

    def handler(text: str) -> None:
        given = text.partition(",(@")[0] if of_channels else text
        if given.strip().upper() not in values:
            raise ScpiError(DATA_TYPE_ERROR)

    return handler
