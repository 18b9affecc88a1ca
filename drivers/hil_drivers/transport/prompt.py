"""A person at a terminal: one question at a time, in a thread of its own."""

from __future__ import annotations

import os
import select
import time
from functools import partial

from .worker import Worker

CONTROLLING = "/dev/tty"
_PIECE = 256


class Prompt:
    """Asks on a terminal; the terminal is opened for each question, so that nothing holds it in between.

    :param path: of the terminal.
    :param name: of the device that asks; it names the thread.
    """

    def __init__(self, name: str, path: str = CONTROLLING) -> None:
        self._path = path
        self._worker = Worker(f"prompt of {name}")
        self._wake: tuple[int, int] | None = None

    async def ask(self, text: str, within: float) -> str:
        """The line that is typed in answer to ``text``.

        :param within: seconds of wall time.
        :raises OSError: if there is no terminal; ``TimeoutError`` if nobody answers, ``EOFError`` if it is hung up.
        """
        self._wake = os.pipe()
        try:
            return await self._worker.call(partial(self._ask, text, within, self._wake[0]), interrupt=self._interrupt)
        finally:
            for end in self._wake:
                os.close(end)
            self._wake = None

    def close(self) -> None:
        """End the thread."""
        self._worker.close()

    def _interrupt(self) -> None:
        if self._wake is not None:
            os.write(self._wake[1], b"\n")

    def _ask(self, text: str, within: float, wake: int) -> str:
        terminal = os.open(self._path, os.O_RDWR | os.O_NOCTTY)
        try:
            os.write(terminal, text.encode())
            return _line(terminal, wake, time.monotonic() + within)
        finally:
            os.close(terminal)


def _line(terminal: int, wake: int, deadline: float) -> str:
    typed = b""
    while b"\n" not in typed:
        ready, _, _ = select.select([terminal, wake], [], [], max(0.0, deadline - time.monotonic()))
        if wake in ready:
            raise InterruptedError("the question was withdrawn")
        if not ready:
            raise TimeoutError("nobody answered")
        piece = os.read(terminal, _PIECE)
        if not piece:
            raise EOFError("the terminal was closed")
        typed = (typed + piece)[-4 * _PIECE :]
    return typed.partition(b"\n")[0].decode("utf-8", "replace").rstrip("\r")
