"""One worker thread for a library that blocks."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")

_Call = tuple["Future[Any]", Callable[[], Any]]


class Worker:
    """Runs calls one after the other in a thread of its own.

    A call that has begun cannot be stopped: a cancelled task first waits for its end, so that the device is
    at rest when the cancellation passes on. Calls must bound their own time; one that never returns keeps its task, and
    not the program from its end.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._calls: SimpleQueue[_Call | None] | None = None

    async def call(self, function: Callable[[], T], *, interrupt: Callable[[], object] | None = None) -> T:
        """The result of ``function`` in the thread, which starts with the first call.

        :param interrupt: called on cancellation, to hasten the end of a call under way.
        """
        job: Future[T] = Future()
        if self._calls is None:
            self._calls = SimpleQueue()
            threading.Thread(target=_serve, args=(self._calls,), name=self._name, daemon=True).start()
        self._calls.put((job, function))
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
        if self._calls is not None:
            self._calls.put(None)
            self._calls = None


def _serve(calls: SimpleQueue[_Call | None]) -> None:
    """Carry out ``calls`` until there is an end among them."""
    while (call := calls.get()) is not None:
        _carry_out(*call)
        del call


def _carry_out(job: Future[Any], function: Callable[[], Any]) -> None:
    if not job.set_running_or_notify_cancel():
        return
    try:
        job.set_result(function())
    except BaseException as error:  # noqa: BLE001 (raised again where the call was made)
        job.set_exception(error)
