"""Writing to disk beside the loop: a slow disk must not hold up the safety supervisor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from ..errors import RecordError


class Disk:
    """One thread that writes, in order."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="disk")
        self._last: Future[Any] | None = None
        self._failures: dict[Callable[..., object], RecordError] = {}

    @property
    def failure(self) -> RecordError | None:
        """Why something could not be written; ``None`` once it could, the next time."""
        return next(iter(self._failures.values()), None)

    def do(self, work: Callable[..., object], *args: Any) -> None:
        """Do ``work`` once what was asked before is done."""
        self._last = self._thread.submit(self._guarded, work, *args)

    async def flush(self) -> None:
        """Return once everything asked before is done.

        :raises RecordError: if any of it could not be.
        """
        if self._last is not None:  # whoever turns away must not take it out of the queue
            await asyncio.shield(asyncio.wrap_future(self._last))
        if self.failure is not None:
            raise self.failure

    def close(self) -> None:
        """Wait for what is under way, and end the thread."""
        self._thread.shutdown()

    def _guarded(self, work: Callable[..., object], *args: Any) -> None:
        try:
            work(*args)
            self._failures.pop(work, None)
        except RecordError as error:
            self._failures[work] = error
