"""SAFE STOP: by the core's own socket where that is on this machine, and by the stream where that does not answer.

It brings the bench to its safe state and ends the run. It is no emergency stop: that is a circuit of the rig.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..commanding.client import ask
from ..commanding.verb import Verb
from ..errors import HilError
from .link import Answer, Link, parse_answer

OWN_SOCKET, STREAM = "the bench itself", "the gateway"

HEAD_START = 1.0
"""Seconds that the core's own socket has before the stream is used too: a stop may be given any number of times."""


@dataclass(frozen=True)
class Stopped:
    """What came of a SAFE STOP."""

    accepted: bool
    way: str
    """By which it was accepted."""
    faults: Sequence[str] = ()
    """Why the other ways did not."""

    @property
    def words(self) -> str:
        """What a person is told."""
        if self.accepted:
            return f"SAFE STOP accepted by {self.way}"
        return "SAFE STOP NOT CONFIRMED: use the E-stop of the rig. " + "; ".join(self.faults)


async def safe_stop(link: Link, control: Path | None, operator: str | None, reason: str) -> Stopped:
    """Have the bench made safe, by whichever way is first to answer."""
    ways: dict[asyncio.Task[Answer], str] = {}
    faults: list[str] = []
    if control is not None:
        own = asyncio.create_task(_by_own_socket(control, operator, reason), name="SAFE STOP by the core's own socket")
        ways[own] = OWN_SOCKET
        await asyncio.wait([own], timeout=HEAD_START)
        if (accepted := _accepted(own, OWN_SOCKET, faults)) is not None:
            return accepted
    streamed = asyncio.create_task(link.command(Verb.STOP, operator=operator, reason=reason), name="SAFE STOP")
    ways[streamed] = STREAM
    waiting = {task for task in ways if not task.done()}
    while waiting:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if (accepted := _accepted(task, ways[task], faults)) is not None:
                await _let_go(waiting)
                return accepted
    return Stopped(accepted=False, way="", faults=faults)


async def _by_own_socket(control: Path, operator: str | None, reason: str) -> Answer:
    request: dict[str, Any] = {"verb": Verb.STOP, "operator": operator, "reason": reason, "args": {}}
    return parse_answer(await asyncio.to_thread(ask, control, request))


def _accepted(task: asyncio.Task[Answer], way: str, faults: list[str]) -> Stopped | None:
    """What ``task`` brought, if it was accepted; otherwise why not goes to ``faults``."""
    if not task.done():
        return None
    error = task.exception()
    if error is None and task.result().accepted:
        return Stopped(accepted=True, way=way, faults=tuple(faults))
    if error is not None and not isinstance(error, HilError):
        raise error
    faults.append(f"{way}: {task.result().words if error is None else error}")
    return None


async def _let_go(tasks: set[asyncio.Task[Answer]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
