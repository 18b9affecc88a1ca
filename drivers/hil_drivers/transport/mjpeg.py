"""Motion JPEG over HTTP, always drained on the event loop; pictures are decoded only when they are wanted.

What lay in a buffer is never passed off as fresh: a picture counts as just exposed only if nothing had come behind
it when it was complete, and after such a backlog only once there was a pause before it. Any other, such as the first
one of a connection, which may be the last one of long ago, is as old as the one before may be. The connection is
made again in the background, with the supervisor's back-off.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import quote

from ..clock import NANOSECONDS, Clock
from ..errors import DeviceError, DeviceUnreachable, RemoteProtocolError
from ..wire import mjpeg
from .address import parse
from .freerun import Freerun
from .mjpeg_connection import MjpegConnection
from .reason import reason
from .stream import TIMEOUT
from .supervisor import Supervisor

KEPT = 8
"""How many pictures are kept: their readers wake at each arrival."""

PAUSE = 0.5
"""What part of a period must pass without anything before a picture is taken for fresh after a backlog."""

IN_STEP = NANOSECONDS // 1000
"""How far a clock that is kept in step with the bench's may be off."""

STAMPED_WITHIN = 10 * NANOSECONDS
"""How far a stamp may be from the receipt before the camera's clock counts as not in step."""

LONG_AGO = -(1 << 62)
"""When a picture may have been exposed of which nothing is known: before any bench time."""

_RETRY = 0.05
_IN_A_PATH = "/?=&,;:+@~!$'()*%"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it came: exposed in [``earliest``, ``latest``] on the bench clock, in ns.

    ``number`` is the camera's own where it numbers them, else a count.
    """

    jpeg: bytes
    number: int
    earliest: int
    latest: int


class MjpegFeed:
    """The stream at ``video+http://host:port/path``.

    :param period: of the pictures, in s.
    :param delay: the most that passes between the beginning of an exposure and the arrival of its picture, in s.
    :param numbered: the header of each part that holds the picture's number, empty for none.
    :param stamped: the header of each part that holds when it left the camera, UTC in s, empty for none.
    :param timeout: s of wall time without a picture after which the camera counts as silent.
    """

    def __init__(
        self,
        address: str,
        *,
        supervisor: Supervisor,
        clock: Clock,
        period: float,
        delay: float,
        numbered: str = "",
        stamped: str = "",
        timeout: float = TIMEOUT,
    ) -> None:
        self.address, self.clock, self.timeout = address, clock, timeout
        self.name = supervisor.name
        self.stale = 0
        self._supervisor = supervisor
        self._peer = parse(address, allowed=("video+http",))
        self._delay, self._pause = round(delay * NANOSECONDS), round(period * PAUSE * NANOSECONDS)
        self._numbered, self._stamped = numbered.lower(), stamped.lower()
        self._run = Freerun[Picture](supervisor, clock, period=period, timeout=timeout, kept=KEPT)
        self._connection: MjpegConnection | None = None
        self._ended: list[asyncio.Future[None]] = []
        self._keeper: asyncio.Task[None] | None = None
        self._first: asyncio.Future[None] | None = None
        self._last = self._count = 0
        self._since = LONG_AGO
        self._behind = False

    async def open(self) -> None:
        """Connect and wait for a first picture.

        :raises DeviceUnreachable: if there is none within the deadline.
        :raises RemoteProtocolError: if what comes is no motion JPEG.
        """
        await self.close()
        try:
            with self.clock.exchange(), self._supervisor.opening():
                await self._connect()
        except BaseException:
            await self.close()
            raise
        self._keeper = asyncio.create_task(self._keep(), name=f"video of {self.name}")

    async def close(self) -> None:
        """Disconnect; closing twice is no error."""
        self._supervisor.closed()
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            with self.clock.exchange():
                await asyncio.wait([keeper])
        self.drop()
        self._run.clear()
        ended, self._ended = self._ended, []
        if ended:
            with self.clock.exchange():
                await asyncio.wait(ended)

    async def fresh(self) -> Picture:
        """A picture whose exposure began after this call: the newest, if the caller is late.

        :raises DeviceUnreachable: if none comes, or the link is down.
        """
        if self._keeper is None:
            raise DeviceUnreachable("is not open", where=self.name, remedy="open the device first")
        try:
            first, newest = await self._run.fresh(), self._run.newest
            return newest if newest is not None and newest.earliest > first.earliest else first
        except DeviceUnreachable:
            if self._first is None:
                self.drop()
            raise

    def drop(self) -> None:
        """Break the connection, if there is one; it is made anew in the background."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.transport.abort()

    def received(self, connection: MjpegConnection, data: bytes) -> None:
        """Take what the present connection brings."""
        if connection is not self._connection:
            return
        now = self.clock.arrived()
        try:
            self._pictures(connection, data, now)
        except RemoteProtocolError as error:
            self._lose(RemoteProtocolError(error.what, where=self.name, remedy=f"check {self.address}"))

    def ended(self, connection: MjpegConnection, error: Exception | None) -> None:
        """A connection is gone."""
        if connection is self._connection:
            why = "the camera closed the connection" if error is None else reason(error)
            self._lose(
                DeviceUnreachable(
                    f"lost its link: {why}", where=self.name, remedy=f"check the connection to {self.address}"
                )
            )

    def _pictures(self, connection: MjpegConnection, data: bytes, now: int) -> None:
        stream = connection.stream
        begun = now if connection.begun is None else connection.begun
        stream.receive_data(data)
        parts = []
        while (part := stream.next_event()) is not None:
            parts.append((part, begun))
            begun = now
        connection.begun = begun if stream.begun else None
        behind = stream.begun or connection.waiting()
        for n, (part, since) in enumerate(parts, start=1):
            self._take(part, since, behind=behind or n < len(parts))
        if parts and self._first is not None and not self._first.done():
            self._first.set_result(None)

    def _take(self, part: mjpeg.Part, arrived: int, *, behind: bool) -> None:
        number = self._number(part)
        if self._stamped:
            left = self._left(part)
            self._run.put(Picture(part.jpeg, number, left - self._delay, left), at=left + IN_STEP)
            return
        paused = arrived - self._last >= self._pause
        self._last = arrived
        self._behind = behind or (self._behind and not paused)
        if self._behind:
            self.stale += 1
        else:
            self._since = arrived - self._delay
        self._run.put(Picture(part.jpeg, number, self._since, arrived))

    def _number(self, part: mjpeg.Part) -> int:
        """The picture's number, with those that were left out counted as missed."""
        told = part.headers.get(self._numbered, "") if self._numbered else ""
        if not mjpeg.is_count(told):
            if self._numbered:
                raise RemoteProtocolError(f"sent a picture whose {self._numbered} is {told[:20]!r}")
            self._count += 1
            return self._count
        number = int(told)
        if 0 < self._count < number - 1:
            self._supervisor.missed(number - self._count - 1)
        self._count = number
        return number

    def _left(self, part: mjpeg.Part) -> int:
        """When the picture left the camera, by its stamp, on the bench clock."""
        told = part.headers.get(self._stamped, "")
        utc = mjpeg.nanoseconds(told)
        if utc is None:
            raise RemoteProtocolError(f"sent a picture whose {self._stamped} is {told[:24]!r}")
        now = self.clock.arrived()
        left = utc - (self.clock.utc(now) - now)
        if abs(left - now) > STAMPED_WITHIN:
            raise RemoteProtocolError(f"stamps its pictures {(left - now) / NANOSECONDS:.3g} s from when they come")
        return left

    def _lose(self, error: DeviceError) -> None:
        self.drop()
        if self._first is not None and not self._first.done():
            self._first.set_exception(error)
        elif self._keeper is not None:
            self._supervisor.failed(error.what, 0.0)
            self._run.fail(_unreachable(error))

    async def _connect(self) -> None:
        """Connect and wait until a first picture has come."""
        loop = asyncio.get_running_loop()
        self.drop()
        self._count, self._last, self._behind = 0, self.clock.arrived(), True
        made = MjpegConnection(self)
        try:
            async with asyncio.timeout(self.timeout):
                await loop.create_connection(lambda: made, self._peer.host, self._peer.port)
                self._ended.append(made.gone)
                self._connection, self._first = made, loop.create_future()
                query = mjpeg.request(f"{self._peer.host}:{self._peer.port}", quote(self._peer.path, safe=_IN_A_PATH))
                made.transport.write(query)
                self.clock.sent(self.address, len(query))
                await self._first
        except OSError as error:
            self.drop()
            why = "no picture in time" if isinstance(error, TimeoutError) else reason(error)
            raise DeviceUnreachable(
                f"cannot be reached: {why}",
                where=self.name,
                remedy=f"check that it is switched on and that {self.address} is right",
            ) from error
        finally:
            self._first = None
            self._ended = [gone for gone in self._ended if not gone.done()]

    async def _keep(self) -> None:
        """Connect again whenever the connection is gone, no faster than the supervisor allows.

        It takes no part in bench time: nobody waits for it but those who wait for a picture.
        """
        while True:
            while self._connection is not None:
                await asyncio.wait([self._connection.gone])
                await asyncio.sleep(0)
            await asyncio.sleep(max(_RETRY, self._supervisor.status.next_try))
            begun = asyncio.get_running_loop().time()
            try:
                await self._connect()
            except (DeviceUnreachable, RemoteProtocolError) as error:
                self._supervisor.failed(error.what, asyncio.get_running_loop().time() - begun)
                self._run.fail(_unreachable(error))


def _unreachable(error: DeviceError) -> DeviceUnreachable:
    return DeviceUnreachable(error.what, where=error.where, remedy=error.remedy)
