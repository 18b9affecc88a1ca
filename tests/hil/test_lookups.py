"""Turns at a device that looks things up: in the order of asking, each in its caller's task, on the bench clock."""

from __future__ import annotations

import asyncio

import pytest

from hil import exclusive
from hil.clock import LockstepClock
from hil.errors import Aborted, BenchFault
from hil.exclusive import Exclusive
from hil.lookups import Lookups
from hil_drivers.clock import NANOSECONDS


@pytest.fixture
async def clock() -> LockstepClock:
    return LockstepClock(None, 0, stall_after=5.0)


class Uses:
    """Operations that last for bench seconds, and a log of their ends, in ms of bench time."""

    def __init__(self, clock: LockstepClock) -> None:
        self._clock = clock
        self.log: list[tuple[str, int]] = []

    def begin(self, by: Exclusive, name: str, seconds: float) -> asyncio.Task[None]:
        async def operation() -> None:
            await self._clock.sleep(seconds)
            self.log.append((name, self._clock.now() * 1000 // NANOSECONDS))

        return asyncio.create_task(by.run(operation))


async def test_what_has_a_task_of_its_own_and_what_has_none_wait_in_one_queue(clock: LockstepClock) -> None:
    turns, uses = Lookups(clock, "data"), Uses(clock)
    doors = (turns, turns.apart, turns, turns, turns.apart)
    tasks = [uses.begin(door, name, 0.1) for door, name in zip(doors, "abcde", strict=True)]
    await clock.wait(*tasks)
    assert uses.log == [("a", 100), ("b", 200), ("c", 300), ("d", 400), ("e", 500)]


async def test_one_that_asks_again_at_once_does_not_crowd_out_the_others(clock: LockstepClock) -> None:
    turns, uses = Lookups(clock, "data"), Uses(clock)

    async def use(name: str) -> None:
        for _ in range(2):
            await uses.begin(turns, name, 0.1)

    tasks = [asyncio.create_task(use(name)) for name in "ab"]
    await asyncio.wait(tasks)
    assert "".join(name for name, _ in uses.log) == "abab"


@pytest.mark.parametrize("waiting", [1, 2, 3])
async def test_who_is_cancelled_while_it_waits_leaves_the_queue_in_order(clock: LockstepClock, waiting: int) -> None:
    turns, uses = Lookups(clock, "data"), Uses(clock)
    first, *others, last = [uses.begin(turns, str(number), 0.1) for number in range(waiting + 2)]
    await clock.sleep(0.05)
    for task in others:
        task.cancel()
    await clock.wait(first, *others, last)
    assert uses.log == [("0", 100), (str(waiting + 1), 200)]


async def test_who_is_cancelled_ends_its_lookup_and_the_next_begins(clock: LockstepClock) -> None:
    turns, uses = Lookups(clock, "data"), Uses(clock)
    first, second = uses.begin(turns, "a", 0.1), uses.begin(turns, "b", 0.1)
    await clock.sleep(0.05)
    first.cancel()
    await clock.wait(first, second)
    assert uses.log == [("b", 150)]


async def test_what_has_a_task_of_its_own_ends_by_itself_before_the_next_begins(clock: LockstepClock) -> None:
    turns, uses = Lookups(clock, "data"), Uses(clock)
    first, second = uses.begin(turns.apart, "a", 0.1), uses.begin(turns, "b", 0.1)
    await clock.sleep(0.05)
    assert turns.under_way is not None
    first.cancel()
    await clock.wait(first, second)
    assert uses.log == [("a", 100), ("b", 200)]


async def test_after_the_run_nothing_begins_and_idle_waits_for_what_is_under_way(clock: LockstepClock) -> None:
    turns, uses = Lookups(clock, "data"), Uses(clock)
    first, second = uses.begin(turns, "a", 0.1), uses.begin(turns, "b", 0.1)
    third = uses.begin(turns.apart, "c", 0.1)
    await clock.sleep(0.05)
    turns.close()
    await turns.idle()
    assert uses.log == [("a", 100)]
    for task in (second, third):
        with pytest.raises(Aborted, match="the run is over"):
            await task
    assert first.done()


async def test_a_device_that_hangs_is_lost_to_lookups_too(
    clock: LockstepClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exclusive, "OPERATION_DEADLINE", 0.01)
    told: list[str] = []
    turns, uses = Lookups(clock, "data", told.append), Uses(clock)
    never = asyncio.Event()

    async def hang() -> None:
        with clock.exchange():
            await never.wait()

    with pytest.raises(BenchFault, match="did not end"):
        await turns.apart.run(hang)
    assert (turns.lost, len(told)) == (True, 1)
    with pytest.raises(BenchFault, match="did not end"):
        await uses.begin(turns, "a", 0.1)
    never.set()
    await turns.idle()
    await clock.wait(uses.begin(turns, "b", 0.1))
    assert [name for name, _ in uses.log] == ["b"]
