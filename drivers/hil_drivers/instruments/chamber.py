"""What the drivers of climatic chambers share: their points, the age of a value, and the dew point.

``temperature`` and ``humidity`` are what the chamber's own sensors indicate, ``temperature.setpoint`` and
``humidity.setpoint`` what its controller is told; ``running`` starts (1) and stops (0) the manual mode, so that a safe
state can stop it. Limits of set points are learnt from the chamber when it is opened; what lies outside is refused
before anything is sent.

An alarm must be seen. While the chamber has one, or has stopped by itself after it was started, its ``temperature`` and
``humidity`` carry ``DEVICE_ERROR``: the number is still on record, but no gate or settling takes it for a conditioned
chamber. A flag and no error, because the sensors go on working, and the record of how a chamber drifts away is
wanted. To start a chamber that has an alarm is an error, told in the chamber's own words; to stop one never is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from ..clock import NANOSECONDS, Clock
from ..device import Device, Point
from ..errors import DeviceError, OptionError, SetpointRefused
from ..indication import Flag, Indication
from .turn import Turns

SCAN_PERIOD = 2.0
"""How old a value may be that the controller shows, in s: our assumption, no published description says."""

LONGEST_SCAN = 3600.0
"""The largest such age that can be declared, in s."""

START_WITHIN = 10.0
"""Seconds of bench time within which a chamber must have started or stopped: our assumption."""

POLL = 0.5


class ClimaticChamber(Device):
    """A climatic chamber; ``points`` of its class are those of one that controls humidity.

    Its options are told by its subclasses.
    """

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
        super().__init__(name, address, clock=clock)
        if not 0 <= scan_period <= LONGEST_SCAN:
            raise OptionError(f"scan_period = {scan_period:g} s", where=name, remedy=f"give 0 to {LONGEST_SCAN:g}")
        if dew_point_margin is not None and not (humidity and math.isfinite(dew_point_margin)):
            raise OptionError(
                f"dew_point_margin = {dew_point_margin:g} K",
                where=name,
                remedy="give a number of K, or leave it out where the chamber has no humidity",
            )
        self.points = self._declared = self.declared({"humidity": humidity, "outputs": outputs or {}})
        self._outputs = dict(outputs or {})
        self._age, self._margin = int(scan_period * NANOSECONDS), dew_point_margin
        self._turns = Turns(name, clock)
        self._started = False

    @classmethod
    def declared(cls, options: Mapping[str, Any]) -> Mapping[str, Point]:
        points = dict(cls.points)
        if not options.get("humidity", True):
            points = {name: point for name, point in points.items() if not name.startswith("humidity")}
        outputs = options.get("outputs", {})
        if not isinstance(outputs, Mapping) or not all(map(cls._is_output, outputs.values())):
            raise OptionError(f"outputs = {outputs!r}", remedy="give a table of names, each with its number")
        if taken := sorted(set(outputs) & set(points)):
            raise OptionError(f"outputs: {taken[0]!r} is a point already", remedy="choose another name")
        return MappingProxyType({**points, **dict.fromkeys(outputs, SWITCH)})

    @staticmethod
    def _is_output(number: object) -> bool:
        return type(number) is int and 0 <= number <= 99

    def _limit(self, point: str, lower: float, upper: float) -> None:
        """Take up the limits of a point that the chamber tells."""
        limited = replace(self.points[point], lower=lower, upper=upper)
        self.points = MappingProxyType({**self.points, point: limited})

    def _switching(self, point: str, value: float) -> bool:
        """Whether a switch is to be on.

        :raises SetpointRefused: for any value but 0 and 1.
        """
        if self._setpoint(point, value) not in (0.0, 1.0):
            raise SetpointRefused(f"{point} cannot be set to {value:g}", where=self.name, remedy="command 0 or 1")
        return value == 1.0

    async def _refuse_near_dew_point(self, temperature: float) -> None:
        """Refuse a set point too near to the dew point, if it was asked to look.

        :raises SetpointRefused: if it is, or if the dew point is not known.
        """
        if self._margin is None:
            return
        air, moisture = await self.read("temperature"), await self.read("humidity")
        if air.value is None or moisture.value is None:
            raise SetpointRefused(
                f"{temperature:g} Cel is refused, because the dew point is not known",
                where=self.name,
                remedy="check its sensors of temperature and humidity",
            )
        present = dew_point(air.value, moisture.value)
        if temperature < (lowest := present + self._margin):
            raise SetpointRefused(
                f"{temperature:g} Cel is not {self._margin:g} K above the dew point of {present:.1f} Cel",
                where=self.name,
                remedy=f"dry the air first, or command {lowest:.1f} Cel or more",
            )

    def _indication(
        self, point: str, value: float | None, asked: int, *, flags: Flag = Flag.GOOD, resolution: float | None = None
    ) -> Indication:
        """An indication of what the controller shows, as old as its scan where it measures."""
        earliest = asked - self._age if point in ("temperature", "humidity") else asked
        return Indication(point, value, self.points[point].unit, earliest, self.clock.now(), flags, resolution)

    def _failure(self, what: str, remedy: str) -> DeviceError:
        return DeviceError(what, where=self.name, remedy=remedy)


SWITCH = Point("1", writable=True, lower=0.0, upper=1.0)


def sensed(name: str, unit: str) -> dict[str, Point]:
    """The points of a controlled quantity that can be read: its value and its set point."""
    return {name: Point(unit), f"{name}.setpoint": Point(unit, writable=True)}


def gradients(name: str, unit: str, *, readable: bool) -> dict[str, Point]:
    """The points of the gradients of a quantity, upwards and downwards."""
    ways = (f"{name}.gradient.up", f"{name}.gradient.down")
    return dict.fromkeys(ways, Point(unit, readable=readable, writable=True, lower=0.0))


def dew_point(temperature: float, humidity: float) -> float:
    """The dew point over water in Cel, from Cel and % (Magnus' formula with the constants of WMO-No. 8).

    >>> round(dew_point(20.0, 50.0), 2)
    9.26
    """
    gamma = math.log(max(humidity, 1e-3) / 100.0) + 17.62 * temperature / (243.12 + temperature)
    return 243.12 * gamma / (17.62 - gamma)
