"""The gateway's process: ``python -m hil.gateway EVENTS VALUES LISTENER [TCP_LISTENER NETWORK]``.

All but the last are descriptors that the core made; NETWORK is what `hil.access.network.Network.to_json` gives.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from ..parent import end_with_parent

if TYPE_CHECKING:
    from .board import Board
    from .core import Core
    from .server import Server

NICENESS = 10

LAST_WORDS = 0.5
"""Seconds in which clients may hear the last of a run that is over."""

BEAT = 1.0
"""Seconds between two signs of life to the core."""


def main(events: str, values: str, listener: str, tcp: str = "", network: str = "") -> None:
    """Serve until the core closes its pipe, or dies."""
    end_with_parent()
    os.nice(NICENESS)
    sockets = [socket.socket(fileno=int(number)) for number in (events, values, listener, tcp) if number]
    asyncio.run(_serve(*sockets, network=network))


async def _serve(
    events: socket.socket,
    values: socket.socket,
    listener: socket.socket,
    tcp: socket.socket | None = None,
    *,
    network: str,
) -> None:
    from .board import Board
    from .core import Core, frames

    board = Board()
    core = Core(board)
    servers = _servers(board, core, network)

    async def take_values() -> None:
        reader, _ = await asyncio.open_connection(sock=values)
        async for frame in frames(reader):
            board.take_values(frame)

    core_ended = asyncio.create_task(core.listen(*await asyncio.open_connection(sock=events)))
    parts = [asyncio.create_task(take_values()), asyncio.create_task(core.beat(BEAT)), core_ended]
    pairs = zip(servers, [listener, tcp] if tcp is not None else [listener], strict=True)
    serving = [asyncio.create_task(server.serve(sockets=[each])) for server, each in pairs]
    await asyncio.wait([*parts, *serving], return_when=asyncio.FIRST_COMPLETED)
    with suppress(TimeoutError):
        async with asyncio.timeout(LAST_WORDS):
            await asyncio.wait([core_ended])
            await board.end()
    for server in servers:
        server.should_exit = True
    await asyncio.wait(serving)
    for part in parts:
        part.cancel()
    await asyncio.wait(parts)


def _servers(board: Board, core: Core, network: str) -> list[Server]:
    """One for the unix socket, and one by TLS where ``network`` says how."""
    from ..access.network import Network, tls_context
    from ..access.tls import hosts_of
    from .app import make_app
    from .callers import Callers
    from .parts import Parts
    from .server import make_server

    if not network:
        return [make_server(make_app(Parts(board, core)))]
    where = Network.from_json(network)
    app = make_app(Parts(board, core, Callers.by(where.tokens, where.key)), tuple(hosts_of(where.certificate)))
    return [make_server(app), make_server(app, tls_context(where))]


if __name__ == "__main__":
    main(*sys.argv[1:])
