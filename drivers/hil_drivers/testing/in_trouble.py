"""Checks of a device whose peer has a fault: late, silent, lost, garbled, split, wrong."""

from __future__ import annotations

import time
from contextlib import suppress
from functools import partial

from ..errors import DeviceError, DeviceUnreachable
from ..transport.supervisor import LinkState
from . import peer as faults
from .conformance import demand, must_raise
from .exercise import (
    ATTEMPTS,
    PAUSE,
    NotPossible,
    back,
    bounded,
    cancelled,
    each,
    need,
    opened,
    outcome_of,
    pass_time,
    right_or_error,
    short,
    told,
    two,
    uses,
    wall_sleep,
)
from .subject import Subject, looks_good


async def late(subject: Subject) -> str:
    """Answers that come late are waited for; one whose request was cancelled is not taken for another."""
    need(subject, faults.LATE)
    first, last = two(subject)
    async with opened(subject) as device:
        await each(subject, device)
        await subject.peer.inject(faults.LATE)
        for operation, other in ((first, last), (last, first)):
            await right_or_error(operation, device)
            await cancelled(operation, device, partial(wall_sleep, device, PAUSE))
            await right_or_error(other, device)
        await subject.peer.clear()
        await back(subject, device)
    return ""


async def timeout(subject: Subject) -> str:
    """Silence is ``DeviceUnreachable`` within a deadline, and told to the supervisor; then it works again."""
    need(subject, faults.SILENT)
    longest = 0.0
    async with opened(subject) as device:
        await each(subject, device)
        await subject.peer.inject(faults.SILENT)
        for operation in subject.operations():
            begun = time.monotonic()
            unanswered = partial(bounded, operation(device), operation.name)
            await must_raise(unanswered, DeviceUnreachable, f"{operation.name} without an answer")
            longest = max(longest, time.monotonic() - begun)
        demand(device.supervisor.status.state is LinkState.DOWN, "its supervisor was not told of the silence")
        await subject.peer.clear()
        await back(subject, device)
    return f"after {longest:.1f} s"


async def silent(subject: Subject) -> str:
    """A device that opens but never answers is an error at each use, and is told as lost once, not at each try."""
    need(subject, faults.SILENT)
    changes: list[LinkState] = []
    device = subject.make()
    device.supervisor.on_change = lambda status: changes.append(status.state)
    await subject.peer.inject(faults.SILENT)
    with suppress(DeviceError):
        await bounded(device.open(), "opening")
    try:
        for operation in uses(subject):
            unanswered = partial(bounded, operation(device), operation.name)
            await must_raise(unanswered, DeviceError, f"{operation.name} of a device that never answered")
        downs = changes.count(LinkState.DOWN)
        demand(downs == 1, f"a device that never answered was told as {told(changes)} instead of down, once")
    finally:
        await subject.peer.clear()
        await bounded(device.close(), "closing")
    return ""


async def overdue(subject: Subject) -> str:
    """An answer that comes after its time-out is not taken for the answer to a later request."""
    need(subject, faults.OVERDUE)
    first, last = two(subject)
    async with opened(subject) as device:
        await each(subject, device)
        await subject.peer.inject(faults.OVERDUE)
        await must_raise(partial(bounded, first(device), first.name), DeviceError, first.name)
        await right_or_error(last, device)
        await subject.peer.clear()
        until = time.monotonic() + 1.0
        while time.monotonic() < until:
            for operation in (last, first):
                await right_or_error(operation, device)
            await wall_sleep(device, PAUSE)
        await back(subject, device)
    return ""


async def loss(subject: Subject) -> str:
    """A lost link is an error at each use and told once; when the peer is back, so is the device, told once."""
    need(subject, faults.DROPPED)
    changes: list[LinkState] = []
    async with opened(subject) as device:
        await each(subject, device)
        device.supervisor.on_change = lambda status: changes.append(status.state)
        await subject.peer.stop()
        await wall_sleep(device, PAUSE)  # what was on its way has come
        for operation in uses(subject):
            lost = partial(bounded, operation(device), operation.name)
            await must_raise(lost, DeviceUnreachable, f"{operation.name} over a lost link")
        demand(changes == [LinkState.DOWN], f"a lost link was told as {told(changes)} instead of down, once")
        await subject.peer.start()
        seconds = await back(subject, device)
        expected = [LinkState.DOWN, LinkState.UP]
        demand(changes == expected, f"loss and return were told as {told(changes)} instead of down, up")
    return f"back after {seconds:.1f} s"


async def garbage(subject: Subject) -> str:
    """Random bytes are an error at each use, never a value; then it works again."""
    need(subject, faults.GARBAGE)
    async with opened(subject) as device:
        await each(subject, device)
        await subject.peer.inject(faults.GARBAGE)
        for operation in uses(subject):
            await pass_time(device)
            outcome = await outcome_of(operation, device)
            demand(not looks_good(outcome), f"{operation.name} made {short(outcome)} of random bytes")
        await subject.peer.clear()
        await back(subject, device)
    return ""


async def split(subject: Subject) -> str:
    """Messages that come in pieces are put together."""
    return await _transparent(subject, faults.SPLIT)


async def merged(subject: Subject) -> str:
    """Messages that come together are told apart."""
    return await _transparent(subject, faults.MERGED)


async def _transparent(subject: Subject, fault: str) -> str:
    need(subject, fault)
    async with opened(subject) as device:
        await each(subject, device)
        await subject.peer.inject(fault)
        for _ in range(ATTEMPTS):
            await each(subject, device)
        await subject.peer.clear()
        await each(subject, device)
    await subject.peer.inject(fault)
    async with opened(subject) as device:
        await each(subject, device)
    return ""


async def values(subject: Subject) -> str:
    """Each fault of the value that the peer can have is a flag or an error, never a number that looks good."""
    own = sorted(set(subject.peer.faults) - set(faults.LINK_FAULTS))
    seen = [fault for fault in own if fault not in subject.unseen]
    operations = [one for one in subject.operations() if not one.commands]
    if not own or not operations:
        raise NotPossible("the peer has no fault of the value" if operations else "it has no value")
    for fault in seen:
        async with opened(subject) as device:
            await each(subject, device)
            await subject.peer.inject(fault)
            await pass_time(device)
            outcomes = [(one, await outcome_of(one, device)) for one in operations]
            good = [one.name for one, outcome in outcomes if looks_good(outcome)]
            demand(len(good) < len(outcomes), f"with the fault {fault}, everything looks good: {', '.join(good)}")
            await subject.peer.clear()
            await back(subject, device)
    unseen = [f"{fault} unseen: {subject.unseen[fault]}" for fault in own if fault in subject.unseen]
    return "; ".join(filter(None, [", ".join(seen), *unseen]))
