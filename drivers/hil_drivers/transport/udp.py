"""Datagrams to one peer, without answers."""

from __future__ import annotations

import asyncio
import os
import socket

from ..clock import Clock
from ..errors import DeviceUnreachable
from .address import parse
from .reason import reason
from .stream import TIMEOUT
from .supervisor import Supervisor


class UdpLink:
    """A connected socket to ``udp://host:port``."""

    def __init__(self, address: str, *, supervisor: Supervisor, clock: Clock) -> None:
        self.address, self.supervisor, self.clock = address, supervisor, clock
        self.name = supervisor.name
        self._peer = parse(address, allowed=("udp",))
        self._socket: socket.socket | None = None

    async def open(self) -> None:
        """Resolve the host and bind the socket; nothing is sent.

        :raises DeviceUnreachable: if the host is unknown.
        """
        await self.close()
        with self.supervisor.opening():
            try:
                await self._connect()
            except OSError as error:
                await self.close()
                raise self._unreachable(error) from error

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        with self.clock.exchange():
            async with asyncio.timeout(TIMEOUT):
                found = await loop.getaddrinfo(self._peer.host, self._peer.port, type=socket.SOCK_DGRAM)
        family, kind, protocol, _, peer = found[0]
        self._socket = socket.socket(family, kind, protocol)
        self._socket.setblocking(False)
        self._socket.connect(peer)

    async def close(self) -> None:
        """Close the socket; closing twice is no error."""
        self.supervisor.closed()
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    async def send(self, data: bytes) -> None:
        """Send one datagram. Delivery is not known, only whether this machine or the peer's refused it.

        :raises DeviceUnreachable: if it was refused, or an earlier one was.
        """
        if self._socket is None:
            raise DeviceUnreachable("is not open", where=self.name, remedy="open the device first")
        with self.supervisor.exchange():
            try:
                self._socket.send(data)
                self.clock.sent(self.address, len(data))
                refused = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if refused:
                    raise OSError(refused, os.strerror(refused))
            except OSError as error:
                raise self._unreachable(error) from error

    def _unreachable(self, error: OSError) -> DeviceUnreachable:
        return DeviceUnreachable(
            f"cannot be reached: {reason(error)}",
            where=self.name,
            remedy=f"check that it is switched on and that {self.address} is right",
        )
