"""History of a run, read by a process of its own: however much is asked for, nobody waits for it but who asks.

A question that takes too long ends that process; the next question starts another.
"""

from __future__ import annotations

import asyncio
import json
import struct
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from typing import Any

from hil_drivers.transport.signalling import kill

DEADLINE = 5.0
"""Wall seconds that an answer may take, those before it included."""

MOST_WAITING = 8
"""Questions that wait at a time."""

LENGTH = struct.Struct(">HI")
"""Before each answer: its status of HTTP, and its length."""


class History:
    """The one process that reads records.

    :param deadline: wall seconds that an answer may take.
    """

    def __init__(self, *, deadline: float = DEADLINE) -> None:
        self._deadline, self._waiting = deadline, 0
        self._process: Process | None = None
        self._turn = asyncio.Lock()

    async def ask(self, question: dict[str, Any]) -> tuple[bytes, int]:
        """An answer as JSON, and its status of HTTP.

        :raises TimeoutError: if it does not come in time, or too many wait already.
        """
        if self._waiting >= MOST_WAITING:
            raise TimeoutError
        self._waiting += 1
        try:
            async with asyncio.timeout(self._deadline), self._turn:
                return await self._answer(question)
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is None:
            return
        kill(process)
        await process.communicate()

    async def _answer(self, question: dict[str, Any]) -> tuple[bytes, int]:
        answered = False
        try:
            if self._process is None:
                arguments = [sys.executable, "-m", "hil.gateway.history_process"]
                self._process = await asyncio.create_subprocess_exec(
                    *arguments, stdin=PIPE, stdout=PIPE, stderr=DEVNULL
                )
            assert self._process.stdin is not None  # noqa: S101 (by PIPE)
            assert self._process.stdout is not None  # noqa: S101
            self._process.stdin.write(json.dumps(question).encode() + b"\n")
            status, length = LENGTH.unpack(await self._process.stdout.readexactly(LENGTH.size))
            body = await self._process.stdout.readexactly(length)
            answered = True
        except (ConnectionError, asyncio.IncompleteReadError):
            raise TimeoutError from None
        finally:
            if not answered:
                await self.close()
        return body, status
