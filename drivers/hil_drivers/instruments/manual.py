"""An instrument without a wire: the operator reads it and types what it shows.

Addresses: ``console:`` asks on the controlling terminal, ``console:/dev/pts/3`` on another one; ``tcp://host:port``
asks by JSON lines whoever has the operator's ear (``wire/manual.py`` says how). Option ``points``::

    points = { pressure = "hPa", level = { unit = "mm", lower = 0.0, upper = 400.0 } }
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from ..clock import Clock
from ..device import Device, Point
from ..errors import DeviceUnreachable, OptionError, RemoteProtocolError
from ..indication import Flag, Indication
from ..transport.address import parse
from ..transport.link import stream_link
from ..transport.prompt import CONTROLLING, Prompt
from ..transport.reason import reason
from ..transport.stream import TIMEOUT
from ..transport.supervisor import Supervisor
from ..wire import manual as wire
from ..wire.scpi import Lines
from .turn import Turns

ATTEMPTS = 3
"""How often a question is asked that is answered by what is no number, before that is an error."""

PointOption = str | Mapping[str, Any]


class Manual(Device):
    """Points that a person reads.

    Measurement interval: from the question to the answer. Resolution: one unit of the last digit typed. Nothing typed,
    or an escape, is an indication without value. A value outside the bounds of its point is asked for again; the same
    value once more is what was meant.

    :param points: point -> unit, or a table of ``unit``, ``lower`` and ``upper``.
    :param within: seconds of wall time that an answer may take.
    """

    def __init__(
        self, name: str, address: str, *, clock: Clock, points: Mapping[str, PointOption], within: float = 300.0
    ) -> None:
        super().__init__(name, address, clock=clock)
        if not (isinstance(within, int | float) and 0 < within <= wire.LONGEST_WAIT):
            raise OptionError(f"within = {within!r}", where=name, remedy="give seconds above 0, up to 3600")
        self.points = _points(name, points)
        self._turns = Turns(name, clock)
        if parse(address, allowed=("console", "tcp")).scheme == "tcp":
            self._operator: _Operator = _Remote(address, self.supervisor, clock, within)
        else:
            self._operator = _Present(address, self.supervisor, clock, within)

    @classmethod
    def declared(cls, options: Mapping[str, Any]) -> Mapping[str, Point]:
        return _points("points", options.get("points", {}))

    async def open(self) -> None:
        await self._operator.open()

    async def close(self) -> None:
        await self._operator.close()

    async def read(self, point: str) -> Indication:
        """Ask for one reading.

        :raises DeviceUnreachable: if nobody answers in time.
        :raises RemoteProtocolError: if the answers are no numbers, three times.
        """
        self._readable(point)
        return await self._turns.run(partial(self._ask, point))

    async def _ask(self, point: str) -> Indication:
        declared = self.points[point]
        again, before = "", None
        for _ in range(ATTEMPTS):
            earliest = self.clock.now()
            text = await self._operator.ask(point, declared.unit, again)
            latest = self.clock.now()
            try:
                typed = None if text is None else wire.parse_typed(text, declared.unit)
            except RemoteProtocolError as error:
                again = error.what
                continue
            if typed is None:
                return Indication(point, None, declared.unit, earliest, latest, Flag.NOT_AVAILABLE)
            if typed.value == before or _inside(declared, typed.value):
                return Indication(point, typed.value, declared.unit, earliest, latest, resolution=typed.step)
            again, before = f"{typed.value:g} is outside {declared.lower} to {declared.upper}", typed.value
        raise RemoteProtocolError(f"{again}, asked {ATTEMPTS} times", where=self.name, remedy="type what it shows")


class _Operator(ABC):
    """Who reads: answers with what was typed, ``None`` where there is no reading."""

    @abstractmethod
    async def open(self) -> None: ...

    @abstractmethod
    async def close(self) -> None: ...

    @abstractmethod
    async def ask(self, point: str, unit: str, again: str) -> str | None: ...


class _Remote(_Operator):
    """Whoever answers at a ``tcp://`` address."""

    def __init__(self, address: str, supervisor: Supervisor, clock: Clock, within: float) -> None:
        self._link = stream_link(address, supervisor=supervisor, clock=clock)
        self._clock, self._within, self._name = clock, within, supervisor.name

    async def open(self) -> None:
        await self._link.open()
        try:
            if (await self._asked(wire.question("", ""), 0.0)).text is not None:
                raise RemoteProtocolError("answers what was not asked", where=self._name)
        except BaseException:
            await self._link.close()
            raise

    async def close(self) -> None:
        await self._link.close()

    async def ask(self, point: str, unit: str, again: str) -> str | None:
        left = self._within
        while left > 0:
            answer = await self._asked(wire.question(point, unit, again), max(0.0, self._within - TIMEOUT))
            if not answer.wait:
                return answer.text
            left -= answer.wait
            await self._clock.sleep(answer.wait)
        raise _nobody(self._name, self._within)

    async def _asked(self, question: bytes, longer: float) -> wire.Answer:
        line = await self._link.query(question, Lines(), longer=longer)
        try:
            return wire.parse_answer(line)
        except RemoteProtocolError as error:
            raise RemoteProtocolError(error.what, where=self._name, remedy=error.remedy) from None


class _Present(_Operator):
    """The person at a terminal of this machine."""

    def __init__(self, address: str, supervisor: Supervisor, clock: Clock, within: float) -> None:
        path = parse(address, allowed=("console",)).path or CONTROLLING
        self._prompt, self._path = Prompt(supervisor.name, path), path
        self._supervisor, self._clock, self._within = supervisor, clock, within
        self._opened = False

    async def open(self) -> None:
        self._opened = True
        self._supervisor.connected()

    async def close(self) -> None:
        self._opened = False
        self._supervisor.closed()
        self._prompt.close()

    async def ask(self, point: str, unit: str, again: str) -> str | None:
        name = self._supervisor.name
        if not self._opened:
            raise DeviceUnreachable("is not open", where=name, remedy="open the device first")
        text = f"{name}: {f'{again}; ' if again else ''}{point} / {unit}? "
        with self._clock.exchange(), self._supervisor.exchange():
            try:
                return await self._prompt.ask(text, self._within)
            except TimeoutError:
                raise _nobody(name, self._within) from None
            except (OSError, EOFError) as error:
                raise DeviceUnreachable(
                    f"cannot ask at {self._path}: {reason(error)}",
                    where=name,
                    remedy="run it in a terminal, or give the address of who answers, tcp://HOST:PORT",
                ) from error


def _nobody(name: str, within: float) -> DeviceUnreachable:
    return DeviceUnreachable(f"nobody answered within {within:g} s", where=name, remedy="type what it shows")


def _inside(point: Point, value: float) -> bool:
    lower = -math.inf if point.lower is None else point.lower
    upper = math.inf if point.upper is None else point.upper
    return lower <= value <= upper


def _points(where: str, stated: Mapping[str, PointOption]) -> Mapping[str, Point]:
    if not isinstance(stated, Mapping) or not stated:
        raise OptionError("names no points", where=where, remedy='give points = { NAME = "UNIT" }')
    return MappingProxyType({name: _point(where, name, option) for name, option in stated.items()})


def _point(where: str, name: str, option: PointOption) -> Point:
    table: Mapping[str, Any] = option if isinstance(option, Mapping) else {"unit": option}
    unit, lower, upper = table.get("unit"), table.get("lower"), table.get("upper")
    limits = [-math.inf if lower is None else lower, math.inf if upper is None else upper]
    ordered = all(isinstance(limit, int | float) for limit in limits) and limits[0] < limits[1]
    if not isinstance(unit, str) or not unit or not ordered or table.keys() - {"unit", "lower", "upper"}:
        raise OptionError(
            f"points.{name} = {option!r}",
            where=where,
            remedy='give a unit, or { unit = "mm", lower = 0, upper = 400 }',
        )
    return Point(unit, lower=lower, upper=upper)
