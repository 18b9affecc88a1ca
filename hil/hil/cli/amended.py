"""What an amendment changed, in words: of plans and settings only where they differ."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

MOST = 4
"""So many differences are told; the record has all."""

LONGEST = 70
"""So much of a value is told, in characters: a SHA-256 in whole."""


def changed(old: str, new: str) -> str:
    """What ``old`` was and ``new`` is, two values as the record keeps them: of JSON objects, where they differ."""
    before, after = _value(old), _value(new)
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return f"was {old}, is {new}"
    found = [f"{place} was {_brief(one)}, is {_brief(other)}" for place, one, other in _differences("", before, after)]
    more = f"; and {len(found) - MOST} more" if len(found) > MOST else ""
    return "; ".join(found[:MOST]) + more


def _differences(place: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    """Where two values differ; of lists of one length the first entry alone."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            yield from _differences(f"{place}.{key}".lstrip("."), old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new) and old != new:
        number, pair = next((n, pair) for n, pair in enumerate(zip(old, new, strict=True), 1) if pair[0] != pair[1])
        yield from _differences(f"{place} {number}", *pair)
    elif old != new:
        yield place, old, new


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _brief(value: Any) -> str:
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
