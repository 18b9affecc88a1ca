"""The link that an address names: a stream, or registers."""

from __future__ import annotations

from ..clock import Clock
from .address import parse
from .bus import Bus
from .modbus import TIMEOUT as MODBUS_TIMEOUT
from .modbus import ModbusLink
from .stream import TIMEOUT, StreamLink
from .supervisor import Supervisor


def stream_link(address: str, *, supervisor: Supervisor, clock: Clock, timeout: float = TIMEOUT) -> StreamLink:
    """An unopened stream to a ``serial://`` or ``tcp://`` address. Those to one serial port share it.

    :raises AddressError: for any other address, or a line setting that cannot be.
    """
    parsed = parse(address, allowed=("serial", "tcp"))
    if parsed.scheme == "tcp":
        from .tcp import TcpLine

        def join() -> Bus:
            bus = Bus(TcpLine(parsed, timeout))
            bus.users += 1
            return bus

    else:
        from .serial import serial_bus

        join = serial_bus(parsed, timeout)
    return StreamLink(address, join, supervisor=supervisor, clock=clock, timeout=timeout)


def modbus_link(
    address: str, *, supervisor: Supervisor, clock: Clock, device_id: int = 1, timeout: float = MODBUS_TIMEOUT
) -> ModbusLink:
    """An unopened link to ``modbus+tcp://host:port?device_id=N`` or ``modbus+rtu:///dev/ttyX?device_id=N``.

    :param device_id: used where the address names none.
    :raises AddressError: for any other address, or an option that cannot be.
    """
    parsed = parse(address, allowed=("modbus+tcp", "modbus+rtu"))
    if parsed.scheme == "modbus+tcp":
        from .modbus_tcp import TcpModbusLink

        return TcpModbusLink(parsed, supervisor=supervisor, clock=clock, device_id=device_id, timeout=timeout)
    from .modbus_rtu import RtuModbusLink

    return RtuModbusLink(parsed, supervisor=supervisor, clock=clock, device_id=device_id, timeout=timeout)
