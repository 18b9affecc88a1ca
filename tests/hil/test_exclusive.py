"""One user of a device at a time, in the order of asking, on each kind of bench clock."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from hil.clock import LockstepClock
from hil.errors import Aborted
from hil.exclusive import Exclusive
from hil_drivers.clock import Clock, WallClock


class Still:
    """A world that only acknowledges."""

    async def advance(self, t: int, sent: Mapping[str, int]) -> None:
        await asyncio.sleep(0)


@pytest.fixture(params=["lockstep", "wall"])
async def clock(request: pytest.FixtureRequest) -> Clock:
    return LockstepClock(Still(), 0, stall_after=5.0) if request.param == "lockstep" else WallClock()


async def test_one_that_asks_again_at_once_does_not_crowd_out_the_others(clock: Clock) -> None:
    exclusive, log = Exclusive(clock, "device"), list[str]()

    async def use(name: str, times: int) -> None:
        async def operation() -> None:
            await clock.sleep(0.001)
            log.append(name)

        for _ in range(times):
            await exclusive.run(operation)

    tasks = [asyncio.create_task(use(name, times)) for name, times in (("a", 6), ("b", 3), ("c", 3))]
    await clock.wait(*tasks)
    assert "".join(log) == "abcabcabcaaa"


async def test_a_caller_that_is_cancelled_while_it_waits_leaves_the_queue_in_order(clock: Clock) -> None:
    exclusive, log = Exclusive(clock, "device"), list[str]()

    def use(name: str) -> asyncio.Task[None]:
        async def operation() -> None:
            await clock.sleep(0.005)
            log.append(name)

        return asyncio.create_task(exclusive.run(operation))

    first, second, third = use("a"), use("b"), use("c")
    await clock.sleep(0.001)
    second.cancel()
    await clock.wait(first, second, third)
    assert log == ["a", "c"]
    assert second.cancelled()


async def test_an_operation_under_way_is_not_cut_off(clock: Clock) -> None:
    exclusive, log = Exclusive(clock, "device"), list[str]()

    async def operation() -> None:
        await clock.sleep(0.005)
        log.append("whole")

    task = asyncio.create_task(exclusive.run(operation))
    await clock.sleep(0.001)
    task.cancel()
    await clock.wait(task)
    await exclusive.idle()
    assert log == ["whole"]


async def test_who_waits_when_the_run_ends_is_told_so(clock: Clock) -> None:
    exclusive = Exclusive(clock, "device")

    async def operation() -> None:
        await clock.sleep(0.005)

    tasks = [asyncio.create_task(exclusive.run(operation)) for _ in range(2)]
    await clock.sleep(0.001)
    exclusive.close()
    await clock.wait(*tasks)
    assert tasks[0].exception() is None
    assert isinstance(tasks[1].exception(), Aborted)


async def test_a_device_is_free_once_what_is_under_way_has_ended_or_was_cut_off(clock: Clock) -> None:
    exclusive, log = Exclusive(clock, "device"), list[str]()

    async def operation() -> None:
        try:
            with clock.exchange():
                await asyncio.sleep(60.0)
        finally:
            log.append("ended")

    await exclusive.free()
    task = asyncio.create_task(exclusive.run(operation))
    await asyncio.sleep(0.01)
    exclusive.close()
    await exclusive.free()
    assert log == ["ended"]
    assert exclusive.under_way is None
    await clock.wait(task)
    assert task.cancelled()


async def test_an_operation_is_cut_off_once_so_that_it_can_wait_for_what_cannot_be_stopped() -> None:
    exclusive, log, release = Exclusive(WallClock(), "device"), list[str](), asyncio.Event()

    async def operation() -> None:
        try:
            await asyncio.sleep(60.0)
        finally:
            await release.wait()
            log.append("at rest")

    task = asyncio.create_task(exclusive.run(operation))
    await asyncio.sleep(0.01)
    exclusive.close()
    for _ in range(3):
        exclusive.cut()
        await asyncio.sleep(0.01)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await exclusive.free()
    assert exclusive.under_way is not None
    release.set()
    await exclusive.free()
    assert log == ["at rest"]
    with pytest.raises(asyncio.CancelledError):
        await task
