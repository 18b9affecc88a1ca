"""The gateway's process: ``python -m hil.gateway EVENTS VALUES LISTENER``, three descriptors that the core made."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import socket
import sys
from contextlib import suppress

NICENESS = 10
PR_SET_PDEATHSIG = 1

LAST_WORDS = 0.5
"""Seconds in which clients may hear the last of a run that is over."""

BEAT = 1.0
"""Seconds between two signs of life to the core."""


def main(events: int, values: int, listener: int) -> None:
    """Serve until the core closes its pipe, or dies."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.nice(NICENESS)
    asyncio.run(_serve(*(socket.socket(fileno=number) for number in (events, values, listener))))


async def _serve(events: socket.socket, values: socket.socket, listener: socket.socket) -> None:
    from .app import make_app
    from .board import Board, Core, frames
    from .server import make_server

    board = Board()
    core = Core(board)
    server = make_server(make_app(board, core))

    async def take_values() -> None:
        reader, _ = await asyncio.open_connection(sock=values)
        async for frame in frames(reader):
            board.take_values(frame)

    core_ended = asyncio.create_task(core.listen(*await asyncio.open_connection(sock=events)))
    parts = [asyncio.create_task(take_values()), asyncio.create_task(core.beat(BEAT)), core_ended]
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    await asyncio.wait([*parts, serving], return_when=asyncio.FIRST_COMPLETED)
    with suppress(TimeoutError):
        async with asyncio.timeout(LAST_WORDS):
            await asyncio.wait([core_ended])
            await board.end()
    server.should_exit = True
    await serving
    for part in parts:
        part.cancel()
    await asyncio.wait(parts)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
