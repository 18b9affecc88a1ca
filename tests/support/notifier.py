"""The child of notification as a real process: lines in, outcomes out."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

PATIENCE = 60.0


class Notifier:
    """A running child."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said: list[dict[str, Any]] = []

    async def tell(self, *lines: dict[str, Any]) -> None:
        """Say lines to it."""
        stdin = self.process.stdin
        assert stdin is not None
        stdin.write(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
        await stdin.drain()

    async def hears(self, outcome: str, **more: Any) -> dict[str, Any]:
        """The next outcome of this kind in which ``more`` stands."""
        async with asyncio.timeout(PATIENCE):
            while True:
                told = await self._next()
                assert told, f"it ended, and never said {outcome}: {self.said}"
                if told["outcome"] == outcome and more.items() <= told.items():
                    return told

    async def end(self) -> int:
        """Close its pipe; its exit code once it has ended."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        async with asyncio.timeout(PATIENCE):
            while await self._next():
                pass
            return await self.process.wait()

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)

    async def _next(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        text = await self.process.stdout.readline()
        if not text:
            return {}
        self.said.append(json.loads(text))
        return self.said[-1]


@asynccontextmanager
async def notifier(configuration: Path, outbox: Path) -> AsyncIterator[Notifier]:
    """A child that tells of alarms as ``configuration`` says; it is killed at the end if it still runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-W", "error", "-m", "hil.notify", str(configuration), str(outbox), "bench 1"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield Notifier(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
