"""What the event loop brings on a socket or a port, held until somebody asks for it."""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable

MOST_HELD = 1 << 16
"""Bytes that are held for whoever receives; the peer has to wait with more."""

LAST_LOOK = 1.0
"""Seconds within which the event loop must bring what the system says has come."""


class Connection(asyncio.Protocol):
    """One connection. Whether anything has arrived is known without a turn of the event loop, by asking the system.

    :param descriptor: the file descriptor behind a transport.
    """

    def __init__(self, descriptor: Callable[[asyncio.BaseTransport], int]) -> None:
        self._descriptor = descriptor
        self._data = bytearray()
        self._ended = False
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._deadline = 0.0
        self._writable = asyncio.Event()
        self._writable.set()
        self._lost = asyncio.Event()
        self._arrived = select.poll()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a stream is expected")
        self._transport = transport
        self._arrived.register(self._descriptor(transport), select.POLLIN)

    def data_received(self, data: bytes) -> None:
        self._data += data
        if len(self._data) > MOST_HELD:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        self._ended = True
        self._wake()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended, self._error = True, exc
        self._lost.set()
        self._writable.set()
        self._cancel_timer()
        self._wake()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    async def send(self, data: bytes, timeout: float) -> None:
        """Hand over ``data``; see ``Line.send``."""
        self._check()
        self._transport.write(data)
        if not self._writable.is_set():
            async with asyncio.timeout(timeout):
                await self._writable.wait()
            self._check()

    async def receive(self, timeout: float) -> bytes:
        """See ``Line.receive``."""
        if not self._data and not self._ended and (timeout > 0 or self._unread):
            await self._wait(timeout)
            if not self._data and not self._ended and self._unread:
                # The loop was blocked past the deadline: bytes have come that nobody saw.
                await self._wait(LAST_LOOK)
        if not self._data:
            self._check()
            return b""
        data = bytes(self._data)
        self._data.clear()
        if len(data) > MOST_HELD and not self._transport.is_closing():
            self._transport.resume_reading()
        return data

    async def close(self, timeout: float) -> None:
        """Let go of the connection, at the latest after ``timeout`` seconds."""
        self._transport.close()
        try:
            async with asyncio.timeout(timeout):
                await self._lost.wait()
        except TimeoutError:
            self._transport.abort()

    @property
    def idle(self) -> bool:
        """Whether it holds and nothing has come."""
        return not (self._data or self._ended or self._unread)

    @property
    def _unread(self) -> bool:
        return not self._lost.is_set() and bool(self._arrived.poll(0))

    def _check(self) -> None:
        if self._error is not None:
            raise ConnectionError(str(self._error) or type(self._error).__name__) from self._error
        if self._ended:
            raise EOFError("the device closed the connection")

    async def _wait(self, timeout: float) -> None:
        """Wait for bytes, or for the end of the connection."""
        loop = asyncio.get_running_loop()
        self._deadline = loop.time() + timeout
        if self._timer is None or self._timer.when() > self._deadline:
            self._cancel_timer()
            self._timer = loop.call_at(self._deadline, self._ring)
        self._waiter = loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _ring(self) -> None:
        """Wake who waits if the time is up. A timer outlives the wait that it was made for: most waits need none."""
        self._timer = None
        if self._waiter is None:
            return
        loop = asyncio.get_running_loop()
        if loop.time() >= self._deadline:
            self._wake()
        else:
            self._timer = loop.call_at(self._deadline, self._ring)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
