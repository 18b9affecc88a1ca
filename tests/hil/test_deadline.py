"""Work in threads: its result, its errors of every kind, and work that never ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import NoReturn

import pytest

from hil.deadline import beside, in_thread


def raising(error: BaseException) -> Callable[[], NoReturn]:
    def work() -> NoReturn:
        raise error

    return work


@pytest.mark.parametrize("error", [ValueError("v"), SystemExit("no")])
async def test_an_error_reaches_whoever_waits_and_leaves_the_loop_alone(error: BaseException) -> None:
    with pytest.raises(type(error)):
        await beside(raising(error))
    with pytest.raises(type(error)):
        await in_thread(raising(error))


async def test_an_iterator_that_ends_where_nobody_expects_it_is_an_error_as_well() -> None:
    async with asyncio.timeout(10.0):
        with pytest.raises(RuntimeError, match="StopIteration"):
            await beside(next, iter(()))


async def test_whoever_waits_for_work_that_hangs_can_turn_away() -> None:
    never = threading.Event()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await in_thread(never.wait)
    never.set()


async def test_work_beside_is_done_to_its_end_and_the_cancellation_comes_then() -> None:
    may_end, ended = threading.Event(), list[bool]()

    async def caller() -> None:
        ended.append(await beside(may_end.wait))
        await asyncio.sleep(0)
        ended.append(False)

    task = asyncio.create_task(caller())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    may_end.set()
    await asyncio.wait([task])
    assert (ended, task.cancelled()) == ([True], True)
