"""What the core tells the child, one JSON object in a line of at most 32 KiB.

{"event": "raised", "alarm": "lamp hot", "episode": 3, "priority": "high", "run": ...}   an alarm has changed
{"held": ["lamp hot"], "run": ...}       all that are held now; others of which the child knows are over
{"heartbeat": 1712, "recording": true}   the supervisor has ticked so many times
{"test": "1"}                            everybody is told that this is a test
{"end": "planned"}                       what follows is the end of the pipe, on purpose
"""

from __future__ import annotations

import json
import math
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

LONGEST = 32 * 1024
"""Bytes of a line, its end included."""

Priority = Literal["low", "medium", "high", "safety"]
PRIORITIES: tuple[Priority, ...] = ("low", "medium", "high", "safety")
"""From the lowest to the highest."""


def _cut(length: int) -> BeforeValidator:
    """A text that is too long, or cannot be written, must not keep an alarm from being told: it is made to fit."""

    def cut(value: object) -> object:
        return value.encode("utf-8", "replace").decode()[:length] if isinstance(value, str) else value

    return BeforeValidator(cut)


def _finite(value: object) -> object:
    """A number that is none, as a sensor that fails may give it, is no value."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


Short = Annotated[str, _cut(200)]
Text = Annotated[str, _cut(2000)]
Number = Annotated[float | None, BeforeValidator(_finite)]


class Happening(StrEnum):
    """What became of an alarm; the same as its state in the core."""

    RAISED = "raised"
    """Its cause is there (active)."""
    RETURNED = "returned"
    """Its cause is gone, but nobody has acknowledged it: it stays."""
    ACKNOWLEDGED = "acknowledged"
    """A person knows; its cause is still there."""
    CLEARED = "cleared"
    """It is over (clear)."""


class Line(BaseModel):
    """What all lines share: closed, frozen, finite numbers, no silent conversion."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class AlarmLine(Line):
    """An alarm has changed.

    ``number`` grows with each line of a run; the child says it back as ``taken`` once the line is on disk, and ignores
    one that it has taken. ``episode`` grows each time the alarm begins after it was clear. ``since`` is UTC in ns.
    ``U`` is the expanded uncertainty for a coverage of about 95 %.
    """

    event: Annotated[Happening, Field(strict=False)]
    alarm: Annotated[str, Field(min_length=1, max_length=200)]
    episode: Annotated[int, Field(ge=0)]
    priority: Priority
    run: Short
    number: Annotated[int, Field(ge=0)] | None = None
    channel: Short = ""
    what: Text = ""
    value: Number = None
    U: Number = None
    limit: Annotated[float | Short | None, BeforeValidator(_finite)] = None
    unit: Short = ""
    guidance: Text = ""
    since: int | None = None
    by: Short = ""


class HeldLine(Line):
    """All alarms that are held in a run: what the child knows from before and is not among them is over."""

    held: list[Short]
    run: Short


class HeartbeatLine(Line):
    """The supervisor has ticked ``heartbeat`` times, and the record takes what it is given, or not."""

    heartbeat: Annotated[int, Field(ge=0)]
    recording: bool = True


class DrillLine(Line):
    """Everybody at every level is to be told that this is a test; another name is another test."""

    test: Annotated[str, Field(min_length=1, max_length=64)]


class EndLine(Line):
    """The core ends on purpose."""

    end: Literal["planned"]


AnyLine = AlarmLine | HeldLine | HeartbeatLine | DrillLine | EndLine

_KINDS: dict[str, type[AnyLine]] = {
    "event": AlarmLine,
    "held": HeldLine,
    "heartbeat": HeartbeatLine,
    "test": DrillLine,
    "end": EndLine,
}


def encode(line: AnyLine) -> bytes:
    """A line as the core writes it, its end included."""
    return line.model_dump_json(exclude_defaults=True).encode() + b"\n"


def parse(text: bytes) -> AnyLine:
    """A line as what it is.

    :raises ValueError: if it is none, with the reason in one sentence.
    """
    if len(text) > LONGEST:
        raise ValueError(f"a line of more than {LONGEST} bytes")
    try:
        document: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("not JSON in UTF-8") from None
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 (what is refused is the line)
    kinds = [kind for key, kind in _KINDS.items() if key in document]
    if len(kinds) != 1:
        raise ValueError(f"expected one of {', '.join(_KINDS)}")
    try:
        return kinds[0].model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
