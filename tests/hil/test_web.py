"""Between a page and a console: what is passed on, and that a console never waits for its page."""

from __future__ import annotations

import asyncio
import json
import os
import socket

import pytest

from hil.web.driver import _Writer
from hil.web.packets import LARGEST_PACKET, READY, from_page, packet, packets


def test_what_a_page_says_becomes_a_packet() -> None:
    assert from_page('["stdin", "é\\u0018"]') == b"D\0\0\0\x03\xc3\xa9\x18"
    assert from_page('["stdin", "\\ud800"]') == b"D\0\0\0\x01?"
    assert from_page('["ping", "12"]') == b""
    told = from_page('["resize", {"width": 100000, "height": 0}]')
    assert told[:1] == b"M"
    assert json.loads(told[5:]) == {"type": "resize", "width": 1000, "height": 1}
    assert json.loads(from_page('["focus"]')[5:]) == {"type": "focus"}


@pytest.mark.parametrize(
    "nonsense", ["", "no JSON", "[]", "null", '["resize", {"width": 1.5, "height": 2}]', '["stdin", 1]', '["quit"]']
)
def test_nonsense_of_a_page_is_refused(nonsense: str) -> None:
    with pytest.raises(ValueError):
        from_page(nonsense)


async def drawn(*pieces: bytes) -> list[tuple[bytes, bytes]]:
    reader = asyncio.StreamReader()
    for piece in pieces:
        reader.feed_data(piece)
    reader.feed_eof()
    return [each async for each in packets(reader)]


async def test_packets_end_where_a_console_ends_or_makes_no_sense() -> None:
    one = packet(b"D", b"drawn")
    assert await drawn(b"a warning\n", READY, one, one) == [(b"D", b"drawn")] * 2
    assert await drawn(READY, one, one[:-1]) == [(b"D", b"drawn")]
    assert await drawn(b"a traceback\n") == []
    assert await drawn(b"x" * 2**17) == []
    assert await drawn(READY, b"D" + (LARGEST_PACKET + 1).to_bytes(4, "big"), b"x") == []


def test_a_console_does_not_wait_for_a_page_that_takes_nothing_and_can_tell() -> None:
    ours, its = socket.socketpair()
    with ours, its:
        writer = _Writer(its.fileno())
        writer.start()
        pieces = [os.urandom(2**16) for _ in range(64)]
        for piece in pieces:
            assert writer.write(piece) == len(piece)
        assert writer._queue.qsize() > 6
        taken = b""
        while len(taken) < 64 * 2**16:
            taken += ours.recv(2**20)
        assert taken == b"".join(pieces)
        ours.close()
        for piece in pieces:
            writer.write(piece)
        writer.stop()
        assert not writer.is_alive()
