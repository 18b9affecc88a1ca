"""The stream that an address names."""

from __future__ import annotations

from ..clock import Clock
from .address import parse
from .stream import TIMEOUT, StreamLink
from .supervisor import Supervisor


def stream_link(address: str, *, supervisor: Supervisor, clock: Clock, timeout: float = TIMEOUT) -> StreamLink:
    """An unopened stream to a ``serial://`` or ``tcp://`` address.

    :raises AddressError: for any other address.
    """
    if parse(address, allowed=("serial", "tcp")).scheme == "tcp":
        from .tcp import TcpLink

        return TcpLink(address, supervisor=supervisor, clock=clock, timeout=timeout)
    from .serial import serial_link

    return serial_link(address, supervisor=supervisor, clock=clock, timeout=timeout)
