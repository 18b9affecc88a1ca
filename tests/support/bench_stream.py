"""A small bench that speaks the stream protocol over a unix socket, as a gateway does, and does what it is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection, unix_serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

BEGAN = 1_790_000_000_000
"""UTC in milliseconds of the first value."""

Answer = dict[str, Any]


class Client:
    """One stream: frames of it are numbered."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket, self.sequence = socket, 0

    async def send(self, kind: str, **content: Any) -> None:
        """Send a frame; a client that is gone hears nothing."""
        frame = {"kind": kind, **content}
        if kind != "answer":
            self.sequence += 1
            frame |= {"seq": self.sequence, "prev": self.sequence - 1}
        try:
            await self.socket.send(json.dumps(frame))
        except ConnectionClosed:
            return


class StreamBench:
    """The state of a bench, and its clients.

    ``answer`` decides what a command is answered: a document, or ``None`` for no answer at all.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.boot = path, "boot-1"
        self.run: dict[str, Any] = {}
        self.channels: list[dict[str, Any]] = []
        self.rows: list[list[Any] | None] = []
        self.events: list[dict[str, Any]] = []
        self.commands: list[dict[str, Any]] = []
        self.rates: list[float] = []
        self.attached: list[int | None] = []
        """For each stream, the number after which it wanted events."""
        self.asked = asyncio.Event()
        """Set once there was a command."""
        self.answer: Callable[[dict[str, Any]], Answer | None] = lambda request: {"status": "accepted"}
        self.history: dict[str, list[list[Any]]] = {}
        """By channel, what is on record of it."""
        self.pictures: list[dict[str, Any]] = []
        """What a client that wants pictures is sent."""
        self.wanted: list[bool] = []
        """Whether pictures were wanted, each time that it was said."""
        self.clients: list[Client] = []
        self.open_again = asyncio.Event()
        """Set while new streams are taken."""
        self.open_again.set()

    @property
    def refusing(self) -> bool:
        """Whether a new stream is closed before it begins."""
        return not self.open_again.is_set()

    @refusing.setter
    def refusing(self, refused: bool) -> None:
        (self.open_again.clear if refused else self.open_again.set)()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[StreamBench]:
        """Listen while the context lasts."""
        async with unix_serve(self._serve, str(self.path), compression=None, process_request=self._record):
            try:
                yield self
            finally:
                await self.drop()
        self.path.unlink(missing_ok=True)

    def _record(self, connection: ServerConnection, request: Request) -> Response | None:
        """What is on record, to who asks for it; anybody else gets a stream."""
        asked = urlsplit(request.path)
        if asked.path != "/history":
            return None
        rows = self.history.get(parse_qs(asked.query)["channel"][0], [])
        return connection.respond(200, json.dumps({"rows": rows, "next": None}))

    async def drop(self) -> None:
        """Close every stream, as a gateway that ends."""
        clients, self.clients = self.clients, []
        for client in clients:
            await client.socket.close(1001, "the run is over")

    async def delta(
        self,
        values: dict[int, list[Any]] | None = None,
        events: Sequence[dict[str, Any]] = (),
        run: dict[str, Any] | None = None,
    ) -> None:
        """Change the bench, and tell every client."""
        for index, row in (values or {}).items():
            self.rows[index] = row
        self.run |= run or {}
        numbered = []
        for event in events:
            self.events.append({"number": len(self.events) + 1, "wall": BEGAN * 10**6, **event})
            numbered.append(self.events[-1])
        content: dict[str, Any] = {"events": numbered, "values": {str(key): row for key, row in (values or {}).items()}}
        if run is not None:
            content["run"] = self.run
        for client in self.clients:
            await client.send("delta", **content)

    async def _serve(self, socket: ServerConnection) -> None:
        if self.refusing:
            await socket.close(1013, "try again later")
            return
        query = parse_qs(urlsplit(socket.request.path).query) if socket.request is not None else {}
        after = int(query["after"][0]) if "after" in query else None
        self.attached.append(after)
        client = Client(socket)
        await client.send("hello", boot=self.boot, protocol=2)
        number = len(self.events)
        state = {"number": number, "run": self.run, "channels": self.channels, "values": self.rows, "warn": False}
        await client.send("snapshot", **state)
        if after is not None and after < number:
            await client.send("delta", events=self.events[after:], values={})
        self.clients.append(client)
        try:
            async for message in socket:
                await self._take(client, json.loads(message))
        except ConnectionClosed:
            return
        finally:
            if client in self.clients:
                self.clients.remove(client)

    async def _take(self, client: Client, message: dict[str, Any]) -> None:
        if "rate" in message:
            self.rates.append(message["rate"])
        if "pictures" in message:
            self.wanted.append(message["pictures"])
            for each in self.pictures if message["pictures"] else ():
                await client.socket.send(json.dumps({"kind": "picture", **each}))
        if "command" in message:
            request = message["command"]
            self.commands.append(request)
            self.asked.set()
            answer = self.answer(request)
            if answer is not None:
                await client.send("answer", command_id=request.get("command_id", ""), **answer)

    def verbs(self) -> list[str]:
        """What was asked so far."""
        return [request["verb"] for request in self.commands]
