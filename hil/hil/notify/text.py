"""Notices in words: a mail's subject and body, and what a webhook is sent."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

from hil_calibration.errors import CalibrationError
from hil_calibration.rounding import report
from hil_drivers.clock import NANOSECONDS

from .lines import PRIORITIES, AlarmLine
from .notices import Notice, Step, Telling

SUBJECT = 60
"""Characters of a subject: what a telephone shows."""

LARGEST_BODY = 64 * 1024
"""Bytes that a webhook is sent at most."""

SHOWN = 200
"""Alarms that one mail lists; of more it says how many."""

NO_COMMAND = "An answer to this message does nothing: acknowledge at the bench, or with: hil ack"

_SAID = {
    Step.RAISED: "",
    Step.ESCALATED: "not acknowledged",
    Step.RETURNED: "gone, not acknowledged",
    Step.ACKNOWLEDGED: "acknowledged",
    Step.CLEARED: "over",
    Step.FLAPPING: "flapping",
    Step.SUMMARY: "flapping",
}


def clean(text: str) -> str:
    """``text`` on one line that can be sent: control characters are blanks, and halves of characters are ``?``."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.encode("utf-8", "replace").decode("utf-8").split())


def subject(notice: Notice, bench: str) -> str:
    """``[HIGH] bench: channel: what``, cut at 60 characters."""
    if notice.drill:
        return clean(f"[TEST] {bench}: this is a test")[:SUBJECT]
    priority = PRIORITIES[notice.urgency].upper()
    if len(notice.tellings) > 1:
        return clean(f"[{priority}] {bench}: {len(notice.tellings)} notices: {notice.why}")[:SUBJECT]
    telling = notice.tellings[0]
    parts = (bench, _SAID[telling.step], telling.line.channel, telling.line.what or telling.line.alarm)
    return clean(f"[{priority}] {': '.join(part for part in parts if part)}")[:SUBJECT]


def body(notice: Notice, bench: str) -> str:
    """The text of a mail."""
    if notice.drill:
        return f"This is a test of {clean(bench)}, level {notice.level + 1}. Say at the bench that it has come.\n"
    if len(notice.tellings) == 1:
        return f"{_told(notice.tellings[0], bench)}\n{NO_COMMAND} {clean(notice.tellings[0].line.alarm)}\n"
    listed = "\n".join(f"- {_listed(telling)}" for telling in notice.tellings[:SHOWN])
    more = len(notice.tellings) - SHOWN
    rest = f"\n- and {more} more: look at the bench" if more > 0 else ""
    return f"{clean(bench)}: {len(notice.tellings)} notices, {notice.why}.\n\n{listed}{rest}\n\n{NO_COMMAND} NAME\n"


def document(notice: Notice, bench: str) -> str:
    """What a webhook is sent: JSON of at most 64 KiB; ``left_out`` counts what did not fit."""
    told = [_document(telling) for telling in notice.tellings]
    whole: dict[str, Any] = {
        "bench": bench,
        "kind": "test" if notice.drill else "alarm" if len(told) == 1 else "digest",
        "level": notice.level + 1,
        "priority": PRIORITIES[notice.urgency],
        "why": notice.why,
        "alarms": told,
        "left_out": 0,
    }
    while len((text := json.dumps(whole, ensure_ascii=False)).encode()) > LARGEST_BODY and len(told) > 1:
        half = len(told) // 2
        whole["left_out"] += len(told) - half
        del told[half:]
    return text


def measured(line: AlarmLine) -> str:
    """A value with its expanded uncertainty and unit, rounded to the uncertainty; empty where there is none."""
    if line.value is None:
        return ""
    unit = f" {line.unit}" if line.unit else ""
    if line.U is None or not (line.U > 0 and math.isfinite(line.U)):
        return f"{line.value:.6g}{unit}, uncertainty unknown"
    try:
        rounded = report(line.value, line.U)
    except CalibrationError:
        return f"{line.value:.6g}{unit}, uncertainty unknown"
    return f"{rounded.value} ± {rounded.U}{unit} (about 95 %)"


def instant(utc: int) -> str:
    """A time of the bench's clock in ns, to the second."""
    try:
        return f"{datetime.fromtimestamp(utc // NANOSECONDS, UTC):%Y-%m-%d %H:%M:%S} UTC by the bench's clock"
    except (ValueError, OverflowError, OSError):
        return "at an unknown time"


def _limit(line: AlarmLine) -> str:
    if isinstance(line.limit, float):
        return f"{line.limit:.6g}{f' {line.unit}' if line.unit else ''}"
    return line.limit or ""


def _told(telling: Telling, bench: str) -> str:
    line = telling.line
    said = _SAID[telling.step]
    note = ", ".join(part for part in (said, telling.note) if part)
    rows = [
        ("alarm", line.alarm),
        ("what", line.what),
        ("state", note or "raised"),
        ("priority", f"{line.priority}, told to level {telling.level + 1}"),
        ("bench", bench),
        ("channel", line.channel),
        ("value", measured(line)),
        ("limit", _limit(line)),
        ("since", instant(line.since) if line.since is not None else ""),
        ("told", instant(telling.at)),
        ("run", line.run),
        ("what to do", line.guidance),
    ]
    return "".join(f"{f'{name}:':<12} {clean(text)}\n" for name, text in rows if text)


def _listed(telling: Telling) -> str:
    line = telling.line
    said = ", ".join(part for part in (_SAID[telling.step] or "raised", telling.note) if part)
    what = ": ".join(part for part in (line.channel, line.what or line.alarm) if part)
    value = measured(line)
    ending = "; ".join(part for part in (value, line.guidance) if part)
    return clean(f"[{line.priority.upper()}] {instant(telling.at)} {what}: {said}{f'; {ending}' if ending else ''}")


def _document(telling: Telling) -> dict[str, Any]:
    return {
        "step": str(telling.step),
        "at": str(telling.at),
        "note": telling.note,
        **telling.line.model_dump(mode="json", exclude={"event", "number", "since"}),
        "since": None if telling.line.since is None else str(telling.line.since),
    }
