"""The gateway's end of the two socket pairs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from .board import Board
from .frames import LARGEST, Unpacker, pack

READ_AT_ONCE = 256 * 1024


class Core:
    """What the gateway asks the core.

    :param timeout: wall seconds that the core may take for an answer.
    """

    def __init__(self, board: Board, *, timeout: float = 2.5) -> None:
        self._board, self._timeout = board, timeout
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._asked = 0
        self._writer: asyncio.StreamWriter | None = None

    async def listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take events and answers in until the core closes its pipe."""
        self._writer = writer
        async for document in frames(reader):
            if "events" in document:
                self._board.take_events(document["events"])
            elif (waiting := self._waiting.pop(document["answer"], None)) is not None and not waiting.done():
                waiting.set_result(document["with"])

    async def beat(self, every: float) -> None:
        """Tell the core again and again that this loop is alive."""
        while True:
            self._send({"alive": True})
            await asyncio.sleep(every)

    async def ask(self, request: dict[str, Any], caller: dict[str, str]) -> dict[str, Any]:
        """The core's answer to ``request``.

        :param caller: who asks: ``name``, ``role`` and ``via``.
        :raises TimeoutError: if there is none in time: nobody knows then whether it acted.
        """
        self._asked += 1
        number = self._asked
        waiting: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = waiting
        try:
            self._send({"ask": number, "request": request, "caller": caller})
            async with asyncio.timeout(self._timeout):
                return await waiting
        finally:
            self._waiting.pop(number, None)

    def _send(self, document: dict[str, Any]) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(pack(document))


async def frames(reader: asyncio.StreamReader) -> AsyncIterator[dict[str, Any]]:
    """The documents that come, until the other end closes."""
    unpacker = Unpacker(LARGEST)
    while data := await reader.read(READ_AT_ONCE):
        unpacker.feed(data)
        while (document := unpacker.next()) is not None:
            yield document
