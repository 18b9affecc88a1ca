"""What is to run next."""

from __future__ import annotations

from typing import Any

from ..context import Context
from .text import Field, Form


class _Settings(Field):
    def fault(self, text: str) -> str:
        """What is wrong with settings."""
        parts = text.split()
        nameless = [
            part for place, part in enumerate(parts) if not part.partition("=")[0] or (not place and "=" not in part)
        ]
        return f"{nameless[0]} is not written as name=value" if nameless else ""


class _Seed(Field):
    def fault(self, text: str) -> str:
        """What is wrong with a seed."""
        return "" if not text or text.isdecimal() else "a seed is a whole number"


class AddRun(Form):
    """Asks for a procedure, its settings and its seed; begins with those that were not taken the time before."""

    COMMANDS_BENCH = True

    def __init__(self, context: Context) -> None:
        procedure, settings, seed = context.run_draft or (context.model.run.procedure, "", "")
        fields = (
            Field("procedure (hil procedures lists them)", value=procedure),
            _Settings("settings", value=settings, needed=False, hint="warm_up=60 s levels=10,20 (none: its own)"),
            _Seed("seed", value=seed, needed=False, hint="a whole number (none: that of the bench)"),
        )
        super().__init__(context, "ADD A RUN TO THE QUEUE", "", fields)

    def leave_with(self, result: list[str] | None) -> None:
        """What was typed is kept until a bench has taken it."""
        self.context.run_draft = [entry.value for entry in self.inputs]
        super().leave_with(result)


def settings_of(text: str) -> dict[str, str]:
    """Settings as they are typed, ``name=value name=value``; a value goes on until the next name.

    >>> settings_of("warm_up=60 s  levels=10,20")
    {'warm_up': '60 s', 'levels': '10,20'}
    """
    found: dict[str, str] = {}
    name = ""
    for part in text.split():
        before, equals, value = part.partition("=")
        name = before if equals else name
        found[name] = value if equals else f"{found[name]} {part}".strip()
    return found


def added_run(texts: list[str] | None) -> dict[str, Any] | None:
    """The arguments of the command that the dialog gave."""
    if texts is None:
        return None
    procedure, settings, seed = texts
    return {"procedure": procedure, "settings": settings_of(settings)} | ({"seed": int(seed)} if seed else {})
