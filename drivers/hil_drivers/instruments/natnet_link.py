"""One NatNet server: who it is, its frames as they come, and its clock against the bench clock."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from ..clock import NANOSECONDS, Clock
from ..errors import DeviceUnreachable, RemoteProtocolError
from ..timebase import Interval, Timebase
from ..transport.datagrams import DatagramLink
from ..transport.freerun import Freerun
from ..transport.stream import TIMEOUT
from ..transport.supervisor import Supervisor
from ..wire import natnet

PING_EVERY = NANOSECONDS
"""How long the bounds of the server's clock serve before it is pinged again, bench time in ns."""

FIRST_PINGS = 8
PING_TIMEOUT = 0.5

KEEP_ALIVE_EVERY = 1.0
"""Seconds of wall time after which a server that sends to us alone is told that we are there."""

LATE_FRAMES = 100
"""A frame that is older than the newest by fewer numbers came late; by more, the server began anew."""


log = logging.getLogger("hil_drivers.link")


@dataclass(frozen=True, slots=True)
class Tracked:
    """One frame, exposed around a time between the two, in ns of bench time; or what came instead of one."""

    earliest: int
    latest: int
    frame: natnet.Frame | None
    error: RemoteProtocolError | None = None


class NatNetLink:
    """The frames of one server.

    :param period: s between frames.
    :param interface: the own address that receives multicast.
    """

    def __init__(self, address: str, *, supervisor: Supervisor, clock: Clock, period: float, interface: str) -> None:
        self._supervisor, self._clock = supervisor, clock
        self.name, self._address = supervisor.name, address
        self._run = Freerun[Tracked](supervisor, clock, period=period)
        self._link = DatagramLink(
            address, supervisor=supervisor, clock=clock, receive=self._receive, interface=interface
        )
        self._lock = asyncio.Lock()
        self._opened = False
        self._awaited: tuple[int, asyncio.Future[bytes]] | None = None
        self.models: dict[str, int] = {}
        self._forget()

    def _forget(self) -> None:
        """Know nothing of a server."""
        self._server: natnet.ServerInfo | None = None
        self._base = Timebase(resolution=0.0)
        self._pings: dict[int, asyncio.Future[None] | None] = {}
        self._pinged: int | None = None
        self._number: int | None = None
        self._since = 0
        self._alive_at = 0.0
        self._half = 0

    async def open(self) -> None:
        """Find the server and learn about it.

        :raises DeviceUnreachable: if it does not answer.
        :raises RemoteProtocolError: if it is none.
        """
        with self._clock.exchange():
            async with self._lock:
                with self._supervisor.opening():
                    await self._connect()
                self._opened = True

    async def close(self) -> None:
        """Take leave of the server; closing twice is no error."""
        self._opened = False
        self._supervisor.closed()
        self._run.fail(self._unreachable("was closed"))
        self._run.clear()
        if self._link.is_open:
            self._link.send(natnet.encode(natnet.Id.DISCONNECT))
        await self._link.close()

    async def fresh(self, half: int) -> Tracked:
        """The first frame whose exposure began after this call.

        :param half: half of the exposure, ns.
        :raises DeviceUnreachable: if none comes.
        :raises RemoteProtocolError: if something else comes.
        """
        self._half = half
        await self._ready()
        await self._synchronise()
        try:
            tracked = await self._run.fresh()
        except DeviceUnreachable:
            self._server = None
            raise
        if tracked.error is not None:
            self._run.clear()
            with self._supervisor.exchange():
                raise RemoteProtocolError(tracked.error.what, where=self.name, remedy=tracked.error.remedy)
        return tracked

    def body(self, tracked: Tracked, name: str) -> natnet.RigidBody | None:
        """A rigid body of a frame by its name, ``None`` if it is not in there."""
        number = self.models.get(name)
        return None if tracked.frame is None or number is None else tracked.frame.bodies.get(number)

    async def _ready(self) -> None:
        if not self._opened:
            raise DeviceUnreachable("is not open", where=self.name, remedy="open the device first")
        if self._server is None:
            with self._clock.exchange():
                async with self._lock:
                    if self._server is None:
                        with self._supervisor.exchange():
                            await self._connect()

    async def _connect(self) -> None:
        self._forget()
        self._run.clear()
        try:
            await self._link.open()
            async with asyncio.timeout(TIMEOUT):
                await self._get_to_know()
        except TimeoutError:
            await self._link.close()
            raise self._unreachable(f"did not answer within {TIMEOUT:.1f} s") from None
        except RemoteProtocolError as error:
            await self._link.close()
            raise RemoteProtocolError(error.what, where=self.name, remedy=error.remedy) from None
        except BaseException:
            await self._link.close()
            raise
        finally:
            self._awaited = None

    async def _get_to_know(self) -> None:
        self._since = self._clock.now()
        server = natnet.parse_server_info(await self._ask(natnet.Id.SERVER_INFO, natnet.connect()))
        self._base = Timebase(resolution=1.0 / server.frequency)
        models = await self._ask(natnet.Id.MODELS, natnet.encode(natnet.Id.REQUEST_MODELS))
        self.models = natnet.parse_models(models, server.version)
        if server.group:
            await self._link.join(server.group, server.data_port)
        self._server = server
        for _ in range(FIRST_PINGS):
            await self._ping()
        self._pinged = self._clock.now()

    async def _ask(self, answer: natnet.Id, request: bytes) -> bytes:
        told: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._awaited = (answer, told)
        self._link.send(request)
        return await told

    async def _synchronise(self) -> None:
        now = self._clock.now()
        if self._pinged is None or now - self._pinged >= PING_EVERY:
            self._pinged = now
            with self._clock.exchange():
                await self._ping()

    async def _ping(self) -> None:
        """One ping; an answer that does not come within ``PING_TIMEOUT`` is done without."""
        sent = self._clock.now()
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pings[sent] = answered
        self._link.send(natnet.echo_request(sent))
        try:
            async with asyncio.timeout(PING_TIMEOUT):
                await answered
        except TimeoutError:
            return
        finally:
            self._pings.pop(sent, None)

    def _receive(self, datagram: bytes) -> None:
        try:
            message = natnet.decode(datagram)
            self._take(message)
        except RemoteProtocolError as error:
            self._garbled(error)

    def _take(self, message: natnet.Message) -> None:
        if self._awaited is not None and message.id == self._awaited[0]:
            (_, told), self._awaited = self._awaited, None
            if not told.done():
                told.set_result(message.payload)
        elif message.id == natnet.Id.FRAME:
            if self._server is not None:
                self._arrived(natnet.parse_frame(message.payload, self._server.version), self._server)
        elif message.id == natnet.Id.ECHO_RESPONSE:
            self._echoed(natnet.parse_echo(message.payload))
        elif message.id == natnet.Id.MODELS:
            if self._server is not None:
                self.models = natnet.parse_models(message.payload, self._server.version)
        elif message.id not in (natnet.Id.SERVER_INFO, natnet.Id.MESSAGE, natnet.Id.UNRECOGNISED, natnet.Id.KEEP_ALIVE):
            raise RemoteProtocolError(
                f"sent a message with the unknown id {message.id}",
                remedy="check that the address leads to the command port of a NatNet server",
            )

    def _echoed(self, echo: natnet.Echo) -> None:
        if echo.sent in self._pings and self._server is not None:
            answered = self._pings.pop(echo.sent)
            if answered is not None and not answered.done():
                answered.set_result(None)
            if not self._base.exchanged(echo.sent, _stamp(echo.received, self._server), self._clock.arrived()):
                log.warning("%s: its clock was set or has restarted", self.name)

    def _arrived(self, frame: natnet.Frame, server: natnet.ServerInfo) -> None:
        receipt = self._clock.arrived()
        before = self._number
        if before is not None and 0 <= before - frame.number < LATE_FRAMES:
            return
        self._number = frame.number
        if before is not None and frame.number > before + 1:
            self._supervisor.missed(frame.number - before - 1)
        if not frame.mid_exposure:
            raise RemoteProtocolError(
                "sends frames without the time of their exposure",
                remedy="use cameras that tell it, or update the server",
            )
        if not self._base.arrived(_stamp(frame.transmitted, server), receipt):
            log.warning("%s: its clock was set or has restarted", self.name)
            self._pings.clear()
            self._pinged = None
        self._keep_alive(frame)
        found = self._base.interval(_stamp(frame.mid_exposure, server)) or self._unknown(receipt)
        latest = min(found.latest + self._half, receipt)
        self._run.put(Tracked(min(found.earliest - self._half, latest), latest, frame))

    def _unknown(self, receipt: int) -> Interval:
        """What holds of a frame while the server's clock is not known; then it is pinged from here."""
        now = self._clock.now()
        if now not in self._pings and len(self._pings) < FIRST_PINGS:
            self._pings[now] = None
            self._link.send(natnet.echo_request(now))
        return Interval(self._since, receipt)

    def _keep_alive(self, frame: natnet.Frame) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._alive_at >= KEEP_ALIVE_EVERY:
            self._alive_at = now
            self._link.send(natnet.encode(natnet.Id.KEEP_ALIVE))
        if frame.models_changed:
            self._link.send(natnet.encode(natnet.Id.REQUEST_MODELS))

    def _garbled(self, error: RemoteProtocolError) -> None:
        if self._awaited is not None:
            if not self._awaited[1].done():
                self._awaited[1].set_exception(error)
            return
        receipt = self._clock.arrived()
        self._run.put(Tracked(receipt, receipt, None, error))

    def _unreachable(self, what: str) -> DeviceUnreachable:
        return DeviceUnreachable(
            what, where=self.name, remedy=f"check that it streams NatNet, and that {self._address} is right"
        )


def _stamp(ticks: int, server: natnet.ServerInfo) -> int:
    """A reading of the server's clock in ns."""
    return ticks * NANOSECONDS // server.frequency
