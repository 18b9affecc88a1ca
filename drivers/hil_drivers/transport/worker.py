"""One worker thread for a library that blocks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class Worker:
    """Runs calls one after the other in a thread of its own.

    A call that has begun cannot be stopped: a cancelled task first waits for its end, so that the device is
    at rest when the cancellation passes on. Calls must bound their own time.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._pool: ThreadPoolExecutor | None = None

    async def call(self, function: Callable[[], T], *, interrupt: Callable[[], object] | None = None) -> T:
        """The result of ``function`` in the thread, which starts with the first call.

        :param interrupt: called on cancellation, to hasten the end of a call under way.
        """
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix=self._name)
        job = self._pool.submit(function)
        future = asyncio.wrap_future(job)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            if not job.cancel():
                if interrupt is not None:
                    interrupt()
                await asyncio.wait([future])
                _ = future.cancelled() or future.exception()
            raise

    def close(self) -> None:
        """End the thread after the calls under way; a later call starts a new one."""
        if self._pool is not None:
            self._pool.shutdown(wait=False)
            self._pool = None
