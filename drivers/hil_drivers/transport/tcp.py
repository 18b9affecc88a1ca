"""A stream of bytes over TCP, on the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from .address import Address
from .connection import Connection
from .line import Line


class TcpLine(Line):
    """A connection to ``tcp://host:port``.

    :param timeout: for connecting and for handing over, seconds of wall time.
    """

    def __init__(self, peer: Address, timeout: float) -> None:
        self._peer, self._timeout = peer, timeout
        self._connection: Connection | None = None

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._timeout):
            _, self._connection = await loop.create_connection(
                lambda: Connection(_descriptor), self._peer.host, self._peer.port
            )

    async def close(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await connection.close(self._timeout)

    @property
    def idle(self) -> bool:
        return self._connection is not None and self._connection.idle

    def send(self, data: bytes) -> Coroutine[Any, Any, None]:
        return self._held().send(data, self._timeout)

    def receive(self, timeout: float) -> Coroutine[Any, Any, bytes]:
        return self._held().receive(timeout)

    def _held(self) -> Connection:
        if self._connection is None:
            raise EOFError("not connected")
        return self._connection


def _descriptor(transport: asyncio.BaseTransport) -> int:
    number: int = transport.get_extra_info("socket").fileno()
    return number
