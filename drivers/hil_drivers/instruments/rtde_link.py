"""One RTDE connection: set-up, data as they come, and the controller's clock against the bench clock."""

from __future__ import annotations

import asyncio
import logging
import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from ..clock import NANOSECONDS, Clock
from ..errors import DeviceUnreachable, RemoteProtocolError
from ..indication import Flag
from ..timebase import Interval, Timebase
from ..transport.feed import TcpFeed
from ..transport.freerun import Freerun
from ..transport.stream import TIMEOUT
from ..transport.supervisor import Supervisor
from ..wire import rtde

PING_EVERY = 5 * NANOSECONDS
"""How long a lower bound of the controller's clock serves before a new one is asked for, bench time in ns."""

LONGEST_GAP = NANOSECONDS // 4
"""A longer gap between stamps is a silence, not a number of packets that were skipped."""

BUFFERED = NANOSECONDS
"""What a buffer on the way may hold back, in ns: a contradiction by more tells of the controller's clock."""

INFORMATION = 3
"""The level of a controller's message from which on it warns of nothing (0 exception, 1 error, 2 warning)."""

NEWER_FROM, NEWER_CYCLE, OLDER_CYCLE = 5, NANOSECONDS // 500, NANOSECONDS // 125
"""From version 5 on the controller's cycle is 2 ms, before it was 8 ms."""


log = logging.getLogger("hil_drivers.link")


@dataclass(frozen=True, slots=True)
class State:
    """One data package, or with ``error`` what came instead of one; times in ns of bench time."""

    earliest: int
    latest: int
    values: tuple[float, ...]
    flags: Flag = Flag.GOOD
    error: RemoteProtocolError | None = None


class RtdeLink:
    """The data packages of one controller.

    A package's values belong to the controller's cycle that ends with its stamp (our assumption; the guide says only
    that the stamp is the time since the controller was started). The controller's clock is bounded from above by each
    arrival. It is bounded from below by what follows the answer to a request: the stamp of a package that is sent
    after an answer lies at most one cycle before the request.

    :param outputs: names of output fields, ``timestamp`` first.
    :param inputs: names of input fields that are claimed; none by default.
    :param frequency: packages in a second.
    """

    def __init__(
        self,
        address: str,
        *,
        supervisor: Supervisor,
        clock: Clock,
        outputs: Sequence[str],
        inputs: Sequence[str],
        frequency: float,
    ) -> None:
        self._supervisor, self._clock = supervisor, clock
        self.name = supervisor.name
        self._names, self._input_names, self._frequency = outputs, inputs, frequency
        self._period = round(NANOSECONDS / frequency)
        self._run = Freerun[State](supervisor, clock, period=1.0 / frequency)
        self._feed = TcpFeed(address, supervisor=supervisor, clock=clock, receive=self._receive, lost=self._lost)
        self._lock = asyncio.Lock()
        self._base = Timebase()
        self._opened = False
        self._awaited: tuple[int, asyncio.Future[bytes]] | None = None
        self.outputs = self._inputs = rtde.NO_RECIPE
        self.version = rtde.ControllerVersion(0, 0, 0, 0)
        self._begin()

    def _begin(self) -> None:
        """Know nothing of a connection."""
        self._packages = rtde.Packages()
        self._base.forget()
        self._pings: deque[int] = deque()
        self._cause: int | None = None
        self._pinged: int | None = None
        self._stamp: int | None = None
        self._started = False
        self._since = 0

    async def open(self) -> None:
        """Connect, set up, and start.

        :raises DeviceUnreachable: if the controller does not answer.
        :raises RemoteProtocolError: if it is none, or does not have or give what is asked for.
        """
        with self._clock.exchange():
            async with self._lock:
                with self._supervisor.opening():
                    await self._connect()
                self._opened = True

    async def close(self) -> None:
        """Disconnect; closing twice is no error."""
        self._opened = False
        self._supervisor.closed()
        self._run.fail(self._unreachable("was closed"))
        self._run.clear()
        await self._feed.close()

    async def fresh(self) -> State:
        """The first state that was sensed after this call.

        :raises DeviceUnreachable: if none comes.
        :raises RemoteProtocolError: if something else comes.
        """
        await self._ready()
        await self._synchronise()
        try:
            state = await self._run.fresh()
        except DeviceUnreachable:
            self._feed.drop()
            raise
        if state.error is not None:
            self._run.clear()
            with self._supervisor.exchange():
                raise RemoteProtocolError(state.error.what, where=self.name, remedy=state.error.remedy)
        return state

    def write(self, values: Sequence[float]) -> None:
        """Send the inputs, without an answer.

        :raises DeviceUnreachable: if there is no connection.
        """
        self._feed.send(self._inputs.pack(values))

    async def _ready(self) -> None:
        if not self._opened:
            raise DeviceUnreachable("is not open", where=self.name, remedy="open the device first")
        if not self._feed.connected:
            with self._clock.exchange():
                async with self._lock:
                    if not self._feed.connected:
                        with self._supervisor.exchange():
                            await self._connect()

    async def _connect(self) -> None:
        self._begin()
        self._run.clear()
        try:
            await self._feed.connect()
            async with asyncio.timeout(TIMEOUT):
                await self._set_up()
        except TimeoutError:
            self._feed.drop()
            raise self._unreachable(f"did not answer within {TIMEOUT:.1f} s") from None
        except RemoteProtocolError as error:
            self._feed.drop()
            raise RemoteProtocolError(error.what, where=self.name, remedy=error.remedy) from None
        except BaseException:
            self._feed.drop()
            raise
        finally:
            self._awaited = None

    async def _set_up(self) -> None:
        version = await self._ask(rtde.Kind.REQUEST_VERSION, rtde.request_version())
        rtde.parse_accepted(version, f"protocol version {rtde.VERSION}")
        ask_version = rtde.encode(rtde.Kind.CONTROLLER_VERSION)
        self.version = rtde.parse_controller_version(await self._ask(rtde.Kind.CONTROLLER_VERSION, ask_version))
        outputs = rtde.setup_outputs(self._frequency, self._names)
        told = await self._ask(rtde.Kind.SETUP_OUTPUTS, outputs)
        self.outputs = rtde.parse_recipe(told, self._names, what="outputs")
        if self._input_names:
            told = await self._ask(rtde.Kind.SETUP_INPUTS, rtde.setup_inputs(self._input_names))
            self._inputs = rtde.parse_recipe(told, self._input_names, what="inputs")
        self._since = self._clock.now()
        rtde.parse_accepted(await self._ask(rtde.Kind.START, rtde.encode(rtde.Kind.START)), "to start")
        self._cause, self._started = self._since, True

    async def _ask(self, kind: rtde.Kind, request: bytes) -> bytes:
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._awaited = (kind, answer)
        self._feed.send(request)
        return await answer

    @property
    def cycle(self) -> int:
        """The controller's cycle in ns."""
        return NEWER_CYCLE if self.version.major >= NEWER_FROM else OLDER_CYCLE

    async def _synchronise(self) -> None:
        """Ping shortly before a package is due: the closer it follows, the tighter is the bound."""
        now = self._clock.now()
        if self._pinged is not None and now - self._pinged < PING_EVERY:
            return
        newest = self._run.newest
        if newest is None:
            return
        self._pinged = now
        ahead = self._period // 8
        await self._clock.sleep_until(now + (newest.latest - ahead - now) % self._period)
        self._ping()

    def _ping(self) -> None:
        if self._feed.connected and self._started and len(self._pings) < 8:
            self._pings.append(self._clock.now())
            self._feed.send(rtde.encode(rtde.Kind.CONTROLLER_VERSION))

    def _receive(self, data: bytes) -> None:
        self._packages.receive_data(data)
        try:
            while (package := self._packages.next_event()) is not None:
                self._take(package)
        except RemoteProtocolError as error:
            self._garbled(error)

    def _take(self, package: rtde.Package) -> None:
        if self._awaited is not None and package.kind == self._awaited[0]:
            (_, answer), self._awaited = self._awaited, None
            if not answer.done():
                answer.set_result(package.payload)
        elif package.kind == rtde.Kind.DATA:
            values = self.outputs.unpack(package.payload)
            if values is not None:
                self._arrived(values)
        elif package.kind == rtde.Kind.CONTROLLER_VERSION and self._pings:
            self._cause = self._pings.popleft()
        elif package.kind == rtde.Kind.TEXT:
            self._tell(rtde.parse_text(package.payload))

    def _tell(self, text: rtde.Text) -> None:
        level = logging.INFO if text.level >= INFORMATION else logging.WARNING
        log.log(level, "%s: its controller says %r (%s)", self.name, text.message, text.source)

    def _arrived(self, values: tuple[float, ...]) -> None:
        receipt = self._clock.arrived()
        if not (math.isfinite(values[0]) and 0.0 <= values[0] < 1e9):
            raise RemoteProtocolError(f"sent the time stamp {values[0]}")
        stamp = round(values[0] * NANOSECONDS)
        before, self._stamp = self._stamp, stamp
        self._count_skipped(before, stamp)
        expected, cause = self._base.interval(stamp), self._cause
        unbroken = self._base.arrived(stamp, receipt)
        if cause is not None:
            unbroken = self._base.caused(stamp, cause - self.cycle) and unbroken
            self._cause = None
        if not unbroken:
            backwards = before is not None and stamp < before
            if backwards or (expected and _beyond(expected, receipt, cause) > BUFFERED):
                log.warning("%s: its clock was set or has restarted", self.name)
            self._ping()
        found = self._base.interval(stamp) or Interval(self._since, receipt)
        flags = Flag.STALE if stamp == before else Flag.GOOD
        self._run.put(State(found.earliest - self.cycle, min(found.latest, receipt), values, flags))

    def _count_skipped(self, before: int | None, stamp: int) -> None:
        if before is not None and self._period < stamp - before < LONGEST_GAP:
            skipped = round((stamp - before) / self._period) - 1
            if skipped:
                self._supervisor.missed(skipped)

    def _garbled(self, error: RemoteProtocolError) -> None:
        """Drop the connection: nobody knows where the next package begins."""
        self._feed.drop()
        if self._awaited is not None and not self._awaited[1].done():
            self._awaited[1].set_exception(error)
            return
        receipt = self._clock.arrived()
        self._run.clear()
        self._run.put(State(receipt, receipt, (), Flag.DEVICE_ERROR, error))

    def _lost(self, error: DeviceUnreachable) -> None:
        if self._awaited is not None and not self._awaited[1].done():
            self._awaited[1].set_exception(error)
            return
        self._supervisor.failed(error.what, 0.0)
        self._run.clear()
        self._run.fail(error)

    def _unreachable(self, what: str) -> DeviceUnreachable:
        return DeviceUnreachable(what, where=self.name, remedy=f"check the connection to {self._feed.address}")


def _beyond(expected: Interval, receipt: int, cause: int | None) -> int:
    """By how many ns a package that was expected to be made then came too early, or was made before its cause."""
    return max(expected.earliest - receipt, 0 if cause is None else cause - expected.latest)
