"""The unit of a model's value, from the units of its inputs: sums of unlike units are refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from .. import unit as units
from ..errors import UnitError
from .expression import BINARY, UNARY, Expression

ONE = "1"
_ANGLES = (ONE, "rad")


def unit_of(expression: Expression, inputs: Mapping[str, str]) -> str:
    """The UCUM unit of ``expression``; empty where an input states none.

    Values are not converted: what is added must have one unit, what a function takes must be a number or in rad.

    :param inputs: the unit of each input, empty where none is stated.
    :raises UnitError: naming the two units, or the function and its argument's unit.
    """
    at = {name: _Of(inputs[name], where=expression.where) for name in expression.names}
    found = expression.evaluate(at, _FUNCTIONS)
    if any(not inputs[name] for name in expression.names):
        return ""
    return found.unit if isinstance(found, _Of) else ONE


class _Of:
    """Something in a unit, empty where it is unknown. Plain numbers are their own value, in the unit one."""

    def __init__(self, unit: str, *, where: str) -> None:
        self.unit, self.where = unit, where

    def _sum(self, other: Any, sign: str) -> _Of:
        theirs = other.unit if isinstance(other, _Of) else ONE
        if not (self.unit and theirs):
            return _Of("", where=self.where)
        if other == 0 and not isinstance(other, _Of):
            return self
        if sign == "-" and self.unit == theirs == "Cel":
            return _Of("K", where=self.where)
        if {self.unit, theirs} == {"Cel", "K"}:
            return _Of("Cel", where=self.where)
        if not units.same(self.unit, theirs) or (self.unit == "Cel" and sign == "+"):
            raise UnitError(f"{self.unit} {sign} {theirs}", where=self.where, remedy="state inputs in units that match")
        return self

    def __add__(self, other: Any) -> _Of:
        return self._sum(other, "+")

    __radd__ = __add__

    def __sub__(self, other: Any) -> _Of:
        return self._sum(other, "-")

    def __rsub__(self, other: Any) -> _Of:
        return self._sum(other, "-")

    def __mul__(self, other: Any) -> _Of:
        theirs = other.unit if isinstance(other, _Of) else ONE
        return _Of(units.product(self.unit, theirs) if self.unit and theirs else "", where=self.where)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> _Of:
        theirs = other.unit if isinstance(other, _Of) else ONE
        known = self.unit and theirs
        return _Of(units.product(self.unit, units.power(theirs, -1)) if known else "", where=self.where)

    def __rtruediv__(self, _: Any) -> _Of:
        return _Of(units.power(self.unit, -1) if self.unit else "", where=self.where)

    def __neg__(self) -> _Of:
        return self

    __pos__ = __neg__

    def __pow__(self, other: Any) -> _Of:
        if not self.unit or (isinstance(other, _Of) and not other.unit):
            return _Of("", where=self.where)
        if isinstance(other, _Of):
            self.plain("**")
            other.plain("**")
            return _Of(ONE, where=self.where)
        if units.same(self.unit, ONE):
            return _Of(ONE, where=self.where)
        exponent = Fraction(other).limit_denominator(12)
        root = units.root(self.unit, exponent.denominator)
        if float(exponent) != other or root is None:
            raise UnitError(f"{self.unit} to the power {other:g}", where=self.where, remedy="use an integer exponent")
        return _Of(units.power(root, exponent.numerator), where=self.where)

    def __rpow__(self, _: Any) -> _Of:
        return self.plain("**")

    def plain(self, function: str) -> _Of:
        """A number or an angle, as a function takes it."""
        if self.unit and not any(units.same(self.unit, each) for each in _ANGLES):
            raise UnitError(f"{function} of something in {self.unit}", where=self.where, remedy="make it a ratio first")
        return _Of(ONE, where=self.where)


def _unary(name: str) -> Callable[[Any], Any]:
    def apply(x: Any) -> Any:
        if not isinstance(x, _Of):
            return 0.0
        return x**0.5 if name == "sqrt" else x.plain(name)

    return apply


def _binary(name: str) -> Callable[[Any, Any], Any]:
    def apply(y: Any, x: Any) -> Any:
        whole = y if isinstance(y, _Of) else x
        if not isinstance(whole, _Of):
            return 0.0
        total = whole + (x if whole is y else y)
        return _Of(ONE, where=whole.where) if name == "arctan2" else total

    return apply


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    **{name: _unary(name) for name in UNARY},
    **{name: _binary(name) for name in BINARY},
}
