"""One connection of a stream of motion JPEG, and how much of it waits to be read."""

from __future__ import annotations

import asyncio
import fcntl
import struct
import termios
from contextlib import suppress
from typing import TYPE_CHECKING

from ..wire import mjpeg

if TYPE_CHECKING:
    from .mjpeg import MjpegFeed


class MjpegConnection(asyncio.Protocol):
    """One connection; ``begun`` is when the first byte of the present part came."""

    def __init__(self, feed: MjpegFeed) -> None:
        self._feed = feed
        self.stream = mjpeg.MotionJpeg()
        self.begun: int | None = None
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a TCP connection is expected")
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._feed.received(self, data)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.gone.done():
            self.gone.set_result(None)
        self._feed.ended(self, exc)

    def waiting(self) -> bool:
        """Whether more bytes have come already, and wait to be read."""
        with suppress(OSError):
            number = self.transport.get_extra_info("socket").fileno()
            count: int = struct.unpack("i", fcntl.ioctl(number, termios.FIONREAD, struct.pack("i", 0)))[0]
            return count > 0
        return False
