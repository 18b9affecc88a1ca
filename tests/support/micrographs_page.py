"""The page of a run's micrographs, served in this process, and what is asked of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import ClientSession

from hil.micrographs.ledger import Ledger
from hil.micrographs.server import serve
from micrographs_run import pictures


@dataclass(frozen=True)
class Answer:
    """What was answered; ``told`` is its JSON, ``None`` if it is none."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    told: Any


@dataclass(frozen=True)
class Page:
    """A page that is served: its address, and a client."""

    address: str
    client: ClientSession

    @property
    def origin(self) -> str:
        return self.address[: self.address.index("/", len("http://"))]

    @property
    def port(self) -> int:
        port = urlsplit(self.address).port
        assert port is not None
        return port

    async def ask(self, path: str, method: str = "GET", data: bytes | None = None, **headers: str) -> Answer:
        """The answer for a path after the secret, or for a whole one that begins with a slash."""
        url = f"{self.origin}{path}" if path.startswith("/") else self.address + path
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.request(method, url, data=data, headers=named, allow_redirects=False) as answer:
            told = await answer.json() if answer.content_type == "application/json" else None
            return Answer(answer.status, dict(answer.headers), await answer.read(), told)

    async def correct(self, number: int, data: bytes, **headers: str) -> Answer:
        """Send a correction, as the page does."""
        given = {"Content_Type": "application/json", "Origin": self.origin, **headers}
        return await self.ask(f"pictures/{number}/corrections", "POST", data, **given)


@asynccontextmanager
async def served(run: Path) -> AsyncIterator[Page]:
    """The page of a run; at the end, the server has ended."""
    micrographs = pictures(run)
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    server = asyncio.create_task(serve(micrographs, Ledger(micrographs), 0, address.set_result))
    try:
        async with ClientSession() as client:
            yield Page(await address, client)
    finally:
        server.cancel()
        with suppress(asyncio.CancelledError):
            await server
