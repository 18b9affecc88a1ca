"""A program in a real terminal, kept by a tmux server of its own."""

from __future__ import annotations

import asyncio
import os
import shlex
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

WITHIN = 60.0
"""Wall seconds that anything here may take."""


@dataclass(frozen=True)
class Terminal:
    """A terminal, at the socket of its tmux server."""

    socket: Path

    async def tell(self, *arguments: str) -> str:
        """What tmux says to a command of its own."""
        kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        process = await asyncio.create_subprocess_exec(
            "tmux", "-S", str(self.socket), *arguments, stdout=PIPE, stderr=DEVNULL, env=kept
        )
        told, _ = await process.communicate()
        return told.decode()

    async def press(self, *keys: str) -> None:
        """Press keys, by their names in tmux."""
        await self.tell("send-keys", "-t", "0", *keys)

    async def rows(self) -> list[str]:
        """The rows of the screen, without what is empty at their ends."""
        return (await self.tell("capture-pane", "-p", "-t", "0")).split("\n")[:-1]

    async def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size."""
        await self.tell("resize-window", "-t", "0", "-x", str(columns), "-y", str(rows))

    async def pid(self) -> int:
        """The process in the terminal."""
        return int(await self.tell("display-message", "-p", "-t", "0", "#{pane_pid}"))

    async def until(self, seen: Callable[[str], object]) -> str:
        """The first screen on which something is seen."""
        text = ""
        try:
            async with asyncio.timeout(WITHIN):
                while not seen(text := "\n".join(await self.rows())):  # noqa: ASYNC110 (another process paints)
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"not seen within {WITHIN:g} s:\n{text}") from None
        return text


@asynccontextmanager
async def terminal(
    folder: Path, command: Sequence[str], *, columns: int = 80, rows: int = 24, **variables: str
) -> AsyncIterator[Terminal]:
    """Run ``command`` in a terminal; its window stays when it ends, and says ``ended`` with its exit code."""
    opened = Terminal(folder / f"tmux-{os.urandom(3).hex()}")
    given = [part for name, value in variables.items() for part in ("-e", f"{name}={value}")]
    line = f"{shlex.join(command)}; echo ended $?; exec sleep 600"
    await opened.tell("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows), *given, line)
    try:
        yield opened
    finally:
        await opened.tell("kill-server")
