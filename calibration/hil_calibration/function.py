"""Calibration functions: from an indication to a value (VIM 4.31, inverse included).

Those of this module are linear in their coefficients, so that J(x) @ factor is the function itself with the factor's
columns as coefficients: that is how a block of readings is calibrated without a Jacobian in memory.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import function_cvd
from .errors import CalibrationError, OutOfRange

Array = NDArray[np.float64]


@runtime_checkable
class CalibrationFunction(Protocol):
    """What a calibration record asks of its function of the indication x; p coefficients."""

    @property
    def coefficients(self) -> Array:
        """The coefficients, shape (p,)."""

    def value(self, x: ArrayLike) -> Array:
        """The value at x, shape of x."""

    def slope(self, x: ArrayLike) -> Array:
        """d value / d x, shape of x."""

    def jacobian(self, x: ArrayLike) -> Array:
        """d value / d coefficients at x of shape (n,), shape (n, p): itself with unit vectors as coefficients."""
        units = np.eye(len(self.coefficients))
        return np.column_stack([self.with_coefficients(unit).value(x) for unit in units])

    def along(self, direction: ArrayLike) -> Callable[[ArrayLike], Array]:
        """The function of x whose value is J(x) @ direction, direction of shape (p,)."""
        return self.with_coefficients(direction).value

    def inverse(self, y: ArrayLike) -> Array:
        """The indication at which the value is y, shape of y.

        :raises OutOfRange: there is none, or no unique one.
        """

    def with_coefficients(self, coefficients: ArrayLike) -> Self:
        """The same function with other coefficients, shape (p,)."""

    def to_json(self) -> dict[str, Any]:
        """A JSON object that :func:`from_json` reads."""


@dataclass(frozen=True)
class StraightLine(CalibrationFunction):
    """value = a + b x."""

    a: float
    b: float

    def __post_init__(self) -> None:
        _finite("straight line", [self.a, self.b])

    @property
    def coefficients(self) -> Array:
        """(a, b)."""
        return np.array([self.a, self.b])

    def value(self, x: ArrayLike) -> Array:
        """a + b x."""
        return self.a + self.b * np.asarray(x, dtype=float)

    def slope(self, x: ArrayLike) -> Array:
        """b, in the shape of x."""
        return np.full(np.shape(x), self.b)

    def inverse(self, y: ArrayLike) -> Array:
        """(y - a) / b.

        :raises OutOfRange: b is zero, or y is not finite.
        """
        if self.b == 0:
            raise OutOfRange("a straight line of slope zero has no inverse")
        return (_target(y) - self.a) / self.b

    def with_coefficients(self, coefficients: ArrayLike) -> StraightLine:
        """The line with other a and b."""
        a, b = np.asarray(coefficients, dtype=float)
        return StraightLine(float(a), float(b))

    def to_json(self) -> dict[str, Any]:
        """A JSON object that :func:`from_json` reads."""
        return {"kind": "straight-line", "a": self.a, "b": self.b}


@dataclass(frozen=True)
class Polynomial(CalibrationFunction):
    """value = c0 + c1 x + c2 x² + …, coefficients in rising order, at least one."""

    c: tuple[float, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "c", tuple(float(c) for c in self.c))
        if not self.c:
            raise CalibrationError("a polynomial has no coefficients")
        _finite("polynomial", self.c)

    @property
    def coefficients(self) -> Array:
        """c0, c1, …"""
        return np.array(self.c)

    def value(self, x: ArrayLike) -> Array:
        """The polynomial at x, by Horner's rule."""
        return _horner(self.c, np.asarray(x, dtype=float))

    def slope(self, x: ArrayLike) -> Array:
        """c1 + 2 c2 x + …"""
        return _horner([k * c for k, c in enumerate(self.c)][1:] or [0.0], np.asarray(x, dtype=float))

    def inverse(self, y: ArrayLike) -> Array:
        """The indication on the branch around 0, where the polynomial only rises or only falls.

        By Newton's rule from the straight line through c0 and c1; a root beyond a turning point is never taken.

        :raises OutOfRange: c1 is zero, y is not finite, or the branch does not reach it.
        """
        target = _target(y)
        if len(self.c) < 2 or self.c[1] == 0:
            raise OutOfRange("a polynomial without linear term has no unique inverse")
        low, high = self._branch()
        x = np.clip((target - self.c[0]) / self.c[1], low, high)
        with np.errstate(all="ignore"):
            for _ in range(60):
                step = x - np.clip(x - (self.value(x) - target) / self.slope(x), low, high)
                x = x - step
                if np.all(np.abs(step) <= 1e-14 * np.abs(x) + 1e-300):
                    break
            rounding = 1e-9 * (np.abs(target) + np.abs(self.slope(x) * x))
            if not np.all(np.abs(self.value(x) - target) <= rounding):
                raise OutOfRange(f"the polynomial does not reach {_some(target)} near its linear part")
        return x

    def _branch(self) -> tuple[float, float]:
        """The turning points next to 0 on either side, infinite where there is none."""
        roots = np.roots([k * c for k, c in enumerate(self.c)][:0:-1])
        turning = roots[np.abs(roots.imag) <= 1e-9 * np.abs(roots)].real
        return float(max(turning[turning < 0], default=-math.inf)), float(min(turning[turning > 0], default=math.inf))

    def with_coefficients(self, coefficients: ArrayLike) -> Polynomial:
        """The polynomial with other coefficients."""
        return Polynomial(tuple(np.asarray(coefficients, dtype=float).tolist()))

    def to_json(self) -> dict[str, Any]:
        """A JSON object that :func:`from_json` reads."""
        return {"kind": "polynomial", "coefficients": list(self.c)}


@dataclass(frozen=True)
class Table(CalibrationFunction):
    """Straight lines between nodes: x strictly rising, the values y at the nodes are the coefficients.

    What the curve does between the nodes is not covered by the coefficients' uncertainty: state it as an
    effect.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "x", tuple(float(x) for x in self.x))
        object.__setattr__(self, "y", tuple(float(y) for y in self.y))
        if len(self.x) != len(self.y) or len(self.x) < 2:
            raise CalibrationError(
                f"a table of {len(self.x)} indications and {len(self.y)} values",
                remedy="give as many of each, at least two",
            )
        _finite("table", [*self.x, *self.y])
        if np.any(np.diff(self.x) <= 0):
            raise CalibrationError("the indications of a table do not rise", remedy="sort them, each once")

    @property
    def coefficients(self) -> Array:
        """The values at the nodes."""
        return np.array(self.y)

    def value(self, x: ArrayLike) -> Array:
        """Linear interpolation.

        :raises OutOfRange: x lies outside the nodes.
        """
        points = self._inside(x)
        return np.asarray(np.interp(points, self.x, self.y), dtype=float)

    def slope(self, x: ArrayLike) -> Array:
        """The slope of the piece that x lies in; at a node that of the piece on its right."""
        points = self._inside(x)
        piece = np.clip(np.searchsorted(self.x, points, side="right") - 1, 0, len(self.x) - 2)
        return np.asarray((np.diff(self.y) / np.diff(self.x))[piece])

    def inverse(self, y: ArrayLike) -> Array:
        """Linear interpolation the other way.

        :raises OutOfRange: the values do not rise or fall strictly, or y lies outside them.
        """
        steps = np.diff(self.y)
        if np.all(steps > 0):
            return Table(self.y, self.x).value(y)
        if np.all(steps < 0):
            return Table(self.y[::-1], self.x[::-1]).value(y)
        raise OutOfRange("a table whose values neither rise nor fall throughout has no inverse")

    def with_coefficients(self, coefficients: ArrayLike) -> Table:
        """The same nodes with other values."""
        return Table(self.x, tuple(np.asarray(coefficients, dtype=float).tolist()))

    def to_json(self) -> dict[str, Any]:
        """A JSON object that :func:`from_json` reads."""
        return {"kind": "table", "x": list(self.x), "y": list(self.y)}

    def _inside(self, x: ArrayLike) -> Array:
        points = np.asarray(x, dtype=float)
        outside = ~((points >= self.x[0]) & (points <= self.x[-1]))
        if np.any(outside):
            raise OutOfRange(
                f"{_some(points[outside])} is outside the table from {self.x[0]:g} to {self.x[-1]:g}",
                remedy="a table is not extrapolated: calibrate over the whole range of use",
            )
        return points


def from_json(data: Mapping[str, Any]) -> CalibrationFunction:
    """The function that ``to_json`` wrote.

    :raises CalibrationError: its kind is unknown or a field is missing.
    """
    try:
        if data["kind"] == "straight-line":
            return StraightLine(float(data["a"]), float(data["b"]))
        if data["kind"] == "polynomial":
            return Polynomial(tuple(data["coefficients"]))
        if data["kind"] == "table":
            return Table(tuple(data["x"]), tuple(data["y"]))
        if data["kind"] == function_cvd.KIND:
            return function_cvd.CallendarVanDusen.from_json(data)
    except KeyError as missing:
        raise CalibrationError(f"a calibration function lacks {missing}") from None
    except (TypeError, ValueError) as error:
        raise CalibrationError(f"a calibration function has no numbers where they belong ({error})") from None
    raise CalibrationError(
        f"unknown kind of calibration function {data['kind']!r}",
        remedy=f"straight-line, polynomial, table or {function_cvd.KIND}",
    )


def _horner(coefficients: tuple[float, ...] | list[float], x: Array) -> Array:
    result = np.full_like(x, coefficients[-1])
    for c in coefficients[-2::-1]:
        result *= x
        result += c
    return result


def _target(y: ArrayLike) -> Array:
    values = np.asarray(y, dtype=float)
    if not np.all(np.isfinite(values)):
        raise OutOfRange(f"no indication belongs to {_some(values[~np.isfinite(values)])}", remedy="give finite values")
    return values


def _finite(what: str, numbers: Sequence[float]) -> None:
    if not all(map(math.isfinite, numbers)):
        raise CalibrationError(f"a {what} has coefficients that are not finite")


def _some(values: ArrayLike) -> str:
    flat = np.ravel(values)
    return ", ".join(f"{v:g}" for v in flat[:3]) + (" …" if flat.size > 3 else "")
