"""The console in a browser, served by a process of its own, and pages of it."""

from __future__ import annotations

import asyncio
import http.client
import re
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from bench_copy import command

WITHIN = 60.0
"""Wall seconds that anything here may take."""

_ESCAPES = re.compile(r"\x1b(\[[0-9;?$]*[A-Za-z]|.)")


@dataclass(frozen=True)
class Served:
    """A server of consoles, and the address that it showed."""

    process: Process
    address: str

    @property
    def port(self) -> int:
        port = urlsplit(self.address).port
        assert port is not None
        return port

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def consoles(self) -> list[int]:
        """The processes that it has started."""
        pid = self.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]

    async def until(self, count: int) -> list[int]:
        """Its consoles, once there are so many."""
        await until(lambda: len(self.consoles()) == count)
        return self.consoles()

    async def ask(self, path: str, **headers: str) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body of an answer."""
        return await asyncio.to_thread(self._ask, path, headers)

    def _ask(self, path: str, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WITHIN)
        try:
            connection.request("GET", path, headers=dict(headers))
            answer = connection.getresponse()
            return answer.status, dict(answer.headers), answer.read()
        finally:
            connection.close()

    @asynccontextmanager
    async def page(self, origin: str | None = "") -> AsyncIterator[WebPage]:
        """A page as textual-serve's script has it; ``origin`` is its own by default."""
        address = self.address.replace("http:", "ws:") + "ws?width=80&height=24"
        claimed = None if origin is None else Origin(origin or self.origin)
        async with connect(address, origin=claimed, max_size=None, compression=None) as connection:
            yield WebPage(connection)


@dataclass
class WebPage:
    """A page without a browser: what it was sent, as far as it is text."""

    connection: ClientConnection
    text: str = ""

    async def shows(self, wanted: str) -> None:
        """Wait until ``wanted`` was written."""
        async with asyncio.timeout(WITHIN):
            while wanted not in self.text:
                self._add(await self.connection.recv())

    async def ended(self) -> int | None:
        """The code with which the server ends this, once it does."""
        async with asyncio.timeout(WITHIN):
            try:
                while True:
                    self._add(await self.connection.recv())
            except ConnectionClosed:
                return self.connection.close_code

    def _add(self, piece: str | bytes) -> None:
        if isinstance(piece, bytes):
            self.text += _ESCAPES.sub("", piece.decode())


@asynccontextmanager
async def served(folder: Path, *options: str) -> AsyncIterator[Served]:
    """Serve the console; the server is killed at the end, if it is still there."""
    arguments = command("web", "--console", *options)
    process = await asyncio.create_subprocess_exec(*arguments, cwd=folder, stdout=PIPE, stderr=PIPE)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(WITHIN):
            line = (await process.stdout.readline()).decode().strip()
            assert line.startswith("http://127.0.0.1:"), (await process.communicate())[1].decode()
        yield Served(process, line)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def alive(pid: int) -> bool:
    """Whether a process runs; one that is dead and not waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


async def until(holds: Callable[[], object]) -> None:
    """Wait until something holds that other processes do."""
    async with asyncio.timeout(WITHIN):
        while not holds():  # noqa: ASYNC110 (other processes have no event here)
            await asyncio.sleep(0.02)
