"""A stream of bytes to one device: requests and answers, one at a time.

The same rules hold for a serial line, which several devices may share, and a TCP connection:

- every exchange has a deadline on the wire clock and holds the bench clock's token;
- bytes that nobody asked for are dropped before a request goes out;
- an exchange that was cancelled, timed out or went wrong leaves the line *unquiet*: before the next use its
  answer is waited for and the line listened to until it has been silent for a while, or a connection is made
  anew, so that a late answer is not taken for the answer to the next request;
- where a device left a request unanswered, the next one takes the last answer that comes, once the line has been
  silent for as long as the answer came after the request that was left: a device answers in order, and about as late
  each time;
- a device that is down is given less time on a line that others share;
- a lost link is opened again by the next use, once.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from ..clock import Clock
from ..errors import DeviceUnreachable, RemoteProtocolError
from ..wire.events import Events
from .bus import Bus, Pays
from .reason import reason
from .supervisor import LinkState, Supervisor

E = TypeVar("E")
T = TypeVar("T")

TIMEOUT = 3.0
"""Seconds on the wire clock within which a device must have answered."""

PROBED = 0.5
"""Seconds given to a device that is known to be down, where others wait for the same line: more if it was slow."""

FULLY = 4
"""Of so many tries with a device that is down, one is given the full deadline: it may only be slow."""

SETTLED, LATENESS = 0.3, 1.1
"""Where an earlier answer may still come, the last one counts after a silence of ``SETTLED`` s and ``LATENESS`` times
its distance from the request that was left unanswered."""

SHOWN = 12
"""Bytes of an incomplete answer that are told."""


class StreamLink:
    """A stream of bytes to one device.

    :param address: as given to the device; bytes written are reported to the clock under exactly this string.
    :param join: gives the bus when the link is opened, with one more user.
    :param supervisor: the device's own; it knows the device's name, used in errors.
    :param timeout: deadline of each exchange, seconds of wall time.
    :param gap: seconds of silence on the line that must precede a request.
    """

    def __init__(
        self,
        address: str,
        join: Callable[[], Bus],
        *,
        supervisor: Supervisor,
        clock: Clock,
        timeout: float = TIMEOUT,
        gap: float = 0.0,
    ) -> None:
        self.address, self.supervisor, self.clock, self.timeout = address, supervisor, clock, timeout
        self.name = supervisor.name
        self._join, self._gap = join, gap
        self._bus: Bus | None = None
        self._lock = asyncio.Lock()

    @property
    def connections(self) -> int:
        """How often its line was connected since it was opened by its first user."""
        return 0 if self._bus is None else self._bus.connections

    async def open(self) -> None:
        """Connect.

        :raises AddressError: if its port is in use with other line settings.
        :raises DeviceUnreachable: if the port or the peer is not there.
        """
        with self.clock.exchange():
            async with self._lock:
                if self._bus is None:
                    self._bus = self._join()
                try:
                    async with self._bus.turn():
                        with self.supervisor.opening():
                            await self._connected(self._bus.enter)
                except BaseException:
                    await self._leave()
                    raise

    async def close(self) -> None:
        """Disconnect; closing twice, or a link that is lost, is no error."""
        with self.clock.exchange():
            async with self._lock:
                self.supervisor.closed()
                await self._leave()

    async def send(self, data: bytes) -> None:
        """Send what has no answer.

        :raises DeviceUnreachable: if the link is down.
        """
        await self._exchange(partial(self._tell, data), answered=False)

    async def query(
        self, data: bytes, events: Events[E], *, check: Callable[[E], None] = lambda _: None, longer: float = 0.0
    ) -> E:
        """Send a request and wait for one event.

        :param events: fresh for this exchange.
        :param check: raises ``RemoteProtocolError`` for an event that cannot be the answer to this request.
        :param longer: seconds that this answer may take beyond the deadline.
        :raises DeviceUnreachable: if there is no answer within the deadline, or the link is down.
        :raises RemoteProtocolError: if the answer is none of this protocol.
        """
        return await self._exchange(partial(self._ask, data, events, check, longer))

    async def _exchange(self, exchange: Callable[[Bus], Awaitable[T]], *, answered: bool = True) -> T:
        """One exchange in its turn on the bus, which is quiet when it begins."""
        with self.clock.exchange():
            async with self._lock:
                bus = self._opened()
                self.supervisor.admit()
                async with bus.turn():
                    with self.supervisor.exchange(answered=answered):
                        if not bus.ready(self._gap):
                            await self._connected(partial(bus.prepare, self._gap))
                        return await exchange(bus)

    async def _tell(self, data: bytes, bus: Bus) -> None:
        await self._write(bus, data, 0.0)
        bus.settled(self, answered=False)

    async def _ask(self, data: bytes, events: Events[E], check: Callable[[E], None], longer: float, bus: Bus) -> E:
        doubt, within = bus.doubt(self), self._patience(bus) + longer
        await self._write(bus, data, within, partial(_complete, events, check))
        try:
            event = await self._answer(bus, events, within)
            if doubt:
                event = await self._last(bus, events, event, LATENESS * bus.doubt(self) + SETTLED)
            check(event)
        except RemoteProtocolError as error:
            raise RemoteProtocolError(error.what, where=self.name, remedy=error.remedy) from None
        bus.settled(self, answered=True)
        return event

    def _patience(self, bus: Bus) -> float:
        """The deadline of an exchange in s: one with a device that is down must not keep the line from others."""
        if bus.users <= 1:
            return self.timeout
        status = self.supervisor.status
        if status.state is not LinkState.DOWN:
            return self.timeout
        if self.supervisor.failures % FULLY == 0:
            return self.timeout
        return min(self.timeout, max(PROBED, 3.0 * (status.latency or 0.0)))

    async def _answer(self, bus: Bus, events: Events[E], within: float) -> E:
        loop = asyncio.get_running_loop()
        deadline, came = loop.time() + within, b""
        while True:
            received = await self._receive(bus, max(0.0, deadline - loop.time()))
            came += received
            if not received:
                raise DeviceUnreachable(
                    f"did not answer within {within:.1f} s{_incomplete(came)}",
                    where=self.name,
                    remedy=f"check that it is switched on and connected to {self.address}",
                )
            events.receive_data(received)
            event = events.next_event()
            if event is not None:
                return event

    async def _last(self, bus: Bus, events: Events[E], event: E, silence: float) -> E:
        """The last event before the line is silent.

        :raises RemoteProtocolError: if it does not fall silent.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + 2.0 * silence + self.timeout
        while True:
            while (following := events.next_event()) is not None:
                event = following
            received = await self._receive(bus, silence)
            if not received:
                return event
            if loop.time() > deadline:
                raise RemoteProtocolError("goes on sending after its answer")
            events.receive_data(received)

    async def _receive(self, bus: Bus, timeout: float) -> bytes:
        try:
            return await bus.receive(timeout)
        except (OSError, EOFError) as error:
            await bus.drop()
            raise self._lost(error) from error

    async def _write(self, bus: Bus, data: bytes, answer_within: float, pays: Pays | None = None) -> None:
        try:
            await bus.send(self, data, answer_within=answer_within, pays=pays)
        except (OSError, EOFError) as error:
            await bus.drop()
            raise self._lost(error) from error
        self.clock.sent(self.address, len(data))

    def _opened(self) -> Bus:
        if self._bus is None:
            raise DeviceUnreachable("is not open", where=self.name, remedy="open the device first")
        return self._bus

    async def _leave(self) -> None:
        if self._bus is not None:
            bus, self._bus = self._bus, None
            await bus.leave(self)

    async def _connected(self, connect: Callable[[], Awaitable[None]]) -> None:
        try:
            await connect()
        except RemoteProtocolError as error:
            raise RemoteProtocolError(error.what, where=self.name) from None
        except OSError as error:
            if _taken(error):
                raise DeviceUnreachable(
                    "its port is taken by another program",
                    where=self.name,
                    remedy=f"end what else uses {self.address}, such as another run",
                ) from error
            raise DeviceUnreachable(
                f"cannot be reached: {reason(error)}",
                where=self.name,
                remedy=f"check that it is switched on and that {self.address} is right",
            ) from error

    def _lost(self, error: BaseException) -> DeviceUnreachable:
        return DeviceUnreachable(
            f"lost its link: {reason(error)}",
            where=self.name,
            remedy=f"check the connection to {self.address}",
        )


def _complete(events: Events[E], check: Callable[[E], None], received: bytes) -> bool:
    """Whether ``received`` completes an answer that ``check`` accepts."""
    try:
        events.receive_data(received)
        event = events.next_event()
        if event is None:
            return False
        check(event)
    except RemoteProtocolError:
        return False
    return True


def _incomplete(came: bytes) -> str:
    if not came:
        return ""
    more = " …" if len(came) > SHOWN else ""
    return f" in full, it sent {came[:SHOWN].hex(' ')}{more}"


def _taken(error: OSError) -> bool:
    """Whether a port could not be opened because somebody holds it: the libraries tell it each in their way."""
    told = str(error)
    return error.errno in (errno.EBUSY, errno.EAGAIN) or "already locked" in told or "exclusively lock" in told
