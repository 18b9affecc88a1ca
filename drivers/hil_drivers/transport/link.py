"""The stream that an address names."""

from __future__ import annotations

from ..clock import Clock
from .address import parse
from .bus import Bus
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
