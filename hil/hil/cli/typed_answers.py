"""Answers that are typed at the terminal at which a run was begun."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from ..errors import UsageError
from .output import printable

if TYPE_CHECKING:
    from ..service import Service

LONGEST = 4096
"""Bytes of a line: a terminal hands out no more at once."""

AGAIN = 1.0
"""Wall seconds until a run in the background looks again whether the terminal is its own."""


def at_terminal() -> bool:
    """Whether what is typed reaches this process."""
    try:
        return sys.stdin.isatty()
    except (AttributeError, ValueError):
        return False


@contextmanager
def typed_answers(service: Service, operator: str) -> Iterator[None]:
    """Take each line that is typed as an answer to the question that has been open longest.

    Nothing is read where the standard input is no terminal, nor while the run is in the background: there the system
    would stop it.
    """
    if not at_terminal():
        yield
        return
    reader = _Reader(service, operator, sys.stdin.fileno())
    reader.begin()
    try:
        yield
    finally:
        reader.end()


class _Reader:
    def __init__(self, service: Service, operator: str, terminal: int) -> None:
        self._service, self._operator, self._terminal = service, operator, terminal
        self._loop = asyncio.get_running_loop()
        self._later: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        self._later = None
        self._loop.add_reader(self._terminal, self._read)

    def end(self) -> None:
        self._loop.remove_reader(self._terminal)
        if self._later is not None:
            self._later.cancel()

    def _read(self) -> None:
        try:
            if os.tcgetpgrp(self._terminal) != os.getpgrp():
                self._loop.remove_reader(self._terminal)
                self._later = self._loop.call_later(AGAIN, self.begin)
                return
            line = os.read(self._terminal, LONGEST)
        except OSError:
            line = b""
        if line:
            self._answer(line.decode(errors="replace").strip())
        else:
            self._loop.remove_reader(self._terminal)

    def _answer(self, typed: str) -> None:
        from ..commands import Answer

        prompts = self._service.snapshot()["prompts"]
        if not typed:
            return
        if not prompts:
            click.echo("hil: nothing is asked now", err=True)
            return
        number = min(prompt["prompt"] for prompt in prompts)
        try:
            self._service.execute(Answer(self._operator, prompt=number, value=typed))
        except UsageError as error:
            click.echo(f"hil: {printable(str(error))}", err=True)
