"""Deadlines that hold even for work that does not end when it is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
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
    """Look at an error that nobody may be left to see."""
    if not task.cancelled():
        task.exception()


async def beside(work: Callable[..., T], *args: Any, **options: Any) -> T:
    """The result of ``work``, done in a thread so that the loop goes on meanwhile.

    It is done to its end, whatever cancels the caller; such a cancellation comes at the caller's next wait.
    """
    task, cancelled = asyncio.ensure_future(asyncio.to_thread(work, *args, **options)), False
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            cancelled = True
    caller = asyncio.current_task()
    if cancelled and caller is not None:
        caller.cancel()
    return task.result()
