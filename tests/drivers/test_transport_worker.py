"""One worker thread: results, errors, and what a cancellation waits for."""

from __future__ import annotations

import asyncio
import threading
from typing import NoReturn

import pytest

from hil_drivers.clock import Clock
from hil_drivers.instruments.turn import Turns
from hil_drivers.transport.worker import Worker


def fail() -> NoReturn:
    raise OSError("broken")


async def test_calls_run_in_one_other_thread() -> None:
    worker = Worker("test")
    first, second = await asyncio.gather(worker.call(threading.get_ident), worker.call(threading.get_ident))
    assert first == second != threading.get_ident()
    with pytest.raises(OSError, match="broken"):
        await worker.call(fail)
    worker.close()
    await worker.call(threading.get_ident)
    worker.close()
    worker.close()


async def test_a_cancellation_waits_for_the_call_under_way() -> None:
    worker, begun, released, ended = Worker("test"), threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        released.wait(5.0)
        ended.set()

    task = asyncio.create_task(worker.call(work, interrupt=released.set))
    await asyncio.to_thread(begun.wait, 5.0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()
    worker.close()


async def test_a_cancelled_call_that_has_not_begun_never_does() -> None:
    worker, released, called = Worker("test"), threading.Event(), threading.Event()
    first = asyncio.create_task(worker.call(lambda: released.wait(5.0)))
    second = asyncio.create_task(worker.call(called.set))
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    released.set()
    await first
    worker.close()
    assert not called.is_set()


async def test_turns_follow_each_other_even_if_one_in_between_is_cancelled(clock: Clock) -> None:
    turns, order = Turns("toy", clock), list[str]()
    gate = asyncio.Event()

    async def operation(name: str) -> None:
        order.append(f"{name} begins")
        await gate.wait()
        order.append(f"{name} ends")

    tasks = [asyncio.create_task(turns.run(lambda name=name: operation(name))) for name in "abc"]  # type: ignore[misc]
    await asyncio.sleep(0.01)
    tasks[1].cancel()
    await asyncio.sleep(0.01)
    gate.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert order == ["a begins", "a ends", "c begins", "c ends"]


async def test_an_error_in_a_turn_is_the_callers(clock: Clock) -> None:
    async def operation() -> None:
        raise OSError("broken")

    with pytest.raises(OSError, match="broken"):
        await Turns("toy", clock).run(operation)
