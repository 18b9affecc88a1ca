"""Rows of values: ``[value, u, flags, t, low, high]``, from the core with t in ns, and as clients see them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

Row = Sequence[Any]

_VALUE, _U, _FLAGS, _T, _LOW, _HIGH = range(6)
NOTHING: list[Any] = [None] * 6


def whole(row: Row) -> Row:
    """A row of the core with low and high, which it may leave out."""
    return row if len(row) == len(NOTHING) else [*row, *NOTHING[len(row) :]]


def shown(row: Row | None) -> list[Any]:
    """A row as clients see it: numbers rounded to the second digit of u; t in UTC milliseconds."""
    if row is None:
        return NOTHING
    value, u, flags, t, low, high = row
    if u and math.isfinite(u):
        digits = 1 - math.floor(math.log10(u))
        value, low, high = (_rounded(each, digits) for each in (value, low, high))
        u = round(u, digits)
    return [value, u, flags, t // 1_000_000, low, high]


def joined(before: Row, after: Row) -> Row:
    """``after``, with the extremes of both."""
    return [*after[:_LOW], _extreme(min, before[_LOW], after[_LOW]), _extreme(max, before[_HIGH], after[_HIGH])]


def with_extremes(row: Row) -> Row:
    """A row whose own value is its low and high, where the core told none."""
    value, low, high = row[_VALUE], row[_LOW], row[_HIGH]
    return [*row[:_LOW], value if low is None else low, value if high is None else high]


def _rounded(number: float | None, digits: int) -> float | None:
    return round(number, digits) if number is not None and math.isfinite(number) else number


def _extreme(choose: Any, *numbers: float | None) -> float | None:
    known = [number for number in numbers if number is not None and not math.isnan(number)]
    return choose(known) if known else None
