"""What cameras see, on its way to a screen: made small, sent to whoever wants it, and read with care."""

from __future__ import annotations

import base64
import json
import socket
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_door import commander_of, serving, told
from hil.console.pictures import parse_picture
from hil.gateway.board import Board
from hil.gateway.frames import LARGEST, Unpacker
from hil.gateway.link import Link
from hil.pictures import HIGHEST, WIDEST, Taken, small
from hil.service import Service


@given(st.integers(1, 700), st.integers(1, 900), st.booleans())
def test_a_picture_is_made_small_and_keeps_its_corner(height: int, width: int, coloured: bool) -> None:
    shape = (height, width, 3) if coloured else (height, width)
    image = np.zeros(shape, np.uint8)
    image[0, 0] = (1, 2, 3) if coloured else 7
    picture = small(Taken(5, image))
    assert 1 <= picture.width <= WIDEST
    assert 1 <= picture.height <= HIGHEST
    assert len(picture.rgb) == 3 * picture.width * picture.height
    assert tuple(picture.rgb[:3]) == ((3, 2, 1) if coloured else (7, 7, 7))


async def test_the_core_sends_a_picture_once_and_not_too_often(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("hil.gateway.link.time.monotonic", lambda: now[0])
    service = Service()
    camera = SimpleNamespace(taken=Taken(1, np.full((2, 2), 9, np.uint8)))
    service.cameras = {"eye": camera}
    ours, theirs = socket.socketpair()
    values, values_of_theirs = socket.socketpair()
    link = Link(service, commander_of(service), ours, values)
    for t, at in ((1, 100.0), (2, 100.1), (2, 100.5), (2, 101.5)):
        camera.taken, now[0] = Taken(t, np.full((2, 2), 9, np.uint8)), at
        link.tick()
    unpacker = Unpacker(LARGEST)
    unpacker.feed(values_of_theirs.recv(1 << 20))
    sent: list[Any] = []
    while (document := unpacker.next()) is not None:
        sent.append(document.get("pictures"))
    assert sent == [{"eye": [1, 2, 2, b"\x09" * 12]}, None, {"eye": [2, 2, 2, b"\x09" * 12]}, None]
    link.close()
    theirs.close()
    values_of_theirs.close()


async def test_a_client_that_wants_pictures_has_them_and_another_has_not() -> None:
    board = Board()
    told(board, 1.0)
    async with serving(board) as door, door.stream() as one, door.stream() as other:
        await one.connection.send(json.dumps({"pictures": True}))
        await one.next()
        await one.next()
        board.take_values({"rows": [None], "pictures": {"eye": [3_000_000, 1, 2, b"abcdef"]}})
        while (frame := await one.next())["kind"] != "picture":
            pass
        seen = parse_picture(frame)
        assert seen is not None
        assert (seen.camera, seen.t, seen.image.shape, bytes(seen.rgb)) == ("eye", 3, (2, 1, 3), b"abcdef")
        for _ in range(4):
            assert (await other.next())["kind"] != "picture"


PICTURE = {"camera": "eye", "t": 1, "width": 1, "height": 1, "rgb": base64.b64encode(b"abc").decode()}


@given(st.fixed_dictionaries({}, optional={key: st.none() | st.integers() | st.text() for key in PICTURE}))
def test_what_is_no_picture_is_none(change: dict[str, Any]) -> None:
    seen = parse_picture({**PICTURE, **change})
    assert seen is None or seen.image.shape == (seen.height, seen.width, 3)
