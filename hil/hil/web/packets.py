"""What goes between a page, the server and a console: the messages of textual-serve's page, the packets of Textual."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

READY = b"__GANGLION__\n"
"""The line by which Textual says that packets follow."""

LARGEST_PACKET = 16 * 2**20
MOST_CELLS = 1000
"""Columns, or rows, that a page may have."""

DATA, META = b"D", b"M"


def packet(kind: bytes, payload: bytes) -> bytes:
    """A packet: its kind, its length, what it holds."""
    return kind + len(payload).to_bytes(4, "big") + payload


async def packets(reader: asyncio.StreamReader) -> AsyncIterator[tuple[bytes, bytes]]:
    """The packets of a console, until it ends or says what makes no sense."""
    try:
        while (line := await reader.readline()) != READY:
            if not line:
                return
        while True:
            kind, length = await reader.readexactly(1), int.from_bytes(await reader.readexactly(4), "big")
            if length > LARGEST_PACKET:
                return
            yield kind, await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError, ValueError):
        return


def from_page(text: str) -> bytes:
    """The packet for what a page says; empty for what is of no concern to a console.

    :raises ValueError: if it is no message of the page.
    """
    match json.loads(text):
        case ["stdin", str(keys)]:
            return packet(DATA, keys.encode(errors="replace"))
        case ["resize", {"width": int(width), "height": int(height)}]:
            return _meta(type="resize", width=cells(width), height=cells(height))
        case ["focus" | "blur" as kind]:
            return _meta(type=kind)
        case ["ping", str()]:
            return b""
    raise ValueError("this is no message of the page")


def cells(number: int) -> int:
    """So many columns or rows, within reason."""
    return max(1, min(number, MOST_CELLS))


def _meta(**told: Any) -> bytes:
    return packet(META, json.dumps(told).encode())
