"""A system under test in a child process: one question, one answer; what else the child does is a fault of it."""

from __future__ import annotations

import asyncio
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from time import monotonic
from typing import IO, Any, Self

from ..capability import Response
from ..errors import DeviceUnreachable
from .reason import reason
from .signalling import kill

SHOWN = 60
"""Bytes of a message that is none which are told."""

END_DEADLINE = 2.0
"""Wall seconds in which a child whose input was closed may end by itself."""

NO_MESSAGE = (ValueError, TypeError, KeyError, RecursionError)
"""What reading an answer raises that is none."""

Understood = Callable[[dict[str, Any]], tuple[Any, dict[str, Any]]]
"""From a message to the output and the details; raises one of `NO_MESSAGE` for what is no answer."""


class Child(ABC):
    """One child process and its messages. Cancelling any of its methods leaves the framing intact."""

    def __init__(self, process: asyncio.subprocess.Process, errors: IO[bytes], where: str, remedy: str) -> None:
        self._process, self._errors, self._where, self._remedy = process, errors, where, remedy
        self._received = bytearray()
        self._asked = self._answered = 0

    @classmethod
    async def start(cls, command: Sequence[str], where: str, *, folder: Path | None = None, remedy: str = "") -> Self:
        """Start ``command`` in a session of its own, so that a Ctrl-C at the terminal is not its crash.

        :param folder: in which it runs, that of this process by default.
        :param remedy: what to do where it does not start.
        :raises DeviceUnreachable: if it cannot be started.
        """
        errors = TemporaryFile()  # noqa: SIM115 - closed by end()
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
                cwd=folder,
            )
        except (OSError, ValueError) as error:
            errors.close()
            told = reason(error) if isinstance(error, OSError) else str(error)
            raise DeviceUnreachable(f"cannot start {command[0]}: {told}", where=where, remedy=remedy) from error
        return cls(process, errors, where, remedy)

    @property
    def asked(self) -> int:
        """The number of the latest question."""
        return self._asked

    async def first(self, deadline: float) -> dict[str, Any]:
        """The message that the child sends when it is ready.

        :param deadline: in wall seconds.
        :raises DeviceUnreachable: if it ends or stays silent.
        """
        try:
            async with asyncio.timeout(deadline):
                return await self.message()
        except TimeoutError:
            told = f"the child was not ready within {deadline:g} s"
        except (EOFError, *NO_MESSAGE):
            told = f"the child did not start: {self.last_words() or 'it said nothing'}"
        raise DeviceUnreachable(told, where=self._where, remedy=self._remedy)

    async def settle(self, deadline: float) -> None:
        """Take the answer to a question whose caller was cancelled, so that it delays no later answer."""
        if self._answered >= self._asked:
            return
        with suppress(TimeoutError, EOFError, *NO_MESSAGE):
            async with asyncio.timeout(deadline):
                while self._answered < self._asked:
                    self._answered = int((await self.message()).get("id", 0))

    async def ask(self, question: Callable[[int], bytes], deadline: float, understand: Understood) -> Response:
        """Give it one stimulus; whatever it does is an answer.

        :param question: the bytes of the question with a number, which the answer carries as ``id``.
        :param deadline: in wall seconds.
        """
        self._asked += 1
        asked = question(self._asked)
        begin = monotonic()
        try:
            async with asyncio.timeout(deadline):
                output, details = understand(await self._answer(asked))
        except TimeoutError:
            return Response(None, monotonic() - begin, "time-out")
        except (EOFError, ConnectionError):
            latency = monotonic() - begin
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), END_DEADLINE)
            told = {"exit": self._process.returncode, "last words": self.last_words()}
            return Response(None, latency, "crash", told)
        except NO_MESSAGE as error:
            return Response(None, monotonic() - begin, "wrong shape", {"reason": str(error)})
        return Response(output, monotonic() - begin, details=details)

    async def _answer(self, question: bytes) -> dict[str, Any]:
        if self._process.stdin is None:
            raise EOFError
        self._process.stdin.write(question)
        await self._process.stdin.drain()
        while True:
            answer = await self.message()
            self._answered = int(answer["id"])
            if self._answered > self._asked:
                raise ValueError(f"an answer to question {self._answered}, where {self._asked} was the last asked")
            if self._answered == self._asked:
                return answer

    @abstractmethod
    async def message(self) -> dict[str, Any]:
        """The next message.

        :raises EOFError: if the child has ended.
        :raises ValueError: if it is none; so `NO_MESSAGE`.
        """

    async def more(self) -> None:
        """Receive more bytes.

        :raises EOFError: if there are none any more.
        """
        chunk = b"" if self._process.stdout is None else await self._process.stdout.read(65536)
        if not chunk:
            raise EOFError
        self._received += chunk

    def last_words(self) -> str:
        """The last line of its standard error."""
        size = os.fstat(self._errors.fileno()).st_size
        tail = os.pread(self._errors.fileno(), 4096, max(0, size - 4096)).decode(errors="replace")
        return (tail.strip().splitlines() or [""])[-1]

    async def end(self) -> None:
        """Close its input, on which it ends by itself; by force where that takes more than 2 s."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), END_DEADLINE)
        finally:
            await self.kill()

    async def kill(self) -> None:
        """End it now."""
        kill(self._process)
        await self._process.wait()
        self._errors.close()


class LineChild(Child):
    """A child whose messages are lines, each a JSON object."""

    LONGEST = 1 << 20
    """Bytes of an answer at most."""

    async def message(self) -> dict[str, Any]:
        """The next line that is not empty."""
        while True:
            while (end := self._received.find(b"\n")) < 0:
                if len(self._received) > self.LONGEST:
                    raise ValueError(f"a line of more than {self.LONGEST} bytes")
                await self.more()
            line = bytes(self._received[:end])
            del self._received[: end + 1]
            if line.strip():
                return as_object(line)


def as_object(text: bytes) -> dict[str, Any]:
    """The JSON object in ``text``.

    :raises ValueError: if it is no JSON.
    :raises TypeError: if it is JSON of another kind.
    """
    try:
        found = json.loads(text)
    except ValueError:
        raise ValueError(f"no JSON: {text[:SHOWN].decode(errors='replace')!r}") from None
    if not isinstance(found, dict):
        raise TypeError(f"no JSON object: {text[:SHOWN].decode(errors='replace')!r}")
    return found
