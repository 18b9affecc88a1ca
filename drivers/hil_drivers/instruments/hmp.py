"""Vaisala HMP humidity and temperature probes, by Modbus RTU or TCP.

Address: ``modbus+tcp://host:502?device_id=240``.
"""

from __future__ import annotations

import math
from types import MappingProxyType

from ..clock import NANOSECONDS, Clock
from ..device import Device, Point
from ..errors import OptionError, RemoteProtocolError
from ..indication import Flag, Indication
from ..transport.modbus import modbus_link
from ..wire import hmp

_REGISTERS = {"temperature": hmp.TEMPERATURE, "humidity": hmp.RELATIVE_HUMIDITY}


class Hmp(Device):
    """Air temperature and relative humidity.

    :param scan_period: the probe measures by itself; a value read may be this old, in seconds.
    """

    points = MappingProxyType({"temperature": Point("Cel"), "humidity": Point("%")})
    libraries = ("pymodbus.client",)

    def __init__(self, name: str, address: str, *, clock: Clock, scan_period: float = 2.0) -> None:
        super().__init__(name, address, clock=clock)
        if not (math.isfinite(scan_period) and scan_period >= 0):
            raise OptionError(f"scan_period = {scan_period:g} s", where=name, remedy="give 0 or more")
        self._age = int(scan_period * NANOSECONDS)
        self._link = modbus_link(address, supervisor=self.supervisor, clock=clock, device_id=hmp.DEFAULT_DEVICE_ID)

    async def open(self) -> None:
        """Connect and check the order of words by the probe's own test registers."""
        await self._link.open()
        try:
            registers = await self._link.read_holding_registers(hmp.TEST, 3)
            hmp.check_test_registers(registers)
        except RemoteProtocolError as error:
            await self._link.close()
            raise RemoteProtocolError(error.what, where=self.name, remedy=error.remedy) from None
        except BaseException:
            await self._link.close()
            raise

    async def close(self) -> None:
        await self._link.close()

    async def read(self, point: str) -> Indication:
        """The probe's latest value; its measurement interval reaches back by the scan period."""
        unit = self._readable(point).unit
        asked = self.clock.now()
        value = hmp.float_from_registers(await self._link.read_holding_registers(_REGISTERS[point], 2))
        earliest, latest = asked - self._age, self.clock.now()
        if not math.isfinite(value):
            return Indication(point, None, unit, earliest, latest, Flag.NOT_AVAILABLE)
        return Indication(point, value, unit, earliest, latest, resolution=hmp.float_step(value))
