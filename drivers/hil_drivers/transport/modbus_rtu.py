"""Modbus RTU on a serial line that several devices may share.

The line is a ``Bus``, so a request that was cancelled or timed out is waited for before the next one goes out, to
whichever device. A late answer of another device is told by its id and dropped; one of the same device comes
before the answer to the next request, and the last one counts. Line settings that the address leaves out are
19 200 baud, 8 data bits, no parity and 2 stop bits (what the specification puts in place of a parity bit).
"""

from __future__ import annotations

from functools import partial

from ..clock import Clock
from ..errors import AddressError, RemoteProtocolError
from ..wire import modbus, modbus_rtu
from .address import Address
from .modbus import ModbusLink
from .serial import serial_bus
from .stream import StreamLink
from .supervisor import Supervisor

BAUDRATE, STOPBITS = 19200, 2


class RtuModbusLink(ModbusLink):
    """The registers of one device at ``modbus+rtu:///dev/ttyX?device_id=N&baudrate=…``."""

    def __init__(
        self, address: Address, *, supervisor: Supervisor, clock: Clock, device_id: int, timeout: float
    ) -> None:
        super().__init__(address.text, supervisor=supervisor, clock=clock, timeout=timeout)
        self.device_id = address.integer("device_id", device_id, lower=1, upper=247)
        if not 1 <= self.device_id <= 247:
            raise AddressError(
                f"a device on a line has an id from 1 to 247, not {self.device_id}",
                where=address.text,
                remedy="add device_id=N",
            )
        baudrate = address.integer("baudrate", BAUDRATE, lower=50, upper=4_000_000)
        self._stream = StreamLink(
            address.text,
            serial_bus(address, timeout, baudrate=BAUDRATE, stopbits=STOPBITS),
            supervisor=supervisor,
            clock=clock,
            timeout=timeout,
            gap=modbus_rtu.gap(baudrate),
        )

    @property
    def connections(self) -> int:
        return self._stream.connections

    async def open(self) -> None:
        await self._stream.open()

    async def close(self) -> None:
        await self._stream.close()

    async def transact(self, request: modbus.Request) -> list[int]:
        self._stream.timeout = self.timeout
        response = await self._stream.query(
            modbus_rtu.frame(self.device_id, modbus.encode(request)),
            modbus_rtu.Responses(self.device_id),
            check=partial(modbus.check, request),
        )
        if code := modbus.exception_code(response):
            raise RemoteProtocolError(modbus.refusal(request, code).what, where=self.name)
        return modbus.values_of(request, response)
