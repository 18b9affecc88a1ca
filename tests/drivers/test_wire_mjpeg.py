"""Motion JPEG without I/O: any split, quirks of cameras, and garbage that is named."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_drivers.errors import LocalProtocolError, RemoteProtocolError
from hil_drivers.wire.mjpeg import LARGEST_PART, LONGEST_HEAD, MotionJpeg, Part, request

HEAD = b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n"


def jpeg(number: int) -> bytes:
    return b"\xff\xd8" + b"\r\n--frame" * (number % 3) + bytes([number % 251]) * number + b"\xff\xd9"


def part(number: int) -> bytes:
    body = jpeg(number)
    return b"Content-Type: image/jpeg\r\nContent-Length: %d\r\nX-Frame: %d\r\n\r\n%b\r\n--frame\r\n" % (
        len(body),
        number,
        body,
    )


def received(*pieces: bytes) -> list[Part]:
    stream, found = MotionJpeg(), []
    for piece in pieces:
        stream.receive_data(piece)
        while (event := stream.next_event()) is not None:
            found.append(event)
    return found


@given(st.lists(st.integers(0, 300), max_size=5), st.lists(st.integers(1, 200), max_size=30))
def test_parts_come_out_of_any_split(numbers: list[int], cuts: list[int]) -> None:
    data = HEAD + b"--frame\r\n" + b"".join(map(part, numbers))
    pieces, start = [], 0
    for cut in cuts:
        pieces.append(data[start : start + cut])
        start += cut
    found = received(*pieces, data[start:])
    assert [one.jpeg for one in found] == [jpeg(number) for number in numbers]
    assert [one.headers["x-frame"] for one in found] == [str(number) for number in numbers]


@pytest.mark.parametrize("boundary", ["frame", '"frame"', "--frame"])
def test_boundaries_as_cameras_write_them(boundary: str) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary={boundary}\r\n\r\n".encode()
    assert len(received(head + b"\r\n--frame\r\n" + part(7))) == 1


def test_a_part_without_a_length_ends_at_the_delimiter() -> None:
    body = b"\xff\xd8picture\xff\xd9"
    data = HEAD + b"--frame\r\n\r\nX: y\r\n\r\n".replace(b"\r\n\r\nX", b"\r\nX") + body + b"\r\n--frame\r\n"
    assert [one.jpeg for one in received(data)] == [body]


def test_it_is_known_whether_the_next_part_has_begun() -> None:
    stream = MotionJpeg()
    stream.receive_data(HEAD + b"--frame\r\n" + part(3))
    assert stream.next_event() is not None
    assert not stream.begun, "a delimiter is no beginning"
    stream.receive_data(part(4)[:10])
    assert stream.next_event() is None
    assert stream.begun


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"SSH-2.0-x\r\n\r\n", "does not answer in HTTP"),
        (b"HTTP/1.0 404 Not Found\r\n\r\n", "refused the stream with status 404 Not Found"),
        (b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n", "sends 'text/html', which is no motion JPEG"),
        (HEAD.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n"), "in chunks"),
        (HEAD + b"--other\r\n", "where --frame must be"),
        (HEAD + b"--framework\r\n", "goes on after its boundary"),
        (HEAD + b"--frame\r\nContent-Length: -1\r\n\r\n", "a part of '-1' bytes"),
        (HEAD + b"--frame\r\nContent-Length: 99999999\r\n\r\n", "a part of '99999999' bytes"),
        (HEAD + b"--frame\r\nContent-Length: 4\r\n\r\nGIF8\r\n", "no complete JPEG"),
        (HEAD + b"--frame\r\nContent-Length: 6\r\n\r\n\xff\xd8\x00\x00\x00\x00", "no complete JPEG"),
        (b"x" * (LONGEST_HEAD + 1), "a head of more than"),
    ],
)
def test_what_is_no_such_stream_is_named(data: bytes, words: str) -> None:
    with pytest.raises(RemoteProtocolError, match=words):
        received(data)


def test_a_part_without_end_is_refused() -> None:
    stream = MotionJpeg()
    stream.receive_data(HEAD + b"--frame\r\nX: y\r\n\r\n")
    assert stream.next_event() is None
    with pytest.raises(RemoteProtocolError, match="a part of more than"):
        stream.receive_data(bytes(LARGEST_PART + LONGEST_HEAD + 1))


@given(st.lists(st.binary(max_size=80), max_size=8), st.booleans())
def test_any_bytes_are_parts_or_refused(pieces: list[bytes], headed: bool) -> None:
    with suppress(RemoteProtocolError):
        for one in received(*([HEAD] if headed else []), *pieces):
            assert one.jpeg.startswith(b"\xff\xd8")


def test_a_path_that_is_none_is_our_own_bug() -> None:
    assert request("h:1", "/a?b=c").startswith(b"GET /a?b=c HTTP/1.0\r\n")
    with pytest.raises(LocalProtocolError):
        request("h", "/a b")
