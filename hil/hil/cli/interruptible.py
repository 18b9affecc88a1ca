"""Run a coroutine so that a signal ends it in order: its `finally` brings the bench to its safe state."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

from ..errors import Aborted

T = TypeVar("T")

_ENDING = {signal.SIGTERM: "SIGTERM", signal.SIGHUP: "the loss of the terminal (SIGHUP)"}


def run_interruptibly(work: Coroutine[Any, Any, T]) -> T:
    """Run ``work`` to its end; SIGTERM and SIGHUP cancel it, SIGINT too (as `asyncio.run` does).

    :raises Aborted: after SIGTERM or SIGHUP.
    :raises KeyboardInterrupt: after SIGINT.
    """
    received: list[str] = []

    async def supervised() -> T:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()

        def end(name: str) -> None:
            received.append(name)
            task.cancel()

        for number, name in _ENDING.items():
            loop.add_signal_handler(number, end, name)
        return await task

    try:
        return asyncio.run(supervised())
    except asyncio.CancelledError:
        if not received:
            raise
        raise Aborted(f"ended by {received[0]}", remedy="look at the record of the run") from None
