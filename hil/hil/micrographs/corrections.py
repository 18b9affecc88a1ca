"""Corrections of the contours of one picture: what a person sends, what is put on record, and what is read back.

A correction states all contours of its picture, so that the last one counts by itself. A contour is either one that was
predicted, named by its number, or drawn by hand; of those drawn by hand the person states how well a rim can be placed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hil_drivers.virtual.particles import KINDS

from ..errors import UsageError
from ..suggest import nearest
from .outlines import Outline
from .polygon import area, crosses_itself, on_grid

MOST_CONTOURS, MOST_VERTICES = 500, 200
LEAST_AREA = 1.0
"""Square pixels."""
SAME = 0.01
"""Pixels: a contour that is found again by another processor differs by less."""
LARGEST_U_RIM = 10.0
"""Pixels: beyond that, nobody saw the rim."""
LONGEST_NAME, LONGEST_REASON = 100, 1000
"""Characters."""


@dataclass(frozen=True, slots=True)
class Contour:
    """An outline in pixels, of a particle of a kind; ``predicted`` is its number, from 0, and ``None`` by hand."""

    kind: str
    vertices: Outline
    predicted: int | None = None

    @property
    def by_hand(self) -> bool:
        """Whether a person drew it."""
        return self.predicted is None


@dataclass(frozen=True, slots=True)
class Correction:
    """All contours of a picture; ``u_rim`` is the standard uncertainty, pixels, of rims drawn by hand, if any were."""

    contours: tuple[Contour, ...]
    u_rim: float | None


@dataclass(frozen=True, slots=True)
class Sent:
    """What a person sends: a correction, by whom and why, of amendment ``after``, or 0 for what was predicted."""

    correction: Correction
    after: int
    who: str
    why: str


def parse_sent(body: bytes, size: tuple[int, int], predicted: Sequence[Contour]) -> Sent:
    """Read what a page sends.

    :param size: width and height of the picture, pixels.
    :raises UsageError: if it is no correction of this picture.
    """
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        raise _wrong("the body is no JSON", "body", "send a correction as JSON") from None
    given = _table(given, "body", {"after", "who", "why", "u_rim", "contours"})
    after = _count(given.get("after"))
    if after is None:
        raise _wrong("is no number of an amendment", "after", "give the one that was shown, 0 for none")
    who, why = (_text(given.get(name), name, most) for name, most in (("who", LONGEST_NAME), ("why", LONGEST_REASON)))
    return Sent(parse_correction(given, size, predicted), after, who, why)


def parse_correction(given: Mapping[str, Any], size: tuple[int, int], predicted: Sequence[Contour]) -> Correction:
    """Read ``contours`` and ``u_rim``, as sent or as on record.

    :raises UsageError: naming the contour that is wrong.
    """
    listed = given.get("contours")
    if not isinstance(listed, list) or len(listed) > MOST_CONTOURS:
        raise _wrong(f"is no list of at most {MOST_CONTOURS}", "contours", "give all contours of the picture")
    contours = tuple(_contour(one, f"contour {n}", size, predicted) for n, one in enumerate(listed, 1))
    if len({one.vertices for one in contours}) != len(contours):
        raise _wrong("a contour is there twice", "contours", "give each once")
    return Correction(contours, _u_rim(given.get("u_rim"), any(one.by_hand for one in contours)))


def recorded(correction: Correction) -> dict[str, Any]:
    """As it is put on record: with the vertices of all contours, so that it can be read without the model."""
    contours = [
        {"kind": one.kind, "vertices": [list(vertex) for vertex in one.vertices]}
        | ({} if one.predicted is None else {"predicted": one.predicted})
        for one in correction.contours
    ]
    return {"unit": "px", "u_rim": correction.u_rim, "contours": contours}


def changes(before: Sequence[Contour], after: Sequence[Contour]) -> str:
    """What became of the contours, in words; empty if nothing did."""
    old, new = set(before), set(after)
    kinds = {one.vertices: one.kind for one in before}
    retyped = sum(kinds.get(one.vertices, one.kind) != one.kind for one in new - old)
    counts = {
        "drawn": len(new - old) - retyped,
        "taken away": len(old - new) - retyped,
        "of another type": retyped,
    }
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)


def _contour(given: Any, where: str, size: tuple[int, int], predicted: Sequence[Contour]) -> Contour:
    given = _table(given, where, {"kind", "predicted", "vertices"})
    kind = given.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise _wrong(f"there is no type {kind!r}"[:80], where, nearest(str(kind)[:40], KINDS))
    if given.get("predicted") is None:
        return Contour(kind, _vertices(given.get("vertices"), where, size))
    number = _count(given["predicted"])
    if number is None or number >= len(predicted):
        raise _wrong("no contour of this number was predicted", where, f"there are {len(predicted)}, from 0")
    if "vertices" in given and not _are(given["vertices"], predicted[number].vertices):
        raise _wrong(f"has other vertices than the contour {number} that was predicted", where, "leave its number out")
    return Contour(kind, predicted[number].vertices, number)


def _vertices(given: Any, where: str, size: tuple[int, int]) -> Outline:
    if not isinstance(given, list) or not 3 <= len(given) <= MOST_VERTICES:
        raise _wrong(f"has not 3 to {MOST_VERTICES} vertices", where, "give a list of [x, y]")
    for vertex in given:
        if not isinstance(vertex, list) or len(vertex) != 2 or not all(map(_is_number, vertex)):
            raise _wrong("a vertex is no pair of numbers", where, "give [x, y] in pixels")
    found = on_grid(given)
    if not all(0.0 <= x <= size[0] and 0.0 <= y <= size[1] for x, y in found):
        raise _wrong("leaves the picture", where, f"keep it within {size[0]} x {size[1]} pixels")
    if crosses_itself(found):
        raise _wrong("crosses or touches itself", where, "move its vertices apart")
    if area(found) < LEAST_AREA:
        raise _wrong("is smaller than a pixel", where, "draw it larger, or delete it")
    return found


def _are(given: Any, outline: Outline) -> bool:
    """Whether these vertices, as they stand on record, are those of an outline."""
    return (
        isinstance(given, list)
        and len(given) == len(outline)
        and all(
            isinstance(vertex, list)
            and len(vertex) == 2
            and all(_is_number(at) and abs(at - known) <= SAME for at, known in zip(vertex, each, strict=True))
            for vertex, each in zip(given, outline, strict=True)
        )
    )


def _u_rim(given: Any, by_hand: bool) -> float | None:
    if not by_hand:
        return None
    if not _is_number(given) or not 0.0 < given <= LARGEST_U_RIM:
        remedy = f"state, in pixels, how well a rim was placed: more than 0, at most {LARGEST_U_RIM:g}"
        raise _wrong("contours were drawn by hand, and their uncertainty is not known", "u_rim", remedy)
    return float(given)


def _table(given: Any, where: str, known: set[str]) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise _wrong("is no JSON object", where, f"give {', '.join(sorted(known))}")
    for name in given:
        if name not in known:
            raise _wrong(f"has an entry {name[:40]!r} that nobody knows", where, nearest(name[:40], known))
    return given


def _text(given: Any, where: str, most: int) -> str:
    text = given.strip() if isinstance(given, str) else ""
    if not text or len(text) > most or not text.isprintable():
        raise _wrong(f"is no line of 1 to {most} characters", where, f"say {where}")
    return text


def _count(given: Any) -> int | None:
    return given if isinstance(given, int) and not isinstance(given, bool) and given >= 0 else None


def _is_number(given: Any) -> bool:
    # no NaN, and no integer that has no float
    return isinstance(given, int | float) and not isinstance(given, bool) and abs(given) < 1e9


def _wrong(what: str, where: str, remedy: str) -> UsageError:
    return UsageError(what, where=where, remedy=remedy)
