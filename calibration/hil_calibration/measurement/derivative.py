"""Exact derivatives of a model at the estimates: sensitivities, and what a second-order evaluation needs.

Numbers that carry their derivatives along (forward mode); no step sizes, no cancellation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .expression import Expression

Array = NDArray[np.float64]
Derivatives = tuple[Any, Any, Any, Any]
"""A function of one variable and its first three derivatives at a point."""


def gradient(expression: Expression, estimates: Mapping[str, float]) -> tuple[float, Array]:
    """The value and the first derivatives, shape (n,), in the order of ``estimates``."""
    names = list(estimates)
    eye = np.eye(len(names))
    at = {name: Linear(value, eye[i]) for i, (name, value) in enumerate(estimates.items())}
    found = expression.evaluate(at, _FUNCTIONS)
    return (found.value, found.slopes) if isinstance(found, Linear) else (float(found), np.zeros(len(names)))


@dataclass(frozen=True)
class SecondOrder:
    """Derivatives of a model of n inputs: ``first`` of shape (n,); ``second`` (n, n); ``third[i, j]`` is
    d3 f / dx_i dx_j2, shape (n, n)."""

    first: Array
    second: Array
    third: Array


def second_order(expression: Expression, estimates: Mapping[str, float]) -> SecondOrder:
    """The derivatives that GUM 5.1.2, note, needs."""
    names, n = list(estimates), len(estimates)
    pairs = np.array(list(combinations_with_replacement(range(n), 2)), dtype=int).reshape(-1, 2)
    at = {}
    for k, name in enumerate(names):
        coefficients = np.zeros((len(_MONOMIALS), len(pairs)))
        coefficients[_INDEX[0, 0]] = estimates[name]
        coefficients[_INDEX[1, 0]] = pairs[:, 0] == k
        coefficients[_INDEX[0, 1]] = (pairs[:, 1] == k) & (pairs[:, 0] != k)
        at[name] = Jet(coefficients)
    found = expression.evaluate(at, _FUNCTIONS)
    c = found.coefficients if isinstance(found, Jet) else np.zeros((len(_MONOMIALS), len(pairs)))
    first, second, third = np.zeros(n), np.zeros((n, n)), np.zeros((n, n))
    for p, (i, j) in enumerate(pairs):
        if i == j:
            first[i] = c[_INDEX[1, 0], p]
            second[i, i], third[i, i] = 2 * c[_INDEX[2, 0], p], 6 * c[_INDEX[3, 0], p]
        else:
            second[i, j] = second[j, i] = c[_INDEX[1, 1], p]
            third[i, j], third[j, i] = 2 * c[_INDEX[1, 2], p], 2 * c[_INDEX[2, 1], p]
    return SecondOrder(first, second, third)


class _Number:
    """The operators, from four primitives that each kind of number has."""

    def _plus(self, other: Any) -> Any:
        raise NotImplementedError

    def _times(self, other: Any) -> Any:
        raise NotImplementedError

    def through(self, derivatives: Callable[[Any], Derivatives]) -> Any:
        """A function of this number, by its derivatives."""
        raise NotImplementedError

    def __add__(self, other: Any) -> Any:
        return self._plus(other)

    __radd__ = __add__

    def __mul__(self, other: Any) -> Any:
        return self._times(other)

    __rmul__ = __mul__

    def __neg__(self) -> Any:
        return self._times(-1.0)

    def __pos__(self) -> Any:
        return self

    def __sub__(self, other: Any) -> Any:
        return self._plus(-other)

    def __rsub__(self, other: Any) -> Any:
        return (-self)._plus(other)

    def __truediv__(self, other: Any) -> Any:
        return self._times(other.through(_reciprocal) if isinstance(other, _Number) else 1.0 / other)

    def __rtruediv__(self, other: Any) -> Any:
        return self.through(_reciprocal)._times(other)

    def __pow__(self, other: Any) -> Any:
        if isinstance(other, _Number):
            return (other * self.through(_DERIVATIVES["log"])).through(_DERIVATIVES["exp"])
        return self.through(lambda x: _power(x, other))

    def __rpow__(self, other: float) -> Any:
        if other <= 0:
            return self * math.nan
        return (self * math.log(other)).through(_DERIVATIVES["exp"])


class Linear(_Number):
    """A value with its slopes, shape (n,)."""

    __slots__ = ("slopes", "value")

    def __init__(self, value: float, slopes: Array) -> None:
        self.value, self.slopes = value, slopes

    def _plus(self, other: Any) -> Linear:
        if isinstance(other, Linear):
            return Linear(self.value + other.value, self.slopes + other.slopes)
        return Linear(self.value + other, self.slopes)

    def _times(self, other: Any) -> Linear:
        if isinstance(other, Linear):
            return Linear(self.value * other.value, self.slopes * other.value + other.slopes * self.value)
        return Linear(self.value * other, self.slopes * other)

    def through(self, derivatives: Callable[[Any], Derivatives]) -> Linear:
        value, slope, _, _ = derivatives(np.float64(self.value))
        return Linear(float(value), float(slope) * self.slopes)


_MONOMIALS = [(i, j) for i in range(4) for j in range(4 - i)]
_INDEX = {monomial: k for k, monomial in enumerate(_MONOMIALS)}
_PRODUCTS = [
    (_INDEX[a], _INDEX[b], _INDEX[a[0] + b[0], a[1] + b[1]])
    for a in _MONOMIALS
    for b in _MONOMIALS
    if sum(a) + sum(b) <= 3
]


class Jet(_Number):
    """A polynomial in two displacements up to degree 3, for p pairs of inputs at once: coefficients (10, p)."""

    __slots__ = ("coefficients",)

    def __init__(self, coefficients: Array) -> None:
        self.coefficients = coefficients

    def _plus(self, other: Any) -> Jet:
        if isinstance(other, Jet):
            return Jet(self.coefficients + other.coefficients)
        moved = self.coefficients.copy()
        moved[0] += other
        return Jet(moved)

    def _times(self, other: Any) -> Jet:
        if not isinstance(other, Jet):
            return Jet(self.coefficients * other)
        product = np.zeros_like(self.coefficients)
        for a, b, c in _PRODUCTS:
            product[c] += self.coefficients[a] * other.coefficients[b]
        return Jet(product)

    def through(self, derivatives: Callable[[Any], Derivatives]) -> Jet:
        f0, f1, f2, f3 = derivatives(self.coefficients[0])
        step = self.coefficients.copy()
        step[0] = 0.0
        h = Jet(step)
        found: Jet = (((h * (f3 / 6.0)) + f2 / 2.0) * h + f1) * h + f0
        return found


def _reciprocal(x: Any) -> Derivatives:
    r = 1.0 / x
    return r, -(r**2), 2 * r**3, -6 * r**4


def _power(x: Any, c: float) -> Derivatives:
    def term(factor: float, exponent: float) -> Any:
        return factor * x**exponent if factor else 0.0 * x

    return term(1.0, c), term(c, c - 1), term(c * (c - 1), c - 2), term(c * (c - 1) * (c - 2), c - 3)


def _root_like(value: Any, inside: Any, x: Any, sign: float) -> Derivatives:
    """Functions whose derivative is g = inside^(-1/2) with g' = sign x g^3."""
    g = inside**-0.5
    return value, g, sign * x * g**3, sign * g**3 + 3 * x**2 * g**5


def _tan(x: Any) -> Derivatives:
    t = np.tan(x)
    g = 1 + t**2
    return t, g, 2 * t * g, g * (2 + 6 * t**2)


def _tanh(x: Any) -> Derivatives:
    t = np.tanh(x)
    g = 1 - t**2
    return t, g, -2 * t * g, g * (6 * t**2 - 2)


def _log(x: Any, base: float = math.e, shift: float = 0.0) -> Derivatives:
    z, scale = x + shift, 1.0 / math.log(base)
    value = np.log1p(x) if shift else np.log(x) * scale
    return value, scale / z, -scale / z**2, 2 * scale / z**3


def _arccos(x: Any) -> Derivatives:
    _, g, g1, g2 = _DERIVATIVES["arcsin"](x)
    return np.arccos(x), -g, -g1, -g2


def _arctan(x: Any) -> Derivatives:
    g = 1 / (1 + x**2)
    return np.arctan(x), g, -2 * x * g**2, -2 * g**2 + 8 * x**2 * g**3


def _arctanh(x: Any) -> Derivatives:
    g = 1 / (1 - x**2)
    return np.arctanh(x), g, 2 * x * g**2, 2 * g**2 + 8 * x**2 * g**3


def _exponential(value: Any, x: Any) -> Derivatives:
    grown = np.exp(x)
    return value, grown, grown, grown


_DERIVATIVES: dict[str, Callable[[Any], Derivatives]] = {
    "sin": lambda x: (np.sin(x), np.cos(x), -np.sin(x), -np.cos(x)),
    "cos": lambda x: (np.cos(x), -np.sin(x), -np.cos(x), np.sin(x)),
    "tan": _tan,
    "arcsin": lambda x: _root_like(np.arcsin(x), 1 - x**2, x, 1.0),
    "arccos": _arccos,
    "arctan": _arctan,
    "sinh": lambda x: (np.sinh(x), np.cosh(x), np.sinh(x), np.cosh(x)),
    "cosh": lambda x: (np.cosh(x), np.sinh(x), np.cosh(x), np.sinh(x)),
    "tanh": _tanh,
    "arcsinh": lambda x: _root_like(np.arcsinh(x), 1 + x**2, x, -1.0),
    "arccosh": lambda x: _root_like(np.arccosh(x), x**2 - 1, x, -1.0),
    "arctanh": _arctanh,
    "exp": lambda x: _exponential(np.exp(x), x),
    "expm1": lambda x: _exponential(np.expm1(x), x),
    "log": _log,
    "log2": lambda x: _log(x, 2.0),
    "log10": lambda x: _log(x, 10.0),
    "log1p": lambda x: _log(x, shift=1.0),
    "sqrt": lambda x: _power(x, 0.5),
}


def _unary(name: str) -> Callable[[Any], Any]:
    plain = getattr(np, name)

    def apply(x: Any) -> Any:
        return x.through(_DERIVATIVES[name]) if isinstance(x, _Number) else plain(x)

    return apply


def _value(x: Any) -> Any:
    if isinstance(x, Linear):
        return x.value
    return x.coefficients[0] if isinstance(x, Jet) else x


def _hypot(x: Any, y: Any) -> Any:
    if not isinstance(x, _Number) and not isinstance(y, _Number):
        return np.hypot(x, y)
    return (x**2.0 + y**2.0) ** 0.5


def _arctan2(y: Any, x: Any) -> Any:
    """By the arc tangent of the smaller of y/x and x/y, moved to the right branch."""
    if not isinstance(x, _Number) and not isinstance(y, _Number):
        return np.arctan2(y, x)
    steep = np.max(np.abs(_value(y))) > np.max(np.abs(_value(x)))
    turned = -_arctan_of(x / y) if steep else _arctan_of(y / x)
    return turned + (np.arctan2(_value(y), _value(x)) - _value(turned))


def _arctan_of(x: Any) -> Any:
    return x.through(_arctan) if isinstance(x, _Number) else np.arctan(x)


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    **{name: _unary(name) for name in _DERIVATIVES},
    "hypot": _hypot,
    "arctan2": _arctan2,
}
