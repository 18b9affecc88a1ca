"""A bench in service: a process of its own, asked at its control socket as the command line asks it."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench_copy import command
from commanded import SCRIPT
from hil.commanding.client import ask
from hil.commanding.places import control_sockets

WITHIN = 60.0
"""Wall seconds that anything here may take."""


@dataclass
class InService:
    """A bench in service."""

    process: Process
    folder: Path
    socket: Path

    async def state(self) -> dict[str, Any]:
        """The bench as it is now."""
        answer: dict[str, Any] = (await asyncio.to_thread(ask, self.socket, {"verb": "state"}))["state"]
        return answer

    async def ask(self, verb: str, *, operator: str = "Operator A", reason: str = "", **more: Any) -> dict[str, Any]:
        """The answer to a command; ``more`` are its arguments, and ``lease`` and ``command_id``."""
        known: dict[str, Any] = {key: more.pop(key) for key in ("lease", "command_id", "expect") if key in more}
        request = {"verb": verb, "operator": operator, "reason": reason, "args": more, **known}
        if verb not in ("stop", "state"):
            request.setdefault("command_id", secrets.token_hex(8))
        return await asyncio.to_thread(ask, self.socket, request)

    async def until(self, holds: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """The first state in which ``holds`` holds."""
        async with asyncio.timeout(WITHIN):
            while not holds(state := await self.state()):
                assert self.process.returncode is None, "the service has ended"
                await asyncio.sleep(0.05)
        return state

    @asynccontextmanager
    async def in_command(self, client: str = "") -> AsyncIterator[str]:
        """Take command, and hold it as a console does; the secret of the lease."""
        lease = str((await self.ask("lease-take", client=client))["lease"])

        async def renew() -> None:
            while True:
                await asyncio.to_thread(ask, self.socket, {"verb": "lease-renew", "lease": lease})
                await asyncio.sleep(2.0)

        renewing = asyncio.create_task(renew())
        try:
            yield lease
        finally:
            renewing.cancel()
            await asyncio.wait([renewing])

    async def add(self, *, waits: bool = True, **more: Any) -> str:
        """Put a run into the queue: one that asks at each point, or one that goes on for long; its item."""
        settings = {} if waits else {"ask": "false"}
        answer = await self.ask("queue-add", procedure=str(self.folder / "waiting.py"), settings=settings, **more)
        assert answer["status"] == "accepted", answer
        return str(answer["item"])

    async def end(self) -> int:
        """End it as systemd does; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(WITHIN):
            return await self.process.wait()


@asynccontextmanager
async def in_service(
    folder: Path, *more: str, bench: str = "action-sim", program: Sequence[str] = (), **variables: str
) -> AsyncIterator[InService]:
    """Keep a bench in service; it is killed at the end, if it is still there.

    :param program: what is run instead of `hil`.
    """
    (folder / "waiting.py").write_text(SCRIPT, encoding="utf-8")
    arguments = [*(program or command()), "service", "run", "--bench", bench, "--out", "runs", *more]
    process = await asyncio.create_subprocess_exec(
        *arguments, cwd=folder, stdout=DEVNULL, stderr=PIPE, env={**os.environ, **variables}
    )
    try:
        yield InService(process, folder, await _listening(process))
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _listening(process: Process) -> Path:
    async with asyncio.timeout(WITHIN):
        while True:
            found = [path for path in control_sockets() if path.name.startswith(f"{process.pid}-")]
            if found:
                return found[0]
            if process.returncode is not None:
                _, stderr = await process.communicate()
                raise AssertionError(f"it ended with {process.returncode}: {stderr.decode()}")
            await asyncio.sleep(0.05)
