"""Datagrams both ways with one host; what comes is handed on from within the receiving callback.

The host may answer from another port than it was asked at, and send to a multicast group; what comes from other hosts
is dropped.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from ..clock import Clock
from ..errors import AddressError, DeviceUnreachable
from .address import parse
from .reason import reason
from .stream import TIMEOUT
from .supervisor import Supervisor

BUFFER = 1 << 20
"""Bytes that the system is asked to keep for us, so that a busy moment loses nothing."""


class DatagramLink:
    """Datagrams with ``udp://host:port``.

    It counts no exchanges: its device knows what answers what.

    :param receive: called with each datagram.
    :param interface: the own address that receives multicast, empty for the system's choice.
    """

    def __init__(
        self,
        address: str,
        *,
        supervisor: Supervisor,
        clock: Clock,
        receive: Callable[[bytes], None],
        interface: str = "",
    ) -> None:
        self.address, self.clock = address, clock
        self.name = supervisor.name
        self._peer = parse(address, allowed=("udp",))
        self._receive, self._interface = receive, interface
        self._sockets: list[_Socket] = []
        self._to: tuple[str, int] = ("", 0)

    @property
    def is_open(self) -> bool:
        return bool(self._sockets)

    async def open(self) -> None:
        """Resolve the host and bind a socket; nothing is sent.

        :raises DeviceUnreachable: if the host is unknown.
        """
        await self.close()
        loop = asyncio.get_running_loop()
        with self.clock.exchange():
            try:
                async with asyncio.timeout(TIMEOUT):
                    found = await loop.getaddrinfo(
                        self._peer.host, self._peer.port, family=socket.AF_INET, type=socket.SOCK_DGRAM
                    )
                host, port = found[0][4][:2]
                self._to = str(host), int(port)
                await self._bind(_socket("", 0))
            except OSError as error:
                raise self._unreachable(error) from error

    async def join(self, group: str, port: int) -> None:
        """Receive from a multicast group as well.

        :raises AddressError: if this machine cannot join it.
        """
        try:
            joined = _member(group, port, self._interface or "0.0.0.0")
        except OSError as error:
            raise AddressError(
                f"cannot join the multicast group {group}, port {port}: {reason(error)}",
                where=self.name,
                remedy="name the interface that leads to the device",
            ) from error
        with self.clock.exchange():
            await self._bind(joined)

    async def close(self) -> None:
        """Close the sockets and wait until they are gone; closing twice is no error."""
        sockets, self._sockets = self._sockets, []
        if sockets:
            for each in sockets:
                each.transport.abort()
            with self.clock.exchange():
                await asyncio.wait([each.ended for each in sockets])

    def send(self, data: bytes) -> None:
        """Send one datagram. Delivery is not known.

        :raises DeviceUnreachable: if the link is not open.
        """
        if not self._sockets:
            raise DeviceUnreachable("is not open", where=self.name, remedy="open the device first")
        self._sockets[0].transport.sendto(data, self._to)
        self.clock.sent(self.address, len(data))

    def received(self, data: bytes, host: str) -> None:
        """Hand on what the device sent."""
        if self._sockets and host == self._to[0]:
            self._receive(data)

    async def _bind(self, bound: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        made = _Socket(self)
        made.transport, _ = await loop.create_datagram_endpoint(lambda: made, sock=bound)
        self._sockets.append(made)

    def _unreachable(self, error: OSError) -> DeviceUnreachable:
        return DeviceUnreachable(
            f"cannot be reached: {reason(error)}",
            where=self.name,
            remedy=f"check that {self.address} is right",
        )


def _socket(host: str, port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        made.bind((host, port))
    except OSError:
        made.close()
        raise
    return made


def _member(group: str, port: int, interface: str) -> socket.socket:
    made = _socket(group, port)
    try:
        membership = socket.inet_aton(group) + socket.inet_aton(interface)
        made.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    except OSError:
        made.close()
        raise
    return made


class _Socket(asyncio.DatagramProtocol):
    transport: asyncio.DatagramTransport

    def __init__(self, link: DatagramLink) -> None:
        self._link = link
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        self._link.received(data, addr[0])

    def connection_lost(self, _exc: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(None)
