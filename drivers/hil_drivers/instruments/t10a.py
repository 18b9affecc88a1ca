"""Konica Minolta T-10A illuminance meter, on a serial line.

Address: ``serial:///dev/ttyUSB0?baudrate=9600&bytesize=7&parity=E``, or ``tcp://`` to a serial server.
"""

from __future__ import annotations

from functools import partial
from types import MappingProxyType

from ..clock import NANOSECONDS, Clock
from ..device import Device, Point
from ..errors import DeviceUnreachable, OptionError, RemoteProtocolError
from ..indication import Flag, Indication
from ..transport.link import stream_link
from ..wire import konica_minolta as km
from .turn import Turns

INTEGRATION = 0.5
"""Seconds from a trigger until its measurement is complete."""

READING_READY = 0.6
"""Seconds from a trigger until its reading is asked for: later than that, or the reading before it is given."""


class T10A(Device):
    """Illuminance by command 10 of one receptor head, triggered anew for each indication.

    :param head: number of the receptor head, 0 to 29.
    """

    points = MappingProxyType({"illuminance": Point("lx")})
    libraries = ("serialx",)

    def __init__(self, name: str, address: str, *, clock: Clock, head: int = 0) -> None:
        super().__init__(name, address, clock=clock)
        if head not in range(30):
            raise OptionError(f"there is no head {head!r}", where=name, remedy="use 0 to 29")
        self._head = head
        self._link = stream_link(address, supervisor=self.supervisor, clock=clock)
        self._turns = Turns(name, clock)
        self._ready = False

    async def open(self) -> None:
        await self._link.open()
        try:
            await self._turns.run(self._prepare)
        except BaseException:
            await self._link.close()
            raise

    async def close(self) -> None:
        self._ready = False
        await self._link.close()

    async def read(self, point: str) -> Indication:
        """One indication, integrated after this call.

        After a lost link the instrument is prepared anew first (1 s of bench time).
        """
        self._readable(point)
        return await self._turns.run(partial(self._measure, point))

    async def _prepare(self) -> None:
        """PC mode, hold, EXT mode: from here on it measures when it is triggered."""
        await self._ask(km.PC_MODE)
        await self.clock.sleep(INTEGRATION)
        reply = await self._hold_and_extend()
        if reply.error == km.NOT_IN_HOLD:
            reply = await self._hold_and_extend()
        if reply.error:
            raise RemoteProtocolError(
                f"refuses to be triggered (error {reply.error})",
                where=self.name,
                remedy="switch it off and on again",
            )
        self._ready = True

    async def _hold_and_extend(self) -> km.Reply:
        await self._link.send(km.encode(km.HOLD))
        await self.clock.sleep(INTEGRATION)
        return await self._ask(km.EXT_MODE)

    async def _measure(self, point: str) -> Indication:
        if not self._ready:
            await self._prepare()
        try:
            return await self._triggered(point)
        except DeviceUnreachable:
            self._ready = False
            raise

    async def _triggered(self, point: str) -> Indication:
        earliest = self.clock.now()
        await self._link.send(km.encode(km.TRIGGER))
        latest = self.clock.now() + int(INTEGRATION * NANOSECONDS)
        await self.clock.sleep(READING_READY)
        reply = await self._ask(km.read_illuminance(self._head))
        if reply.error == km.NOT_IN_HOLD:
            self._ready = False
        field = reply.fields[0] if reply.fields else None
        value = None if field is None or reply.flags & Flag.LOW_BATTERY else field.value
        flags = reply.flags if field is not None else reply.flags | Flag.NOT_AVAILABLE
        resolution = None if field is None else field.resolution
        return Indication(point, value, self.points[point].unit, earliest, latest, flags, resolution)

    async def _ask(self, command: km.Command) -> km.Reply:
        reply = await self._link.query(km.encode(command), km.Replies())
        if (reply.head, reply.number) != (command.head, command.number):
            raise RemoteProtocolError(
                f"answered for head {reply.head}, command {reply.number} "
                f"where {command.head}, {command.number} was asked",
                where=self.name,
            )
        return reply
