"""Lockstep: bench time moves only when all participants sleep, one sleeper at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.clock import LockstepClock, PacedClock
from hil.errors import BenchFault


class Ledger:
    """A world that writes down each advance, after a real turn of the loop."""

    def __init__(self) -> None:
        self.advances: list[int] = []
        self.sent: dict[str, int] = {}

    async def advance(self, t: int, sent: Mapping[str, int]) -> None:
        await asyncio.sleep(0)
        self.advances.append(t)
        self.sent = dict(sent)


async def test_sleepers_wake_in_the_order_of_their_deadlines() -> None:
    world, log = Ledger(), []
    clock = LockstepClock(world, 0)

    async def sampler(name: str, period: float, count: int) -> None:
        for _ in range(count):
            await clock.sleep(period)
            log.append((name, clock.now()))

    tasks = [asyncio.create_task(sampler("a", 0.2, 3)), asyncio.create_task(sampler("b", 0.3, 2))]
    await clock.wait(*tasks)
    ms = 1_000_000
    assert log == [("a", 200 * ms), ("b", 300 * ms), ("a", 400 * ms), ("b", 600 * ms), ("a", 600 * ms)]
    assert world.advances == [200 * ms, 300 * ms, 400 * ms, 600 * ms]


async def test_time_stands_still_during_an_exchange() -> None:
    clock = LockstepClock(Ledger(), 0)
    seen: list[int] = []

    async def exchanging() -> None:
        with clock.exchange():
            for _ in range(50):
                await asyncio.sleep(0)
            seen.append(clock.now())

    task = asyncio.create_task(exchanging())
    await clock.sleep(1.0)
    assert task.done()
    assert seen == [0]


async def test_a_waiting_parent_resumes_before_time_moves_on() -> None:
    clock = LockstepClock(Ledger(), 0)
    ticks: list[int] = []

    async def background() -> None:
        while True:
            await clock.sleep(0.1)
            ticks.append(clock.now())

    async def child() -> None:
        await clock.sleep(1.05)

    other = asyncio.create_task(background())
    await clock.wait(asyncio.create_task(child()))
    assert clock.now() == 1_050_000_000
    other.cancel()
    await clock.wait(other)
    assert clock.now() == 1_050_000_000


async def test_a_cancelled_sleeper_does_not_let_time_slip() -> None:
    clock = LockstepClock(Ledger(), 0)
    seen: list[int] = []

    async def sleeper() -> None:
        try:
            await clock.sleep(100)
        except asyncio.CancelledError:
            seen.append(clock.now())
            raise

    task = asyncio.create_task(sleeper())
    await clock.sleep(1)
    task.cancel()
    await clock.wait(task)
    assert seen == [1_000_000_000]
    assert clock.now() == 1_000_000_000


async def test_the_bytes_sent_travel_with_the_advance() -> None:
    world = Ledger()
    clock = LockstepClock(world, 0)
    clock.sent("udp://a", 3)
    clock.sent("udp://a", 4)
    await clock.sleep(0.001)
    assert world.sent == {"udp://a": 7}


@pytest.mark.parametrize("world", [Ledger(), None], ids=["a world", "none"])
async def test_a_task_that_holds_time_up_is_named(world: Ledger | None) -> None:
    clock = LockstepClock(world, 0, stall_after=0.01)
    release = asyncio.Event()

    async def forgetful() -> None:
        await clock.sleep(0.001)
        await release.wait()

    task = asyncio.create_task(forgetful(), name="forgetful")
    with pytest.raises(BenchFault, match="forgetful"):
        await clock.sleep(1)
    release.set()
    await task


async def test_a_world_that_fails_fails_the_sleeper() -> None:
    class Broken:
        async def advance(self, t: int, sent: Mapping[str, int]) -> None:
            raise BenchFault("the world has ended")

    with pytest.raises(BenchFault, match="the world has ended"):
        await LockstepClock(Broken(), 0).sleep(1)


async def test_paced_time_is_a_multiple_of_wall_time() -> None:
    clock = PacedClock(1000.0, 5)
    before = clock.now()
    await clock.sleep(1.0)
    assert clock.now() - before >= 1_000_000_000
    assert clock.utc(7) == 12


async def test_a_task_that_is_waited_for_takes_part_before_its_first_step() -> None:
    clock = LockstepClock(Ledger(), 0)
    seen: list[int] = []

    async def background() -> None:
        while True:
            await clock.sleep(0.1)

    async def exchange() -> None:
        with clock.exchange():
            seen.append(clock.now())

    async def outer() -> None:
        await clock.wait(asyncio.create_task(exchange()))

    other = asyncio.create_task(background())
    await asyncio.sleep(0)
    await clock.wait(asyncio.create_task(outer()))
    assert seen == [0]
    other.cancel()
    await clock.wait(other)


DEEDS = st.lists(
    st.tuples(st.sampled_from(["sleep", "exchange", "child", "turn"]), st.integers(0, 4)), min_size=1, max_size=6
)


@given(st.lists(DEEDS, min_size=1, max_size=4))
def test_a_world_in_which_nothing_happens_wakes_everybody_at_the_same_times_and_in_the_same_order(
    tasks: list[list[tuple[str, int]]],
) -> None:
    assert asyncio.run(lived(LockstepClock(None, 0), tasks)) == asyncio.run(lived(LockstepClock(Ledger(), 0), tasks))


async def lived(clock: LockstepClock, tasks: list[list[tuple[str, int]]]) -> list[tuple[str, int, int]]:
    """Who woke when and after what, where each task does its deeds."""
    log: list[tuple[str, int, int]] = []

    async def live(name: str, deeds: list[tuple[str, int]]) -> None:
        for number, (deed, much) in enumerate(deeds):
            if deed == "sleep":
                await clock.sleep(0.1 * much)
            elif deed == "exchange":
                with clock.exchange():
                    for _ in range(much):
                        await asyncio.sleep(0)
            elif deed == "child":
                await clock.wait(asyncio.create_task(live(f"{name}.{number}", [("sleep", much), ("sleep", 1)])))
            else:
                children = asyncio.create_task(live(f"{name}.{number}", [("sleep", 2)]))
                await clock.sleep(0.1 * much)
                await clock.wait(children)
            log.append((name, number, clock.now()))

    await clock.wait(*(asyncio.create_task(live(str(n), deeds)) for n, deeds in enumerate(tasks)))
    return log
