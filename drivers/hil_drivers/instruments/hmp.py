"""Vaisala HMP humidity and temperature probes, by Modbus RTU or TCP.

Addresses: ``modbus+rtu:///dev/ttyUSB0?device_id=240``, ``modbus+tcp://host:502?device_id=240``.
"""

from __future__ import annotations

import math
from types import MappingProxyType

from ..clock import NANOSECONDS, Clock
from ..device import Point
from ..errors import OptionError
from ..indication import Flag, Indication
from ..wire import hmp
from ..wire.modbus import Function, Request
from .modbus_device import ModbusDevice

_REGISTERS = {"temperature": hmp.TEMPERATURE, "humidity": hmp.RELATIVE_HUMIDITY}


class Hmp(ModbusDevice):
    """Air temperature and relative humidity.

    Its test registers are read whenever the link is made: they tell the order of words.

    :param scan_period: the probe measures by itself; a value read may be this old, in seconds.
    """

    points = MappingProxyType({"temperature": Point("Cel"), "humidity": Point("%")})

    def __init__(self, name: str, address: str, *, clock: Clock, scan_period: float = 2.0) -> None:
        super().__init__(name, address, clock=clock, device_id=hmp.DEFAULT_DEVICE_ID)
        if not (math.isfinite(scan_period) and scan_period >= 0):
            raise OptionError(f"scan_period = {scan_period:g} s", where=name, remedy="give 0 or more")
        self._age = int(scan_period * NANOSECONDS)

    async def read(self, point: str) -> Indication:
        """The probe's latest value; its measurement interval reaches back by the scan period."""
        unit = self._readable(point).unit
        asked = self.clock.now()
        words = await self._ask(Request(Function.READ_HOLDING_REGISTERS, _REGISTERS[point], 2))
        value = hmp.float_from_registers(words)
        earliest, latest = asked - self._age, self.clock.now()
        if not math.isfinite(value):
            return Indication(point, None, unit, earliest, latest, Flag.NOT_AVAILABLE)
        return Indication(point, value, unit, earliest, latest, resolution=hmp.float_step(value))

    async def _check_kind(self) -> None:
        hmp.check_test_registers(await self._link.read_holding_registers(hmp.TEST, 3))
