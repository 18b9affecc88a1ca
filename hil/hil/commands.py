"""Commands to a run: what they say. What they do is in `hil.control`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Command:
    """A command by ``operator``, with the ``reason`` that goes on record.

    :param id: what its sender calls it.
    :param digest: SHA-256 of the request: with the id it shows, after a resumption too, that it was given before.
    :param via: the account or token by which it came, where it came from another process.
    """

    operator: str
    reason: str = ""
    id: str = field(default="", kw_only=True)
    digest: str = field(default="", kw_only=True, compare=False)
    via: str = field(default="", kw_only=True, compare=False)

    def to_json(self) -> dict[str, Any]:
        """What the record keeps of it."""
        said = {"command": type(self).__name__.lower(), "operator": self.operator, "reason": self.reason}
        said |= {"via": self.via} if self.via else {}
        return {**said, "command_id": self.id, "request_sha256": self.digest} if self.id else said


class Pause(Command):
    """Hold before the next point."""


class PauseNow(Command):
    """Hold before the next operation; what is being observed does not count, and its point is offered again."""


class Resume(Command):
    """Go on after a pause."""


class Abort(Command):
    """End the run: the script ends first, with its own clearing up, then the bench goes to its safe state."""


class Stop(Command):
    """Bring the bench to its safe state at once, whatever the script is doing; the run ends."""


class Note(Command):
    """Write ``reason`` into the record."""


@dataclass(frozen=True, slots=True)
class Answer(Command):
    """Answer the open prompt ``prompt`` with ``value``."""

    prompt: int = 0
    value: str = ""


@dataclass(frozen=True, slots=True)
class Acknowledge(Command):
    """Acknowledge the alarm ``alarm``."""

    alarm: str = ""


@dataclass(frozen=True, slots=True)
class Shelve(Command):
    """Hide the alarm ``alarm`` for ``seconds``, for ``reason``."""

    alarm: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A command was accepted, as event ``number``.

    :param private: what only its sender is told.
    """

    number: int
    private: dict[str, Any] = field(default_factory=dict)


class ServiceCommand(Command):
    """A command to the service of a bench, and not to a run."""
