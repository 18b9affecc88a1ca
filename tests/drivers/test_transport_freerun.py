"""What a device sends by itself: fresh values, silence, several readers, lockstep."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from hil.clock import LockstepClock
from hil_drivers.clock import NANOSECONDS, Clock
from hil_drivers.errors import DeviceUnreachable
from hil_drivers.transport.freerun import Freerun
from hil_drivers.transport.supervisor import Supervisor


@dataclass(frozen=True)
class Item:
    earliest: int
    latest: int


class Sender:
    """A world that sends one item for each second of bench time, some turns of the loop late."""

    def __init__(self) -> None:
        self.put: Callable[[Item], None] = lambda _: None
        self._next = NANOSECONDS

    async def advance(self, t: int, sent: Mapping[str, int]) -> None:
        while self._next <= t:
            item = Item(self._next - NANOSECONDS // 10, self._next)
            asyncio.get_running_loop().call_later(0.002, self.put, item)
            self._next += NANOSECONDS
        await asyncio.sleep(0)


async def test_in_lockstep_each_reader_gets_what_was_sensed_after_it_asked() -> None:
    sender = Sender()
    clock = LockstepClock(sender, 0, stall_after=5.0)
    run = Freerun[Item](Supervisor("meter"), clock, period=1.0)
    sender.put = run.put

    async def read_three(start: float) -> list[int]:
        await clock.sleep(start)
        return [(await run.fresh()).latest // NANOSECONDS for _ in range(3)]

    tasks = [asyncio.create_task(read_three(start)) for start in (0.0, 0.95, 2.5)]
    await clock.wait(*tasks)
    assert [task.result() for task in tasks] == [[1, 2, 3], [2, 3, 4], [3, 4, 5]]


async def test_a_device_that_sends_nothing_is_silent(clock: Clock) -> None:
    supervisor = Supervisor("meter")
    run = Freerun[Item](supervisor, clock, period=0.1, timeout=0.05)
    with pytest.raises(DeviceUnreachable, match=r"meter: sent nothing for 0\.1 s; check"):
        await run.fresh()
    assert supervisor.status.unanswered == 1


async def test_what_arrived_before_the_call_is_not_fresh(clock: Clock) -> None:
    run = Freerun[Item](Supervisor("meter"), clock, period=0.1, timeout=0.05)
    await clock.sleep(1.0)
    run.put(Item(0, 100))
    assert run.newest == Item(0, 100)
    with pytest.raises(DeviceUnreachable):
        await run.fresh()


async def test_a_lost_link_is_told_at_once_to_who_waits(clock: Clock) -> None:
    supervisor = Supervisor("meter")
    run = Freerun[Item](supervisor, clock, period=0.1, timeout=60.0)
    waiting = asyncio.create_task(run.fresh())
    for _ in range(8):
        await asyncio.sleep(0)
    assert clock.now() > 0
    run.put(Item(-1, 0))
    run.fail(DeviceUnreachable("lost its link", where="meter"))
    run.clear()
    with pytest.raises(DeviceUnreachable, match="meter: lost its link"):
        await waiting
    assert supervisor.status.exchanges == 0
    run.put(Item(10**12, 10**12))
    assert await run.fresh() == Item(10**12, 10**12)
