"""The simulator's process, as who started it sees it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Protocol

END_DEADLINE = 10.0


class Process(Protocol):
    """What is needed of a process that was started."""

    def wait(self, timeout: float | None = None) -> object:
        """Wait for its end, at most ``timeout`` s.

        :raises subprocess.TimeoutExpired: if it runs on.
        """

    def kill(self) -> None:
        """End it at once."""


def _interpreter(world: Path, stdout: int, stderr: int) -> Process:
    """A new interpreter, which takes half a second to import what it needs."""
    return subprocess.Popen(
        [sys.executable, "-m", "hil_drivers.sim", str(world)],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
    )


Starter = Callable[[Path, int, int], Process]
"""Starts the process that serves a world file, with the descriptors of its standard output and error."""

STARTER: ContextVar[Starter] = ContextVar("STARTER", default=_interpreter)
"""The one in use; who starts very many may set :class:`.forked.Forked`."""


class Child:
    """The process, in a session of its own so that it outlives a controller that is killed.

    Its messages go to an unnamed file: a pipe would end it with its controller.
    """

    def __init__(self, world: Mapping[str, Any]) -> None:
        self._messages = tempfile.TemporaryFile()  # noqa: SIM115
        with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
            json.dump(world, file)
        self._file = Path(file.name)
        self._output, its_end = os.pipe()
        try:
            self._process = STARTER.get()(self._file, its_end, self._messages.fileno())
        except BaseException:
            os.close(self._output)
            self._file.unlink()
            self._messages.close()
            raise
        finally:
            os.close(its_end)

    def announcement(self) -> dict[str, Any]:
        """The line it prints at start.

        :raises ValueError: if it ended instead.
        """
        with os.fdopen(self._output, "rb") as stream:
            line = stream.readline()
        self._file.unlink(missing_ok=True)
        announcement: dict[str, Any] = json.loads(line)
        return announcement

    def complaint(self) -> str:
        """The last line of what it wrote to its standard error."""
        if self._messages.closed:
            return ""
        self._messages.seek(0)
        lines = self._messages.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    def wait(self) -> None:
        """Wait for its end, and force it where it hangs."""
        try:
            self._process.wait(END_DEADLINE)
        except subprocess.TimeoutExpired:
            self.kill()
        self._messages.close()

    def kill(self) -> str:
        """End it at once and return its complaint."""
        self._process.kill()
        self._process.wait()
        self._file.unlink(missing_ok=True)
        complaint = self.complaint()
        self._messages.close()
        return complaint
