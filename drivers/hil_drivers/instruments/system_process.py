"""A system under test that is a program of the user's: a line of JSON in, a line of JSON out."""

from __future__ import annotations

import json
import os
import sys
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from hashlib import file_digest
from pathlib import Path
from typing import Any, ClassVar

from ..capability import Response, Stimulus, SystemIdentity
from ..clock import Clock
from ..device import Device
from ..errors import AddressError, DeviceUnreachable
from ..transport.child import LineChild
from .questions import Output, output_of, stimulus_json
from .system import Domain, Identity, declared

START_DEADLINE = 60.0
REMEDY = "run the program by hand: it must print one line of JSON with its name and version, and wait"


class ChildSystem(Device):
    """A system under test in a child process that speaks the line protocol of `SystemProcess`.

    :param output: what it answers.
    :param deadline: wall time for an answer, in seconds.
    :param settings: how it is used, as that goes on record.
    """

    raw: ClassVar[bool] = False
    """Whether pictures are given as their bytes, not as PNG."""

    def __init__(
        self, name: str, address: str, *, clock: Clock, output: Output, deadline: float, settings: dict[str, Any]
    ) -> None:
        super().__init__(name, address, clock=clock)
        if address != "process:":
            raise AddressError(f"no such address {address!r}", where=name, remedy="use process:")
        self._output, self._deadline, self.settings = output, deadline, settings
        self._identity = Identity(name, settings)
        self._child: LineChild | None = None

    @abstractmethod
    def command(self) -> list[str]:
        """The child's command line."""

    @abstractmethod
    def folder(self) -> Path:
        """In which the child runs."""

    def question(self, stimulus: Stimulus) -> dict[str, Any]:
        """What the child is asked, without its number.

        :raises DriverError: for a stimulus of a kind that it does not take.
        """
        return stimulus_json(stimulus, raw=self.raw)

    def digests(self) -> dict[str, str]:
        """What is known of it beside what it says itself: SHA-256 by file."""
        return {}

    async def open(self) -> None:
        """Start the child and take its identity.

        :raises DeviceUnreachable: if it does not start.
        """
        await self._start()

    async def close(self) -> None:
        child, self._child = self._child, None
        self.supervisor.closed()
        if child is not None:
            with self.clock.exchange():
                await child.end()

    @property
    def system(self) -> SystemIdentity:
        """Its name and version as it says, the SHA-256 of the program, of what it names, and of the settings.

        :raises DeviceUnreachable: before the device is opened.
        """
        return self._identity.known

    async def respond(self, stimulus: Stimulus) -> Response:
        """Give it one stimulus.

        :raises DeviceUnreachable: if a child that had failed cannot be started again: it had no stimulus.
        """
        told = self.question(stimulus)
        child = self._child or await self._start()
        with self.clock.exchange():
            await child.settle(self._deadline)
            response = await child.ask(
                lambda number: json.dumps({"id": number, **told}).encode() + b"\n",
                self._deadline,
                lambda answer: output_of(answer, self._output),
            )
            if response.fault:
                self._child = None
                reason = (response.details or {}).get("reason", "")
                what = f"{response.fault}, {reason}" if reason else response.fault
                self.supervisor.failed(f"the system under test failed: {what}", response.latency)
                await child.kill()
            else:
                self.supervisor.answered(response.latency)
        return response

    async def _start(self) -> LineChild:
        with self.clock.exchange(), self.supervisor.opening():
            child = await LineChild.start(self.command(), self.name, folder=self.folder(), remedy=REMEDY)
            try:
                told = await child.first(START_DEADLINE)
                self._identity.take(told, digests=self.digests(), remedy=REMEDY)
            except BaseException:
                await child.kill()
                raise
        self._child = child
        return child


class SystemProcess(ChildSystem):
    """Gives each stimulus to a child process on its standard input, and takes the answer from its standard output.

    The child first prints one line, ``{"name": …, "version": …}``, and ``"digests": {file: SHA-256}`` of its models
    if it has any. For each line ``{"id": n, "picture": {…}}`` or ``{"id": n, "values": {…}}`` it prints
    ``{"id": n, "output": …}``; whatever else that object holds is kept as details. It ends when its input ends. What
    it prints to its standard error is told where it crashes. Implements ``SystemUnderTest``.

    A child that is dead, or dies over a stimulus, answers with the fault ``crash``; one that does not answer within
    the deadline is ended and answers ``time-out``; an answer of another shape or with a number that is not finite is
    ``wrong shape``. After any of them a fresh child takes the next stimulus: a late answer is never taken for that
    of the next one.

    :param address: ``process:``.
    :param program: the program; one that ends in ``.py`` is run by this Python.
    :param arguments: of the program.
    :param output: what it answers: ``text``, ``quantity``, ``flag``, ``intervals`` (of time), or ``any``.
    :param deadline: wall time for an answer, in seconds.
    :param domain: its operating domain as declared: name of a quantity, with its unit, to lower and upper bound.
    """

    awaits = 'the first line of its program, {"name": …, "version": …},'
    files: ClassVar[tuple[str, ...]] = ("program",)

    def __init__(
        self,
        name: str,
        address: str,
        *,
        clock: Clock,
        program: str,
        arguments: Sequence[str] = (),
        output: Output = "any",
        deadline: float = 5.0,
        domain: Domain | None = None,
    ) -> None:
        self._program = Path(program)
        told = {"program": self._program.name, "arguments": list(arguments), "output": output}
        settings = declared(name, deadline=deadline, domain=domain, **told)
        super().__init__(name, address, clock=clock, output=output, deadline=deadline, settings=settings)

    def command(self) -> list[str]:
        """The child's command line."""
        by = [sys.executable] if self._program.suffix == ".py" else []
        return [*by, str(self._program.resolve()), *self.settings["arguments"]]

    def folder(self) -> Path:
        """That of the program."""
        return self._program.resolve().parent

    def digests(self) -> dict[str, str]:
        """The SHA-256 of the program."""
        with self._program.open("rb") as file:
            return {self._program.name: file_digest(file, "sha256").hexdigest()}

    @classmethod
    def file_faults(cls, options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """A program that is not there, or that may not be run."""
        missing = dict(super().file_faults(options))
        yield from missing.items()
        program = options.get("program")
        if isinstance(program, str) and not missing and not _is_program(Path(program)):
            yield "program", f'"{program}" is no program; name one in program, or have it made executable'

    async def open(self) -> None:
        """Start the child and take its identity.

        :raises DeviceUnreachable: if there is no such program, or it does not start.
        """
        if not _is_program(self._program):
            raise DeviceUnreachable(f"{self._program} is no program", where=self.name, remedy="name one in `program`")
        await super().open()


def _is_program(path: Path) -> bool:
    """Whether a path is a file that can be run: Python's, or one that is executable."""
    return path.is_file() and (path.suffix == ".py" or os.access(path, os.X_OK))
