"""The free-running camera: against an MJPEG server in another process, and a recording written by OpenCV."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.request import urlopen

import cv2
import numpy as np
import pytest

import mjpeg_server
from hil_drivers.capability import Camera, Frame
from hil_drivers.clock import NANOSECONDS, Clock, WallClock
from hil_drivers.errors import AddressError, DeviceUnreachable, EndOfRecording, OptionError, RemoteProtocolError
from hil_drivers.instruments.video_camera import VideoCamera, decode
from hil_drivers.transport.capture import Capture
from hil_drivers.transport.supervisor import LinkState, Supervisor
from hil_drivers.transport.video import VideoStream
from mjpeg_server import burn, number_of

RATE, WIDTH, HEIGHT = 25.0, 320, 96
DELAY = 0.5
"""The server's part of it is some ms; the rest is for a machine with other work."""


class Peer:
    """The server's process."""

    def __init__(self, port: int = 0) -> None:
        command = [sys.executable, mjpeg_server.__file__, *map(str, (port, RATE, WIDTH, HEIGHT))]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        told = self.process.stdout.readline().split()
        self.port, self.start = int(told[0]), float(told[1])
        self.address = f"video+http://127.0.0.1:{self.port}/video%3Faction=stream"

    def exposed(self, number: int) -> int:
        """When picture ``number`` was exposed, on the machine's monotonic clock, in ns."""
        return round((self.start + number / RATE) * NANOSECONDS)

    def stall(self) -> None:
        """Let it hold its streams back for a second."""
        urlopen(f"http://127.0.0.1:{self.port}/stall").close()

    def end(self) -> None:
        """Kill it."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


@pytest.fixture
def peer() -> Iterator[Peer]:
    made = Peer()
    yield made
    made.end()


@pytest.fixture
async def camera(peer: Peer) -> AsyncIterator[VideoCamera]:
    made = VideoCamera("camera", peer.address, clock=WallClock(), rate=RATE, delay=DELAY, number="X-Frame")
    await made.open()
    yield made
    await made.close()


def check_fresh(frame: Frame, peer: Peer, asked: int) -> None:
    """What the driver says of a picture's time must hold of the number that is burnt into it."""
    assert number_of(frame.image) == frame.number
    assert frame.earliest <= peer.exposed(frame.number) <= frame.latest
    assert peer.exposed(frame.number) >= asked


async def test_each_picture_was_exposed_after_it_was_asked_for(camera: VideoCamera, peer: Peer) -> None:
    assert isinstance(camera, Camera)
    numbers = []
    for _ in range(5):
        asked = camera.clock.now()
        frame = await camera.grab()
        check_fresh(frame, peer, asked)
        assert (frame.image.shape, frame.codec) == ((HEIGHT, WIDTH), "mjpeg")
        numbers.append(frame.number)
    assert numbers == sorted(set(numbers))
    assert camera.supervisor.status.state is LinkState.UP


async def test_a_stamp_takes_the_place_of_the_receipt(peer: Peer) -> None:
    """Both read one system clock here, through two anchors: they agree within some microseconds."""
    made = VideoCamera("camera", peer.address, clock=WallClock(), rate=RATE, delay=0.03, stamp="X-Timestamp")
    await made.open()
    try:
        for _ in range(3):
            frame = await made.grab()
            assert abs(frame.latest - peer.exposed(number_of(frame.image))) < 2e-3 * NANOSECONDS
            assert frame.latest - frame.earliest == 0.03 * NANOSECONDS
    finally:
        await made.close()


async def test_a_header_that_is_no_stamp_is_refused(peer: Peer) -> None:
    made = VideoCamera("camera", peer.address, clock=WallClock(), rate=RATE, stamp="Content-Type")
    with pytest.raises(RemoteProtocolError, match="content-type is 'image/jpeg'"):
        await made.open()
    await made.close()


async def test_after_two_seconds_without_a_grab_the_next_picture_is_fresh(camera: VideoCamera, peer: Peer) -> None:
    await camera.grab()
    await camera.clock.sleep(2.0)
    asked = camera.clock.now()
    check_fresh(await camera.grab(), peer, asked)


async def test_what_came_while_the_loop_was_blocked_is_not_fresh(camera: VideoCamera, peer: Peer) -> None:
    await camera.grab()
    asked = camera.clock.now()
    grabbing = asyncio.create_task(camera.grab())
    await asyncio.sleep(0)
    time.sleep(1.5)  # noqa: ASYNC251 (the loop is blocked on purpose)
    frame = await grabbing
    check_fresh(frame, peer, asked)
    assert peer.exposed(frame.number) >= asked + 1.2 * NANOSECONDS


async def test_what_a_stopped_process_left_in_buffers_is_not_fresh(camera: VideoCamera, peer: Peer) -> None:
    await camera.grab()
    peer.process.send_signal(signal.SIGSTOP)
    await camera.clock.sleep(1.0)
    asked = camera.clock.now()
    peer.process.send_signal(signal.SIGCONT)
    check_fresh(await camera.grab(), peer, asked)


async def test_missed_pictures_are_counted_by_their_numbers(camera: VideoCamera, peer: Peer) -> None:
    await camera.grab()
    before = camera.supervisor.status.missed
    await asyncio.to_thread(peer.stall)
    await camera.clock.sleep(1.2)
    await camera.grab()
    assert camera.supervisor.status.missed - before >= 0.5 * RATE


async def test_a_killed_server_is_told_and_its_successor_found(camera: VideoCamera, peer: Peer) -> None:
    changes: list[LinkState] = []
    await camera.grab()
    camera.supervisor.on_change = lambda status: changes.append(status.state)
    peer.end()
    with pytest.raises(DeviceUnreachable, match=r"camera: (lost its link|cannot be reached)"):
        await camera.grab()
    assert changes == [LinkState.DOWN]
    successor = Peer(peer.port)
    try:
        deadline = time.monotonic() + 20.0
        while camera.supervisor.status.state is not LinkState.UP:
            assert time.monotonic() < deadline, "it is not back by itself"
            await asyncio.sleep(0.05)
        asked = camera.clock.now()
        check_fresh(await camera.grab(), successor, asked)
    finally:
        successor.end()
    assert changes[:2] == [LinkState.DOWN, LinkState.UP]


async def test_nobody_there_is_unreachable() -> None:
    camera = VideoCamera("camera", "video+http://127.0.0.1:1/video", clock=WallClock())
    with pytest.raises(DeviceUnreachable, match="camera: cannot be reached: nothing listens there"):
        await camera.open()
    with pytest.raises(DeviceUnreachable, match="camera: is not open"):
        await camera.grab()
    await camera.close()


async def test_one_thread_drains_what_opencv_reads(peer: Peer) -> None:
    clock, supervisor = WallClock(), Supervisor("camera")
    stream = VideoStream(f"http://127.0.0.1:{peer.port}/video", name="camera")
    capture = Capture(stream, supervisor=supervisor, clock=clock, period=1 / RATE, delay=DELAY)
    await capture.open()
    try:
        for pause in (0.0, 2.0):
            await clock.sleep(pause)
            asked = clock.now()
            shot = await capture.fresh()
            number = number_of(shot.image)
            assert shot.earliest <= peer.exposed(number) <= shot.latest
            assert peer.exposed(number) >= asked
    finally:
        await capture.close()


async def test_a_stream_that_ends_is_opened_again_by_its_thread(peer: Peer) -> None:
    supervisor = Supervisor("camera")
    stream = VideoStream(f"http://127.0.0.1:{peer.port}/video", name="camera")
    capture = Capture(stream, supervisor=supervisor, clock=WallClock(), period=1 / RATE, delay=DELAY)
    await capture.open()
    await capture.fresh()
    peer.end()
    successor = None
    try:
        with pytest.raises(DeviceUnreachable, match="camera: "):
            await capture.fresh()
        successor = Peer(peer.port)
        deadline = time.monotonic() + 20.0
        while supervisor.status.state is not LinkState.UP:
            assert time.monotonic() < deadline, "it is not back by itself"
            await asyncio.sleep(0.05)
        shot = await capture.fresh()
        assert shot.earliest <= successor.exposed(number_of(shot.image)) <= shot.latest
    finally:
        await capture.close()
        if successor is not None:
            successor.end()


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Ten pictures at 20 per second, without loss."""
    path = tmp_path / "signs.mkv"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"FFV1"), 20.0, (WIDTH, HEIGHT), isColor=True)
    assert writer.isOpened()
    for number in range(1, 11):
        writer.write(coloured(number))
    writer.release()
    return path


def coloured(number: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    grey = burn(mjpeg_server.background(WIDTH, HEIGHT), number)
    return np.stack([grey, np.roll(grey, number, axis=1), 255 - grey], axis=-1)


async def test_a_recording_is_played_at_its_rate_without_loss(recording: Path, clock: Clock) -> None:
    camera = VideoCamera("camera", f"video://{recording}", clock=clock)
    await camera.open()
    start = clock.now()
    for number in (1, 2):
        frame = await camera.grab()
        assert frame.number == number
        np.testing.assert_array_equal(frame.image, coloured(number))
        assert (frame.earliest, frame.latest) == (
            start + (number - 1) * NANOSECONDS // 20,
            start + number * NANOSECONDS // 20,
        )
    await clock.sleep(0.22)
    frame = await camera.grab()
    np.testing.assert_array_equal(frame.image, coloured(8))
    assert (frame.number, frame.codec) == (8, "ffv1")
    await camera.close()


async def test_the_end_of_a_recording_is_no_loss(recording: Path, clock: Clock) -> None:
    camera = VideoCamera("camera", f"video://{recording}", clock=clock, rate=1.0)
    await camera.open()
    for _ in range(10):
        await camera.grab()
    for _ in range(2):
        with pytest.raises(EndOfRecording, match="camera: has ended after 10 pictures; open the device again"):
            await camera.grab()
    status = camera.supervisor.status
    assert (status.state, status.losses, status.unanswered) == (LinkState.UP, 0, 0)
    await camera.open()
    assert (await camera.grab()).number == 1
    await camera.close()
    with pytest.raises(DeviceUnreachable, match="is not open"):
        await camera.grab()


async def test_a_file_that_is_no_video_is_told(tmp_path: Path, clock: Clock, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "signs.mkv"
    path.write_bytes(bytes(range(256)) * 8)
    camera = VideoCamera("camera", f"video://{path}", clock=clock)
    with pytest.raises(DeviceUnreachable, match="camera: sends no video that can be read"):
        await camera.open()
    await camera.close()
    assert capfd.readouterr().err == ""


async def test_a_camera_that_is_not_there_is_told(clock: Clock) -> None:
    camera = VideoCamera("camera", "video:///dev/video-none", clock=clock)
    with pytest.raises(DeviceUnreachable, match="camera: "):
        await camera.open()
    await camera.close()


def test_options_and_addresses_are_checked(clock: Clock) -> None:
    with pytest.raises(OptionError, match="rate = 0 per s"):
        VideoCamera("camera", "video:///a.mkv", clock=clock, rate=0.0)
    with pytest.raises(OptionError, match="delay = -1 s"):
        VideoCamera("camera", "video:///a.mkv", clock=clock, delay=-1.0)
    with pytest.raises(AddressError, match=r"use video or video\+http"):
        VideoCamera("camera", "tcp://h:1", clock=clock)


def test_what_is_no_jpeg_is_refused() -> None:
    with pytest.raises(RemoteProtocolError, match="camera: sent a picture that cannot be decoded"):
        decode(b"\xff\xd8nothing\xff\xd9", "camera")
