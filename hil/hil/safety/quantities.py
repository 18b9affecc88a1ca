"""The units of the quantities in a condition: what cannot be compared is refused when the bench file is loaded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hil_calibration import unit

from .expression import (
    Arithmetic,
    Channel,
    Comparison,
    Condition,
    ExpressionError,
    Number,
    Quantity,
    Rate,
    parts,
    shown,
)


def compared_units(condition: Condition, units: Mapping[str, str]) -> Iterator[str]:
    """The unit of each comparison by order, a UCUM string; numbers take that of what they are compared with.

    :param units: the unit of each channel.
    :raises ExpressionError: if two quantities of different units are compared, added or subtracted.
    """
    for node in parts(condition):
        if isinstance(node, Comparison):
            found = _common(node, _unit(node.left, units), _unit(node.right, units))
            if node.relation != "==":
                yield found or "1"


def _common(node: Arithmetic | Comparison, left: str | None, right: str | None) -> str | None:
    if left is not None and right is not None and not unit.same(left, right):
        raise ExpressionError(
            f'{shown(node.left)} is in "{left}" and {shown(node.right)} in "{right}"; join quantities of one unit'
        )
    return right if left is None else left


def _unit(quantity: Quantity, units: Mapping[str, str]) -> str | None:
    """The unit of a quantity, ``None`` for a number without one."""
    match quantity:
        case Number():
            return None
        case Channel(name):
            return units[name]
        case Rate(channel, _):
            return unit.product(unit.difference(units[channel]), "s-1")
    left, right = _unit(quantity.left, units), _unit(quantity.right, units)
    match quantity.operator:
        case "+":
            return _common(quantity, left, right)
        case "-":
            found = _common(quantity, left, right)
            return unit.difference(found) if found and left and right else found
        case "*":
            return left if right is None else right if left is None else unit.product(left, right)
        case "/":
            inverse = None if right is None else unit.power(right, -1)
            return left if inverse is None else inverse if left is None else unit.product(left, inverse)
