"""A camera that sends motion JPEG by itself, over HTTP, to whoever asks for ``/video.mjpg``.

Each part states its number as ``X-Frame``: picture n leaves the camera at bench time n / rate, and when it did, by the
camera's clock, as ``X-Timestamp``, UTC in s.
"""

from __future__ import annotations

import asyncio

import numpy as np
from numpy.typing import NDArray

from ...clock import NANOSECONDS
from ..devices.video import VideoDevice
from ..world import World
from .endpoint import HOST, port
from .push import PushEndpoint
from .seen import picture
from .video import HttpError, HttpParser, HttpRequest

PATH = "/video.mjpg"
_BACKLOG = 4 << 20
_HEAD = (
    b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=picture\r\n"
    b"Cache-Control: no-store\r\n\r\n--picture\r\n"
)


class VideoEndpoint(PushEndpoint):
    """The camera's HTTP server. A receiver that does not keep up misses pictures."""

    def __init__(self, name: str, device: VideoDevice, world: World) -> None:
        super().__init__(name, world, round(NANOSECONDS / device.rate))
        self._device = device
        self._exposure = min(round(device.exposure * NANOSECONDS), self._period)
        self._readout = round(device.readout * NANOSECONDS)
        self._clock = world.file.start_utc + round(world.truth.clocks[name] * NANOSECONDS)
        self._picture: NDArray[np.uint8] | None = None
        self._server: asyncio.Server | None = None
        self.connections: set[asyncio.Transport] = set()
        self.streams: set[asyncio.Transport] = set()

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), HOST, 0)
        self.address = f"video+http://{HOST}:{port(self._server)}{PATH}"
        self.start_sending()

    def close(self) -> None:
        super().close()
        if self._server is not None:
            self._server.close()
        for connection in tuple(self.connections):
            connection.abort()

    def moved(self) -> None:
        self.check_link()
        super().moved()

    def check_link(self) -> None:
        """Break every connection while the link is dropped."""
        if self.connections and self.faults.present("dropped"):
            for connection in tuple(self.connections):
                connection.abort()
            self.broke()

    def begin(self, transport: asyncio.Transport) -> None:
        """Begin a stream, with the picture that there is last."""
        self.streams.add(transport)
        transport.write(_HEAD)
        now = self.world.time.now()
        self._send(now // self._period * self._period, (transport,))

    def emit(self, t: int) -> None:
        if self.streams:
            self._send(t, tuple(self.streams))

    def _send(self, t: int, receivers: tuple[asyncio.Transport, ...]) -> None:
        part = self._part(t)
        for receiver in receivers:
            if receiver.get_write_buffer_size() <= _BACKLOG:
                self.wire.reply(part, receiver.write)

    def _part(self, t: int) -> bytes:
        import cv2

        quality = [cv2.IMWRITE_JPEG_QUALITY, self._device.quality]
        jpeg = cv2.imencode(".jpg", self._seen(max(0, t - self._readout - self._exposure)), quality)[1].tobytes()
        head = f"Content-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\nX-Frame: {t // self._period}\r\n"
        seconds, rest = divmod(t + self._clock, NANOSECONDS)
        head += f"X-Timestamp: {seconds}.{rest:09d}\r\n\r\n"
        return head.encode() + jpeg + b"\r\n--picture\r\n"

    def _seen(self, start: int) -> NDArray[np.uint8]:
        if self._picture is None or not self.faults.present("frozen"):
            self._picture = picture(self.world, self.name, self._device, start, start + self._exposure, index=start)
        return self._picture


class _Connection(asyncio.Protocol):
    def __init__(self, endpoint: VideoEndpoint) -> None:
        self._endpoint, self._parser = endpoint, HttpParser()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a TCP connection is expected")
        self._transport = transport
        self._endpoint.connections.add(transport)
        self._endpoint.check_link()

    def connection_lost(self, _exc: Exception | None) -> None:
        self._endpoint.connections.discard(self._transport)
        self._endpoint.streams.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        if self._transport not in self._endpoint.streams:
            try:
                for request in self._parser.receive(data):
                    self._serve(request)
            except HttpError as error:
                self._refuse(str(error))
        self._endpoint.count(len(data))

    def _serve(self, request: HttpRequest) -> None:
        if (request.method, request.path) == ("GET", PATH):
            self._endpoint.begin(self._transport)
        else:
            self._refuse("404 Not Found")

    def _refuse(self, status: str) -> None:
        self._transport.write(f"HTTP/1.0 {status}\r\nContent-Length: 0\r\n\r\n".encode())
        self._transport.close()
