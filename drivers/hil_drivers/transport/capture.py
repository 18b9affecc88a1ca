"""A camera that OpenCV reads, drained by one thread, so that what is handed out is never what a buffer held."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ..clock import NANOSECONDS, Clock
from ..errors import DeviceUnreachable
from . import video
from .freerun import Freerun
from .supervisor import Supervisor

KEPT = 2
PAUSE = 0.5
"""What part of a period a picture must have been waited for: one that was there at once lay in a buffer."""

_RETRY = 0.1


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture, exposed in [``earliest``, ``latest``] on the bench clock, in ns; ``number`` is a count."""

    image: NDArray[np.uint8]
    number: int
    earliest: int
    latest: int


class Capture:
    """The pictures of one stream, read in a thread of its own from ``open`` to ``close``.

    Its stamps are made in that thread. A stream that ends or stalls is opened again with the supervisor's back-off.

    :param stream: not open yet.
    :param period: of the pictures, in s.
    :param delay: the most that passes between the beginning of an exposure and the arrival of its picture, in s.
    """

    def __init__(
        self, stream: video.VideoStream, *, supervisor: Supervisor, clock: Clock, period: float, delay: float
    ) -> None:
        self._stream, self._supervisor, self._clock = stream, supervisor, clock
        self._delay, self._pause = round(delay * NANOSECONDS), period * PAUSE
        self._run = Freerun[Shot](supervisor, clock, period=period, timeout=video.READ_TIMEOUT, kept=KEPT)
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._wanted = self._count = self.stale = 0

    async def open(self) -> None:
        """Open the stream and wait for its first picture.

        :raises DeviceUnreachable: if there is none.
        """
        await self.close()
        loop = asyncio.get_running_loop()
        opened: asyncio.Future[None] = loop.create_future()
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._serve, args=(loop, opened, self._stop), name=f"video of {self._stream.name}", daemon=True
        )
        try:
            with self._clock.exchange(), self._supervisor.opening():
                self._thread.start()
                await opened
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """End the thread: after a read under way, ``READ_TIMEOUT`` at the latest. Closing twice is no error."""
        self._supervisor.closed()
        thread, self._thread = self._thread, None
        self._stop.set()
        if thread is not None:
            with self._clock.exchange():
                await asyncio.shield(asyncio.to_thread(thread.join))
        self._run.clear()

    async def fresh(self) -> Shot:
        """The first picture whose exposure began after this call.

        :raises DeviceUnreachable: if none comes, or the link is down.
        """
        if self._thread is None:
            raise DeviceUnreachable("is not open", where=self._stream.name, remedy="open the device first")
        self._wanted += 1
        try:
            return await self._run.fresh()
        finally:
            self._wanted -= 1

    def _serve(self, loop: asyncio.AbstractEventLoop, opened: asyncio.Future[None], stop: threading.Event) -> None:
        def tell(what: Callable[[], object]) -> None:
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(what)

        while not stop.is_set():
            begun = time.monotonic()
            try:
                self._stream.open()
                while not stop.is_set():
                    shot = self._next()
                    tell(partial(_done, opened))
                    tell(partial(self._arrived, shot))
            except DeviceUnreachable as error:
                seconds = time.monotonic() - begun
                if not opened.done():
                    tell(partial(_done, opened, error))
                    break
                tell(partial(self._lost, error, seconds))
                stop.wait(max(_RETRY, self._supervisor.status.next_try))
            finally:
                self._stream.close()

    def _next(self) -> Shot | None:
        """The next picture; ``None`` if it lay in a buffer, or nobody wants it."""
        begun = time.monotonic()
        if not self._stream.grab():
            raise DeviceUnreachable(
                "sent no picture any more", where=self._stream.name, remedy=f"check {self._stream.url}"
            )
        now = self._clock.arrived()
        self._count += 1
        if time.monotonic() - begun < self._pause:
            self.stale += 1
            return None
        return Shot(self._stream.picture(), self._count, now - self._delay, now) if self._wanted else None

    def _arrived(self, shot: Shot | None) -> None:
        if self._thread is None:
            return
        if shot is not None:
            self._run.put(shot)
        else:
            self._supervisor.connected()

    def _lost(self, error: DeviceUnreachable, seconds: float) -> None:
        if self._thread is not None:
            self._supervisor.failed(error.what, seconds)
            self._run.fail(error)


def _done(future: asyncio.Future[None], error: DeviceUnreachable | None = None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
