"""Hears the core: lines out of a descriptor, read by a thread, since it may be a file, a pipe or a terminal."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator

from .lines import LONGEST

AHEAD = 100
"""Lines that are read ahead; then the core's pipe fills."""


def split(buffer: bytes, data: bytes) -> tuple[list[bytes], bytes]:
    """Whole lines, and what is left of the last; of a line that is too long no more is kept than shows that it is."""
    *lines, rest = (buffer + data).split(b"\n")
    return lines, rest[: LONGEST + 1]


async def lines(descriptor: int) -> AsyncIterator[bytes]:
    """The lines that come from ``descriptor`` until its end; one that is cut off by the end is none."""
    loop = asyncio.get_running_loop()
    heard: asyncio.Queue[bytes | None] = asyncio.Queue()
    room = threading.Semaphore(AHEAD)

    def put(line: bytes | None) -> bool:
        room.acquire()
        try:
            loop.call_soon_threadsafe(heard.put_nowait, line)
        except RuntimeError:
            return False
        return True

    def read() -> None:
        buffer, data = b"", b"\n"
        while data:
            try:
                data = os.read(descriptor, 65536)
            except OSError:
                data = b""
            found, buffer = split(buffer, data)
            if not all(put(line) for line in found):
                return
        put(None)

    threading.Thread(target=read, name="lines", daemon=True).start()
    while (line := await heard.get()) is not None:
        room.release()
        yield line
