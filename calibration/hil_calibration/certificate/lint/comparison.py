"""Numbers that must be equal, compared as far as their printed digits tell."""

from __future__ import annotations

from decimal import Decimal

from .numbers import EXACT, half_unit, number
from .series import Series

_SLACK = Decimal("1E-12")
"""Relative, for units whose factor is not exact in decimals."""


def first_difference(one: Series, other: Series) -> str:
    """The first value or uncertainty in which two forms of a quantity differ by more than rounding, empty if none."""
    left, right = one.scale(), other.scale()
    if left is None or right is None:
        return ""
    if left.dimension != right.dimension:
        return f"{one.unit} and {other.unit} are units of different quantities"
    pairs = list(zip(one.numbers(), other.numbers(), strict=False))
    for i, (a, b) in enumerate(pairs):
        if a is None or b is None:
            continue
        room = left.width(half_unit(a)) + right.width(half_unit(b))
        if not _equal(left.to_base(a), right.to_base(b), room):
            return f"value {i + 1}: {a} {one.unit} is not {b} {other.unit}"
    for i in range(len(pairs)):
        u, v = one.expanded(i), other.expanded(i)
        if u is None or v is None or one.factor(i) != other.factor(i):
            continue
        room = left.width(half_unit(u)) + right.width(half_unit(v))
        if not _equal(left.width(u), right.width(v), room):
            return f"uncertainty {i + 1}: {u} {one.unit} is not {v} {other.unit}"
    return ""


def _equal(a: Decimal, b: Decimal, room: Decimal) -> bool:
    return bool(EXACT.abs(EXACT.subtract(a, b)) <= room + EXACT.multiply(_SLACK, EXACT.abs(a)))


def last_digit(one: Series, other: Series) -> str:
    """The first value whose last digits disagree though both are printed to the same step, empty if none.

    The step of one is that of the other, and the zero of the unit lies on it: the same value rounds to the same digits,
    but for a value half way between two.
    """
    left, right = one.scale(), other.scale()
    if left is None or right is None:
        return ""
    for i, (a, b) in enumerate(zip(one.numbers(), other.numbers(), strict=False)):
        if a is None or b is None:
            continue
        half = left.width(half_unit(a))
        shift = EXACT.subtract(left.offset, right.offset)
        if half != right.width(half_unit(b)) or EXACT.remainder(shift, 2 * half):
            continue
        if left.to_base(a) != right.to_base(b):
            return f"value {i + 1}: {a} {one.unit} and {b} {other.unit} differ in the last digit"
    return ""


def spread(series: Series, i: int) -> Decimal | None:
    """Value ``i`` as a number, the only value standing for all."""
    return number(series.values.at(i))
