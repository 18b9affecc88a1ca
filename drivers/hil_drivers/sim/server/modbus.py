"""An HMP climate probe on Modbus TCP: the register map of its manual, refreshed at every request.

Floats travel least-significant word first; a quiet NaN means that a value is not available.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from typing import Any

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.server.requesthandler import ServerRequestHandler
from pymodbus.simulator import DataType, SimData, SimDevice

from ..climate_probe import Air, ClimateProbe
from ..world import World
from .endpoint import HOST, Endpoint, port

_FLOATS = range(0x0000, 0x001C, 2)
_MIRRORS = range(0x0100, 0x010E)
_NOT_AVAILABLE, _TOO_LARGE, _TOO_SMALL = 0x8000, 0x7FFF, 0x8001
_HUMIDITY, _TEMPERATURE, _DEW_POINT = 0, 1, 3
_CONSTANTS: dict[int, list[int]] = {
    0x0200: [1, 1],
    0x0203: [0, 0],
    0x0207: [0, 0, 0, 0],
    0x0600: [240],
    0x1F00: [-12345 & 0xFFFF],
}
"""Status (no errors, online, error code 0, measurements good), the device's address, the integer test."""


def float_words(value: float) -> list[int]:
    """Two registers, the least-significant word first."""
    high, low = struct.unpack(">HH", struct.pack(">f", value))
    return [low, high]


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
    registers = {a: float_words(values.get(i, math.nan)) for i, a in enumerate(_FLOATS)}
    registers.update({a: [mirror_word(values.get(i, math.nan))] for i, a in enumerate(_MIRRORS)})
    return registers


class HmpEndpoint(Endpoint):
    """The probe behind a Modbus TCP gateway."""

    def __init__(self, name: str, probe: ClimateProbe, world: World) -> None:
        super().__init__(name, world)
        self._probe, self._faults = probe, self.faults
        self._last: Air | None = None
        self._server: _Server | None = None

    async def open(self) -> None:
        self._server = _Server(self, self._probe.device.device_id)
        await self._server.serve_forever(background=True)
        self.address = f"modbus+tcp://{HOST}:{port(self._server.transport)}?device_id={self._probe.device.device_id}"  # type: ignore[arg-type]

    def close(self) -> None:
        super().close()
        if self._server is not None:
            self._server.close()

    def air(self) -> Air:
        """The present indications, as the present faults show them."""
        if self._last is None or not self._faults.present("frozen"):
            self._last = self._probe.read(self.world.time.now())
        return Air(math.nan, math.nan) if self._faults.present("nan") else self._last

    async def refresh(
        self,
        _function: int,
        start: int,
        _address: int,
        _count: int,
        registers: list[int],
        _written: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        """Bring the measurement registers to the present before they are read."""
        for first, words in measured_registers(self.air()).items():
            registers[first - start : first - start + len(words)] = words
        return None


class _Server(ModbusTcpServer):
    def __init__(self, endpoint: HmpEndpoint, device_id: int) -> None:
        self.endpoint, self.device_id = endpoint, device_id
        blocks: Mapping[int, list[int]] = {
            **measured_registers(Air(math.nan, math.nan)),
            **_CONSTANTS,
            0x0300: float_words(1013.25),
            0x0600: [device_id],
            0x1F01: float_words(-123.45),
        }
        simdata = [
            SimData(address, values=words, datatype=DataType.REGISTERS, readonly=True)
            for address, words in blocks.items()
        ]
        super().__init__(SimDevice(device_id, simdata, action=endpoint.refresh), address=(HOST, 0))

    def callback_new_connection(self) -> ServerRequestHandler:
        return _Handler(self)


class _Handler(ServerRequestHandler):
    """One connection: counts what it hears, answers for one device only, and replies through the faults."""

    def __init__(self, server: _Server) -> None:
        self._endpoint, self._device_id = server.endpoint, server.device_id
        super().__init__(server, None, None, None)  # type: ignore[no-untyped-call]

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._endpoint.count(len(data))

    async def handle_request(self) -> None:
        if self.last_pdu is not None and self.last_pdu.dev_id == self._device_id:
            await super().handle_request()  # type: ignore[no-untyped-call]

    def send(self, data: bytes, addr: tuple[Any, ...] | None = None) -> None:
        self._endpoint.wire.reply(data, lambda part: self._write(part, addr))

    def _write(self, data: bytes, addr: tuple[Any, ...] | None) -> None:
        if self.transport is not None:
            super().send(data, addr)
