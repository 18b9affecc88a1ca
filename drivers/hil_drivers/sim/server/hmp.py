"""An HMP climate probe: the register map of its manual, as it is at each request.

Floats travel least-significant word first; a quiet NaN means that a value is not available.
"""

from __future__ import annotations

import math

from ..climate_probe import Air, ClimateProbe
from ..faults import Faults
from ..world import World
from .modbus import Memory, Refused, words

_FLOATS = range(0x0000, 0x001C, 2)
_MIRRORS = range(0x0100, 0x010E)
_NOT_AVAILABLE, _TOO_LARGE, _TOO_SMALL = 0x8000, 0x7FFF, 0x8001
_HUMIDITY, _TEMPERATURE, _DEW_POINT = 0, 1, 3
_CONSTANTS: dict[int, list[int]] = {
    0x0200: [1, 1],
    0x0203: [0, 0],
    0x0207: [0, 0, 0, 0],
    0x1F00: [-12345 & 0xFFFF],
}
"""Status (no errors, online, error code 0, measurements good) and the integer test."""

_FAULTY: dict[int, list[int]] = {0x0200: [0, 1], 0x0203: [0x0004, 0], 0x0207: [2, 2, 0, 0]}
"""Status of a probe with an error."""

_CONSTANT_FLOATS = {0x0300: 1013.25, 0x1F01: -123.45}


def mirror_word(value: float) -> int:
    """The integer register of a value: 0.01 of its unit, 16 bits with a sign."""
    if math.isnan(value):
        return _NOT_AVAILABLE
    scaled = round(value * 100.0)
    if scaled >= 0x7FFF:
        return _TOO_LARGE
    return _TOO_SMALL if scaled <= -0x7FFF else scaled & 0xFFFF


def measured_registers(air: Air) -> dict[int, list[int]]:
    """The measurement registers by address, as floats and as integers."""
    values = {_HUMIDITY: air.humidity, _TEMPERATURE: air.temperature, _DEW_POINT: air.dew_point}
    registers = {a: words(values.get(i, math.nan)) for i, a in enumerate(_FLOATS)}
    registers.update({a: [mirror_word(values.get(i, math.nan))] for i, a in enumerate(_MIRRORS)})
    return registers


class HmpMemory(Memory):
    """The probe's registers."""

    def __init__(self, probe: ClimateProbe, world: World, faults: Faults) -> None:
        self._probe, self._world, self._faults = probe, world, faults
        self._last: Air | None = None

    def holding(self, address: int, count: int) -> list[int]:
        registers = self._registers()
        try:
            return [registers[i] for i in range(address, address + count)]
        except KeyError:
            raise Refused from None

    def _registers(self) -> dict[int, int]:
        swapped = self._faults.present("word-order") is not None
        floats = {address: words(value) for address, value in _CONSTANT_FLOATS.items()}
        status = _FAULTY if self._faults.present("device-error") else {}
        blocks = {
            **_CONSTANTS,
            **status,
            0x0600: [self._probe.device.device_id],
            **floats,
            **measured_registers(self._air()),
        }
        return {
            address + i: word
            for address, block in blocks.items()
            for i, word in enumerate(block[::-1] if swapped and len(block) == 2 else block)
        }

    def _air(self) -> Air:
        """The present indications, as the present faults show them."""
        if self._last is None or not self._faults.present("frozen"):
            self._last = self._probe.read(self._world.time.now())
        return Air(math.nan, math.nan) if self._faults.present("nan") else self._last
