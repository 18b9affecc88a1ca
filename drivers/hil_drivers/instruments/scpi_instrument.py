"""A SCPI instrument that a TOML file describes, without any code of its own.

Address: ``tcp://host:5025`` or ``serial:///dev/ttyUSB0?baudrate=9600``. How to write the file:
``docs/how-to/describe-a-scpi-instrument.md``.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

from ..clock import NANOSECONDS, Clock
from ..description import load
from ..device import Point
from ..errors import DeviceError, DeviceUnreachable, OptionError, RemoteProtocolError
from ..indication import Flag, Indication
from ..transport.stream import TIMEOUT
from .scpi import ScpiDevice
from .scpi_description import PointSection, ScpiDescription

T = TypeVar("T")


class ScpiInstrument(ScpiDevice):
    """The points of the description.

    Measurement interval: from the trigger to ``integration`` after it, where the point has a trigger; else from ``age``
    before the question to the answer, as the description's author takes it from the manual.

    :param description: the path of the TOML file.
    :param timeout: seconds of wall time within which the instrument has answered.
    """

    files = ("description",)

    def __init__(self, name: str, address: str, *, clock: Clock, description: str, timeout: float = TIMEOUT) -> None:
        super().__init__(name, address, clock=clock, timeout=timeout)
        self._described = load(description, ScpiDescription)
        self.points = _points(self._described)
        self._ready = self._prepared = False

    @classmethod
    def declared(cls, options: Mapping[str, Any]) -> Mapping[str, Point]:
        path = options.get("description")
        if not isinstance(path, str):
            raise OptionError("names no file", where="description", remedy='give description = "FILE.toml"')
        return _points(load(path, ScpiDescription))

    async def close(self) -> None:
        if self._prepared:
            with suppress(DeviceError):
                for message in self._described.instrument.closing:
                    await self._link.send(message)
        self._ready = self._prepared = False
        await super().close()

    async def read(self, point: str) -> Indication:
        """One indication, triggered or asked for after this call."""
        self._readable(point)
        return await self._turns.run(partial(self._kept_ready, partial(self._measure, point)))

    async def write(self, point: str, value: float) -> None:
        """Command ``value``, check that it was accepted, and wait while it settles.

        :raises RemoteProtocolError: with the instrument's own words if it refuses.
        """
        target = self._setpoint(point, value)
        message = self._described.points[point].commanded(target)
        await self._turns.run(partial(self._kept_ready, partial(self._command, point, message)))

    async def _check_kind(self) -> None:
        pattern = self._described.instrument.identity
        answer = await self._link.ask("*IDN?", str)
        if re.fullmatch(pattern, answer, re.ASCII) is None:
            raise RemoteProtocolError(
                f"identifies itself as {answer[:60]!r}, not as {pattern!r}",
                where=self.name,
                remedy="check its address, or instrument.identity in its description",
            )
        await self._turns.run(self._prepare)

    async def _prepare(self) -> None:
        for message in self._described.instrument.opening:
            await self._tell(message)
        self._ready = self._prepared = True

    async def _kept_ready(self, operation: Callable[[], Awaitable[T]]) -> T:
        """``operation``, after the opening commands if the link was lost since."""
        try:
            if not self._ready:
                await self._prepare()
            return await operation()
        except DeviceUnreachable:
            self._ready = False
            raise

    async def _measure(self, point: str) -> Indication:
        section = self._described.points[point]
        earliest = self.clock.now()
        latest = None
        if section.trigger is not None:
            await self._tell(section.trigger)
            latest = self.clock.now() + round(section.integration * NANOSECONDS)
            await self.clock.sleep(section.integration)
        number = await self._link.ask(section.query or "", section.number)
        if latest is None:
            earliest, latest = earliest - round(section.age * NANOSECONDS), self.clock.now()
        return self._indication(point, section, number, earliest, latest)

    def _indication(self, point: str, section: PointSection, number: float, earliest: int, latest: int) -> Indication:
        value = section.value(number)
        if value is None:
            return Indication(point, None, section.unit, earliest, latest, Flag.OVER_RANGE)
        return Indication(point, value, section.unit, earliest, latest, resolution=section.resolution)

    async def _command(self, point: str, message: str) -> None:
        await self._tell(message)
        await self.clock.sleep(self._described.points[point].settle)

    async def _tell(self, message: str) -> None:
        query = self._described.instrument.error_query
        await self._link.send(message)
        if query:
            await self._link.check(message, query)


def _points(description: ScpiDescription) -> Mapping[str, Point]:
    return MappingProxyType({name: section.point for name, section in description.points.items()})
