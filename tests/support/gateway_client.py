"""Clients of a gateway: HTTP by the standard library, WebSocket by websockets, both over a unix socket."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, unix_connect

WITHIN = 30.0
"""Wall seconds that anything here may take."""


class Connection(http.client.HTTPConnection):
    """A connection over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=WITHIN)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(WITHIN)
        self.sock.connect(str(self._path))


@dataclass(frozen=True)
class Gateway:
    """A gateway that listens at ``path``."""

    path: Path

    async def get(self, target: str, **headers: str) -> tuple[int, Any]:
        """The status and the document of an answer."""
        return await asyncio.to_thread(self._request, "GET", target, None, headers)

    async def post(self, body: Any, **headers: str) -> tuple[int, Any]:
        """A command: the status and the document of its answer."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await asyncio.to_thread(
            self._request, "POST", "/commands", data, {"Content-Type": "application/json", **headers}
        )

    async def ask(self, method: str, target: str) -> tuple[int, Any]:
        """Any other request: the status and the document of its answer."""
        return await asyncio.to_thread(self._request, method, target, None, {})

    def _request(self, method: str, target: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, Any]:
        connection = Connection(self.path)
        try:
            connection.request(method, target, body, headers)
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        try:
            return answer.status, json.loads(data)
        except ValueError:
            return answer.status, data

    @asynccontextmanager
    async def stream(self, query: str = "", **options: Any) -> AsyncIterator[Stream]:
        """The stream of one client."""
        uri = f"ws://localhost/stream{query}"
        async with unix_connect(str(self.path), uri=uri, compression=None, **options) as connection:
            yield Stream(connection)


class Stream:
    """What one client is told; ``events`` are all events so far, ``snapshot`` the last of its kind."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.frames: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.answers: list[dict[str, Any]] = []

    async def next(self) -> dict[str, Any]:
        """The next frame."""
        async with asyncio.timeout(WITHIN):
            frame: dict[str, Any] = json.loads(await self.connection.recv())
        if frame["kind"] == "answer":
            self.answers.append(frame)
            return frame
        if frame["kind"] == "picture":
            return frame
        assert frame["prev"] == (self.frames[-1]["seq"] if self.frames else 0)
        self.frames.append(frame)
        self.events += frame.get("events", [])
        return frame

    async def until(self, kind: str, **holding: Any) -> dict[str, Any]:
        """The next event of a kind, in which ``holding`` holds; others before it are kept."""
        seen = len(self.events)
        while True:
            for event in self.events[seen:]:
                if event["kind"] == kind and holding.items() <= event.items():
                    return event
            seen = len(self.events)
            await self.next()
