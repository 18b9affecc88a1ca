"""A gateway without a process of its own: its door on a unix socket and by TLS, and a core behind it."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect

from gateway_client import WITHIN, Gateway, Stream
from hil.access.network import Network, listening_on, tls_context
from hil.access.tls import make_certificate
from hil.access.tokens import Tokens
from hil.commanding.commander import Commander, RunFacts
from hil.commanding.places import listening
from hil.commanding.verbs import ROLES, Role
from hil.gateway.app import make_app
from hil.gateway.board import Board
from hil.gateway.callers import Callers
from hil.gateway.core import Core
from hil.gateway.limits import Limits
from hil.gateway.link import Link
from hil.gateway.parts import Parts
from hil.gateway.server import make_server
from hil.service import Event, Service


async def until(seen: Callable[[], bool]) -> None:
    """Let the loop turn until something is the case."""
    async with asyncio.timeout(30.0):
        while not seen():  # noqa: ASYNC110 (what is waited for has no event)
            await asyncio.sleep(0)


class Handler:
    """Takes every command, and keeps it."""

    def __init__(self) -> None:
        self.noted: list[dict[str, Any]] = []
        self.taken: list[str] = []

    def carry_out(self, command: object) -> dict[str, Any]:
        """Take it."""
        self.taken.append(type(command).__name__)
        return {}

    def state(self) -> dict[str, Any]:
        """As if a run were under way."""
        return {"state": "running"}

    def note(self, kind: str, data: dict[str, Any]) -> None:
        """Keep it."""
        self.noted.append(data)


def commander_of(service: Service) -> Commander:
    """A commander of a run that is called "the-run"."""
    facts = RunFacts("safe", "/bench/safe.toml", "burn", "A", run="the-run")
    return Commander(service, facts, lambda name: name or "A")


def told(board: Board, *values: float, number: int = 0, limits: bool = False, **state: Any) -> None:
    """Tell ``board`` values of channels lux0, lux1 ...; the first time what channels they are, and a state."""
    frame: dict[str, Any] = {"rows": [[value, 0.5, 0, 0, value, value] for value in values]}
    if not board.channels:
        extra = {"limits": [0.0, 100.0]} if limits else {}
        frame |= {"channels": [{"name": f"lux{n}", "unit": "lx", **extra} for n in range(len(values))]}
        frame |= {"state": {"state": "running", "number": number, "boot": "b", **state}}
    board.take_values(frame)


def tell_events(board: Board, first: int, last: int, **data: Any) -> None:
    """Tell ``board`` events with the numbers ``first`` to ``last``."""
    board.take_events([Event(number, 0, "point", data).to_json() for number in range(first, last + 1)])


@asynccontextmanager
async def serving(board: Board, core: Core | None = None) -> AsyncIterator[Gateway]:
    """The door on what ``board`` knows, on a unix socket."""
    made = make_server(make_app(Parts(board, core or Core(board, timeout=0.1))))
    with listening("http") as (listener, path):
        task = asyncio.create_task(made.serve(sockets=[listener]))
        await until(lambda: made.started)
        try:
            yield Gateway(path)
        finally:
            made.should_exit = True
            await task


@dataclass
class Answer:
    """What a server answers."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Its document."""
        return json.loads(self.body)


@dataclass
class Remote:
    """A gateway as other machines see it; ``secrets`` are tokens by their role."""

    port: int
    authority: Path
    tokens: Tokens
    parts: Parts
    service: Service
    handler: Handler
    unix: Gateway
    pauses: list[float] = field(default_factory=list)
    secrets: dict[Role, str] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """That of its own page."""
        return f"https://localhost:{self.port}"

    @property
    def context(self) -> ssl.SSLContext:
        """TLS of a client that trusts nothing else."""
        return ssl.create_default_context(cafile=str(self.authority))

    async def ask(self, method: str, target: str, body: Any = None, role: Role | None = None, **headers: str) -> Answer:
        """The answer to one request, by the token of ``role``."""
        if role is not None:
            headers["Authorization"] = f"Bearer {self.secrets[role]}"
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        if data is not None:
            headers.setdefault("Content-Type", "application/json")
        return await asyncio.to_thread(self._ask, method, target, data, headers)

    def _ask(self, method: str, target: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        connection = http.client.HTTPSConnection("localhost", self.port, context=self.context, timeout=WITHIN)
        try:
            connection.request(method, target, body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    @asynccontextmanager
    async def stream(self, query: str = "", role: Role | None = None, **options: Any) -> AsyncIterator[Stream]:
        """The stream of one client, by the token of ``role``."""
        headers = dict(options.pop("headers", {}))
        if role is not None:
            headers["Authorization"] = f"Bearer {self.secrets[role]}"
        uri = f"wss://localhost:{self.port}/stream{query}"
        async with connect(
            uri, ssl=self.context, compression=None, additional_headers=headers, **options
        ) as connection:
            yield Stream(connection)


@asynccontextmanager
async def reachable(
    folder: Path, *, wall: Callable[[], float] = time.time, clock: Callable[[], float] = time.monotonic
) -> AsyncIterator[Remote]:
    """A gateway on a unix socket and by TLS, with a token of each role, and a core that takes every command."""
    made = make_certificate(folder, ["localhost", "127.0.0.1"])
    tokens = Tokens(folder / "tokens.json", wall=wall)
    network = Network("127.0.0.1", 0, made.certificate, made.key, tokens.path)
    service, handler, board = Service(), Handler(), Board()
    service.attach(handler)
    core = Core(board, timeout=5.0)
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    parts = Parts(board, core, Callers(tokens, made.key.read_bytes(), wall=wall), Limits(clock=clock))
    app = make_app(parts, ("bench.example",), sleep=pause)
    servers = [make_server(app), make_server(app, tls_context(network))]
    ours, theirs = socket.socketpair()
    values, values_of_theirs = socket.socketpair()
    link = Link(service, commander_of(service), ours, values)
    with ExitStack() as stack:
        listener, path = stack.enter_context(listening("http"))
        tcp = stack.enter_context(listening_on(network))
        reader, writer = await asyncio.open_connection(sock=theirs)
        listen = asyncio.create_task(core.listen(reader, writer))
        tasks = [asyncio.create_task(servers[0].serve(sockets=[listener]))]
        tasks += [asyncio.create_task(servers[1].serve(sockets=[tcp]))]
        await until(lambda: all(server.started for server in servers))
        remote = Remote(tcp.getsockname()[1], made.authority, tokens, parts, service, handler, Gateway(path), pauses)
        remote.secrets = {role: tokens.create(role, role)[0] for role in ROLES}
        try:
            yield remote
        finally:
            for server in servers:
                server.should_exit = True
            await asyncio.wait(tasks)
            link.close()
            await listen
            writer.close()
            values_of_theirs.close()
            await parts.history.close()
