"""Climatic chambers of Weiss and Vötsch that speak ASCII-2.

Address: ``serial:///dev/ttyUSB0?baudrate=9600``, or ``tcp://host:2049``.

``temperature`` and ``humidity`` are what the chamber's own sensors indicate. ``running`` starts (1) and stops (0) it,
so that a safe state can stop it. Its numbers and digital channels, and the limits of set points, are learnt from its
help text when it is opened; what lies outside is refused before anything is sent. The protocol tells no alarm: while a
chamber that was started has its start channel off again, ``temperature`` and ``humidity`` are flagged as those of a
device in error: their numbers are on record, but not used.

Each write carries all set points and digital channels, so the driver reads them, changes what it was told to, and
writes them back. While a gradient acts, the nominal value that a chamber shows moves along: so that it is not taken for
the set point, those that the driver has commanded are kept by it, whatever is typed at the panel meanwhile. Gradients
can be written only; give them before the first set point.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from ..clock import Clock
from ..device import Point
from ..errors import OptionError, RemoteProtocolError, SetpointRefused
from ..indication import Flag, Indication
from ..transport.link import stream_link
from ..wire import weiss_ascii2 as ascii2
from .chamber import SCAN_PERIOD, SWITCH, ClimaticChamber, gradients, sensed

HELP_WITHIN = 15.0
"""Seconds of wall time for the help text: 3.5 kB at 9600 baud take 4 s."""

HELP_LEFT = 0.5
"""Seconds of wall time for what follows its last line that counts, before the next request."""

STEP = 0.1
"""The step of every number in a string."""

_GRADIENTS = ("temperature.gradient.up", "temperature.gradient.down", "humidity.gradient.up", "humidity.gradient.down")
_LABELS = {"temperature": "temp", "humidity": "hum", "fan": "fan"}
_START, _HUMIDITY = "start", "humid"
_UNUSED = ("unused", "not supported", "")


class Ascii2Chamber(ClimaticChamber):
    """A chamber that speaks ASCII-2; ``fan`` in %, where it has one that can be set.

    ``humidity.running`` switches the control of humidity. Every number travels in steps of 0.1.

    :param humidity: whether it controls humidity; without it there are no points of humidity.
    :param outputs: further digital outputs, each name with its number: points that take 0 or 1. Which number does what
        differs from site to site (0 to 31).
    :param scan_period: the controller measures by itself; a value read may be this old, in seconds. The default is our
        assumption: no published description tells it.
    :param dew_point_margin: refuse a temperature set point that is not this many K above the dew point of the air by
        the chamber's own sensors. It looks once, when it is told the set point: what must hold all the time is an
        interlock of the bench. By default it does not look.
    :param bus_address: the number after ``$`` in each request, 1 to 99.
    """

    points: Mapping[str, Point] = MappingProxyType(
        {
            **sensed("temperature", "Cel"),
            **gradients("temperature", "K/min", readable=False),
            **sensed("humidity", "%"),
            **gradients("humidity", "%/min", readable=False),
            "humidity.running": SWITCH,
            "running": SWITCH,
            "fan": Point("%", writable=True),
        }
    )
    libraries = ("serialx",)

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
        bus_address: int = 1,
    ) -> None:
        super().__init__(
            name,
            address,
            clock=clock,
            humidity=humidity,
            outputs=outputs,
            scan_period=scan_period,
            dew_point_margin=dew_point_margin,
        )
        if bus_address not in range(1, 100):
            raise OptionError(f"bus_address = {bus_address!r}", where=name, remedy="give 1 to 99")
        self._bus_address = bus_address
        self._link = stream_link(address, supervisor=self.supervisor, clock=clock)
        self._description = ascii2.Description((), (), {}, {})
        self._names: dict[str, str] = {}
        self._channels: dict[str, int] = {}
        self._commanded: dict[str, float] = {}
        self._slopes = dict.fromkeys(_GRADIENTS, 0.0)

    @staticmethod
    def _is_output(number: object) -> bool:
        return type(number) is int and 0 <= number < ascii2.CHANNELS

    async def open(self) -> None:
        """Connect, and learn its numbers, channels and limits from its help text."""
        await self._link.open()
        try:
            self._take_up(await self._help())
            await self._state()
        except BaseException:
            await self._link.close()
            raise

    async def close(self) -> None:
        await self._link.close()

    async def read(self, point: str) -> Indication:
        """What the controller shows; ``temperature`` and ``humidity`` reach back by the scan period."""
        self._readable(point)
        asked = self.clock.now()
        state = await self._state()
        if point in self._channels:
            return self._indication(point, float(state.channels[self._channels[point]]), asked)
        quantity, _, rest = point.partition(".")
        name = self._names[quantity]
        place = self._description.nominal(name) if rest else self._description.actual(name)
        flags = Flag.GOOD
        if not rest and self._started and not state.channels[self._channels["running"]]:
            flags = Flag.DEVICE_ERROR
        return self._indication(point, state.numbers[place], asked, flags=flags, resolution=STEP)

    async def write(self, point: str, value: float) -> None:
        """Tell the controller, and read back what it holds.

        :raises DeviceError: if the chamber does not start.
        :raises RemoteProtocolError: if it refuses, or holds something else afterwards.
        """
        if point in _GRADIENTS:
            operation = partial(self._slope, point, self._expressible(point, value))
        elif (declared := self.points.get(point)) is not None and declared == SWITCH:
            operation = partial(self._switch, point, on=self._switching(point, value))
        else:
            operation = partial(self._set, point, self._expressible(point, value))
        await self._turns.run(operation)

    def _expressible(self, point: str, value: float) -> float:
        """A setpoint that a string can carry.

        :raises SetpointRefused: for any other.
        """
        value = self._setpoint(point, value)
        if abs(value - round(value, 1)) > 1e-9 or not -1000.0 < value < 10000.0:
            raise SetpointRefused(
                f"{point} cannot be told {value:.9g} {self.points[point].unit}",
                where=self.name,
                remedy=f"command a multiple of {STEP:g} {self.points[point].unit}",
            )
        return round(value, 1)

    async def _help(self) -> ascii2.Description:
        patience, self._link.timeout = self._link.timeout, HELP_WITHIN
        try:
            request = ascii2.request(ascii2.HELP, address=self._bus_address)
            description = await self._link.query(request, ascii2.Help())
        finally:
            self._link.timeout = patience
        with self.clock.exchange():
            await asyncio.sleep(HELP_LEFT)
        return description

    def _take_up(self, description: ascii2.Description) -> None:
        self._description, self._commanded = description, {}
        self._names = {
            quantity: name
            for quantity, label in _LABELS.items()
            for name in reversed(list(description.quantities))
            if description.quantities[name].label.lower().startswith(label)
        }
        self.points = self._declared
        self._channels = {
            point: number
            for point, label in (("running", _START), ("humidity.running", _HUMIDITY))
            for number in sorted(description.channels, reverse=True)
            if description.channels[number].lower().startswith(label) and point in self.points
        }
        self._check(description)
        self._channels |= self._outputs
        if "fan" not in self._names:
            self.points = MappingProxyType({name: point for name, point in self.points.items() if name != "fan"})
        for quantity, name in self._names.items():
            point = quantity if quantity == "fan" else f"{quantity}.setpoint"
            if point in self.points:
                limits = description.quantities[name]
                self._limit(point, limits.lower, limits.upper)

    def _check(self, description: ascii2.Description) -> None:
        """Whether the chamber has what its options say.

        :raises RemoteProtocolError: if it has not.
        """
        for point in ("temperature", "humidity", "running", "humidity.running"):
            if point in self.points and point not in self._names and point not in self._channels:
                raise RemoteProtocolError(
                    f"its help text tells no {point}",
                    where=self.name,
                    remedy="give the option humidity = false" if point.startswith("humidity") else "check its address",
                )
        for output, number in self._outputs.items():
            if description.channels.get(number, "").lower() in _UNUSED or number in self._channels.values():
                raise RemoteProtocolError(
                    f"its digital channel {number} cannot be {output!r}, it is {description.channels.get(number)!r}",
                    where=self.name,
                    remedy="correct the option outputs",
                )

    async def _state(self) -> ascii2.State:
        request = ascii2.request(ascii2.READ, address=self._bus_address)
        return await self._link.query(request, ascii2.States(len(self._description.read)))

    async def _set(self, point: str, value: float) -> None:
        if point == "temperature.setpoint":
            await self._refuse_near_dew_point(value)
        state, quantity = await self._state(), point.partition(".")[0]
        name = self._names[quantity]
        await self._change(state, numbers={name: value})
        self._commanded[name] = value
        if not any(slope for way, slope in self._slopes.items() if way.startswith(quantity)):
            held = (await self._state()).numbers[self._description.nominal(name)]
            if abs(held - value) > STEP / 2:
                raise RemoteProtocolError(f"holds {point} {held:g} where {value:g} was commanded", where=self.name)

    async def _switch(self, point: str, *, on: bool) -> None:
        if point == "running":
            self._started = False
        state = await self._state()
        await self._change(state, channels={self._channels[point]: on})
        if (await self._state()).channels[self._channels[point]] != on:
            raise self._failure(f"did not switch {point} {'on' if on else 'off'}", "look at its panel for an alarm")
        if point == "running":
            self._started = on

    async def _slope(self, point: str, value: float) -> None:
        slopes = {**self._slopes, point: value}
        quantity, _, way = point.partition(".gradient.")
        other = f"{quantity}.gradient.{'down' if way == 'up' else 'up'}"
        if value and slopes[other]:
            raise SetpointRefused(
                f"{point} and {other} exclude each other", where=self.name, remedy=f"set {other} to 0 first"
            )
        await self._obeyed(ascii2.gradients(*slopes.values(), address=self._bus_address))
        self._slopes = slopes

    async def _change(
        self,
        state: ascii2.State,
        *,
        numbers: Mapping[str, float] | None = None,
        channels: Mapping[int, bool] | None = None,
    ) -> None:
        """Write all numbers and channels with these changed. One whose command is under way is no longer known."""
        targets = {name: state.numbers[self._description.nominal(name)] for name in self._description.written}
        targets |= self._commanded | dict(numbers or {})
        for name in numbers or ():
            self._commanded.pop(name, None)
        bits = list(state.channels)
        for number, on in (channels or {}).items():
            bits[number] = on
        await self._obeyed(ascii2.write(list(targets.values()), bits, address=self._bus_address))

    async def _obeyed(self, request: bytes) -> None:
        answer = await self._link.query(request, ascii2.Acknowledgements())
        if answer.strip() != "0":
            raise RemoteProtocolError(
                f"refused what it was told, with {answer[:40]!r}", where=self.name, remedy="look at its panel"
            )
