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


def common(*quantities: tuple[Series, ...]) -> tuple[Series, ...] | None:
    """One form of each quantity, all in the same unit; None where there is no such unit.

    Forms that state an uncertainty are preferred, then the order of the file.
    """
    first, *others = quantities
    for form in sorted(first, key=lambda form: form.uncertainty is None):
        matching = [next((each for each in other if each.unit == form.unit), None) for other in others]
        if form.unit and all(matching):
            return (form, *(each for each in matching if each is not None))
    return None


def spread(series: Series, i: int) -> Decimal | None:
    """Value ``i`` as a number, the only value standing for all."""
    return number(series.values.at(i))
