"""Deadlines that hold even for work that does not end when it is cancelled."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import copy_context
from typing import Any, TypeVar

from hil_drivers.clock import Clock

T = TypeVar("T")

GRACE = 1.0
"""Wall seconds that cancelled work may take to let go of what it holds."""


async def within(seconds: float, work: Coroutine[Any, Any, T], *, clock: Clock) -> T:
    """The result of ``work``, in a task of its own.

    After the deadline, or a cancellation of the caller, the work is cancelled too; work that does not end then is left
    to itself, for example a call of a vendor's library that never returns.

    :param seconds: of wall time.
    :raises TimeoutError: after the deadline.
    """
    task = asyncio.create_task(work)
    task.add_done_callback(retrieve)
    try:
        async with asyncio.timeout(seconds):
            await clock.wait(task)
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=GRACE)
    return task.result()


def retrieve(task: asyncio.Task[Any]) -> None:
    """A done callback: asyncio does not report the failure of a task that nobody waits for any more."""
    if not task.cancelled():
        task.exception()


def in_thread(work: Callable[..., T], *args: Any, **options: Any) -> asyncio.Future[T]:
    """The result of ``work``, done in a thread of its own, to which nobody is bound: where it never ends, for example
    in a module that hangs while it is imported, whoever waits can turn away, and the program can end.
    """
    loop, context = asyncio.get_running_loop(), copy_context()
    done: asyncio.Future[T] = loop.create_future()

    def settle(set_it: Callable[[Any], None], value: object) -> None:
        if not done.done():
            set_it(value)

    def run() -> None:
        try:
            told: tuple[Callable[[Any], None], object] = done.set_result, context.run(work, *args, **options)
        except StopIteration as error:  # no future takes it
            told = done.set_exception, RuntimeError(f"StopIteration: {error}").with_traceback(error.__traceback__)
        except BaseException as error:  # noqa: BLE001 (told to whoever waits)
            told = done.set_exception, error
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, *told)

    threading.Thread(target=run, name=getattr(work, "__name__", "work"), daemon=True).start()
    return done


async def beside(work: Callable[..., T], *args: Any, **options: Any) -> T:
    """The result of ``work``, done in a thread so that the loop goes on meanwhile.

    It is done to its end, whatever cancels the caller; such a cancellation comes at the caller's next wait.
    """
    return await to_its_end(in_thread(work, *args, **options))


async def to_its_end(done: asyncio.Future[T]) -> T:
    """The result of ``done``, whatever cancels the caller; such a cancellation comes at the caller's next wait."""
    cancelled = False
    while not done.done():
        try:
            await asyncio.wait([done])
        except asyncio.CancelledError:
            cancelled = True
    caller = asyncio.current_task()
    if cancelled and caller is not None:
        caller.cancel()
    return done.result()
