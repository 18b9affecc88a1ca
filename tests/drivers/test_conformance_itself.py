"""The conformance kit itself: it passes a good driver and names the fault of each bad one."""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace
from types import MappingProxyType

import pytest

from hil_drivers.clock import Clock
from hil_drivers.device import Device, Point
from hil_drivers.errors import DeviceUnreachable
from hil_drivers.indication import Flag, Indication
from hil_drivers.testing import ConformanceError, check_actuator, check_sensor


class Good(Device):
    """A device that senses and sets one quantity; a subclass breaks one rule."""

    points = MappingProxyType({"level": Point("mm", writable=True, lower=0.0, upper=10.0)})

    def __init__(self, clock: Clock) -> None:
        super().__init__("toy", "process:toy", clock=clock)
        self.value = 5.0
        self.opened = False

    async def open(self) -> None:
        self.opened = True

    async def close(self) -> None:
        self.opened = False

    async def read(self, point: str) -> Indication:
        unit = self._readable(point).unit
        self._check_open()
        earliest = self.clock.now()
        await self.clock.sleep(0.1)
        return Indication(point, self.value, unit, earliest, self.clock.now())

    async def write(self, point: str, value: float) -> None:
        value = self._setpoint(point, value)
        self._check_open()
        await asyncio.sleep(0)
        self.value = value

    def _check_open(self) -> None:
        if not self.opened:
            raise DeviceUnreachable("is not open", where=self.name)


class OtherUnit(Good):
    async def read(self, point: str) -> Indication:
        return replace(await super().read(point), unit="cm")


class OtherPoint(Good):
    async def read(self, point: str) -> Indication:
        return replace(await super().read(point), point="height")


class Reversed(Good):
    async def read(self, point: str) -> Indication:
        found = await super().read(point)
        return replace(found, earliest=found.latest, latest=found.earliest)


class Ahead(Good):
    async def read(self, point: str) -> Indication:
        return replace(await super().read(point), latest=self.clock.now() + 1)


class Seconds(Good):
    async def read(self, point: str) -> Indication:
        return replace(await super().read(point), latest=0.5)  # type: ignore[arg-type]


class NotANumber(Good):
    async def read(self, point: str) -> Indication:
        return replace(await super().read(point), value=math.nan)


class Nothing(Good):
    async def read(self, point: str) -> Indication:
        return replace(await super().read(point), value=None, flags=Flag.LOW_LIGHT)


class Wrong(Good):
    async def read(self, point: str) -> Indication:
        return replace(await super().read(point), value=99.0)


class AnyPoint(Good):
    async def read(self, point: str) -> Indication:
        return await super().read("level") if point != "level" else await super().read(point)


class Late(Good):
    """After a cancelled read it gives the answer that was due then."""

    late: Indication | None = None

    async def read(self, point: str) -> Indication:
        late, self.late = self.late, None
        if late is not None:
            return late
        earliest = self.clock.now()
        try:
            return await super().read(point)
        except asyncio.CancelledError:
            self.late = Indication(point, self.value, "mm", earliest, earliest)
            await self.clock.sleep(1.0)
            raise


class ReadsWhenClosed(Good):
    def _check_open(self) -> None:
        """Whatever."""


class Forgets(Good):
    async def write(self, point: str, value: float) -> None:
        await super().write(point, value)
        self.value = 5.0


async def test_a_good_driver_passes(clock: Clock) -> None:
    await check_sensor(lambda: Good(clock), "level", accept=lambda value: value == 5.0)
    await check_actuator(lambda: Good(clock), "level", [0.0, 2.5, 10.0])


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (OtherUnit, "declared in 'mm', read in 'cm'"),
        (OtherPoint, "asked for level, got height"),
        (Reversed, "not ordered"),
        (Ahead, "in the future"),
        (Seconds, "whole ns"),
        (NotANumber, "reads nan"),
        (Nothing, "no flag that says why"),
        (Wrong, "cannot be right"),
        (AnyPoint, "reading an unknown point must raise UnitError"),
        (Late, "gave an old indication"),
        (ReadsWhenClosed, "using a closed device must raise DeviceError"),
    ],
)
async def test_the_fault_of_a_sensor_is_named(clock: Clock, made: type[Good], words: str) -> None:
    with pytest.raises(ConformanceError, match=words):
        await check_sensor(lambda: made(clock), "level", accept=lambda value: value == 5.0)


async def test_the_fault_of_an_actuator_is_named(clock: Clock) -> None:
    """One that takes setpoints outside its range cannot be written any more: test_setpoint_range.py."""
    with pytest.raises(ConformanceError, match="level set to 0 reads 5"):
        await check_actuator(lambda: Forgets(clock), "level", [0.0, 10.0])


async def test_a_point_that_is_not_declared_is_named(clock: Clock) -> None:
    with pytest.raises(ConformanceError, match=r"among the declared points \['level'\]"):
        await check_sensor(lambda: Good(clock), "speed")
