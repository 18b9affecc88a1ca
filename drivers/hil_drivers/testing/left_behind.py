"""The check that a device leaves nothing behind."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from ..errors import DeviceError
from . import peer as faults
from .conformance import demand, must_raise
from .exercise import CYCLES, bounded, cancel_task, cancelled, each, opened, outcome_of, turns
from .leaks import Holdings, left_since
from .subject import Subject


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
        for _ in range(CYCLES):
            await way(subject)
        left = await left_since(before, fewer_than=CYCLES)
        demand(len(left) < CYCLES, f"{words} and closed {CYCLES} times, it left {len(left)}: {', '.join(left[:4])}")
    return ", ".join(ways)


async def _used(subject: Subject) -> None:
    async with opened(subject) as device:
        await each(subject, device)


async def _cancelled_in_use(subject: Subject) -> None:
    async with opened(subject) as device:
        for operation in subject.operations():
            await cancelled(operation, device, partial(turns, 8))


async def _cancelled_in_opening(subject: Subject) -> None:
    for steps in (1, 8, 32):
        device = subject.make()
        await cancel_task(asyncio.create_task(device.open()), device, partial(turns, steps), "opening")
        await bounded(device.close(), "closing")


async def _lost(subject: Subject) -> None:
    async with opened(subject) as device:
        await subject.peer.stop()
        for operation in subject.operations():
            await outcome_of(operation, device)
    await subject.peer.start()


async def _not_to_be_opened(subject: Subject) -> None:
    await subject.peer.stop()
    device = subject.make()
    await must_raise(partial(bounded, device.open(), "opening"), DeviceError, "opening with nobody there")
    await bounded(device.close(), "closing")
    await subject.peer.start()
