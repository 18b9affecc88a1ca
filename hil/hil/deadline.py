"""Deadlines that hold even for work that does not end when it is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
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
