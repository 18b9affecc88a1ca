"""The checks, each by name: what every driver must do with a peer that behaves, and with one that does not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeVar

from ..clock import NANOSECONDS
from ..device import Device
from ..errors import DeviceError, DeviceUnreachable, SetpointRefused, UnitError
from ..indication import Indication
from ..transport.supervisor import LinkState
from . import peer as faults
from .conformance import STEPS, UNKNOWN, ConformanceError, check_reading, demand, must_raise, outside
from .leaks import Holdings, left_since
from .subject import Accept, Operation, Subject, looks_good

T = TypeVar("T")

LIMIT = 30.0
"""Seconds of wall time within which any operation must have ended, one way or the other."""

BACK_WITHIN = 10.0
"""Seconds of wall time within which a device must work again once its peer does."""

_PAUSE = 0.05
_PERIOD = 0.2
_FRACTIONS = (0.1, 0.3, 0.5, 0.7, 0.9)
_CYCLES = 3
_ATTEMPTS = 2


class NotPossible(Exception):
    """A check that this peer or this device has no means for; the text says why."""


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
    _need(subject, faults.DROPPED)
    device = subject.make()
    await subject.peer.stop()
    opening = partial(bounded, device.open(), "opening")
    await must_raise(opening, DeviceUnreachable, "opening with nobody there")
    await bounded(device.close(), "closing what could not be opened")
    await subject.peer.start()
    async with opened(subject, device):
        await _each(subject, device)
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
        await _each(subject, device)
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
    for stage in (None, None, partial(_turns, 2), partial(device.clock.sleep, period / 2), None):
        if stage is not None:
            await _cancel_task(asyncio.create_task(_next(stream)), device, stage, f"streaming {point}")
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
        for _ in range(_CYCLES):
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
            wall, bench = await _durations(operation, device)
            for stage in _stages(device, wall, bench):
                await _cancelled(operation, device, stage)
                await _each_fresh(subject, device)
                count += 1
    return f"{count} cancelled"


async def late(subject: Subject) -> str:
    """Answers that come late are waited for; one whose request was cancelled is not taken for another."""
    _need(subject, faults.LATE)
    first, last = _two(subject)
    async with opened(subject) as device:
        await _each(subject, device)
        await subject.peer.inject(faults.LATE)
        for operation, other in ((first, last), (last, first)):
            await _right_or_error(operation, device)
            await _cancelled(operation, device, partial(_wall, device, _PAUSE))
            await _right_or_error(other, device)
        await subject.peer.clear()
        await _back(subject, device)
    return ""


async def timeout(subject: Subject) -> str:
    """Silence is ``DeviceUnreachable`` within a deadline, and told to the supervisor; then it works again."""
    _need(subject, faults.SILENT)
    longest = 0.0
    async with opened(subject) as device:
        await _each(subject, device)
        await subject.peer.inject(faults.SILENT)
        for operation in subject.operations():
            begun = time.monotonic()
            unanswered = partial(bounded, operation(device), operation.name)
            await must_raise(unanswered, DeviceUnreachable, f"{operation.name} without an answer")
            longest = max(longest, time.monotonic() - begun)
        demand(device.supervisor.status.state is LinkState.DOWN, "its supervisor was not told of the silence")
        await subject.peer.clear()
        await _back(subject, device)
    return f"after {longest:.1f} s"


async def overdue(subject: Subject) -> str:
    """An answer that comes after its time-out is not taken for the answer to a later request."""
    _need(subject, faults.OVERDUE)
    first, last = _two(subject)
    async with opened(subject) as device:
        await _each(subject, device)
        await subject.peer.inject(faults.OVERDUE)
        await must_raise(partial(bounded, first(device), first.name), DeviceError, first.name)
        await _right_or_error(last, device)
        await subject.peer.clear()
        until = time.monotonic() + 1.0
        while time.monotonic() < until:
            for operation in (last, first):
                await _right_or_error(operation, device)
            await _wall(device, _PAUSE)
        await _back(subject, device)
    return ""


async def loss(subject: Subject) -> str:
    """A lost link is an error at each use and told once; when the peer is back, so is the device, told once."""
    _need(subject, faults.DROPPED)
    changes: list[LinkState] = []
    async with opened(subject) as device:
        await _each(subject, device)
        device.supervisor.on_change = lambda status: changes.append(status.state)
        await subject.peer.stop()
        for operation in subject.operations() * _ATTEMPTS:
            lost = partial(bounded, operation(device), operation.name)
            await must_raise(lost, DeviceUnreachable, f"{operation.name} over a lost link")
        demand(changes == [LinkState.DOWN], f"a lost link was told as {_told(changes)} instead of down, once")
        await subject.peer.start()
        seconds = await _back(subject, device)
        expected = [LinkState.DOWN, LinkState.UP]
        demand(changes == expected, f"loss and return were told as {_told(changes)} instead of down, up")
    return f"back after {seconds:.1f} s"


async def garbage(subject: Subject) -> str:
    """Random bytes are an error at each use, never a value; then it works again."""
    _need(subject, faults.GARBAGE)
    async with opened(subject) as device:
        await _each(subject, device)
        await subject.peer.inject(faults.GARBAGE)
        for operation in subject.operations() * _ATTEMPTS:
            await _pass_time(device)
            outcome = await _outcome(operation, device)
            demand(not looks_good(outcome), f"{operation.name} made {_short(outcome)} of random bytes")
        await subject.peer.clear()
        await _back(subject, device)
    return ""


async def split(subject: Subject) -> str:
    """Messages that come in pieces are put together."""
    return await _transparent(subject, faults.SPLIT)


async def merged(subject: Subject) -> str:
    """Messages that come together are told apart."""
    return await _transparent(subject, faults.MERGED)


async def values(subject: Subject) -> str:
    """Each fault of the value that the peer can have is a flag or an error, never a number that looks good."""
    own = sorted(set(subject.peer.faults) - set(faults.LINK_FAULTS))
    seen = [fault for fault in own if fault not in subject.unseen]
    operations = [one for one in subject.operations() if not one.commands]
    if not own or not operations:
        raise NotPossible("the peer has no fault of the value" if operations else "it has no value")
    for fault in seen:
        async with opened(subject) as device:
            await _each(subject, device)
            await subject.peer.inject(fault)
            await _pass_time(device)
            outcomes = [(one, await _outcome(one, device)) for one in operations]
            good = [one.name for one, outcome in outcomes if looks_good(outcome)]
            demand(len(good) < len(outcomes), f"with the fault {fault}, everything looks good: {', '.join(good)}")
            await subject.peer.clear()
            await _back(subject, device)
    unseen = [f"{fault} unseen: {subject.unseen[fault]}" for fault in own if fault in subject.unseen]
    return "; ".join(filter(None, [", ".join(seen), *unseen]))


async def leaks(subject: Subject) -> str:
    """Closed, it leaves nothing behind: no descriptor, thread, task or process, however its use ended."""
    ways: dict[str, Callable[[Subject], Awaitable[None]]] = {
        "used": _used,
        "cancelled in use": _cancelled_in_use,
        "cancelled while opening": _cancelled_in_opening,
    }
    if faults.DROPPED in subject.peer.faults and faults.DROPPED not in subject.unseen:
        ways |= {"lost": _lost, "not to be opened": _not_to_be_opened}
    for words, way in ways.items():
        await way(subject)
        before = Holdings.now()
        for _ in range(_CYCLES):
            await way(subject)
        left = await left_since(before, fewer_than=_CYCLES)
        demand(len(left) < _CYCLES, f"{words} and closed {_CYCLES} times, it left {len(left)}: {', '.join(left[:4])}")
    return ", ".join(ways)


CHECKS = (
    connect,
    unreachable,
    read,
    stream,
    write,
    together,
    cancel,
    late,
    timeout,
    overdue,
    loss,
    garbage,
    split,
    merged,
    values,
    leaks,
)


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


def _need(subject: Subject, fault: str) -> None:
    if fault in subject.unseen:
        raise NotPossible(subject.unseen[fault])
    if fault not in subject.peer.faults:
        raise NotPossible(f"the peer has no fault {fault!r}")


def _two(subject: Subject) -> tuple[Operation, Operation]:
    """Two operations whose outcomes differ, if there are."""
    operations = [one for one in subject.operations() if not one.commands]
    if len(operations) < 2:
        operations = subject.operations()
    return operations[0], operations[-1]


async def _each(subject: Subject, device: Device) -> None:
    for operation in subject.operations():
        await bounded(operation(device), operation.name)


async def _each_fresh(subject: Subject, device: Device) -> None:
    """Every operation, the last one first, none with an outcome older than its call."""
    for operation in reversed(subject.operations()):
        asked = device.clock.now()
        outcome = await bounded(operation(device), operation.name)
        latest = getattr(outcome, "latest", asked)
        demand(latest >= asked, f"after a cancelled operation, {operation.name} gave an old indication")


async def _outcome(operation: Operation, device: Device) -> object:
    """What an operation gives, or the error of the device that it raises; right if it looks good."""
    try:
        outcome = await bounded(operation.run(device), operation.name)
        if looks_good(outcome):
            await operation.judge(device, outcome)
    except DeviceError as error:
        return _Failed(error)
    return outcome


class _Failed:
    """An outcome that is an error."""

    value = None

    def __init__(self, error: DeviceError) -> None:
        self.error = error


async def _right_or_error(operation: Operation, device: Device) -> None:
    await _outcome(operation, device)


async def _transparent(subject: Subject, fault: str) -> str:
    _need(subject, fault)
    async with opened(subject) as device:
        await _each(subject, device)
        await subject.peer.inject(fault)
        for _ in range(_ATTEMPTS):
            await _each(subject, device)
        await subject.peer.clear()
        await _each(subject, device)
    await subject.peer.inject(fault)
    async with opened(subject) as device:
        await _each(subject, device)
    return ""


async def _back(subject: Subject, device: Device) -> float:
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
                await _wall(device, _PAUSE)
    demand(device.supervisor.status.state is LinkState.UP, "its supervisor was not told that it is back")
    return time.monotonic() - begun


async def _durations(operation: Operation, device: Device) -> tuple[float, float]:
    """The seconds that an operation takes, on the wire clock and on the bench clock."""
    wall, bench = time.monotonic(), device.clock.now()
    await bounded(operation(device), operation.name)
    return time.monotonic() - wall, (device.clock.now() - bench) / NANOSECONDS


def _stages(device: Device, wall: float, bench: float) -> list[Callable[[], Awaitable[None]]]:
    """Waits after which an operation of that duration is under way."""
    stages: list[Callable[[], Awaitable[None]]] = [partial(_turns, steps) for steps in STEPS]
    stages += [partial(_wall, device, wall * fraction) for fraction in _FRACTIONS]
    if bench > 0:
        stages += [partial(device.clock.sleep, bench * fraction) for fraction in _FRACTIONS]
    return stages


async def _turns(steps: int) -> None:
    for _ in range(steps):
        await asyncio.sleep(0)


async def _wall(device: Device, seconds: float) -> None:
    with device.clock.exchange():
        await asyncio.sleep(seconds)


async def _pass_time(device: Device) -> None:
    """Let some bench time pass, so that a peer in lockstep has new values and new noise."""
    await device.clock.sleep(_PAUSE)


async def _cancelled(operation: Operation, device: Device, stage: Callable[[], Awaitable[None]]) -> None:
    await _cancel_task(asyncio.create_task(_begun(operation, device)), device, stage, operation.name)


async def _begun(operation: Operation, device: Device) -> object:
    return await operation.run(device)


async def _cancel_task(
    task: asyncio.Task[object], device: Device, stage: Callable[[], Awaitable[None]], what: str
) -> None:
    try:
        await stage()
    finally:
        task.cancel()
        await bounded(device.clock.wait(task), f"cancelling {what}")
    if not task.cancelled() and (error := task.exception()) is not None and not isinstance(error, DeviceError):
        raise ConformanceError(f"{what}, cancelled, raised {error!r}")


def _told(changes: list[LinkState]) -> str:
    return ", ".join(changes) or "nothing"


def _short(outcome: object) -> str:
    return repr(getattr(outcome, "value", outcome))[:60]


async def _used(subject: Subject) -> None:
    async with opened(subject) as device:
        await _each(subject, device)


async def _cancelled_in_use(subject: Subject) -> None:
    async with opened(subject) as device:
        for operation in subject.operations():
            await _cancelled(operation, device, partial(_turns, 8))


async def _cancelled_in_opening(subject: Subject) -> None:
    for steps in (1, 8, 32):
        device = subject.make()
        await _cancel_task(asyncio.create_task(device.open()), device, partial(_turns, steps), "opening")
        await bounded(device.close(), "closing")


async def _lost(subject: Subject) -> None:
    async with opened(subject) as device:
        await subject.peer.stop()
        for operation in subject.operations():
            await _outcome(operation, device)
    await subject.peer.start()


async def _not_to_be_opened(subject: Subject) -> None:
    await subject.peer.stop()
    device = subject.make()
    await must_raise(partial(bounded, device.open(), "opening"), DeviceError, "opening with nobody there")
    await bounded(device.close(), "closing")
    await subject.peer.start()
