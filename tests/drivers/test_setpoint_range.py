"""Setpoints outside a declared range are refused at the transport boundary, whatever driver, whoever asks."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import Any

import pytest

from hil_drivers.clock import WallClock
from hil_drivers.device import Device, Point
from hil_drivers.errors import SetpointRefused, UnitError
from hil_drivers.instruments.digital_io import DigitalIo
from subjects import SUBJECTS, Elsewhere

CHECKED = sorted(name for name, made in SUBJECTS.items() if not isinstance(made, Elsewhere))


def sent(subject: Any, device: Device) -> int:
    """How much went out to the simulated peer so far: bytes and exchanges."""
    status = device.supervisor.status
    exchanges = status.exchanges + status.unanswered + status.garbled
    return exchanges + int(sum(subject.peer.clock._sent.values()))


@pytest.mark.parametrize("driver", CHECKED)
async def test_no_driver_sends_what_lies_outside_the_range_of_the_bench(driver: str) -> None:
    made = SUBJECTS[driver]
    assert not isinstance(made, Elsewhere)
    async with made() as subject:
        if not subject.writes:
            pytest.skip("it has no setpoints")
        device = subject.make()
        await device.open()
        try:
            for point, values in subject.writes.items():
                allowed, outside = values[0], values[1]
                device.restrict(point, allowed - 1e-6, allowed + 1e-6)
                before = sent(subject, device)
                for value in (outside, math.nan, math.inf, -math.inf, allowed + 1e-3):
                    with pytest.raises(SetpointRefused, match="cannot be set to"):
                        await device.write(point, value)
                    if isinstance(device, DigitalIo) and value == outside:
                        with pytest.raises(SetpointRefused):
                            await device.output(point).switch(bool(value))
                assert sent(subject, device) == before, "nothing was sent"
                await device.write(point, allowed)
                if driver != "ros2-robot":
                    assert sent(subject, device) > before
        finally:
            await device.close()


def test_every_kind_of_setpoint_is_among_them() -> None:
    """But those of described SCPI instruments: test_instrument_scpi_described.py."""
    assert {"artnet", "carriage", "digital-io", "modbus", "mqtt-meter", "simserv", "weiss-ascii2"} <= set(CHECKED)


class Careless(Device):
    """A driver that checks nothing by itself."""

    points = MappingProxyType({"level": Point("V", writable=True, lower=0.0, upper=10.0), "seen": Point("V")})

    def __init__(self) -> None:
        super().__init__("careless", "sim:careless", clock=WallClock())
        self.written: list[float] = []

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def write(self, point: str, value: float) -> None:
        self.written.append(value)


class Heir(Careless):
    async def write(self, point: str, value: float) -> None:
        await super().write(point, value)


class Writing:
    """What a package may share between its drivers: no device by itself."""

    async def write(self, point: str, value: float) -> None:
        self.written = [*getattr(self, "written", []), value]


class Mixed(Writing, Careless):
    """It declares no ``write`` of its own."""


@pytest.mark.parametrize("made", [Careless, Heir, Mixed])
async def test_a_driver_that_checks_nothing_is_checked_all_the_same(made: type[Careless]) -> None:
    device = made()
    for value in (-0.1, 10.1, math.nan, math.inf):
        with pytest.raises(SetpointRefused):
            await device.write("level", value)
    with pytest.raises(UnitError, match="has no writable point 'seen'"):
        await device.write("seen", 1.0)
    assert device.written == []
    await device.write("level", 10.0)
    assert device.written == [10.0]


async def test_restrictions_add_up_and_never_widen() -> None:
    device = Careless()
    device.restrict("level", -5.0, 8.0)
    device.restrict("level", 2.0, 100.0)
    with pytest.raises(SetpointRefused, match="command a value from 2 to 8 V"):
        await device.write("level", 1.0)
    await device.write("level", 8.0)
    with pytest.raises(UnitError, match="has no writable point 'seen'"):
        device.restrict("seen", 0.0, 1.0)
