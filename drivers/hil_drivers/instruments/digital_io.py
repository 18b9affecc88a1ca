"""A module of digital inputs and outputs on Modbus RTU or TCP, with a watchdog that drops the outputs.

Addresses: ``modbus+tcp://host:502?device_id=1``, ``modbus+rtu:///dev/ttyUSB0?device_id=1&baudrate=19200``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from ..clock import NANOSECONDS, Clock
from ..device import Point
from ..errors import OptionError, RemoteProtocolError, SetpointRefused, UnitError
from ..indication import Indication
from ..wire.modbus import LAST_ADDRESS, Function, Request
from .modbus_device import ModbusDevice
from .turn import Turns


class DigitalIo(ModbusDevice):
    """Discrete inputs, such as that of an E-stop chain, and coils as outputs; each a point that is 0 or 1.

    The watchdog is a coil that is switched to and fro, or a register that is counted up, by ``feed``. A module that
    was not fed within ``watchdog_timeout`` seconds switches its outputs off by itself. That time is the module's own,
    on the wire clock (a simulated module in lockstep judges it in bench time): the option only says what it is set to.

    :param inputs: discrete inputs by name, each with its protocol address; 1 is what the module reports as 1.
    :param outputs: coils by name, each with its protocol address.
    :param watchdog: ``{ coil = ADDRESS }`` or ``{ register = ADDRESS }``; none by default.
    :param input_filter: seconds by which the module's input filter delays (our assumption: at most 0.01 s).
    """

    def __init__(
        self,
        name: str,
        address: str,
        *,
        clock: Clock,
        inputs: Mapping[str, int] | None = None,
        outputs: Mapping[str, int] | None = None,
        watchdog: Mapping[str, int] | None = None,
        watchdog_timeout: float = 1.0,
        input_filter: float = 0.01,
    ) -> None:
        super().__init__(name, address, clock=clock)
        self.points = self.declared({"inputs": inputs or {}, "outputs": outputs or {}})
        self._inputs, self._outputs = dict(inputs or {}), dict(outputs or {})
        self._watchdog = None if watchdog is None else _watchdog(watchdog)
        for output, coil in self._outputs.items():
            if self._watchdog == (Function.WRITE_COIL, coil):
                raise OptionError(
                    f"outputs.{output} = {coil} is the coil of the watchdog",
                    where=name,
                    remedy="leave that output out: whoever set it would feed the watchdog",
                )
        for option, value in (("watchdog_timeout", watchdog_timeout), ("input_filter", input_filter)):
            if not (math.isfinite(value) and value >= 0):
                raise OptionError(f"{option} = {value:g} s", where=name, remedy="give 0 or more")
        self._timeout, self._filter = watchdog_timeout, round(input_filter * NANOSECONDS)
        self._turns = Turns(name, clock)
        self._fed = 0

    @classmethod
    def declared(cls, options: Mapping[str, Any]) -> Mapping[str, Point]:
        points: dict[str, Point] = {}
        for option, writable in (("inputs", False), ("outputs", True)):
            for name, address in _addresses(option, options.get(option, {})).items():
                if name in points:
                    raise OptionError(f"inputs and outputs both have {name!r}", remedy="give each a name of its own")
                points[name] = Point("1", writable=writable, lower=0.0, upper=1.0)
                _checked(f"{option}.{name}", address)
        return MappingProxyType(points)

    @property
    def timeout(self) -> float:
        """Within how many seconds after a feed the next one must come."""
        return self._timeout

    async def read(self, point: str) -> Indication:
        """The present state of an input or an output, 0 or 1; an input's interval reaches back by its filter."""
        unit = self._readable(point).unit
        asked = self.clock.now()
        if point in self._inputs:
            asked -= self._filter
            request = Request(Function.READ_DISCRETE_INPUTS, self._inputs[point], 1)
        else:
            request = Request(Function.READ_COILS, self._outputs[point], 1)
        (state,) = await self._ask(request)
        return Indication(point, float(state), unit, asked, self.clock.now())

    async def write(self, point: str, value: float) -> None:
        """Switch an output to 0 or 1 and read it back.

        :raises SetpointRefused: for any other value.
        :raises RemoteProtocolError: if it reads back otherwise.
        """
        wanted = self._setpoint(point, value)
        if wanted not in (0.0, 1.0):
            raise SetpointRefused(f"{point} cannot be set to {value:g}", where=self.name, remedy="command 0 or 1")
        await self._turns.run(partial(self._switch, point, int(wanted)))

    async def feed(self) -> None:
        """Feed the watchdog.

        :raises UnitError: if none is configured.
        """
        if self._watchdog is None:
            raise UnitError("has no watchdog", where=self.name, remedy="write watchdog = { coil = ADDRESS }")
        function, address = self._watchdog
        self._fed = self._fed % 0xFFFF + 1
        value = self._fed & 1 if function is Function.WRITE_COIL else self._fed
        await self._ask(Request(function, address, 1, (value,)))

    def output(self, point: str) -> Output:
        """One output as a switch.

        :raises UnitError: if there is none of that name.
        """
        if point not in self._outputs:
            raise self._no_such(point, "writable")
        return Output(self, point)

    async def _check_kind(self) -> None:
        """The module must have what its options name."""
        for address in self._inputs.values():
            await self._link.read_discrete_inputs(address, 1)
        for address in self._outputs.values():
            await self._link.read_coils(address, 1)

    async def _switch(self, point: str, wanted: int) -> None:
        address = self._outputs[point]
        await self._ask(Request(Function.WRITE_COIL, address, 1, (wanted,)))
        (state,) = await self._ask(Request(Function.READ_COILS, address, 1))
        if state != wanted:
            raise RemoteProtocolError(
                f"{point} reads {state} after it was set to {wanted}",
                where=self.name,
                remedy="check its watchdog and its E-stop chain",
            )


class Output:
    """One output of a module, as the capability ``Switch``."""

    def __init__(self, module: DigitalIo, point: str) -> None:
        self._module, self._point = module, point

    async def switch(self, on: bool) -> None:
        """Switch it and read it back."""
        await self._module.write(self._point, float(on))


def _addresses(option: str, given: object) -> Mapping[str, object]:
    if not isinstance(given, Mapping):
        raise OptionError(f"{option} = {given!r}", remedy=f"write {option} = {{ NAME = ADDRESS }}")
    return given


def _checked(key: str, address: object) -> int:
    if type(address) is not int or not 0 <= address <= LAST_ADDRESS:
        raise OptionError(f"{key} = {address!r} is no address", remedy="give a protocol address from 0 to 65535")
    return address


def _watchdog(given: object) -> tuple[Function, int] | None:
    places = {"coil": Function.WRITE_COIL, "register": Function.WRITE_REGISTER}
    if not isinstance(given, Mapping) or len(given) > 1 or not set(given) <= set(places):
        raise OptionError(
            f"watchdog = {given!r}", remedy="write watchdog = { coil = ADDRESS } or { register = ADDRESS }"
        )
    return next(((places[place], _checked(f"watchdog.{place}", address)) for place, address in given.items()), None)
