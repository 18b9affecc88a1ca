"""A gateway as the core starts it: a process of its own, on a unix socket and by TLS, and the core's side of it."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway_client import Gateway
from gateway_door import Handler, commander_of
from hil.access.network import Network, listening_on
from hil.access.tls import make_certificate
from hil.access.tokens import Tokens
from hil.commanding.places import listening
from hil.gateway.link import Link
from hil.service import Service

TICK = 0.05


@dataclass
class Started:
    """A gateway under way."""

    process: subprocess.Popen[bytes]
    port: int
    authority: Path
    tokens: Tokens
    unix: Gateway
    service: Service
    handler: Handler


@asynccontextmanager
async def gateway_process(folder: Path) -> AsyncIterator[Started]:
    """A gateway, fed while the context lasts."""
    made, tokens = make_certificate(folder, ["localhost"]), Tokens(folder / "tokens.json")
    network = Network("127.0.0.1", 0, made.certificate, made.key, tokens.path)
    service, handler = Service(), Handler()
    service.attach(handler)
    (events, its_events), (values, its_values) = socket.socketpair(), socket.socketpair()
    with ExitStack() as stack:
        listener, path = stack.enter_context(listening("http"))
        tcp = stack.enter_context(listening_on(network))
        ends = [each.fileno() for each in (its_events, its_values, listener, tcp)]
        arguments = [sys.executable, "-m", "hil.gateway", *map(str, ends), network.to_json()]
        process = await asyncio.to_thread(subprocess.Popen, arguments, pass_fds=ends)
        its_events.close()
        its_values.close()
        link = Link(service, commander_of(service), events, values)

        async def feed() -> None:
            while not link.broken:
                link.tick()
                await asyncio.sleep(TICK)

        feeding = asyncio.create_task(feed())
        port = tcp.getsockname()[1]
        try:
            yield Started(process, port, made.authority, tokens, Gateway(path), service, handler)
        finally:
            feeding.cancel()
            await asyncio.wait([feeding])
            link.close()
            await asyncio.to_thread(process.wait, 10.0)
