"""The inputs, coils and watchdog of a digital module, by their addresses."""

from __future__ import annotations

from collections.abc import Sequence

from ..digital_io import DigitalIo
from .modbus import Memory, Refused


class DigitalIoMemory(Memory):
    """What the module holds; it has no other addresses than those of its names."""

    def __init__(self, module: DigitalIo) -> None:
        self._module = module
        self._inputs = {address: name for name, address in module.device.inputs.items()}
        self._outputs = {address: name for name, address in module.device.outputs.items()}
        self._coil, self._register = (module.device.watchdog.get(place) for place in ("coil", "register"))

    def moved(self) -> None:
        self._module.moved()

    def close(self) -> None:
        self._module.close()

    def discrete(self, address: int, count: int) -> list[int]:
        try:
            return [self._module.input(self._inputs[place]) for place in range(address, address + count)]
        except KeyError:
            raise Refused from None

    def coils(self, address: int, count: int) -> list[int]:
        return [self._coil_state(place) for place in range(address, address + count)]

    def holding(self, address: int, count: int) -> list[int]:
        if (address, count) != (self._register, 1):
            raise Refused
        return [self._module.fed_with()]

    def write_coils(self, address: int, values: Sequence[int]) -> None:
        places = range(address, address + len(values))
        if any(place not in self._outputs and place != self._coil for place in places):
            raise Refused
        for place, value in zip(places, values, strict=True):
            if place == self._coil:
                self._module.feed(value)
            else:
                self._module.switch(self._outputs[place], value)

    def write_holding(self, address: int, values: Sequence[int]) -> None:
        if address != self._register or len(values) != 1:
            raise Refused
        self._module.feed(values[0])

    def _coil_state(self, place: int) -> int:
        if place == self._coil:
            return self._module.fed_with()
        if place not in self._outputs:
            raise Refused
        return self._module.output(self._outputs[place])
