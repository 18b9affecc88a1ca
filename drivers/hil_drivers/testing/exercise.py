"""How checks use a device: open, bounded in time, cancelled at every stage, until it works again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeVar

from ..clock import NANOSECONDS
from ..device import Device
from ..errors import DeviceError
from ..transport.supervisor import LinkState
from .conformance import STEPS, ConformanceError, demand
from .subject import Operation, Subject, looks_good

T = TypeVar("T")

LIMIT = 30.0
"""Seconds of wall time within which any operation must have ended, one way or the other."""

BACK_WITHIN = 10.0
"""Seconds of wall time within which a device must work again once its peer does."""

PAUSE = 0.05
CYCLES = 3
ATTEMPTS = 2
_FRACTIONS = (0.1, 0.3, 0.5, 0.7, 0.9)


class NotPossible(Exception):
    """A check that this peer or this device has no means for; the text says why."""


@asynccontextmanager
async def opened(subject: Subject, device: Device | None = None) -> AsyncIterator[Device]:
    """An open device, closed in the end."""
    device = device or subject.make()
    await bounded(device.open(), "opening")
    try:
        yield device
    finally:
        await bounded(device.close(), "closing")


async def bounded(operation: Awaitable[T], what: str) -> T:
    """Await what must end within ``LIMIT``."""
    try:
        async with asyncio.timeout(LIMIT) as limit:
            return await operation
    except TimeoutError:
        if not limit.expired():
            raise
        raise ConformanceError(f"{what} did not end within {LIMIT:g} s") from None


def need(subject: Subject, fault: str) -> None:
    if fault in subject.unseen:
        raise NotPossible(subject.unseen[fault])
    if fault not in subject.peer.faults:
        raise NotPossible(f"the peer has no fault {fault!r}")


def two(subject: Subject) -> tuple[Operation, Operation]:
    """Two operations whose outcomes differ, if there are."""
    operations = [one for one in subject.operations() if not one.commands]
    if len(operations) < 2:
        operations = subject.operations()
    return operations[0], operations[-1]


def uses(subject: Subject) -> list[Operation]:
    """Each operation once, and `ATTEMPTS` uses at least."""
    operations = subject.operations()
    return (operations * ATTEMPTS)[: max(len(operations), ATTEMPTS)]


async def each(subject: Subject, device: Device) -> None:
    for operation in subject.operations():
        await bounded(operation(device), operation.name)


async def each_fresh(subject: Subject, device: Device) -> None:
    """Every operation, the last one first, none with an outcome older than its call."""
    for operation in reversed(subject.operations()):
        asked = device.clock.now()
        outcome = await bounded(operation(device), operation.name)
        latest = getattr(outcome, "latest", asked)
        demand(latest >= asked, f"after a cancelled operation, {operation.name} gave an old indication")


class _Failed:
    """An outcome that is an error."""

    value = None

    def __init__(self, error: DeviceError) -> None:
        self.error = error


async def outcome_of(operation: Operation, device: Device) -> object:
    """What an operation gives, or the error of the device that it raises; right if it looks good."""
    try:
        outcome = await bounded(operation.run(device), operation.name)
        if looks_good(outcome):
            await operation.judge(device, outcome)
    except DeviceError as error:
        return _Failed(error)
    return outcome


async def right_or_error(operation: Operation, device: Device) -> None:
    await outcome_of(operation, device)


async def back(subject: Subject, device: Device) -> float:
    """Use it until everything works, within ``BACK_WITHIN``; the seconds that it took."""
    begun = time.monotonic()
    for operation in subject.operations():
        while True:
            try:
                await bounded(operation(device), operation.name)
                break
            except DeviceError as error:
                waited = time.monotonic() - begun
                demand(waited < BACK_WITHIN, f"{operation.name} does not work again within {waited:.0f} s: {error}")
                await wall_sleep(device, PAUSE)
    demand(device.supervisor.status.state is LinkState.UP, "its supervisor was not told that it is back")
    return time.monotonic() - begun


async def durations(operation: Operation, device: Device) -> tuple[float, float]:
    """The seconds that an operation takes, on the wire clock and on the bench clock."""
    wall, bench = time.monotonic(), device.clock.now()
    await bounded(operation(device), operation.name)
    return time.monotonic() - wall, (device.clock.now() - bench) / NANOSECONDS


def stages(device: Device, wall: float, bench: float) -> list[Callable[[], Awaitable[None]]]:
    """Waits after which an operation of that duration is under way."""
    stages: list[Callable[[], Awaitable[None]]] = [partial(turns, steps) for steps in STEPS]
    stages += [partial(wall_sleep, device, wall * fraction) for fraction in _FRACTIONS]
    if bench > 0:
        stages += [partial(device.clock.sleep, bench * fraction) for fraction in _FRACTIONS]
    return stages


async def turns(steps: int) -> None:
    for _ in range(steps):
        await asyncio.sleep(0)


async def wall_sleep(device: Device, seconds: float) -> None:
    with device.clock.exchange():
        await asyncio.sleep(seconds)


async def pass_time(device: Device) -> None:
    """Let some bench time pass, so that a peer in lockstep has new values and new noise."""
    await device.clock.sleep(PAUSE)


async def cancelled(operation: Operation, device: Device, stage: Callable[[], Awaitable[None]]) -> None:
    await cancel_task(asyncio.create_task(_begun(operation, device)), device, stage, operation.name)


async def _begun(operation: Operation, device: Device) -> object:
    return await operation.run(device)


async def cancel_task(
    task: asyncio.Task[object], device: Device, stage: Callable[[], Awaitable[None]], what: str
) -> None:
    try:
        await stage()
    finally:
        task.cancel()
        await bounded(device.clock.wait(task), f"cancelling {what}")
    if not task.cancelled() and (error := task.exception()) is not None and not isinstance(error, DeviceError):
        raise ConformanceError(f"{what}, cancelled, raised {error!r}")


def told(changes: list[LinkState]) -> str:
    return ", ".join(changes) or "nothing"


def short(outcome: object) -> str:
    return repr(getattr(outcome, "value", outcome))[:60]
