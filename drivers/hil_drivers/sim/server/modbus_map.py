"""An instrument of a register map: what its registers hold at each request, packed apart from the driver's code."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence

from ...clock import NANOSECONDS
from ...instruments.modbus_map import MappedPoint, Place
from ..devices.modbus import ModbusDevice
from ..faults import Faults
from ..world import World
from .modbus import Memory, Refused
from .shown import Shown

_FORMATS = {"int16": ">h", "uint16": ">H", "int32": ">i", "uint32": ">I", "float32": ">f", "float64": ">d"}
_LIMITS = {"int16": (-(2**15), 2**15 - 1), "uint16": (0, 2**16 - 1), "int32": (-(2**31), 2**31 - 1)}
_LIMITS["uint32"] = (0, 2**32 - 1)


class MapMemory(Memory):
    """The registers, inputs and coils of the map's points and checks; there are no others."""

    def __init__(self, name: str, device: ModbusDevice, world: World, faults: Faults) -> None:
        self._world, self._faults, self._map = world, faults, device.described
        self._shown = {point: Shown(world, name, point, device.served(point)) for point in self._map.points}
        self._written: dict[tuple[int, int], int] = {}
        self._last: dict[str, float] = {}

    def holding(self, address: int, count: int) -> list[int]:
        return self._read(3, address, count)

    def input(self, address: int, count: int) -> list[int]:
        return self._read(4, address, count)

    def discrete(self, address: int, count: int) -> list[int]:
        return self._read(2, address, count)

    def coils(self, address: int, count: int) -> list[int]:
        return self._read(1, address, count)

    def write_holding(self, address: int, values: Sequence[int]) -> None:
        self._write(3, address, values)

    def write_coils(self, address: int, values: Sequence[int]) -> None:
        self._write(1, address, values)

    def _read(self, function: int, address: int, count: int) -> list[int]:
        wanted = range(address, address + count)
        held = self._held(function, wanted)
        if any(place not in held for place in wanted):
            raise Refused
        return [held[place] for place in wanted]

    def _write(self, function: int, address: int, values: Sequence[int]) -> None:
        writable = {
            point.register_ + i
            for point in self._map.points.values()
            if point.writable and point.function == function
            for i in range(point.count)
        }
        places = range(address, address + len(values))
        if not writable.issuperset(places):
            raise Refused
        self._written.update({(function, place): value for place, value in zip(places, values, strict=True)})
        for name, point in self._map.points.items():
            if point.writable and point.function == function and point.register_ in places:
                self._shown[name].command(self._told(point), self._world.time.now())

    def _held(self, function: int, wanted: range) -> Mapping[int, int]:
        def asked(place: Place) -> bool:
            last = place.register_ + place.count - 1
            return place.function == function and place.register_ < wanted.stop and last >= wanted.start

        held: dict[int, int] = {}
        for name, point in self._map.points.items():
            if asked(point):
                self._put(held, point, self._number(name, point))
        for check in filter(asked, self._map.checks):
            self._put(held, check, check.equals)
        return held | {place: value for (table, place), value in self._written.items() if table == function}

    def _put(self, held: dict[int, int], place: Place, number: float) -> None:
        if place.type == "bit":
            if place.bit is None:
                held[place.register_] = int(number != 0)
            else:
                held[place.register_] = held.get(place.register_, 0) | int(number != 0) << place.bit
            return
        octets = struct.pack(_FORMATS[place.type], number if place.type in ("float32", "float64") else round(number))
        pairs = [octets[i : i + 2] for i in range(0, len(octets), 2)]
        low_first = (place.word_order or self._map.word_order) == "low-first"
        if low_first != (self._faults.present("word-order") is not None):
            pairs.reverse()
        if (place.byte_order or self._map.byte_order) == "low-first":
            pairs = [pair[::-1] for pair in pairs]
        held.update({place.register_ + i: pair[0] << 8 | pair[1] for i, pair in enumerate(pairs)})

    def _told(self, point: MappedPoint) -> float:
        """The value of what was written to a point."""
        words = [self._written.get((point.function, point.register_ + i), 0) for i in range(point.count)]
        if point.type == "bit":
            return float(words[0])
        if (point.byte_order or self._map.byte_order) == "low-first":
            words = [word >> 8 | (word & 0xFF) << 8 for word in words]
        if (point.word_order or self._map.word_order) == "low-first":
            words.reverse()
        number: float = struct.unpack(_FORMATS[point.type], struct.pack(f">{point.count}H", *words))[0]
        return number * point.scale + point.offset

    def _number(self, name: str, point: MappedPoint) -> float:
        """What stands in the registers of a point: a number of their type."""
        if self._faults.present("nan"):
            return self._none(point)
        if name not in self._last or not self._faults.present("frozen"):
            self._last[name] = self._value(name, point)
        number = (self._last[name] - point.offset) / point.scale
        lower, upper = _LIMITS.get(point.type, (-math.inf, math.inf))
        return min(max(number, lower), upper)

    def _value(self, name: str, point: MappedPoint) -> float:
        now = self._world.time.now()
        period = round((self._map.scan_period if point.scan_period is None else point.scan_period) * NANOSECONDS)
        return self._shown[name].at(now // period * period if period else now)

    def _none(self, point: MappedPoint) -> float:
        """What stands for no value: NaN, or the first number of the map that does; else the request is refused."""
        if point.type in ("float32", "float64"):
            return math.nan
        for number, flag in point.invalid.items():
            if flag == "not-available":
                return float(int(number, 0))
        raise Refused(4)
