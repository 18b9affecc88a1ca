"""For how long an alarm is hidden, and why."""

from __future__ import annotations

from ...durations import parse_duration
from ..context import Context
from ..state import Alarm
from .text import Field, Form


class _Duration(Field):
    def fault(self, text: str) -> str:
        """What is wrong with a duration."""
        return "" if _seconds(text) else "a time is written as 10 min, 30 s or 2 h"


class ShelveDialog(Form):
    """Asks for a time and a reason; both go on record."""

    def __init__(self, context: Context, alarm: Alarm) -> None:
        fields = (_Duration("for how long", value="10 min"), Field("why (it goes on record)"))
        super().__init__(
            context,
            f"SHELVE {alarm.alarm}",
            "It is hidden for a while; what its interlock does is not changed.",
            fields,
        )


def shelving(texts: list[str] | None) -> tuple[float, str] | None:
    """The seconds and the reason that the dialog gave."""
    return None if texts is None else (_seconds(texts[0]), texts[1])


def _seconds(text: str) -> float:
    try:
        return parse_duration(text)
    except ValueError:
        return 0.0
