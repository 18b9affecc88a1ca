"""The note of a shift to the next one: whoever makes the bench go on has to have read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import UsageError


@dataclass
class Handover:
    """A note ``by`` somebody at ``at``, UTC in nanoseconds, and who has read it."""

    text: str
    by: str
    at: int
    read_by: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The note as a screen needs it."""
        return {"text": self.text, "by": self.by, "at": self.at, "read_by": list(self.read_by)}

    def require_read(self, operator: str) -> None:
        """Let nobody go on who has not read it.

        :raises UsageError: if ``operator`` has not.
        """
        if operator != self.by and operator not in self.read_by:
            fault = f"a note that {self.by} left for the next shift is not read"
            raise UsageError(fault, where="handover", remedy="read it with hil handover read")

    def read(self, operator: str) -> None:
        """``operator`` has read it."""
        if operator not in self.read_by:
            self.read_by.append(operator)


def last_handover(entries: Iterable[Mapping[str, Any]]) -> Handover | None:
    """The note that a journal holds, and who has read it since."""
    note = None
    for entry in entries:
        note = followed(note, entry)
    return note


def followed(note: Handover | None, entry: Mapping[str, Any]) -> Handover | None:
    """What is left for the next shift once ``entry`` of a journal has followed ``note``."""
    who, at, text = entry.get("operator"), entry.get("utc"), entry.get("text")
    if entry.get("kind") == "handover" and isinstance(who, str) and isinstance(at, int) and isinstance(text, str):
        return Handover(text, who, at)
    if entry.get("kind") == "handoverread" and note is not None and isinstance(who, str):
        note.read(who)
    return note
