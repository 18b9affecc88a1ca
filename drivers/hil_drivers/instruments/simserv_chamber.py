"""Climatic chambers with a S!MPAC controller (Weiss, Vötsch), by SIMSERV on TCP.

Address: ``tcp://host:2049``.

``temperature`` and ``humidity`` are what the chamber's own sensors indicate. ``running`` starts (1) and stops (0) the
manual mode, so that a safe state can stop it. Limits of set points are learnt from the chamber when it is opened; what
lies outside is refused before anything is sent, and each set point is read back. While the chamber has an alarm, or
has stopped by itself after it was started, ``temperature`` and ``humidity`` are flagged as those of a device in error:
their numbers are on record, but not used. To start a chamber that has an alarm is refused in the chamber's own words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import TypeVar

from ..clock import NANOSECONDS, Clock
from ..device import Point
from ..errors import RemoteProtocolError
from ..indication import Flag, Indication
from ..transport.address import parse
from ..transport.link import stream_link
from ..wire import simserv
from .chamber import POLL, SCAN_PERIOD, START_WITHIN, SWITCH, ClimaticChamber, gradients, sensed

_GRADIENTS = {
    "up": (simserv.GRADIENT_UP, simserv.WRITE_GRADIENT_UP),
    "down": (simserv.GRADIENT_DOWN, simserv.WRITE_GRADIENT_DOWN),
}
T = TypeVar("T")

_MOST_VARIABLES = 16
_MOST_MESSAGES = 64
_ROUNDED = 0.051
"""By how much a controller may round a set point without refusing it."""


class SimservChamber(ClimaticChamber):
    """A chamber that speaks SIMSERV; ``status`` is the sum of 1, 2 (running), 4 (a warning), 8 (an alarm).

    Which of its control variables are temperature and humidity follows from their units. A gradient of 0 is none.
    Where humidity is switched by a digital output, name it ``humidity.running`` among the outputs.

    :param humidity: whether it controls humidity; without it there are no points of humidity.
    :param outputs: further digital outputs, each name with its number: points that take 0 or 1. Which number does what
        differs from site to site.
    :param scan_period: the controller measures by itself; a value read may be this old, in seconds. The default is our
        assumption: no published description tells it.
    :param dew_point_margin: refuse a temperature set point that is not this many K above the dew point of the air by
        the chamber's own sensors. It looks once, when it is told the set point: what must hold all the time is an
        interlock of the bench. By default it does not look.
    """

    points: Mapping[str, Point] = MappingProxyType(
        {
            **sensed("temperature", "Cel"),
            **gradients("temperature", "K/min", readable=True),
            **sensed("humidity", "%"),
            **gradients("humidity", "%/min", readable=True),
            "running": SWITCH,
            "status": Point("1"),
        }
    )

    def __init__(
        self,
        name: str,
        address: str,
        *,
        clock: Clock,
        humidity: bool = True,
        outputs: Mapping[str, int] | None = None,
        scan_period: float = SCAN_PERIOD,
        dew_point_margin: float | None = None,
    ) -> None:
        parse(address, allowed=("tcp",))
        super().__init__(
            name,
            address,
            clock=clock,
            humidity=humidity,
            outputs=outputs,
            scan_period=scan_period,
            dew_point_margin=dew_point_margin,
        )
        self._link = stream_link(address, supervisor=self.supervisor, clock=clock)
        self._variables = {"temperature": 1, **({"humidity": 2} if humidity else {})}

    @staticmethod
    def _is_output(number: object) -> bool:
        return type(number) is int and simserv.MANUAL_MODE < number <= 99

    async def open(self) -> None:
        """Connect, find its control variables and learn the limits of their set points."""
        await self._link.open()
        try:
            await self._learn()
        except BaseException:
            await self._link.close()
            raise

    async def close(self) -> None:
        await self._link.close()

    async def read(self, point: str) -> Indication:
        """What the controller shows; ``temperature`` and ``humidity`` reach back by the scan period."""
        self._readable(point)
        asked = self.clock.now()
        if point in self._variables:
            flags = await self._condition()
            value, step = await self._ask(simserv.measured, simserv.ACTUAL, self._variables[point])
            if value is None:
                flags |= Flag.NOT_AVAILABLE
            return self._indication(point, value, asked, flags=flags, resolution=step)
        return self._indication(point, await self._shown(point), asked)

    async def write(self, point: str, value: float) -> None:
        """Tell the controller, and read back what it holds.

        :raises DeviceError: if the chamber is to start and has an alarm.
        :raises RemoteProtocolError: if it holds something else afterwards.
        """
        if point == "running":
            operation = partial(self._run, on=self._switching(point, value))
        elif point in self._outputs:
            operation = partial(self._switch, point, on=self._switching(point, value))
        else:
            operation = partial(self._set, point, self._setpoint(point, value))
        await self._turns.run(operation)

    async def _learn(self) -> None:
        units: dict[str, int] = {}
        count = await self._ask(simserv.integer, simserv.VARIABLES)
        for variable in range(1, min(count, _MOST_VARIABLES) + 1):
            unit = (await self._ask(simserv.text, simserv.UNIT, variable)).strip()
            quantity = "humidity" if "%" in unit else "temperature" if unit.upper().endswith("C") else ""
            units.setdefault(quantity, variable)
        for quantity in self._variables:
            if quantity not in units:
                raise RemoteProtocolError(
                    f"controls no {quantity}",
                    where=self.name,
                    remedy="give the option humidity = false" if quantity == "humidity" else "check its address",
                )
            variable = self._variables[quantity] = units[quantity]
            lower = await self._ask(simserv.number, simserv.LOWER_LIMIT, variable)
            upper = await self._ask(simserv.number, simserv.UPPER_LIMIT, variable)
            self._limit(f"{quantity}.setpoint", lower, upper)

    async def _shown(self, point: str) -> float:
        """The value of a point that the controller does not measure."""
        if point == "status":
            return float(await self._status())
        if point == "running":
            return float(bool(await self._status() & simserv.RUNNING))
        if point in self._outputs:
            return float(await self._switched(point))
        read, _, variable = self._held(point)
        return await self._ask(simserv.number, read, variable)

    async def _condition(self) -> Flag:
        """Whether the chamber conditions its air as it was told."""
        status = await self._status()
        stopped = self._started and not status & simserv.RUNNING
        return Flag.DEVICE_ERROR if stopped or status & simserv.ALARM else Flag.GOOD

    async def _set(self, point: str, value: float) -> None:
        read, write, variable = self._held(point)
        if point == "temperature.setpoint":
            await self._refuse_near_dew_point(value)
        await self._ask(simserv.demand, write, variable, value)
        held = await self._ask(simserv.number, read, variable)
        if abs(held - value) > _ROUNDED:
            raise RemoteProtocolError(f"holds {point} {held:g} where {value:g} was commanded", where=self.name)

    async def _switch(self, point: str, *, on: bool) -> None:
        await self._ask(simserv.demand, simserv.WRITE_OUTPUT, self._outputs[point], int(on))
        if await self._switched(point) != on:
            raise RemoteProtocolError(f"did not switch {point} {'on' if on else 'off'}", where=self.name)

    async def _run(self, *, on: bool) -> None:
        self._started = False
        if on and await self._status() & simserv.ALARM:
            raise self._failure(f"has an alarm: {await self._alarms()}", "clear it at the chamber, then start it")
        await self._ask(simserv.demand, simserv.WRITE_OUTPUT, simserv.MANUAL_MODE, int(on))
        deadline = self.clock.now() + int(START_WITHIN * NANOSECONDS)
        while bool(await self._status() & simserv.RUNNING) != on:
            if self.clock.now() >= deadline:
                raise self._failure(
                    f"has not {'started' if on else 'stopped'} within {START_WITHIN:g} s", "look at its panel"
                )
            await self.clock.sleep(POLL)
        self._started = on

    async def _alarms(self) -> str:
        """The texts of the alarms that are active."""
        texts = []
        count = await self._ask(simserv.integer, simserv.MESSAGES)
        for message in range(1, min(count, _MOST_MESSAGES) + 1):
            if await self._ask(simserv.integer, simserv.MESSAGE_ACTIVE, message):
                kind = await self._ask(simserv.integer, simserv.MESSAGE_TYPE, message)
                if kind == simserv.ALARM_MESSAGE:
                    texts.append(await self._ask(simserv.text, simserv.MESSAGE_TEXT, message))
        return "; ".join(texts) or "it gives no text"

    def _held(self, point: str) -> tuple[int, int, int]:
        """How a set point or a gradient is read and written: the commands, and the variable."""
        quantity, _, rest = point.partition(".")
        variable = self._variables[quantity]
        if rest == "setpoint":
            return simserv.SET_POINT, simserv.WRITE_SET_POINT, variable
        return *_GRADIENTS[rest.rpartition(".")[2]], variable

    async def _status(self) -> int:
        return await self._ask(simserv.integer, simserv.STATUS)

    async def _switched(self, output: str) -> bool:
        return bool(await self._ask(simserv.integer, simserv.OUTPUT, self._outputs[output]))

    async def _ask(self, parse: Callable[[simserv.Reply], T], command: int, *arguments: float) -> T:
        """The parsed answer to a request.

        :raises DeviceUnreachable: if none comes.
        :raises RemoteProtocolError: if the chamber refuses, or it is not what ``parse`` expects.
        """
        reply = await self._link.query(simserv.encode(command, *arguments), simserv.Replies())
        try:
            return parse(reply)
        except RemoteProtocolError as error:
            asked = ", ".join(f"{argument:g}" for argument in arguments)
            raise RemoteProtocolError(
                f"{error.what} (command {command}{f' of {asked}' if asked else ''})", where=self.name
            ) from None
