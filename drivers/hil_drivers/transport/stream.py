"""A stream of bytes to one device: requests and answers, one at a time.

The same rules hold for a serial line and a TCP connection:

- every exchange has a deadline on the wire clock and holds the bench clock's token;
- bytes that nobody asked for are dropped before a request goes out;
- an exchange that was cancelled, timed out or went wrong leaves the link *unquiet*: before the next use, a
  line is listened to until it has been silent for a while, a connection is made anew, so that a late answer
  is not taken for the answer to the next request;
- a lost link is opened again by the next use, once.
"""

from __future__ import annotations

import asyncio
import errno
from abc import ABC, abstractmethod
from typing import TypeVar

from ..clock import Clock
from ..errors import DeviceUnreachable, RemoteProtocolError
from ..wire.events import Events
from .supervisor import Supervisor

E = TypeVar("E")

TIMEOUT = 3.0
"""Seconds on the wire clock within which a device must have answered."""


class StreamLink(ABC):
    """A stream of bytes to one device.

    :param address: as given to the device; bytes written are reported to the clock under exactly this string.
    :param supervisor: the device's own; it knows the device's name, used in errors.
    :param timeout: deadline of each exchange, seconds of wall time.
    """

    def __init__(self, address: str, *, supervisor: Supervisor, clock: Clock, timeout: float = TIMEOUT) -> None:
        self.address, self.supervisor, self.clock, self.timeout = address, supervisor, clock, timeout
        self.name = supervisor.name
        self._lock = asyncio.Lock()
        self._opened = False
        self._connected = False
        self._quiet = True

    async def open(self) -> None:
        """Connect.

        :raises DeviceUnreachable: if the port or the peer is not there.
        """
        with self.clock.exchange():
            async with self._lock:
                with self.supervisor.opening():
                    await self._reconnect()
                self._opened = True

    async def close(self) -> None:
        """Disconnect; closing twice, or a link that is lost, is no error."""
        with self.clock.exchange():
            async with self._lock:
                self._opened = False
                self.supervisor.closed()
                await self._drop()

    async def send(self, data: bytes) -> None:
        """Send what has no answer.

        :raises DeviceUnreachable: if the link is down.
        """
        with self.clock.exchange():
            async with self._lock:
                self._check_open()
                with self.supervisor.exchange():
                    await self._prepare()
                    self._quiet = False
                    await self._write(data)
                    self._quiet = True

    async def query(self, data: bytes, events: Events[E]) -> E:
        """Send a request and wait for one event.

        :param events: fresh for this exchange.
        :raises DeviceUnreachable: if there is no answer within the deadline, or the link is down.
        :raises RemoteProtocolError: if the answer is none of this protocol.
        """
        with self.clock.exchange():
            async with self._lock:
                self._check_open()
                with self.supervisor.exchange():
                    await self._prepare()
                    self._quiet = False
                    await self._write(data)
                    try:
                        event = await self._answer(events)
                    except RemoteProtocolError as error:
                        raise RemoteProtocolError(error.what, where=self.name, remedy=error.remedy) from None
                    self._quiet = True
                    return event

    async def _answer(self, events: Events[E]) -> E:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.timeout
        while True:
            try:
                received = await self._receive(max(0.0, deadline - loop.time()))
            except (OSError, EOFError) as error:
                await self._drop()
                raise self._lost(error) from error
            if not received:
                raise DeviceUnreachable(
                    f"did not answer within {self.timeout:.1f} s",
                    where=self.name,
                    remedy=f"check that it is switched on and connected to {self.address}",
                )
            events.receive_data(received)
            event = events.next_event()
            if event is not None:
                return event

    async def _write(self, data: bytes) -> None:
        try:
            await self._send(data)
        except (OSError, EOFError) as error:
            await self._drop()
            raise self._lost(error) from error
        self.clock.sent(self.address, len(data))

    def _check_open(self) -> None:
        if not self._opened:
            raise DeviceUnreachable("is not open", where=self.name, remedy="open the device first")

    async def _prepare(self) -> None:
        if not self._connected:
            await self._reconnect()
            return
        try:
            if self._quiet:
                await self._listen_until_silent(0.0)
            else:
                await self._hush()
                self._quiet = True
        except (OSError, EOFError):
            await self._reconnect()

    async def _hush(self) -> None:
        """Make sure that no answer to an earlier request can arrive any more."""
        await self._reconnect()

    async def _listen_until_silent(self, silence: float) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.timeout
        while await self._receive(silence):
            if loop.time() > deadline:
                raise RemoteProtocolError("sends without being asked", where=self.name)

    async def _reconnect(self) -> None:
        await self._drop()
        try:
            await self._connect()
        except OSError as error:
            if _taken(error):
                raise DeviceUnreachable(
                    "its port is taken by another program",
                    where=self.name,
                    remedy=f"end what else uses {self.address}, such as another run",
                ) from error
            raise DeviceUnreachable(
                f"cannot be reached: {_reason(error)}",
                where=self.name,
                remedy=f"check that it is switched on and that {self.address} is right",
            ) from error
        self._connected = self._quiet = True

    async def _drop(self) -> None:
        self._connected = False
        await self._disconnect()

    def _lost(self, error: BaseException) -> DeviceUnreachable:
        return DeviceUnreachable(
            f"lost its link: {_reason(error)}",
            where=self.name,
            remedy=f"check the connection to {self.address}",
        )

    @abstractmethod
    async def _connect(self) -> None:
        """Connect; a failure, a time-out included, is an ``OSError``."""

    @abstractmethod
    async def _disconnect(self) -> None:
        """Let go of the connection, if there is one; never raises."""

    @abstractmethod
    async def _send(self, data: bytes) -> None:
        """Hand over all of ``data``; a lost link is an ``OSError``."""

    @abstractmethod
    async def _receive(self, timeout: float) -> bytes:
        """What has come, at the latest after ``timeout`` seconds of silence (then empty).

        A lost link is an ``OSError``, its orderly end an ``EOFError``.
        """


def _taken(error: OSError) -> bool:
    """Whether a port could not be opened because somebody holds it: the libraries tell it each in their way."""
    told = str(error)
    return error.errno in (errno.EBUSY, errno.EAGAIN) or "already locked" in told or "exclusively lock" in told


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
