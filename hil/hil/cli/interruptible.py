"""Run a coroutine so that a signal ends it in order: its `finally` brings the bench to its safe state."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

from ..deadline import GRACE
from ..errors import Aborted

T = TypeVar("T")

_ENDING = {
    signal.SIGINT: "SIGINT",
    signal.SIGTERM: "SIGTERM",
    signal.SIGHUP: "the loss of the terminal (SIGHUP)",
}


def run_interruptibly(work: Coroutine[Any, Any, T]) -> T:
    """Run ``work`` to its end; SIGINT, SIGTERM and SIGHUP cancel it, once.

    Those that follow change nothing: what brings the bench to its safe state must not be cut off by impatience. A
    signal that was ignored when the program began (`nohup`) stays ignored.

    :raises Aborted: after SIGTERM or SIGHUP.
    :raises KeyboardInterrupt: after SIGINT.
    """
    received: list[signal.Signals] = []

    async def supervised() -> T:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()

        def end(number: signal.Signals) -> None:
            if not received:
                task.cancel()
            received.append(number)

        for number in _ENDING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                loop.add_signal_handler(number, end, number)
        return await task

    try:
        return _run(supervised())
    except asyncio.CancelledError:
        if not received:
            raise
        if received[0] is signal.SIGINT:
            raise KeyboardInterrupt from None
        raise Aborted(f"ended by {_ENDING[received[0]]}", remedy="start it again if that was not meant") from None


def _run(work: Coroutine[Any, Any, T]) -> T:
    """As `asyncio.run`, but a task that does not end when it is cancelled, in a driver that hangs, keeps nobody."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.run_until_complete(_let_go())
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.set_exception_handler(lambda *_: None)
        loop.close()


async def _let_go() -> None:
    """Cancel what is left, and give it a moment."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    if left:
        await asyncio.wait(left, timeout=GRACE)
