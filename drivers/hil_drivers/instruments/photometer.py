"""What the T-10A and the CL-200A share: heads on one line, PC mode, hold, trigger, reading."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar
from weakref import WeakKeyDictionary

from ..clock import NANOSECONDS, Clock
from ..device import Device
from ..errors import DeviceUnreachable, OptionError, RemoteProtocolError
from ..indication import Flag, Indication
from ..transport.address import parse
from ..transport.link import stream_link
from ..wire import konica_minolta as km
from .turn import Turns

INTEGRATION = 0.5
"""Seconds from a trigger until its measurement is complete."""

READING_READY = 0.6
"""Seconds from a trigger until its reading is asked for: later than that, or the reading before it is given."""

_lines: WeakKeyDictionary[Clock, dict[str, Turns]] = WeakKeyDictionary()


class Photometer(Device):
    """One receptor head of an instrument, triggered anew for each indication.

    A trigger reaches all heads on its line, and a reading is that of the latest trigger. So the measurements of all
    heads on one line, also of other devices of a bench, are made one after the other.

    :param head: number of the receptor head, 0 to 29.
    """

    libraries = ("serialx",)
    _commands: ClassVar[Mapping[str, tuple[Callable[[int], km.Command], int]]] = {}
    """Point -> the command of a head that reads it, and its place among the fields of the reply."""

    def __init__(self, name: str, address: str, *, clock: Clock, head: int = 0) -> None:
        super().__init__(name, address, clock=clock)
        if head not in range(30):
            raise OptionError(f"there is no head {head!r}", where=name, remedy="use 0 to 29")
        self._head = head
        self._link = stream_link(address, supervisor=self.supervisor, clock=clock)
        self._turns = _turns_on_line(address, clock)
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
        return (await self._turns.run(partial(self._measure, [point])))[point]

    async def scan(self, points: Sequence[str] = ()) -> dict[str, Indication]:
        """One indication of each of ``points``, all of one integration after this call; all points by default."""
        wanted = list(points or self.points)
        for point in wanted:
            self._readable(point)
        return await self._turns.run(partial(self._measure, wanted))

    @abstractmethod
    def _judged(self, point: str, reply: km.Reply, field: km.Field | None) -> tuple[float | None, Flag]:
        """The value of ``point`` and its flags, from a reply and its field."""

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

    async def _measure(self, points: Sequence[str]) -> dict[str, Indication]:
        if not self._ready:
            await self._prepare()
        try:
            return await self._triggered(points)
        except DeviceUnreachable:
            self._ready = False
            raise

    async def _triggered(self, points: Sequence[str]) -> dict[str, Indication]:
        earliest = self.clock.now()
        await self._link.send(km.encode(km.TRIGGER))
        latest = self.clock.now() + int(INTEGRATION * NANOSECONDS)
        await self.clock.sleep(READING_READY)
        replies: dict[km.Command, km.Reply] = {}
        found = {}
        for point in points:
            make, place = self._commands[point]
            command = make(self._head)
            if command not in replies:
                replies[command] = await self._ask(command)
            found[point] = self._indication(point, replies[command], place, earliest, latest)
        return found

    def _indication(self, point: str, reply: km.Reply, place: int, earliest: int, latest: int) -> Indication:
        if reply.error == km.NOT_IN_HOLD:
            self._ready = False
        field = reply.fields[place] if place < len(reply.fields) else None
        value, flags = self._judged(point, reply, field)
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


def _turns_on_line(address: str, clock: Clock) -> Turns:
    """The turns of all heads on the line that ``address`` names."""
    parsed = parse(address, allowed=("serial", "tcp"))
    line = str(Path(parsed.path).resolve()) if parsed.scheme == "serial" else f"{parsed.host}:{parsed.port}"
    return _lines.setdefault(clock, {}).setdefault(line, Turns(f"the line {line}", clock))
