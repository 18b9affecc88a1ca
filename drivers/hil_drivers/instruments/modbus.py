"""Any instrument on Modbus RTU or TCP whose registers a TOML file describes.

Addresses: ``modbus+tcp://host:502?device_id=1``, ``modbus+rtu:///dev/ttyUSB0?device_id=1&baudrate=9600``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ..clock import NANOSECONDS, Clock
from ..device import Point
from ..errors import LocalProtocolError, OptionError, RemoteProtocolError, SetpointRefused
from ..indication import UNUSABLE, Flag, Indication
from ..transport.modbus import TIMEOUT
from ..wire.modbus import Function, Request
from ..wire.modbus_values import other_orders
from .modbus_device import ModbusDevice
from .modbus_map import Check, MappedPoint, RegisterMap, load_map


class ModbusInstrument(ModbusDevice):
    """The points of a register map.

    Its checks are made whenever the link is made. How old a value can be when it is read, its ``scan_period``, is
    what the map says.

    :param map: the path of the map; a relative one starts at the bench file, or else at the working directory.
    :param timeout: seconds of wall time within which the instrument has answered.
    """

    files = ("map",)

    def __init__(
        self,
        name: str,
        address: str,
        *,
        clock: Clock,
        map: str,  # noqa: A002 (the option's name)
        timeout: float = TIMEOUT,
    ) -> None:
        self._map = load_map(map)
        self.points = _points(self._map)
        super().__init__(name, address, clock=clock, device_id=self._map.device_id, timeout=timeout)

    @classmethod
    def declared(cls, options: Mapping[str, Any]) -> Mapping[str, Point]:
        if "map" not in options:
            raise OptionError("lacks the option 'map'", remedy='write map = "FILE.toml"')
        return _points(load_map(options["map"]))

    async def read(self, point: str) -> Indication:
        """The present number of a point; its measurement interval reaches back by the scan period."""
        unit = self._readable(point).unit
        mapped = self._map.points[point]
        asked = self.clock.now()
        number = self._map.decode(mapped, await self._ask(mapped.request))
        age = self._map.scan_period if mapped.scan_period is None else mapped.scan_period
        earliest, latest = asked - round(age * NANOSECONDS), self.clock.now()
        value, flags = _judged(mapped, number)
        return Indication(point, value, unit, earliest, latest, flags, self._resolution(mapped, number))

    async def write(self, point: str, value: float) -> None:
        """Command a point.

        :raises SetpointRefused: outside its bounds, or where its registers cannot hold the value.
        """
        wanted = self._setpoint(point, value)
        mapped = self._map.points[point]
        number = (wanted - mapped.offset) / mapped.scale
        await self._ask(self._writing(point, mapped, number))

    async def _check_kind(self) -> None:
        for check in self._map.checks:
            words = await self._link.transact(check.request)
            if not _fits(self._map.decode(check, words), check):
                raise self._other_kind(check, words)

    def _writing(self, point: str, mapped: MappedPoint, number: float) -> Request:
        layout = self._map.layout(mapped)
        try:
            if layout is None and number not in (0.0, 1.0):
                raise LocalProtocolError(f"{number:g} is neither 0 nor 1")
            words = [int(number)] if layout is None else layout.encode(number)
            if mapped.flag_of(number if layout is None else layout.decode(words)):
                raise LocalProtocolError(f"{number:g} in its registers stands for no value")
        except LocalProtocolError as error:
            raise SetpointRefused(f"{point} cannot be set so: {error}", where=self.name) from None
        if mapped.writes_by == Function.WRITE_COIL:
            words = [int(bool(words[0]))]
        return Request(mapped.writes_by, mapped.register_, len(words), tuple(words))

    def _resolution(self, mapped: MappedPoint, number: float) -> float | None:
        layout = self._map.layout(mapped)
        if layout is None or not math.isfinite(number):
            return None
        return abs(mapped.scale) * layout.step(number)

    def _other_kind(self, check: Check, words: list[int]) -> RemoteProtocolError:
        layout = self._map.layout(check)
        expected = f"{check.equals:g} ({check.means})" if check.means else f"{check.equals:g}"
        found, address = self._map.decode(check, words), check.request.address
        what = f"holds {found:g} at {address:#06x} where {expected} is expected"
        for other in other_orders(layout) if layout is not None else ():
            if _fits(other.decode(words), check):
                return RemoteProtocolError(
                    f"{what}: its words or bytes stand in another order",
                    remedy=f'write word_order = "{other.words}" and byte_order = "{other.bytes}" in the map',
                )
        kind = self._map.instrument or "the instrument of its map"
        return RemoteProtocolError(what, remedy=f"check that the address leads to {kind}")


def _points(described: RegisterMap) -> Mapping[str, Point]:
    return MappingProxyType(
        {
            name: Point(each.unit, writable=each.writable, lower=each.lower, upper=each.upper)
            for name, each in described.points.items()
        }
    )


def _judged(mapped: MappedPoint, number: float) -> tuple[float | None, Flag]:
    """The value of a number and its quality: none where it stands for none, or lies beyond what is declared."""
    flags = mapped.flag_of(number)
    value = number * mapped.scale + mapped.offset
    if not flags and not mapped.writable:
        if mapped.upper is not None and value > mapped.upper:
            flags = Flag.OVER_RANGE
        elif mapped.lower is not None and value < mapped.lower:
            flags = Flag.UNDER_RANGE
    if not flags:
        return value, flags
    return None, flags if flags & UNUSABLE else flags | Flag.NOT_AVAILABLE


def _fits(number: float, check: Check) -> bool:
    close = (
        check.tolerance if check.type not in ("float32", "float64") else max(check.tolerance, 1e-6 * abs(check.equals))
    )
    return abs(number - check.equals) <= close
