"""The control socket of a run, served by the core's own loop: small, bounded, and in nobody's way."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from ..errors import UsageError
from .commander import Answer, Commander, refused
from .places import listening
from .requests import LONGEST_LINE, parse_line

MOST_CONNECTIONS = 8
"""One more pushes out the one that has been silent for longest: a stop always finds room."""

LINE_WITHIN = 1.0
"""Wall seconds that a client may take for a line, and for reading its answer."""

PAUSE = 0.01
"""Wall seconds between an answer and the next request of the same client: a client that floods costs little."""

ACCEPTING = 5
"""Turns of the loop from the accepting of a connection to the task that serves it, at the most."""

ROOT = 0


@asynccontextmanager
async def control_socket(commander: Commander) -> AsyncIterator[None]:
    """Serve the control socket of a run while the context lasts.

    :raises UsageError: if there is no place for it.
    """
    with listening("sock") as (listener, _):
        clients = _Clients(commander)
        server = await asyncio.start_unix_server(clients.serve, sock=listener, limit=LONGEST_LINE)
        try:
            yield
        finally:
            server.close()
            await clients.end()


class _Clients:
    """The connections of the control socket."""

    def __init__(self, commander: Commander) -> None:
        self._commander = commander
        self._tasks: set[asyncio.Task[Any]] = set()
        self._heard: dict[asyncio.Task[Any], float] = {}
        """When each client that may stay was last heard."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one client, line by line, until it ends, is silent, or sends what cannot be understood."""
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        if task is None or not _may_command(writer.get_extra_info("socket")):
            writer.close()
            return
        self._make_room()
        self._tasks.add(task)
        self._heard[task] = loop.time()
        try:
            with suppress(TimeoutError, ConnectionError, asyncio.CancelledError):
                while await self._answer_one(reader, writer):
                    self._heard[task] = loop.time()
        finally:
            self._heard.pop(task, None)
            self._tasks.discard(task)
            _close(writer)

    async def end(self) -> None:
        """Close every connection; what was asked already is answered."""
        for _ in range(ACCEPTING):  # those that were accepted just now come to their turn, or nobody would close them
            await asyncio.sleep(0)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(list(self._tasks))

    def _make_room(self) -> None:
        if len(self._heard) >= MOST_CONNECTIONS:
            silent = min(self._heard, key=lambda task: self._heard[task])
            del self._heard[silent]
            silent.cancel()

    async def _answer_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer the next line; whether another may follow."""
        line, answer = b"", None
        async with asyncio.timeout(LINE_WITHIN):
            try:
                line = await reader.readuntil()
            except asyncio.LimitOverrunError:
                fault = f"is longer than {LONGEST_LINE} bytes"
                answer = refused(UsageError(fault, where="request", remedy="send one short line"))
            except asyncio.IncompleteReadError:
                return False
        answer = answer or await self._answer(line)
        async with asyncio.timeout(LINE_WITHIN):
            writer.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")
            await writer.drain()
        await asyncio.sleep(PAUSE)
        return bool(line)

    async def _answer(self, line: bytes) -> Answer:
        try:
            request = parse_line(line)
        except UsageError as error:
            return refused(error)
        return await self._commander.answer(request)


def _close(writer: asyncio.StreamWriter) -> None:
    """Close a connection; one whose client does not read is cut off."""
    if writer.transport.get_write_buffer_size():
        writer.transport.abort()
    else:
        writer.close()


def _may_command(connection: socket.socket) -> bool:
    """Whether the process at the other end is the user's own, or root's."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, uid, _ = struct.unpack("3i", credentials)
    return uid in (ROOT, os.geteuid())
