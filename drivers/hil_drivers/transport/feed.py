"""A TCP connection to a device that sends by itself: what comes is handed on from within the receiving callback."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ..clock import Clock
from ..errors import DeviceUnreachable
from .address import parse
from .reason import reason
from .stream import TIMEOUT
from .supervisor import Supervisor


class TcpFeed:
    """A connection to ``tcp://host:port``.

    It does not reconnect by itself, and counts no exchanges: its device knows when it is of use.

    :param receive: called with what arrived.
    :param lost: called once when the connection is lost other than by ``close``.
    :param timeout: deadline of connecting, seconds of wall time.
    """

    def __init__(
        self,
        address: str,
        *,
        supervisor: Supervisor,
        clock: Clock,
        receive: Callable[[bytes], None],
        lost: Callable[[DeviceUnreachable], None],
        timeout: float = TIMEOUT,
    ) -> None:
        self.address, self.clock, self.timeout = address, clock, timeout
        self.name = supervisor.name
        self._peer = parse(address, allowed=("tcp",))
        self._receive, self._lost = receive, lost
        self._connection: _Connection | None = None
        self._dropped: list[_Connection] = []

    @property
    def connected(self) -> bool:
        """Whether there is a connection, as far as is known."""
        return self._connection is not None

    async def connect(self) -> None:
        """Connect anew.

        :raises DeviceUnreachable: if the peer is not there.
        """
        await self.close()
        loop = asyncio.get_running_loop()
        made = _Connection(self)
        with self.clock.exchange():
            try:
                async with asyncio.timeout(self.timeout):
                    await loop.create_connection(lambda: made, self._peer.host, self._peer.port)
            except OSError as error:
                raise DeviceUnreachable(
                    f"cannot be reached: {reason(error)}",
                    where=self.name,
                    remedy=f"check that it is switched on and that {self.address} is right",
                ) from error
        self._connection = made

    def drop(self) -> None:
        """Break the connection, if there is one; ``lost`` is not called."""
        if self._connection is not None:
            self._connection.transport.abort()
            self._dropped.append(self._connection)
            self._connection = None

    async def close(self) -> None:
        """Disconnect and wait until the connection is gone; closing twice is no error."""
        self.drop()
        dropped, self._dropped = self._dropped, []
        if dropped:
            with self.clock.exchange():
                await asyncio.wait([connection.ended for connection in dropped])

    def send(self, data: bytes) -> None:
        """Hand ``data`` over to be sent.

        :raises DeviceUnreachable: if there is no connection.
        """
        if self._connection is None:
            raise DeviceUnreachable("has no connection", where=self.name, remedy=f"check {self.address}")
        self._connection.transport.write(data)
        self.clock.sent(self.address, len(data))

    def received(self, connection: _Connection, data: bytes) -> None:
        """Hand on what came over the present connection, and nothing that an earlier one brings."""
        if connection is self._connection:
            self._receive(data)

    def ended(self, connection: _Connection, error: Exception | None) -> None:
        """Tell the loss of the present connection."""
        if connection is self._connection:
            self._connection = None
            why = "the device closed the connection" if error is None else reason(error)
            self._lost(
                DeviceUnreachable(
                    f"lost its link: {why}", where=self.name, remedy=f"check the connection to {self.address}"
                )
            )


class _Connection(asyncio.Protocol):
    def __init__(self, feed: TcpFeed) -> None:
        self._feed = feed
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a TCP connection is expected")
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._feed.received(self, data)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(None)
        self._feed.ended(self, exc)
