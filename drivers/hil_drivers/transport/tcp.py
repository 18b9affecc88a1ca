"""A stream of bytes over TCP, on the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from .address import Address
from .line import Line

PIECE = 4096


class TcpLine(Line):
    """A connection to ``tcp://host:port``.

    :param timeout: for connecting and for handing over, seconds of wall time.
    """

    def __init__(self, peer: Address, timeout: float) -> None:
        self._peer, self._timeout = peer, timeout
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def open(self) -> None:
        async with asyncio.timeout(self._timeout):
            self._streams = await asyncio.open_connection(self._peer.host, self._peer.port)

    async def close(self) -> None:
        if self._streams is None:
            return
        (_, writer), self._streams = self._streams, None
        writer.close()
        try:
            async with asyncio.timeout(self._timeout):
                await writer.wait_closed()
        except OSError:
            writer.transport.abort()

    async def send(self, data: bytes) -> None:
        _, writer = self._held()
        writer.write(data)
        async with asyncio.timeout(self._timeout):
            await writer.drain()

    async def receive(self, timeout: float) -> bytes:
        reader, _ = self._held()
        return await read_some(reader.read, timeout)

    def _held(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is None:
            raise EOFError("not connected")
        return self._streams


async def read_some(read: Callable[[int], Awaitable[bytes]], timeout: float) -> bytes:
    """What a stream holds, or its next bytes; empty after ``timeout`` seconds without any.

    It looks twice: where the loop itself was blocked past the deadline, bytes have come that nobody saw.

    :raises EOFError: if the stream has ended.
    """
    for patience in (timeout, 0.0):
        try:
            async with asyncio.timeout(patience):
                data = await read(PIECE)
        except TimeoutError:
            continue
        if not data:
            raise EOFError("the device closed the connection")
        return data
    return b""
