"""A camera that runs freely: what it shows is taken, nothing is triggered.

Address: ``video+http://host:port/path`` for motion JPEG (write ``?`` in the path as ``%3F``), ``video:///dev/video0``
for a camera of this machine, ``video:///file.mkv`` for a recording that is played at its own rate.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..capability import Frame
from ..clock import NANOSECONDS, Clock
from ..device import Device
from ..errors import DeviceUnreachable, EndOfRecording, OptionError, RemoteProtocolError
from ..transport.address import parse
from ..transport.capture import Capture
from ..transport.mjpeg import MjpegFeed
from ..transport.supervisor import Supervisor
from ..transport.video import VideoStream
from ..transport.worker import Worker

CAMERAS = "/dev/"
"""Where the cameras of a machine are: any other path is a recording."""


class Source(Protocol):
    """Where the pictures come from."""

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def grab(self) -> Frame: ...


class VideoCamera(Device):
    """A ``Camera``: each picture was exposed after it was asked for, as far as ``delay`` is right.

    A picture is taken if it came at least ``delay`` after the call. Its exposure lies in [receipt - ``delay``,
    receipt]; the receipt is that of its first byte (motion JPEG), or when the operating system gave it. A delay that
    is longer than stated cannot be seen in a stream without stamps. Pictures that lay in a buffer are dropped.

    :param rate: pictures per second; of a recording by default its own.
    :param delay: the most that exposure, encoding and transport take together, in s; our assumption by default.
    :param number: the header of each part of motion JPEG that holds the camera's own count of pictures; those that
        were left out are then counted as missed.
    :param stamp: the header of each part of motion JPEG that says when the picture left the camera, UTC in s, by a
        clock that is kept in step with the bench's within 1 ms; it takes the place of the receipt.
    """

    libraries = ("cv2",)

    def __init__(
        self,
        name: str,
        address: str,
        *,
        clock: Clock,
        rate: float | None = None,
        delay: float = 0.1,
        number: str = "",
        stamp: str = "",
    ) -> None:
        super().__init__(name, address, clock=clock)
        if rate is not None and not (math.isfinite(rate) and 0 < rate <= 10_000):
            raise OptionError(f"rate = {rate:g} per s", where=name, remedy="give a number above 0")
        if not (math.isfinite(delay) and delay >= 0):
            raise OptionError(f"delay = {delay:g} s", where=name, remedy="give 0 or more")
        self._source = self._made(rate, delay, number, stamp)

    async def open(self) -> None:
        await self._source.open()

    async def close(self) -> None:
        await self._source.close()

    async def grab(self) -> Frame:
        """One picture, exposed after this call.

        :raises DeviceUnreachable: if none comes.
        :raises RemoteProtocolError: if it cannot be decoded.
        :raises EndOfRecording: if there is no more of a recording.
        """
        return await self._source.grab()

    def _made(self, rate: float | None, delay: float, number: str, stamp: str) -> Source:
        peer = parse(self.address, allowed=("video", "video+http"))
        period = 1.0 / (rate or 30.0)
        if peer.scheme == "video+http":
            feed = MjpegFeed(
                self.address,
                supervisor=self.supervisor,
                clock=self.clock,
                period=period,
                delay=delay,
                numbered=number,
                stamped=stamp,
            )
            return Stream(feed, self.clock)
        if peer.path.startswith(CAMERAS):
            stream = VideoStream(peer.path, name=self.name, camera=True)
            return Local(
                Capture(stream, supervisor=self.supervisor, clock=self.clock, period=period, delay=delay),
            )
        return Recording(peer.path, rate, self.supervisor, self.clock)


class Stream:
    """Motion JPEG: its pictures are decoded when they are wanted, in a thread."""

    def __init__(self, feed: MjpegFeed, clock: Clock) -> None:
        self._feed, self._clock = feed, clock
        self._worker = Worker(f"video {feed.name}")

    async def open(self) -> None:
        await self._feed.open()

    async def close(self) -> None:
        await self._feed.close()
        self._worker.close()

    async def grab(self) -> Frame:
        found = await self._feed.fresh()
        with self._clock.exchange():
            image = await self._worker.call(partial(decode, found.jpeg, self._feed.name))
        return Frame(image, found.number, found.earliest, found.latest, "mjpeg")


class Local:
    """A camera of this machine."""

    def __init__(self, capture: Capture) -> None:
        self._capture = capture

    async def open(self) -> None:
        await self._capture.open()

    async def close(self) -> None:
        await self._capture.close()

    async def grab(self) -> Frame:
        shot = await self._capture.fresh()
        return Frame(shot.image, shot.number, shot.earliest, shot.latest, "raw")


class Recording:
    """A file that is played at its rate on the bench clock, from its opening on.

    The pictures that pass between two grabs are decoded and dropped. A picture's interval is its own period.
    """

    def __init__(self, path: str, rate: float | None, supervisor: Supervisor, clock: Clock) -> None:
        self._stream = VideoStream(path, name=supervisor.name)
        self._worker = Worker(f"video {supervisor.name}")
        self._supervisor, self._clock = supervisor, clock
        self._rate = self._stated = rate or 0.0
        self._start = self._read = 0
        self._opened = self._ended = False
        self._codec = ""

    async def open(self) -> None:
        with self._clock.exchange(), self._supervisor.opening():
            await self._worker.call(self._open)
        self._start, self._read, self._opened, self._ended = self._clock.now(), 0, True, False

    async def close(self) -> None:
        self._opened = False
        self._supervisor.closed()
        with self._clock.exchange():
            await self._worker.call(self._stream.close)
        self._worker.close()

    async def grab(self) -> Frame:
        """The first picture that begins no earlier than this call, once its period is over."""
        if not self._opened:
            raise DeviceUnreachable("is not open", where=self._supervisor.name, remedy="open the device first")
        number = max(self._read + 1, math.ceil((self._clock.now() - self._start) * self._rate / NANOSECONDS) + 1)
        await self._clock.sleep_until(self._at(number))
        with self._clock.exchange(), self._supervisor.exchange():
            image = await self._worker.call(partial(self._picture, number))
        return Frame(image, number, self._at(number - 1), self._at(number), self._codec)

    def _at(self, number: int) -> int:
        """The bench time at which picture ``number``, counted from 1, ends."""
        return self._start + math.ceil(number * NANOSECONDS / self._rate)

    def _open(self) -> None:
        self._stream.open()
        self._rate, self._codec = self._stated or self._stream.rate, self._stream.codec
        if not (math.isfinite(self._rate) and self._rate > 0):
            self._stream.close()
            raise RemoteProtocolError(
                "does not state its rate", where=self._supervisor.name, remedy="give rate in pictures per second"
            )

    def _picture(self, number: int) -> NDArray[np.uint8]:
        while self._read < number and not self._ended:
            self._ended = not self._stream.grab()
            self._read += not self._ended
        if self._ended:
            raise EndOfRecording(
                f"has ended after {self._read} pictures",
                where=self._supervisor.name,
                remedy="open the device again to begin anew",
            )
        return self._stream.picture()


def decode(jpeg: bytes, name: str) -> NDArray[np.uint8]:
    """The picture of a JPEG, ``(height, width)`` if it is grey, else ``(height, width, 3)``: blue, green, red.

    :raises RemoteProtocolError: if it is none.
    """
    import cv2

    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise RemoteProtocolError("sent a picture that cannot be decoded", where=name)
    return np.asarray(image, dtype=np.uint8)
