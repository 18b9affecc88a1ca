"""Rows of values: ``[value, u, flags, t, low, high]``, from the core with t in ns, and as clients see them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

Row = Sequence[Any]

READING = slice(4)
"""What a row says of one reading."""

_LOW, _HIGH = 4, 5
NOTHING: list[Any] = [None] * 6


def shown(row: Row | None) -> list[Any]:
    """A row as clients see it: t in UTC milliseconds, values to the third digit of u, u itself to its fourth.

    So a client that shows U = 2 u to two digits, and the value to the last of them, has the right ones.
    """
    if row is None:
        return NOTHING
    value, u, flags, t, low, high = row
    milliseconds = None if t is None else t // 1_000_000
    if not u or not math.isfinite(u):
        return [value, u, flags, milliseconds, low, high]
    digits = _digits(u)
    rounded = _rounded(value, digits)
    low = rounded if low == value else _rounded(low, digits)
    high = rounded if high == value else _rounded(high, digits)
    return [rounded, round(u, digits + 1), flags, milliseconds, low, high]


@lru_cache(maxsize=8192)
def _digits(u: float) -> int:
    """The place of the third digit of ``u``, for `round`."""
    return 2 - math.floor(math.log10(u))


def joined(before: Row, after: Row) -> Row:
    """``after``, with the extremes of both."""
    return [*after[:_LOW], _extreme(min, before[_LOW], after[_LOW]), _extreme(max, before[_HIGH], after[_HIGH])]


def _rounded(number: float | None, digits: int) -> float | None:
    return round(number, digits) if number is not None and math.isfinite(number) else number


def _extreme(choose: Any, *numbers: float | None) -> float | None:
    known = [number for number in numbers if number is not None and not math.isnan(number)]
    return choose(known) if known else None
