"""What every served instrument has in common: an address, a count of bytes received, and an end."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable

from ..faults import Faults, Wire
from ..world import World

HOST = "127.0.0.1"


class Endpoint(ABC):
    """One served instrument.

    :param name: the device's name.
    """

    def __init__(self, name: str, world: World) -> None:
        self.name, self.world = name, world
        self.address = ""
        self.received = 0
        self.breaks = 0
        self.heard: Callable[[], None] = lambda: None
        self.faults = Faults(name, world)
        self.wire = Wire(self.faults)

    @abstractmethod
    async def open(self) -> None:
        """Begin to serve and know the address."""

    def close(self) -> None:
        """Stop serving."""
        self.wire.close()

    def moved(self) -> None:  # noqa: B027 (most have nothing to do)
        """Bench time or the faults have changed: do what is due, such as to send what nobody asks for."""

    def count(self, received: int) -> None:
        """Call when ``received`` bytes have been handled."""
        self.received += received
        self.heard()

    def broke(self) -> None:
        """Call when a link was broken: bytes that were on their way do not arrive any more."""
        self.breaks += 1
        self.heard()


class LineProtocol(ABC):
    """The instrument's side of a protocol on a byte stream, without any input or output."""

    @abstractmethod
    def receive(self, data: bytes) -> list[bytes]:
        """Take bytes from the controller and return the replies to what is complete."""

    def due(self) -> list[bytes]:
        """The replies that bench time has made due since."""
        return []


class TcpEndpoint(Endpoint):
    """An instrument on a TCP port; every connection has a protocol of its own.

    :param protocol: makes one from the device's faults.
    """

    def __init__(self, name: str, world: World, protocol: Callable[[Faults], LineProtocol]) -> None:
        super().__init__(name, world)
        self._protocol = protocol
        self._server: asyncio.Server | None = None
        self.connections: dict[asyncio.Transport, LineProtocol] = {}

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self, self._protocol(self.faults)), HOST, 0)
        self.address = f"tcp://{HOST}:{port(self._server)}"

    def moved(self) -> None:
        if self.faults.present("dropped"):
            self.drop()
        for transport, protocol in self.connections.items():
            for reply in protocol.due():
                self.wire.reply(reply, transport.write)

    def drop(self) -> None:
        """Break every connection."""
        for connection in tuple(self.connections):
            connection.abort()
        if self.connections:
            self.broke()

    def close(self) -> None:
        super().close()
        if self._server is not None:
            self._server.close()
        self.drop()


class _Connection(asyncio.Protocol):
    def __init__(self, endpoint: TcpEndpoint, protocol: LineProtocol) -> None:
        self._endpoint, self._protocol = endpoint, protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a TCP connection is expected")
        self._transport = transport
        self._endpoint.connections[transport] = self._protocol
        self._endpoint.moved()

    def connection_lost(self, _exc: Exception | None) -> None:
        self._endpoint.connections.pop(self._transport, None)

    def data_received(self, data: bytes) -> None:
        self._endpoint.moved()
        for reply in self._protocol.receive(data):
            self._endpoint.wire.reply(reply, self._transport.write)
        self._endpoint.count(len(data))


def port(server: asyncio.Server) -> int:
    """The port on which a server listens."""
    number: int = server.sockets[0].getsockname()[1]
    return number
