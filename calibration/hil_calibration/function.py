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


def _real(x: ArrayLike) -> Any:
    """``x`` as an array; one float as a scalar of numpy, which costs a tenth."""
    return np.float64(x) if type(x) is float else np.asarray(x, dtype=float)


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
        line: Array = self.a + self.b * _real(x)
        return line

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
        return _horner(self.c, _real(x))

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
    """Straight lines between nodes: x strictly rising; the values y at the nodes are the first coefficients.

    ``between``, if given, holds n - 1 more: how far the curve lies off the line in the middle of each piece; within a
    piece it goes with 4 s (1 - s), s the part of the piece that is over, as a parabola does. Their estimates are zero,
    and their covariance is the uncertainty of interpolation (:func:`u_between_nodes`); without them the coefficients'
    covariance says nothing of what the curve does between the nodes.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]
    between: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        for name in ("x", "y", "between"):
            object.__setattr__(self, name, tuple(float(each) for each in getattr(self, name)))
        if len(self.x) != len(self.y) or len(self.x) < 2:
            raise CalibrationError(
                f"a table of {len(self.x)} indications and {len(self.y)} values",
                remedy="give as many of each, at least two",
            )
        if self.between and len(self.between) != len(self.x) - 1:
            raise CalibrationError(
                f"a table of {len(self.x)} nodes with {len(self.between)} pieces", remedy=f"give {len(self.x) - 1}"
            )
        _finite("table", [*self.x, *self.y, *self.between])
        if np.any(np.diff(self.x) <= 0):
            raise CalibrationError("the indications of a table do not rise", remedy="sort them, each once")

    @property
    def coefficients(self) -> Array:
        """The values at the nodes, then those of ``between``."""
        return np.array([*self.y, *self.between])

    def value(self, x: ArrayLike) -> Array:
        """Interpolation.

        :raises OutOfRange: x lies outside the nodes.
        """
        points = self._inside(x)
        value = np.asarray(np.interp(points, self.x, self.y), dtype=float)
        if not any(self.between):
            return value
        piece, part, _ = self._place(points)
        return np.asarray(value + 4.0 * part * (1.0 - part) * np.array(self.between)[piece])

    def slope(self, x: ArrayLike) -> Array:
        """The slope of the piece that x lies in; at a node that of the piece on its right."""
        piece, part, width = self._place(self._inside(x))
        slope = (np.diff(self.y) / np.diff(self.x))[piece]
        if any(self.between):
            slope = slope + 4.0 * (1.0 - 2.0 * part) * np.array(self.between)[piece] / width
        return np.asarray(slope)

    def inverse(self, y: ArrayLike) -> Array:
        """Linear interpolation the other way.

        :raises OutOfRange: the values do not rise or fall strictly, y lies outside them, or a piece is not straight.
        """
        if any(self.between):
            raise OutOfRange("a table whose pieces are not straight has no inverse here")
        steps = np.diff(self.y)
        if np.all(steps > 0):
            return Table(self.y, self.x).value(y)
        if np.all(steps < 0):
            return Table(self.y[::-1], self.x[::-1]).value(y)
        raise OutOfRange("a table whose values neither rise nor fall throughout has no inverse")

    def with_coefficients(self, coefficients: ArrayLike) -> Table:
        """The same nodes with other values, and other deviations between them where there are such."""
        given = np.asarray(coefficients, dtype=float).tolist()
        return Table(self.x, tuple(given[: len(self.x)]), tuple(given[len(self.x) :]))

    def along(self, direction: ArrayLike) -> Callable[[ArrayLike], Array]:
        """The function of x whose value is J(x) @ direction; that of a single piece is computed in this piece alone."""
        given = np.asarray(direction, dtype=float)
        touched = np.flatnonzero(given)
        if len(touched) != 1 or touched[0] < len(self.x):
            return self.with_coefficients(given).value
        piece = int(touched[0]) - len(self.x)
        return _bump(self.x[piece], self.x[piece + 1], float(given[touched[0]]))

    def to_json(self) -> dict[str, Any]:
        """A JSON object that :func:`from_json` reads."""
        more = {"between": list(self.between)} if self.between else {}
        return {"kind": "table", "x": list(self.x), "y": list(self.y), **more}

    def _place(self, points: Array) -> tuple[NDArray[np.intp], Array, Array]:
        """The piece that each point lies in, the part of it that is over, and its width."""
        nodes = np.array(self.x)
        piece = np.clip(np.searchsorted(nodes, points, side="right") - 1, 0, len(nodes) - 2)
        width = np.diff(nodes)[piece]
        return piece, (points - nodes[piece]) / width, width

    def _inside(self, x: ArrayLike) -> Array:
        points = np.asarray(x, dtype=float)
        outside = ~((points >= self.x[0]) & (points <= self.x[-1]))
        if np.any(outside):
            raise OutOfRange(
                f"{_some(points[outside])} is outside the table from {self.x[0]:g} to {self.x[-1]:g}",
                remedy="a table is not extrapolated: calibrate over the whole range of use",
            )
        return points


def _bump(low: float, high: float, height: float) -> Callable[[ArrayLike], Array]:
    """The parabola of ``height`` in the middle between ``low`` and ``high``, zero at both and outside."""
    width = high - low

    def value(x: ArrayLike) -> Array:
        if isinstance(x, float):
            s = (x - low) / width
            return np.float64(4.0 * s * (1.0 - s) * height if 0.0 < s < 1.0 else 0.0)
        part = np.clip((np.asarray(x, dtype=float) - low) / width, 0.0, 1.0)
        return np.asarray(4.0 * height * part * (1.0 - part))

    return value


def u_between_nodes(x: ArrayLike, y: ArrayLike) -> Array:
    """The standard uncertainty of a straight line in the middle of each of the n - 1 pieces between n nodes.

    The second divided differences give the curvature at each inner node; a piece takes the larger one of its ends, c,
    and c h² / 8 is the error of a chord in the middle of a piece of width h. The scatter of the nodes is in it, which
    makes it larger. What happens between nodes and leaves no trace in them is not.

    :param x: the nodes, shape (n,), rising, n >= 3; ``y``, the values there, shape (n,).
    :raises CalibrationError: fewer nodes, which show no curvature, or nodes that make no table.
    """
    table = Table(tuple(np.asarray(x, dtype=float)), tuple(np.asarray(y, dtype=float)))
    if len(table.x) < 3:
        raise CalibrationError("two nodes show no curvature", remedy="give three or more, or state the uncertainty")
    width = np.diff(table.x)
    with np.errstate(all="ignore"):
        curvature = np.abs(2.0 * np.diff(np.diff(table.y) / width) / (width[1:] + width[:-1]))
        inner = np.concatenate([[0.0], curvature, [0.0]])
        u = np.maximum(inner[1:], inner[:-1]) * np.square(width) / 8.0
    if not np.all(np.isfinite(u)):
        raise CalibrationError("a table of numbers too large to compute with", remedy="take a larger unit")
    return np.where(u > 1e-13 * np.abs(table.y).max(), u, 0.0)


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
            return Table(tuple(data["x"]), tuple(data["y"]), tuple(data.get("between", ())))
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
