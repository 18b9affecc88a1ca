"""One console, in a process of its own, for one page."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import IO

from .packets import DATA, cells, from_page, packets

END_WITHIN = 2.0
"""Wall seconds that a console may take to end before it is killed."""

LAST_WORDS = 4096
"""Bytes of what a console said on stderr that are shown when it has ended."""

DRAWING = {
    "TEXTUAL_DRIVER": "hil.web.driver:PipeDriver",
    "TEXTUAL_COLOR_SYSTEM": "truecolor",
    "TERM_PROGRAM": "textual",
}
"""How a console draws for a page."""


class Session:
    """A console that runs; it leads a session of its own, so that all that it starts can be ended with it."""

    def __init__(self, process: subprocess.Popen[bytes], ours: socket.socket, said: IO[bytes]) -> None:
        self.process = process
        self._ours, self._said = ours, said
        self._ended = asyncio.Event()
        self._ending: asyncio.Task[None] | None = None
        self._watched = os.pidfd_open(process.pid)
        asyncio.get_running_loop().add_reader(self._watched, self._ended.set)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.words = ""
        """What it said on stderr, known once it has ended."""

    @classmethod
    def start(cls, options: Sequence[str], width: int, height: int) -> Session:
        """Start ``hil console`` with ``options`` for a page of so many columns and rows.

        :raises OSError: if no process can be had.
        """
        size = {"COLUMNS": str(cells(width)), "ROWS": str(cells(height))}
        ours, its = socket.socketpair()
        said = tempfile.TemporaryFile()  # noqa: SIM115 (it is the session's)
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", "hil.web.tied", str(os.getpid()), "hil.cli", "console", *options],
                stdin=its.fileno(),
                stdout=its.fileno(),
                stderr=said,
                start_new_session=True,
                env={**os.environ, **DRAWING, **size},
            )
        except OSError:
            ours.close()
            said.close()
            raise
        finally:
            its.close()
        return cls(process, ours, said)

    async def connect(self) -> None:
        """Make ready to draw and to take: to be done once, before both."""
        self._streams = await asyncio.open_connection(sock=self._ours)

    async def drawn(self) -> AsyncIterator[bytes]:
        """What it draws, until it ends. What else it asks of a page, as to open another, is not done."""
        if self._streams is None:
            return
        async for kind, payload in packets(self._streams[0]):
            if kind == DATA:
                yield payload

    async def take(self, text: str) -> None:
        """Pass on what the page says.

        :raises ValueError: if it makes no sense.
        """
        told = from_page(text)
        if told and self._streams is not None:
            with suppress(ConnectionError):
                self._streams[1].write(told)
                await self._streams[1].drain()

    async def end(self) -> None:
        """End it and all that it has started: in order, and otherwise by force."""
        if self._ending is None:
            self._ending = asyncio.create_task(self._end(), name=f"end of console {self.process.pid}")
        await asyncio.shield(self._ending)

    async def _end(self) -> None:
        with suppress(OSError):
            self._ours.shutdown(socket.SHUT_WR)
        with suppress(TimeoutError):
            async with asyncio.timeout(END_WITHIN):
                await self._ended.wait()
        with suppress(ProcessLookupError):
            # Its number is nobody else's yet: it is waited for below only.
            os.killpg(self.process.pid, signal.SIGKILL)
        await self._ended.wait()
        self.process.wait()
        asyncio.get_running_loop().remove_reader(self._watched)
        os.close(self._watched)
        if self._streams is None:
            self._ours.close()
        else:
            self._streams[1].transport.abort()
        self.words = self._last_words()

    def _last_words(self) -> str:
        with self._said as said:
            said.seek(max(0, said.seek(0, os.SEEK_END) - LAST_WORDS))
            return said.read().decode(errors="replace").strip()
