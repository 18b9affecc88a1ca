"""Simulators that start at once: forks of a process that has imported what each of them needs."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import Any

_IMPORTED = ["hil_drivers.sim.__main__", "hil_drivers.sim.server.bench"]


class Forked:
    """The process that serves a world file, forked from one that the first of them starts and all share.

    That one ends with this process. A :class:`.child.Process` for :data:`.child.STARTER`.
    """

    def __init__(self, world: Path, stdout: int, stderr: int) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(_IMPORTED)
        self._process = context.Process(target=_serve, args=(str(world), _Descriptor(stdout), _Descriptor(stderr)))
        self._process.start()

    def wait(self, timeout: float | None = None) -> None:
        """Wait for its end, at most ``timeout`` s.

        :raises subprocess.TimeoutExpired: if it runs on.
        """
        self._process.join(timeout)
        if self._process.is_alive():
            raise subprocess.TimeoutExpired("the simulator", timeout or 0.0)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()


class _Descriptor:
    """A file descriptor that is handed to a process while that is started."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __reduce__(self) -> tuple[object, ...]:
        return _detached, (DupFd(self._number),)


def _detached(handed: Any) -> int:
    number: int = handed.detach()
    return number


def _serve(world: str, stdout: int, stderr: int) -> None:
    from .__main__ import main

    os.setsid()
    for number, standard in ((stdout, 1), (stderr, 2)):
        os.dup2(number, standard)
        os.close(number)
    sys.exit(main([world]))
