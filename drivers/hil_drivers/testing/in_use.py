"""Checks of a device in use: opened, read, streamed, set, by several tasks at once, cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial

from ..clock import NANOSECONDS
from ..device import Device
from ..errors import DeviceError, DeviceUnreachable, SetpointRefused, UnitError
from ..indication import Indication
from ..transport.supervisor import LinkState
from . import peer as faults
from .conformance import UNKNOWN, check_reading, demand, must_raise, outside
from .exercise import (
    CYCLES,
    NotPossible,
    bounded,
    cancel_task,
    cancelled,
    durations,
    each,
    each_fresh,
    need,
    opened,
    stages,
    turns,
)
from .subject import Accept, Operation, Subject

_PERIOD = 0.2


async def connect(subject: Subject) -> str:
    """It opens, uses, closes, twice; closes twice and unopened; is refused when closed; tells its link's state."""
    device = subject.make()
    demand(device.supervisor.status.state is LinkState.CLOSED, "a device that was never opened says that it is")
    for _ in range(2):
        async with opened(subject, device):
            demand(device.supervisor.status.state is LinkState.UP, "its supervisor was not told that it opened")
            for operation in subject.operations():
                await bounded(operation(device), operation.name)
            demand(device.supervisor.status.state is LinkState.UP, "its supervisor was not told that it answers")
        demand(device.supervisor.status.state is LinkState.CLOSED, "its supervisor was not told that it closed")
        await bounded(device.close(), "closing again")
        for operation in subject.operations():
            use = partial(bounded, operation.run(device), operation.name)
            await must_raise(use, DeviceError, f"{operation.name} of a closed device")
    await bounded(subject.make().close(), "closing what was never opened")
    return ""


async def unreachable(subject: Subject) -> str:
    """With nobody there, opening it raises ``DeviceUnreachable``; once somebody is, it opens."""
    need(subject, faults.DROPPED)
    device = subject.make()
    await subject.peer.stop()
    opening = partial(bounded, device.open(), "opening")
    await must_raise(opening, DeviceUnreachable, "opening with nobody there")
    await bounded(device.close(), "closing what could not be opened")
    await subject.peer.start()
    async with opened(subject, device):
        await each(subject, device)
    return ""


async def read(subject: Subject) -> str:
    """It reads in declared units with ordered intervals in the past, and refuses a point that it does not have."""
    points = subject.read_points()
    if not points:
        raise NotPossible("it has no point to be read")
    async with opened(subject) as device:
        for point in points:
            declared = device.points.get(point)
            demand(declared is not None and declared.readable, f"{point} is not declared readable")
        await each(subject, device)
        await must_raise(lambda: device.read(UNKNOWN), UnitError, "reading an unknown point")
    return f"{len(points)} point{'s' if len(points) > 1 else ''}"


async def stream(subject: Subject) -> str:
    """A stream gives right indications, each later than the one before; cancelled or after an error, it goes on."""
    points = subject.read_points()
    if not points:
        raise NotPossible("it has no point to be read")
    async with opened(subject) as device:
        for point, accept in points.items():
            await _streamed(device, point, accept)
        await must_raise(lambda: _first(device, UNKNOWN, _PERIOD), UnitError, "a stream of an unknown point")
        if faults.SILENT in subject.peer.faults and faults.SILENT not in subject.unseen:
            point, accept = next(iter(points.items()))
            await _streamed_after_error(subject, device, point, accept)
    return ""


async def _period(device: Device, point: str) -> float:
    """A period in s that leaves time for each reading."""
    begun = device.clock.now()
    await bounded(device.read(point), f"read {point}")
    return max(_PERIOD, 2.0 * (device.clock.now() - begun) / NANOSECONDS)


async def _streamed(device: Device, point: str, accept: Accept) -> None:
    period = await _period(device, point)
    stream = device.stream(point, period=period)
    latest: int | None = None
    for stage in (None, None, partial(turns, 2), partial(device.clock.sleep, period / 2), None):
        if stage is not None:
            await cancel_task(asyncio.create_task(_next(stream)), device, stage, f"streaming {point}")
        indication = await bounded(_next(stream), f"streaming {point}")
        check_reading(device, point, indication, accept)
        demand(latest is None or indication.latest > latest, f"the stream of {point} repeats itself")
        latest = indication.latest


async def _streamed_after_error(subject: Subject, device: Device, point: str, accept: Accept) -> None:
    stream = device.stream(point, period=await _period(device, point))
    await bounded(_next(stream), f"streaming {point}")
    await subject.peer.inject(faults.SILENT)
    await must_raise(lambda: bounded(_next(stream), "streaming"), DeviceError, f"streaming {point} in silence")
    await subject.peer.clear()
    check_reading(device, point, await bounded(_next(stream), f"streaming {point} after an error"), accept)


async def _next(stream: AsyncIterator[Indication]) -> Indication:
    return await anext(stream)


async def _first(device: Device, point: str, period: float) -> Indication:
    return await _next(device.stream(point, period=period))


async def write(subject: Subject) -> str:
    """It takes setpoints, reads them back where it can, and refuses what lies outside before it sends anything."""
    if not subject.writes:
        raise NotPossible("it has no point to be set")
    async with opened(subject) as device:
        for point, values in subject.writes.items():
            declared = device.points.get(point)
            demand(declared is not None and declared.writable, f"{point} is not declared writable")
            for operation in [one for one in subject.operations() if one.name == f"set {point}"]:
                await bounded(operation(device), operation.name)
            for value in (*(outside(declared) if declared else ()), *subject.refused.get(point, ())):
                setting = partial(device.write, point, value)
                await must_raise(setting, SetpointRefused, f"setting {point} to {value:g}")
            await must_raise(lambda v=values[0]: device.write(UNKNOWN, v), UnitError, "setting an unknown point")  # type: ignore[misc]
    return ""


async def together(subject: Subject) -> str:
    """Used by several tasks at once, as a safe state may have to, each gets the answer to its own request."""
    set_meanwhile = {f"read {point}" for point in subject.writes}
    async with opened(subject) as device:
        for _ in range(CYCLES):
            operations = [*subject.operations(), *(one for one in subject.operations() if not one.commands)]
            tasks = [
                asyncio.create_task(_run(one, device, judged=not one.commands and one.name not in set_meanwhile))
                for one in operations
            ]
            await bounded(device.clock.wait(*tasks), "operations at once")
            for task in tasks:
                task.result()
        for operation in subject.operations():
            if operation.commands:
                await bounded(operation.judge(device, None), operation.name)
    return f"{len(operations)} at once"


async def _run(operation: Operation, device: Device, *, judged: bool) -> None:
    outcome = await operation.run(device)
    if judged:
        await operation.judge(device, outcome)


async def cancel(subject: Subject) -> str:
    """Cancelled at any stage, it gives the next request the next request's answer, and nothing older."""
    count = 0
    async with opened(subject) as device:
        for operation in subject.operations():
            wall, bench = await durations(operation, device)
            for stage in stages(device, wall, bench):
                await cancelled(operation, device, stage)
                await each_fresh(subject, device)
                count += 1
    return f"{count} cancelled"
