"""A scanning multimeter that reads platinum resistance thermometers, four-wire, by SCPI.

Address: ``tcp://host:5025`` or ``serial:///dev/ttyUSB0?baudrate=115200``. Options: ``dialect`` and ``channels``::

    dialect = "34970a"
    channels = { chamber_air = 101, wall = { channel = 102, quantity = "temperature" } }

A channel yields the *resistance* of its thermometer, so that the thermometer's own certificate makes the temperature;
``quantity = "temperature"`` yields what the meter makes of it by the nominal IEC 60751 function.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

from ..clock import NANOSECONDS, Clock
from ..device import Point
from ..errors import DeviceError, OptionError, RemoteProtocolError
from ..indication import Indication
from ..wire import scanner, scpi
from .scpi import ScpiDevice

_UNITS = {"resistance": "Ohm", "temperature": "Cel"}
_SPARE = 0.5
"""Seconds of wall time that a channel may take beyond its schedule: the meter switches relays and ranges."""

ChannelOption = int | Mapping[str, Any]


class Pt100Scanner(ScpiDevice):
    """One point for each channel; reading one scans that channel alone, :meth:`scan` takes several in one sweep.

    The channels of a sweep are measured one after the other, and each takes ``delay`` and one integration at least. So
    the k-th of n (from 0) was measured not before k of these times after the trigger, and not later than n - 1 - k of
    them before the meter told that it had done. How long switching and ranging take, which no manual bounds, widens
    the intervals and never falsifies them.

    :param channels: point -> channel number, or a table of ``channel`` and ``quantity``.
    :param dialect: ``34970a`` (34970A, 34972A, DAQ970A) or ``daq6510``.
    :param nplc: integration time in power-line cycles; the meter measures its zero as often.
    :param line_frequency: of the mains in Hz.
    :param delay: seconds between closing a channel and measuring it.
    :param offset_compensation: measure with and without current, against thermal voltages; takes twice as long.
    """

    def __init__(
        self,
        name: str,
        address: str,
        *,
        clock: Clock,
        channels: Mapping[str, ChannelOption],
        dialect: str = "34970a",
        nplc: float = 10.0,
        line_frequency: float = 50.0,
        delay: float = 0.02,
        offset_compensation: bool = True,
    ) -> None:
        super().__init__(name, address, clock=clock)
        self._channels = _parsed(name, channels)
        if dialect not in scanner.DIALECTS:
            raise OptionError(f"dialect = {dialect!r}", where=name, remedy=f"use {' or '.join(scanner.DIALECTS)}")
        self._dialect, self._offset = scanner.DIALECTS[dialect], offset_compensation
        most = self._dialect.most_nplc
        for key, value, lower, upper in (
            ("nplc", nplc, 0.02, most),
            ("line_frequency", line_frequency, 50.0, 400.0),
            ("delay", delay, 0.0, 60.0),
        ):
            if not (isinstance(value, int | float) and lower <= value <= upper):
                raise OptionError(f"{key} = {value!r}", where=name, remedy=f"give a number from {lower:g} to {upper:g}")
        self.points = _points(self._channels)
        self._nplc, self._delay, self._integration = float(nplc), float(delay), nplc / line_frequency
        self._selected: tuple[int, ...] = ()
        self._ready = self._idle = False

    @classmethod
    def declared(cls, options: Mapping[str, Any]) -> Mapping[str, Point]:
        return _points(_parsed("channels", options.get("channels", {})))

    async def open(self) -> None:
        self._ready = False
        await super().open()

    async def read(self, point: str) -> Indication:
        """One indication of the channel behind ``point``, measured after this call."""
        self._readable(point)
        return (await self.scan([point]))[point]

    async def scan(self, points: Sequence[str] = ()) -> dict[str, Indication]:
        """One indication of each of ``points`` in one sweep, measured after this call; all by default."""
        wanted = tuple(points) or tuple(self.points)
        for point in wanted:
            self._readable(point)
        return await self._turns.run(partial(self._sweep, wanted))

    async def _check_kind(self) -> None:
        identity = await self._link.ask("*IDN?", scpi.parse_identity)
        if not any(model in identity.model.upper() for model in self._dialect.models):
            raise RemoteProtocolError(
                f"is a {identity.model}, which this dialect does not fit",
                where=self.name,
                remedy=f"give the dialect of {' or '.join(self._dialect.models)}, or the address of one",
            )
        await self._turns.run(self._prepare)

    async def _prepare(self) -> None:
        """Abort what is under way and configure every channel."""
        self._selected = ()
        await self._link.tell("*CLS")
        await self._link.tell("ABOR")
        for quantity in scanner.QUANTITIES:
            numbers = [number for number, kind in self._channels.values() if kind == quantity]
            if numbers:
                for command in self._dialect.setup(quantity, numbers, self._nplc, offset=self._offset):
                    await self._link.tell(command)
        if self._channels:
            every = scanner.channel_list([number for number, _ in self._channels.values()])
            await self._link.tell(f"ROUT:CHAN:DEL {self._delay:g},{every}")
        self._ready = self._idle = True

    async def _sweep(self, points: Sequence[str]) -> dict[str, Indication]:
        try:
            if not self._ready:
                await self._prepare()
            return await self._triggered(points)
        except DeviceError:
            self._ready = False
            raise

    async def _triggered(self, points: Sequence[str]) -> dict[str, Indication]:
        numbers = tuple(self._channels[point][0] for point in points)
        if not self._idle:
            await self._link.tell("ABOR")
        if numbers != self._selected:
            self._selected = ()
            for command in self._dialect.select(numbers):
                await self._link.tell(command)
            self._selected = numbers
        for command in self._dialect.clear():
            await self._link.tell(command)
        self._idle = False
        begun = self.clock.now()
        await self._link.send("INIT")
        await self.clock.sleep(len(numbers) * self._duration)
        await self._link.ask("*OPC?", scpi.parse_integer, longer=_SPARE * len(numbers))
        ended = self.clock.now()
        await self._link.check("INIT")
        parse = partial(scanner.parse_readings, count=len(numbers))
        readings = await self._link.ask(self._dialect.fetched(len(numbers)), parse)
        self._idle = True
        return {
            point: self._indication(point, reading, *self._interval(begun, ended, k, len(points)))
            for k, (point, reading) in enumerate(zip(points, readings, strict=True))
        }

    @property
    def _duration(self) -> float:
        """Seconds that a channel takes: its delay, the integrations, and as many of the zero."""
        return self._delay + self._integration * (4.0 if self._offset else 2.0)

    def _interval(self, begun: int, ended: int, k: int, n: int) -> tuple[int, int]:
        least = math.floor((self._delay + self._integration) * NANOSECONDS)
        return begun + k * least, max(begun + k * least, ended - (n - 1 - k) * least)

    def _indication(self, point: str, reading: scanner.Reading, earliest: int, latest: int) -> Indication:
        unit = self.points[point].unit
        return Indication(point, reading.value, unit, earliest, latest, reading.flags, reading.step)


def _points(channels: Mapping[str, tuple[int, scanner.Quantity]]) -> Mapping[str, Point]:
    return MappingProxyType({point: Point(_UNITS[quantity]) for point, (_, quantity) in channels.items()})


def _parsed(where: str, channels: Mapping[str, ChannelOption]) -> dict[str, tuple[int, scanner.Quantity]]:
    if not isinstance(channels, Mapping) or not channels:
        raise OptionError("names no channels", where=where, remedy="give channels = { NAME = 101 }")
    found: dict[str, tuple[int, scanner.Quantity]] = {}
    for point, stated in channels.items():
        table = stated if isinstance(stated, Mapping) else {"channel": stated}
        number = table.get("channel")
        quantity = next((one for one in scanner.QUANTITIES if one == table.get("quantity", "resistance")), None)
        numbered = isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= 9999
        if quantity is None or not numbered or table.keys() - {"channel", "quantity"}:
            raise OptionError(
                f"channels.{point} = {stated!r}",
                where=where,
                remedy='give a channel number, or { channel = 101, quantity = "resistance" or "temperature" }',
            )
        if (number := int(table["channel"])) in (other for other, _ in found.values()):
            raise OptionError(f"channel {number} has two names", where=where, remedy="name each channel once")
        found[point] = (number, quantity)
    return found
