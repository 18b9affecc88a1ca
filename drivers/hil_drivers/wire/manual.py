"""Readings that a person types: the number, its step, and the JSON lines by which it is asked for elsewhere.

A question is ``{"ask": "pressure", "unit": "hPa"}``, with ``"again"`` saying what was wrong with the answer before. The
answer is ``{"value": "1013.2"}`` as typed, ``{"value": null}`` where there is no reading, or ``{"wait": 0.5}`` while
nobody has answered: the question is then to be asked again after so many seconds. When the link is opened, the empty
question ``{"ask": "", "unit": ""}`` asks whether anybody is there, and ``{"value": null}`` says so.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass

from ..errors import RemoteProtocolError

LONGEST_WAIT = 3600.0
_ESCAPE = "\x1b"
_NUMBER = re.compile(r"(?P<number>[+-]?\d{1,15}(?:[.,](?P<part>\d{0,12}))?(?:[eE](?P<power>[+-]?\d{1,2}))?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Typed:
    """One typed number; ``step`` is one unit of its last digit."""

    value: float
    step: float


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: the ``text`` as typed (``None``: no reading), or the seconds to ``wait`` before asking again."""

    text: str | None
    wait: float = 0.0


def parse_typed(text: str, unit: str) -> Typed | None:
    """A number as a person types it, perhaps with its unit; ``None`` for nothing, or for an escape.

    A comma is a decimal comma; groups of digits are refused, because they cannot be told from one.

    >>> parse_typed("1013,2 hPa", "hPa")
    Typed(value=1013.2, step=0.1)

    :raises RemoteProtocolError: if it is no number.
    """
    if _ESCAPE in text or not text.strip():
        return None
    number = text.strip().removesuffix(unit).strip()
    found = _NUMBER.fullmatch(number)
    if found is None:
        raise RemoteProtocolError(f"{text.strip()[:40]!r} is no number in {unit}", remedy="type a number such as 12.30")
    decimals = len(found["part"] or "")
    value = float(found["number"].replace(",", "."))
    return Typed(value, float(f"1e{int(found['power'] or 0) - decimals}"))


def question(point: str, unit: str, again: str = "") -> bytes:
    """The line that asks for a reading."""
    asked = {"ask": point, "unit": unit, **({"again": again} if again else {})}
    return json.dumps(asked).encode("ascii") + b"\n"


def parse_answer(line: str) -> Answer:
    """An answer.

    :raises RemoteProtocolError: if it is none.
    """
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        raise RemoteProtocolError(f"sent {line[:40]!r}, which is no JSON object") from None
    if isinstance(told, dict) and told.keys() == {"value"} and isinstance(told["value"], str | None):
        return Answer(told["value"])
    wait = told.get("wait") if isinstance(told, dict) and told.keys() == {"wait"} else None
    if (
        isinstance(wait, int | float)
        and not isinstance(wait, bool)
        and 0 <= wait <= LONGEST_WAIT
        and math.isfinite(wait)
    ):
        return Answer(None, max(float(wait), 1e-3))
    raise RemoteProtocolError(
        f"sent {line[:60]!r} where an answer is due", remedy='answer {"value": "12.3"} or {"wait": 1}'
    )
