"""The camera driver, read by OpenCV from a real HTTP server."""

from __future__ import annotations

import asyncio
import json
import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from hil_drivers.capability import Camera
from hil_drivers.clock import Clock
from hil_drivers.errors import AddressError, DeviceUnreachable, RemoteProtocolError
from hil_drivers.instruments import camera as module
from hil_drivers.instruments.camera import StreamCamera, parse_exposure
from hil_drivers.transport import video

WIDTH, HEIGHT = 64, 32


def picture(number: int) -> NDArray[np.uint8]:
    """A picture that says its number."""
    return np.random.default_rng(number).integers(0, 256, (HEIGHT, WIDTH), dtype=np.uint8)


class Server(ThreadingHTTPServer):
    """One picture at the opening of a stream, then one for each trigger."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.number = 0
        self.instead: list[bytes] = []
        self.streams: list[queue.SimpleQueue[int | None]] = []
        self.delay = threading.Event()
        self.delay.set()
        self.address = f"video+http://127.0.0.1:{self.server_port}/camera.y4m"

    def expose(self) -> int:
        """Take a picture and send it to every stream."""
        self.number += 1
        for stream in self.streams:
            stream.put(self.number)
        return self.number

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away."""

    def stop(self) -> None:
        """End the streams and the server."""
        for stream in self.streams:
            stream.put(None)
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        stream: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        stream.put(self.server.number)
        self.server.streams.append(stream)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"YUV4MPEG2 W%d H%d F30:1 Ip A1:1 Cmono\n" % (WIDTH, HEIGHT))
        try:
            while (number := stream.get()) is not None:
                self.wfile.write(b"FRAME\n" + picture(number).tobytes())
        except ConnectionError:
            pass

    def do_POST(self) -> None:
        assert self.path == "/trigger"
        self.server.delay.wait(5.0)
        if self.server.instead:
            body = self.server.instead.pop()
        else:
            number = self.server.expose()
            body = json.dumps({"frame": number, "start": 70, "end": 10_000_070, "codec": "y4m"}).encode()
        self.send_response(500 if body == b"broken" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.delay.set()
    made.stop()
    thread.join()


@pytest.fixture
def camera(server: Server, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> StreamCamera:
    monkeypatch.setattr(video, "READ_TIMEOUT", 0.3)
    monkeypatch.setattr(module, "TIMEOUT", 0.3)
    return StreamCamera("camera", server.address, clock=clock)


async def test_pictures_are_exposed_on_request_and_exact(camera: StreamCamera, clock: Clock) -> None:
    assert isinstance(camera, Camera)
    await camera.open()
    await clock.sleep(3.0)
    for number in (1, 2, 3):
        frame = await camera.grab()
        assert (frame.number, frame.codec) == (number, "y4m")
        np.testing.assert_array_equal(frame.image, picture(number))
        assert (frame.earliest, frame.latest) == (3_000_000_000, 3_010_000_000)
    await camera.close()


async def test_what_others_triggered_is_dropped(camera: StreamCamera, server: Server) -> None:
    await camera.open()
    await camera.grab()
    server.expose()
    server.expose()
    frame = await camera.grab()
    assert frame.number == 4
    np.testing.assert_array_equal(frame.image, picture(4))
    await camera.close()


async def test_a_cancelled_picture_is_not_taken_for_the_next(camera: StreamCamera, server: Server) -> None:
    await camera.open()
    server.delay.clear()
    grabbing = asyncio.create_task(camera.grab())
    await asyncio.sleep(0.02)
    grabbing.cancel()
    server.delay.set()
    await asyncio.wait([grabbing])
    assert grabbing.cancelled()
    frame = await camera.grab()
    np.testing.assert_array_equal(frame.image, picture(frame.number))
    await camera.close()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"broken", "refused a trigger with status 500"),
        (b"[]", "answered a trigger with"),
        (b'{"frame": 0, "start": 0, "end": 0, "codec": "y4m"}', "sent frame 0 after frame 1"),
    ],
)
async def test_garbage_is_named_and_the_next_picture_is_right(
    camera: StreamCamera, server: Server, body: bytes, words: str
) -> None:
    await camera.open()
    await camera.grab()
    server.instead.append(body)
    with pytest.raises(RemoteProtocolError, match=f"camera: {words}"):
        await camera.grab()
    frame = await camera.grab()
    np.testing.assert_array_equal(frame.image, picture(frame.number))
    await camera.close()


async def test_a_picture_that_does_not_come_is_unreachable(camera: StreamCamera, server: Server) -> None:
    await camera.open()
    server.instead.append(b'{"frame": 1, "start": 0, "end": 0, "codec": "y4m"}')
    with pytest.raises(DeviceUnreachable, match=r"camera: sent no picture within 0.3 s"):
        await camera.grab()
    frame = await camera.grab()
    np.testing.assert_array_equal(frame.image, picture(frame.number))
    await camera.close()


async def test_a_camera_that_does_not_answer_is_unreachable(camera: StreamCamera, server: Server) -> None:
    await camera.open()
    server.delay.clear()
    with pytest.raises(DeviceUnreachable, match="camera: does not answer a trigger: no answer in time"):
        await camera.grab()
    await camera.close()


async def test_a_closed_camera_is_refused_and_opens_again(camera: StreamCamera) -> None:
    await camera.close()
    with pytest.raises(DeviceUnreachable, match="is not open"):
        await camera.grab()
    for _ in range(2):
        await camera.open()
        await camera.grab()
        await camera.close()
        await camera.close()


async def test_a_refused_port_is_unreachable(clock: Clock, capfd: pytest.CaptureFixture[str]) -> None:
    camera = StreamCamera("camera", "video+http://127.0.0.1:1/camera.y4m", clock=clock)
    with pytest.raises(DeviceUnreachable, match="camera: cannot be reached: nothing listens there"):
        await camera.open()
    await camera.close()
    assert capfd.readouterr().err == ""


def test_another_scheme_is_refused(clock: Clock) -> None:
    with pytest.raises(AddressError, match=r"use video\+http"):
        StreamCamera("camera", "tcp://h:1", clock=clock)


@given(st.binary(max_size=60) | st.recursive(st.none() | st.integers(), st.lists).map(json.dumps).map(str.encode))
def test_any_answer_to_a_trigger_is_an_exposure_or_refused(body: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match="camera: answered a trigger"):
        parse_exposure(body, where="camera")
