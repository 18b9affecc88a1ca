"""What is to run next."""

from __future__ import annotations

from typing import Any

from ..context import Context
from .text import Field, Form


class _Settings(Field):
    def fault(self, text: str) -> str:
        """What is wrong with settings."""
        wrong = [part for part in text.split() if not part.partition("=")[0] or "=" not in part]
        return f"{wrong[0]} is not written as name=value" if wrong else ""


class _Seed(Field):
    def fault(self, text: str) -> str:
        """What is wrong with a seed."""
        return "" if not text or text.isdecimal() else "a seed is a whole number"


class AddRun(Form):
    """Asks for a procedure, its settings and its seed."""

    def __init__(self, context: Context) -> None:
        last = context.model.run.procedure
        fields = (
            Field("procedure (hil procedures lists them)", value=last),
            _Settings("settings", needed=False, hint="name=value name=value"),
            _Seed("seed", needed=False, hint="one of its own"),
        )
        super().__init__(context, "ADD A RUN TO THE QUEUE", "", fields)


def added_run(texts: list[str] | None) -> dict[str, Any] | None:
    """The arguments of the command that the dialog gave."""
    if texts is None:
        return None
    procedure, settings, seed = texts
    named = dict(part.split("=", 1) for part in settings.split())
    return {"procedure": procedure, "settings": named} | ({"seed": int(seed)} if seed else {})
