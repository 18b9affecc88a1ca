"""What every driver must do, whatever it drives."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from ..device import Device, Point
from ..errors import DeviceError, DriverError, SetpointRefused, UnitError
from ..indication import UNUSABLE, Flag, Indication

MakeDevice = Callable[[], Device]

UNKNOWN = "no-such-point"
STEPS = (0, 1, 2, 4, 8, 16, 32, 64)
"""Turns of the event loop after which an operation is cancelled."""


class ConformanceError(AssertionError):
    """The driver does not do what every driver must do."""


async def check_sensor(make_device: MakeDevice, point: str, *, accept: Callable[[float], bool] = math.isfinite) -> None:
    """Check the driver of a sensor.

    It opens, reads in its declared unit with an ordered measurement interval, refuses an unknown point, reads
    right after a cancelled read, closes twice, and refuses to read when closed.

    :param make_device: makes a device that is not open yet; called several times.
    :param accept: whether a value can be right.
    :raises ConformanceError: naming the first thing that is not so.
    """
    device = make_device()
    declared = _declared(device, point)
    demand(declared.readable, f"{point} is not declared readable")
    await device.open()
    try:
        await _check_reading(device, point, accept)
        await must_raise(lambda: device.read(UNKNOWN), UnitError, "reading an unknown point")
        await _check_cancelled_reads(device, point, accept)
    finally:
        await device.close()
    await _check_closed(make_device, device, lambda closed: closed.read(point))


async def check_actuator(
    make_device: MakeDevice, point: str, setpoints: Sequence[float], *, refused: Sequence[float] = ()
) -> None:
    """Check the driver of an actuator.

    It opens, takes each setpoint (and reads it back, if the point can be read), refuses NaN, infinities, what
    lies outside its declared range and an unknown point, takes a setpoint after a cancelled one, closes twice,
    and refuses to write when closed.

    :param make_device: makes a device that is not open yet; called several times.
    :param setpoints: commanded in this order.
    :param refused: further values that it must refuse.
    :raises ConformanceError: naming the first thing that is not so.
    """
    device = make_device()
    declared = _declared(device, point)
    demand(declared.writable, f"{point} is not declared writable")
    await device.open()
    try:
        for value in setpoints:
            await check_setpoint(device, point, value)
        for value in (*outside(declared), *refused):
            write = partial(device.write, point, value)
            await must_raise(write, SetpointRefused, f"the setpoint {value:g}")
        await must_raise(lambda: device.write(UNKNOWN, setpoints[0]), UnitError, "writing an unknown point")
        for steps in STEPS:
            await _cancelled(device.write(point, setpoints[0]), steps)
            await check_setpoint(device, point, setpoints[-1])
    finally:
        await device.close()
    await _check_closed(make_device, device, lambda closed: closed.write(point, setpoints[0]))


def demand(holds: bool, otherwise: str) -> None:
    """Raise ``ConformanceError(otherwise)`` unless it holds."""
    if not holds:
        raise ConformanceError(otherwise)


def _declared(device: Device, point: str) -> Point:
    demand(point in device.points, f"{point} is not among the declared points {sorted(device.points)}")
    return device.points[point]


def outside(declared: Point) -> list[float]:
    """Values that a writable point must refuse."""
    values = [math.nan, math.inf, -math.inf]
    values += [] if declared.lower is None else [declared.lower - 1.0]
    return values + ([] if declared.upper is None else [declared.upper + 1.0])


async def _check_reading(device: Device, point: str, accept: Callable[[float], bool]) -> Indication:
    indication = await device.read(point)
    check_reading(device, point, indication, accept)
    return indication


def check_reading(device: Device, point: str, indication: Indication, accept: Callable[[float], bool]) -> None:
    """Check one indication that ``device`` gave of ``point``.

    :raises ConformanceError: naming the first thing that is not right.
    """
    demand(isinstance(indication, Indication), f"reading {point} gave {type(indication).__name__}")
    demand(indication.point == point, f"asked for {point}, got {indication.point}")
    unit = device.points[point].unit
    demand(indication.unit == unit, f"{point} is declared in {unit!r}, read in {indication.unit!r}")
    demand(type(indication.earliest) is int and type(indication.latest) is int, "an interval is in whole ns")
    demand(indication.earliest <= indication.latest, f"the interval of {point} is not ordered")
    demand(indication.latest <= device.clock.now(), f"{point} was sensed in the future")
    demand(isinstance(indication.flags, Flag), "flags are Flag")
    if indication.value is None:
        demand(bool(indication.flags & UNUSABLE), f"{point} has no value and no flag that says why")
    else:
        demand(math.isfinite(indication.value), f"{point} reads {indication.value}")
        demand(accept(indication.value), f"{point} reads {indication.value} {unit}, which cannot be right")
    step = indication.resolution
    demand(step is None or (math.isfinite(step) and step > 0), f"the resolution of {point} is {step}")


async def _check_cancelled_reads(device: Device, point: str, accept: Callable[[float], bool]) -> None:
    others = [name for name, declared in device.points.items() if declared.readable and name != point]
    for steps in STEPS:
        await _cancelled(device.read(point), steps)
        before = device.clock.now()
        for other in others:
            await _check_reading(device, other, math.isfinite)
        indication = await _check_reading(device, point, accept)
        demand(indication.latest >= before, f"after a cancelled read, {point} gave an old indication")


async def check_setpoint(device: Device, point: str, value: float) -> None:
    """Command ``value`` and read it back where the point can be read.

    :raises ConformanceError: if something else is read.
    """
    await device.write(point, value)
    if device.points[point].readable:
        read = (await device.read(point)).value
        demand(read is not None and math.isclose(read, value), f"{point} set to {value:g} reads {read}")


async def _check_closed(make_device: MakeDevice, device: Device, use: Callable[[Device], Awaitable[object]]) -> None:
    await device.close()
    await must_raise(lambda: use(device), DeviceError, "using a closed device")
    await make_device().close()
    await device.open()
    await use(device)
    await device.close()


async def must_raise(action: Callable[[], Awaitable[object]], error: type[DriverError], otherwise: str) -> None:
    """Do what must raise ``error``.

    :raises ConformanceError: if it does not.
    """
    try:
        await action()
    except error:
        return
    raise ConformanceError(f"{otherwise} must raise {error.__name__}")


async def _cancelled(operation: Any, steps: int) -> None:
    task: asyncio.Task[object] = asyncio.ensure_future(operation)
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        error = task.exception()
        demand(error is None, f"a cancelled operation raised {error!r}")
