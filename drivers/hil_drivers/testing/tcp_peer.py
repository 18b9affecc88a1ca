"""A peer on TCP made of one function, with the faults of a link."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from ..transport.stream import TIMEOUT
from . import peer as faults

_LATE = 0.3
_PAUSE = 0.02


class TcpPeer:
    """Answers each message of a device's driver, on a port of its own of this machine.

    :param answer: the answer to one message without its end, ``None`` or empty for none.
    :param end: what ends a message.
    :param deadline: seconds after which the driver gives up.
    """

    faults = frozenset(faults.LINK_FAULTS)

    def __init__(
        self, answer: Callable[[bytes], bytes | None], *, end: bytes = b"\n", deadline: float = TIMEOUT
    ) -> None:
        self.answer, self.end, self._deadline = answer, end, deadline
        self._port = 0
        self._server: asyncio.Server | None = None
        self.connections: set[_Connection] = set()
        self._random = random.Random(1)
        self.fault = ""

    @property
    def address(self) -> str:
        """``tcp://`` and where it serves, from its first start on."""
        return f"tcp://127.0.0.1:{self._port}"

    async def start(self) -> None:
        if self._server is None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", self._port)
            self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        server, self._server = self._server, None
        for connection in tuple(self.connections):
            connection.break_off()
        if server is not None:
            server.close()
            await server.wait_closed()

    async def inject(self, fault: str) -> None:
        self.fault = fault

    async def clear(self) -> None:
        self.fault = ""

    def reply(self, data: bytes, connection: _Connection) -> None:
        """Send ``data`` as the present fault allows."""
        match self.fault:
            case faults.SILENT:
                return
            case faults.GARBAGE:
                connection.write(self._random.randbytes(max(1, len(data))))
            case faults.LATE:
                connection.write_later(_LATE, data)
            case faults.OVERDUE:
                connection.write_later(self._deadline + 0.5, data)
            case faults.SPLIT:
                connection.write(data[: len(data) // 2])
                connection.write_later(_PAUSE, data[len(data) // 2 :])
            case faults.MERGED:
                connection.hold(_PAUSE, data)
            case _:
                connection.write(data)


class _Connection(asyncio.Protocol):
    def __init__(self, peer: TcpPeer) -> None:
        self._peer, self._received, self._held = peer, b"", b""
        self._timers: list[asyncio.TimerHandle] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a TCP connection is expected")
        self._transport = transport
        self._peer.connections.add(self)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._peer.connections.discard(self)
        for timer in self._timers:
            timer.cancel()

    def data_received(self, data: bytes) -> None:
        *messages, self._received = (self._received + data).split(self._peer.end)
        for message in messages:
            if answer := self._peer.answer(message):
                self._peer.reply(answer + self._peer.end, self)

    def break_off(self) -> None:
        """Break the connection."""
        self._transport.abort()

    def write(self, data: bytes) -> None:
        """Send at once."""
        self._transport.write(data)

    def write_later(self, pause: float, data: bytes) -> None:
        """Send after ``pause`` seconds."""
        self._timers.append(asyncio.get_running_loop().call_later(pause, self._transport.write, data))

    def hold(self, pause: float, data: bytes) -> None:
        """Send after ``pause`` seconds, with all that is held by then in one piece."""
        if not self._held:
            self._timers.append(asyncio.get_running_loop().call_later(pause, self._release))
        self._held += data

    def _release(self) -> None:
        data, self._held = self._held, b""
        self._transport.write(data)
