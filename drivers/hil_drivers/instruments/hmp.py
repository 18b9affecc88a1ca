"""Vaisala HMP humidity and temperature probes, by Modbus RTU or TCP.

Addresses: ``modbus+rtu:///dev/ttyUSB0?device_id=240``, ``modbus+tcp://host:502?device_id=240``.
"""

from __future__ import annotations

import logging
import math
from types import MappingProxyType

from ..clock import NANOSECONDS, Clock
from ..device import Point
from ..errors import OptionError
from ..indication import Flag, Indication
from ..wire import hmp
from ..wire.modbus import Function, Request
from .modbus_device import ModbusDevice

_REGISTERS = {
    "temperature": (hmp.TEMPERATURE, hmp.TEMPERATURE_STATUS),
    "humidity": (hmp.RELATIVE_HUMIDITY, hmp.HUMIDITY_STATUS),
}
"""By point, where its value is, and where its status."""

LONGEST_SCAN = 3600.0
"""Seconds: a value that may be older describes nothing that is measured now."""

log = logging.getLogger("hil_drivers.link")


class Hmp(ModbusDevice):
    """Air temperature and relative humidity.

    With each value its status is read: while the probe reports an error, of itself or of the quantity, the value
    carries ``DEVICE_ERROR``. The error's code is logged when it comes, and when it has gone. Its test registers are
    read whenever the link is made: they tell the order of words.

    :param scan_period: the probe measures by itself; a value read may be this old, in seconds.
    """

    points = MappingProxyType({"temperature": Point("Cel"), "humidity": Point("%")})

    def __init__(self, name: str, address: str, *, clock: Clock, scan_period: float = 2.0) -> None:
        super().__init__(name, address, clock=clock, device_id=hmp.DEFAULT_DEVICE_ID)
        if not 0.0 <= scan_period <= LONGEST_SCAN:
            raise OptionError(f"scan_period = {scan_period:g} s", where=name, remedy=f"give 0 to {LONGEST_SCAN:g}")
        self._age = int(scan_period * NANOSECONDS)
        self._error = 0

    async def read(self, point: str) -> Indication:
        """The probe's latest value; its measurement interval reaches back by the scan period."""
        unit = self._readable(point).unit
        asked = self.clock.now()
        register, status = _REGISTERS[point]
        words = await self._ask(Request(Function.READ_HOLDING_REGISTERS, register, 2))
        value = hmp.float_from_registers(words)
        earliest, latest = asked - self._age, self.clock.now()
        flags = await self._status(status)
        if not math.isfinite(value):
            return Indication(point, None, unit, earliest, latest, flags | Flag.NOT_AVAILABLE)
        return Indication(point, value, unit, earliest, latest, flags, hmp.float_step(value))

    async def _status(self, register: int) -> Flag:
        """What the probe reports of itself and of one quantity, after the value was read: an error may be older."""
        (healthy,) = await self._ask(Request(Function.READ_HOLDING_REGISTERS, hmp.ERROR_STATUS, 1))
        (measurement,) = await self._ask(Request(Function.READ_HOLDING_REGISTERS, register, 1))
        error = 0
        if not healthy:
            low, high = await self._ask(Request(Function.READ_HOLDING_REGISTERS, hmp.ERROR_CODE, 2))
            error = high << 16 | low or 1
        self._tell(error)
        return Flag.GOOD if healthy and not measurement else Flag.DEVICE_ERROR

    def _tell(self, error: int) -> None:
        """Log a change of the probe's own error."""
        if error and error != self._error:
            log.warning("%s: reports the error %#010x", self.name, error)
        elif self._error and not error:
            log.info("%s: reports no error any more", self.name)
        self._error = error

    async def _check_kind(self) -> None:
        hmp.check_test_registers(await self._link.read_holding_registers(hmp.TEST, 3))
