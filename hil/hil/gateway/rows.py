"""Rows of values: ``[value, u, flags, t, low, high]``, from the core with t in ns, and as clients see them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

Row = Sequence[Any]

READING = slice(4)
"""What a row says of one reading."""

_LOW, _HIGH = 4, 5
NOTHING: list[Any] = [None] * 6


def shown(row: Row | None) -> list[Any]:
    """A row as clients see it: numbers rounded to the second digit of u; t in UTC milliseconds."""
    if row is None:
        return NOTHING
    value, u, flags, t, low, high = row
    if u and math.isfinite(u):
        digits = 1 - math.floor(math.log10(u))
        value, low, high = (_rounded(each, digits) for each in (value, low, high))
        u = round(u, digits)
    return [value, u, flags, None if t is None else t // 1_000_000, low, high]


def joined(before: Row, after: Row) -> Row:
    """``after``, with the extremes of both."""
    return [*after[:_LOW], _extreme(min, before[_LOW], after[_LOW]), _extreme(max, before[_HIGH], after[_HIGH])]


def _rounded(number: float | None, digits: int) -> float | None:
    return round(number, digits) if number is not None and math.isfinite(number) else number


def _extreme(choose: Any, *numbers: float | None) -> float | None:
    known = [number for number in numbers if number is not None and not math.isnan(number)]
    return choose(known) if known else None
