"""The camera on HTTP: a stream of pictures, one at open and one for each trigger."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...clock import NANOSECONDS
from ..devices.camera import CameraDevice
from ..synthetic import Exposures, Seen
from ..world import World
from .endpoint import HOST, Endpoint, port
from .seen import picture

_LONGEST_HEAD = 8192
_LONGEST_BODY = 65536
_BACKLOG = 16 << 20


class HttpError(Exception):
    """A request that is answered with an error: status and reason."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request; the body is read and dropped."""

    method: str
    path: str
    keep: bool


class HttpParser:
    """Requests out of bytes: HTTP/1.0 and 1.1 with Content-Length."""

    def __init__(self) -> None:
        self._buffer = b""

    def receive(self, data: bytes) -> list[HttpRequest]:
        """Take bytes and return the requests that are complete.

        :raises HttpError: if the stream cannot be understood any more.
        """
        self._buffer += data
        requests: list[HttpRequest] = []
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            request, length = _head(self._buffer[:end])
            if len(self._buffer) < end + 4 + length:
                return requests
            self._buffer = self._buffer[end + 4 + length :]
            requests.append(request)
        if len(self._buffer) > _LONGEST_HEAD:
            raise HttpError("431 Request Header Fields Too Large")
        return requests


def _head(head: bytes) -> tuple[HttpRequest, int]:
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise HttpError("400 Bad Request")
    fields = {name.strip().lower(): value.strip() for name, _, value in (s.partition(":") for s in lines)}
    length = fields.get("content-length", "0")
    if not (length.isascii() and length.isdigit() and int(length) <= _LONGEST_BODY):
        raise HttpError("413 Content Too Large")
    connection = fields.get("connection", "keep-alive" if words[2] == "HTTP/1.1" else "close").lower()
    return HttpRequest(words[0], words[1].partition("?")[0], connection != "close"), int(length)


@dataclass(frozen=True, slots=True)
class Codec:
    """How pictures travel: the path's name, the body's type, what comes first, and one picture."""

    path: str
    content_type: str
    header: bytes
    encode: Callable[[NDArray[np.uint8]], bytes]


def y4m(camera: CameraDevice) -> Codec:
    """Monochrome YUV4MPEG2: every grey level as it is."""
    header = f"YUV4MPEG2 W{camera.width} H{camera.height} F30:1 Ip A1:1 Cmono\n".encode()
    return Codec("/camera.y4m", "video/x-yuv4mpeg", header, lambda image: b"FRAME\n" + image.tobytes())


def mjpeg(camera: CameraDevice) -> Codec:
    """Motion JPEG in parts: lossy, an influence factor of its own."""
    import cv2

    def encode(image: NDArray[np.uint8]) -> bytes:
        _, body = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, camera.quality])
        return b"Content-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%b\r\n--frame\r\n" % (
            len(body),
            body.tobytes(),
        )

    return Codec("/camera.mjpg", "multipart/x-mixed-replace;boundary=frame", b"--frame\r\n", encode)


class CameraEndpoint(Endpoint):
    """The camera's HTTP server.

    An exposure begins at the trigger. In lockstep several may begin at one bench time; each has noise of its
    own.
    """

    def __init__(self, name: str, device: CameraDevice, world: World) -> None:
        super().__init__(name, world)
        self._device = device
        self.codec = y4m(device) if device.codec == "y4m" else mjpeg(device)
        self._exposure = round(device.exposure * NANOSECONDS)
        self._begun: tuple[int, int] = (-1, 0)
        self._number = 0
        self._seen = Seen("", 0, 0)
        self._picture: NDArray[np.uint8] | None = None
        self._server: asyncio.Server | None = None
        self.connections: set[asyncio.Transport] = set()
        self.streams: set[asyncio.Transport] = set()

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), HOST, 0)
        self.address = f"video+http://{HOST}:{port(self._server)}{self.codec.path}"

    def close(self) -> None:
        super().close()
        if self._server is not None:
            self._server.close()
        for connection in tuple(self.connections):
            connection.abort()

    def moved(self) -> None:
        if self.connections and self.faults.present("dropped"):
            for connection in tuple(self.connections):
                connection.abort()
            self.broke()

    def stream(self, transport: asyncio.Transport) -> None:
        """Begin a stream with the head, the codec's header and a first picture."""
        head = f"HTTP/1.0 200 OK\r\nContent-Type: {self.codec.content_type}\r\nCache-Control: no-store\r\n\r\n"
        _, picture = self._expose()
        transport.write(head.encode() + self.codec.header + self.codec.encode(picture))
        self.streams.add(transport)

    def trigger(self) -> dict[str, object]:
        """Take one picture, send it to every stream, and tell its number and exposure.

        :raises HttpError: if no stream is open.
        """
        if not self.streams:
            raise HttpError("409 Conflict")
        start, picture = self._expose()
        self._number += 1
        self.world.part(Exposures).add(self.name, self._number, self._seen)
        encoded = self.codec.encode(picture)
        for stream in tuple(self.streams):
            if stream.get_write_buffer_size() > _BACKLOG:
                stream.abort()
            else:
                self.wire.reply(encoded, stream.write)
        return {
            "frame": self._number,
            "start": start,
            "end": start + self._exposure,
            "codec": self._device.codec,
        }

    def _expose(self) -> tuple[int, NDArray[np.uint8]]:
        start = self.world.time.now()
        self._begun = (start, self._begun[1] + 1 if self._begun[0] == start else 0)
        if self._picture is None or not self.faults.present("frozen"):
            self._seen = Seen(self.world.text, start, start + self._exposure)
            self._picture = picture(
                self.world, self.name, self._device, start, start + self._exposure, index=sum(self._begun)
            )
        return start, self._picture


class _Connection(asyncio.Protocol):
    def __init__(self, endpoint: CameraEndpoint) -> None:
        self._endpoint, self._parser = endpoint, HttpParser()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a TCP connection is expected")
        self._transport = transport
        self._endpoint.connections.add(transport)
        self._endpoint.moved()

    def connection_lost(self, _exc: Exception | None) -> None:
        self._endpoint.connections.discard(self._transport)
        self._endpoint.streams.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        if self._transport not in self._endpoint.streams:
            try:
                for request in self._parser.receive(data):
                    self._serve(request)
            except HttpError as error:
                self._reply(str(error), {"error": str(error)}, keep=False)
        self._endpoint.count(len(data))

    def _serve(self, request: HttpRequest) -> None:
        match request.method, request.path:
            case "GET", self._endpoint.codec.path:
                self._endpoint.stream(self._transport)
            case "POST", "/trigger":
                try:
                    self._reply("200 OK", self._endpoint.trigger(), keep=request.keep)
                except HttpError as error:
                    self._reply(str(error), {"error": "no stream is open"}, keep=request.keep)
            case _:
                self._reply("404 Not Found", {"error": f"there is no {request.path}"}, keep=request.keep)

    def _reply(self, status: str, body: dict[str, object], *, keep: bool) -> None:
        content = json.dumps(body).encode()
        head = (
            f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n"
            f"Connection: {'keep-alive' if keep else 'close'}\r\n\r\n"
        )
        self._endpoint.wire.reply(head.encode() + content, self._transport.write)
        if not keep:
            self._transport.close()
