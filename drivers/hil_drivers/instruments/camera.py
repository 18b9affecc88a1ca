"""A camera that exposes on request and streams its pictures over HTTP.

Address: ``video+http://host:port/camera.y4m``. ``POST /trigger`` on the same host exposes one picture and
answers ``{"frame": n, "start": ns, "end": ns, "codec": "..."}`` on the camera's own clock; the picture
follows in the stream, which holds one picture from its opening on.
"""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..capability import Frame
from ..clock import Clock
from ..device import Device
from ..errors import DeviceError, DeviceUnreachable, RemoteProtocolError
from ..transport.address import parse
from ..transport.reason import reason
from ..transport.video import VideoStream
from ..transport.worker import Worker

TIMEOUT = 2.0
LONGEST_ANSWER = 4096
MOST_BEHIND = 100


@dataclass(frozen=True, slots=True)
class Exposure:
    """The camera's answer to a trigger; ``start`` and ``end`` in ns on its own clock."""

    frame: int
    start: int
    end: int
    codec: str


class StreamCamera(Device):
    """A ``Camera``: each picture is exposed after it is asked for."""

    libraries = ("cv2",)

    def __init__(self, name: str, address: str, *, clock: Clock) -> None:
        super().__init__(name, address, clock=clock)
        self._peer = parse(address, allowed=("video+http",))
        host = f"[{self._peer.host}]" if ":" in self._peer.host else self._peer.host
        self._stream = VideoStream(f"http://{host}:{self._peer.port}{self._peer.path}", name=name)
        self._worker = Worker(f"camera {name}")
        self._last: int | None = None
        self._opened = False

    async def open(self) -> None:
        with self.clock.exchange(), self.supervisor.opening():
            await self._worker.call(self._connect)
        self._opened = True

    async def close(self) -> None:
        self._opened = False
        self.supervisor.closed()
        with self.clock.exchange():
            await self._worker.call(self._stream.close)
        self._worker.close()

    async def grab(self) -> Frame:
        """One picture, exposed after this call.

        The exposure began between the sending of the trigger and the arrival of its answer, both on the bench
        clock; its length is the camera's own statement.

        :raises DeviceUnreachable: if the camera does not answer or sends no picture.
        :raises RemoteProtocolError: if its answer makes no sense.
        """
        if not self._opened:
            raise DeviceUnreachable("is not open", where=self.name, remedy="open the device first")
        with self.clock.exchange(), self.supervisor.exchange():
            return await self._worker.call(self._exposed)

    def _connect(self) -> None:
        self._reach()
        self._stream.open()
        self._stream.read()
        self._last = None

    def _exposed(self) -> Frame:
        if not self._stream.is_open:
            self._connect()
        try:
            sent = self.clock.now()
            exposure = self._trigger()
            answered = self.clock.now()
            image = self._picture(exposure.frame)
        except DeviceError:
            self._stream.close()
            raise
        latest = answered + exposure.end - exposure.start
        return Frame(image, exposure.frame, sent, latest, exposure.codec)

    def _trigger(self) -> Exposure:
        connection = HTTPConnection(self._peer.host, self._peer.port, timeout=TIMEOUT)
        try:
            connection.request("POST", "/trigger")
            response = connection.getresponse()
            body = response.read(LONGEST_ANSWER)
        except OSError as error:
            raise self._unreachable("does not answer a trigger", error) from error
        except HTTPException as error:
            raise RemoteProtocolError(f"answered a trigger without HTTP: {error}", where=self.name) from error
        finally:
            connection.close()
        if response.status != HTTPStatus.OK:
            raise RemoteProtocolError(f"refused a trigger with status {response.status}", where=self.name)
        return parse_exposure(body, where=self.name)

    def _picture(self, number: int) -> NDArray[np.uint8]:
        """The picture of this number: what others triggered in between comes first and is dropped."""
        behind = 1 if self._last is None else number - self._last
        if not 1 <= behind <= MOST_BEHIND:
            raise RemoteProtocolError(f"sent frame {number} after frame {self._last}", where=self.name)
        for _ in range(behind):
            image = self._stream.read()
        self._last = number
        return image

    def _reach(self) -> None:
        """A plain connection first: its error says more than that of the video library."""
        try:
            socket.create_connection((self._peer.host, self._peer.port), timeout=TIMEOUT).close()
        except OSError as error:
            raise self._unreachable("cannot be reached", error) from error

    def _unreachable(self, what: str, error: Exception) -> DeviceUnreachable:
        return DeviceUnreachable(
            f"{what}: {reason(error)}",
            where=self.name,
            remedy=f"check that it is switched on and that {self.address} is right",
        )


def parse_exposure(body: bytes, *, where: str) -> Exposure:
    """The camera's answer to a trigger.

    :raises RemoteProtocolError: if it is not what the module's description says.
    """
    try:
        answer: Any = json.loads(body)
        frame, start, end, codec = (answer[key] for key in ("frame", "start", "end", "codec"))
    except (ValueError, TypeError, KeyError, RecursionError):
        raise RemoteProtocolError(f"answered a trigger with {body[:80]!r}", where=where) from None
    if not (type(frame) is type(start) is type(end) is int and isinstance(codec, str) and start <= end):
        raise RemoteProtocolError(f"answered a trigger with {body[:80]!r}", where=where)
    return Exposure(frame, start, end, codec)
