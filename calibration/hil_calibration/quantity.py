"""Uncertain numbers with a unit: results and their budgets (GUM 5, G.4); for readings see ``stream``."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from . import unit as units
from .budget import BudgetLine
from .errors import CalibrationError, UnitError, UnknownUncertainty


@dataclass(frozen=True)
class Expanded:
    """An expanded uncertainty ``U = k u``, its coverage probability, and the effective degrees of freedom."""

    U: float
    k: float
    coverage: float
    dof: float


class Quantity:
    """A value with its uncertainty, unit, and the memory of every input it came from, to first order (GTC).

    ``+`` and ``-`` refuse units that differ; ``*``, ``/`` and ``**`` combine them. Plain numbers have the
    unit one. In ``Cel``, a difference is in ``K``, a sum needs a term in ``K``, and products are refused.
    Never pickle one: its correlations would be lost.
    """

    __slots__ = ("_inputs", "_number", "_unit")

    def __init__(self, number: Any, unit: str, inputs: Mapping[Any, Any]) -> None:
        """From a GTC number; users call :meth:`of` or :meth:`correlated`."""
        self._number, self._unit, self._inputs = number, unit, inputs

    @classmethod
    def of(cls, value: float, u: float, unit: str, dof: float = math.inf, label: str = "") -> Quantity:
        """An independent input.

        :param u: standard uncertainty in ``unit``, >= 0.
        :param dof: degrees of freedom, >= 1.
        :param label: its name in budgets.
        :raises UnknownUncertainty: ``u`` or ``value`` is not finite, ``u`` is negative, or ``dof`` below 1.
        :raises UnitError: the unit is unknown.
        """
        units.check(unit)
        if not (math.isfinite(value) and 0 <= u < math.inf and dof >= 1):
            raise UnknownUncertainty(
                f"value {value}, u {u}, dof {dof}",
                where=label,
                remedy="give finite numbers, u >= 0 and dof >= 1",
            )
        number = _gtc().ureal(float(value), float(u), float(dof), label=label or None)
        return cls(number, unit, {number.uid: number} if u > 0 else {})

    @classmethod
    def correlated(
        cls, values: ArrayLike, covariance: ArrayLike, unit: str | Sequence[str], labels: Sequence[str] = ()
    ) -> list[Quantity]:
        """Inputs with a covariance, of infinite degrees of freedom.

        :param values: shape (n,).
        :param covariance: shape (n, n), symmetric, positive semi-definite.
        :param unit: of all, or one for each.
        :param labels: n names, or none.
        :raises CalibrationError: the shapes do not fit or the covariance is none.
        """
        from .calibration import covariance_factor

        x, matrix = np.asarray(values, dtype=float), np.asarray(covariance, dtype=float)
        covariance_factor(matrix)
        names = [unit] * len(x) if isinstance(unit, str) else list(unit)
        titles = list(labels) or [f"input {i + 1}" for i in range(len(x))]
        if not len(x) == len(matrix) == len(names) == len(titles) or not np.all(np.isfinite(x)):
            raise CalibrationError(
                f"{len(x)} values for {len(matrix)} variances, {len(names)} units, {len(titles)} labels"
            )
        u = np.sqrt(matrix.diagonal())
        numbers = [
            _gtc().ureal(float(v), float(s), label=title, independent=False)
            for v, s, title in zip(x, u, titles, strict=True)
        ]
        for i, j in zip(*np.nonzero(np.triu(matrix, 1)), strict=True):
            _gtc().set_correlation(float(np.clip(matrix[i, j] / u[i] / u[j], -1, 1)), numbers[i], numbers[j])
        return [
            cls(number, units.check(name), {number.uid: number} if s > 0 else {})
            for number, name, s in zip(numbers, names, u, strict=True)
        ]

    @property
    def value(self) -> float:
        """The estimate, in ``unit``."""
        return float(self._number.x)

    @property
    def u(self) -> float:
        """Combined standard uncertainty, in ``unit``."""
        return float(self._number.u)

    @property
    def dof(self) -> float:
        """Effective degrees of freedom (Welch-Satterthwaite, GUM G.4.1); infinite if ``u`` is zero."""
        return float(self._number.df) if self.u > 0 else math.inf

    @property
    def unit(self) -> str:
        """UCUM unit."""
        return self._unit

    @property
    def number(self) -> Any:
        """The GTC number, for functions that this class does not have."""
        return self._number

    @property
    def inputs(self) -> Mapping[Any, Any]:
        """The inputs that it came from: identity -> GTC number."""
        return self._inputs

    def to(self, unit: str) -> Quantity:
        """The same quantity in another unit.

        :raises UnitError: the dimensions differ.
        """
        scale = units.factor(self._unit, unit)
        offset = units.convert(0.0, self._unit, unit)
        return Quantity(self._number * scale + offset, unit, self._inputs)

    def expanded(self, coverage: float = 0.95) -> Expanded:
        """Expanded uncertainty of a two-sided interval.

        ``k`` is Student's t for the effective degrees of freedom, truncated to an integer where above 1 (GUM
        G.6.4).

        :param coverage: probability, 0 to 1, both excluded.
        """
        from scipy.special import ndtri, stdtrit

        if not 0 < coverage < 1:
            raise CalibrationError(f"coverage probability {coverage}", remedy="give a number between 0 and 1")
        tail, dof = 0.5 + coverage / 2, self.dof
        if not dof > 0:
            raise UnknownUncertainty("the effective degrees of freedom are not known")
        whole = math.floor(dof) if 1 <= dof < math.inf else dof
        k = float(ndtri(tail) if whole == math.inf else stdtrit(whole, tail))
        return Expanded(k * self.u, k, coverage, dof)

    def budget(self) -> list[BudgetLine]:
        """One line per input, largest contribution first; see :class:`~hil_calibration.budget.BudgetLine`."""
        inputs = list(self._inputs.values())
        parts = [float(_gtc().rp.u_component(self._number, x)) for x in inputs]
        related = [(x, part) for x, part in zip(inputs, parts, strict=True) if not _independent(x)]
        variance = self.u**2
        lines = []
        for i, (x, part) in enumerate(zip(inputs, parts, strict=True)):
            shared = part * part
            if not _independent(x):
                shared = sum(part * other * _r(x, y) for y, other in related)
            lines.append(
                BudgetLine(
                    name=x.label or f"input {i + 1}",
                    value=float(x.x),
                    u=float(x.u),
                    dof=float(x.df),
                    distribution="t" if math.isfinite(x.df) else "normal",
                    sensitivity=part / float(x.u),
                    contribution=part,
                    percent=100 * shared / variance if variance else 0.0,
                )
            )
        return sorted(lines, key=lambda line: -abs(line.contribution))

    def __add__(self, other: Quantity | float) -> Quantity:
        right = _quantity(other)
        return self._with(self._number + right._number, _sum_unit(self._unit, right._unit), right)

    def __radd__(self, other: float) -> Quantity:
        return _quantity(other) + self

    def __sub__(self, other: Quantity | float) -> Quantity:
        right = _quantity(other)
        return self._with(self._number - right._number, _difference_unit(self._unit, right._unit), right)

    def __rsub__(self, other: float) -> Quantity:
        return _quantity(other) - self

    def __mul__(self, other: Quantity | float) -> Quantity:
        right = _quantity(other)
        return self._with(self._number * right._number, units.product(self._unit, right._unit), right)

    def __rmul__(self, other: float) -> Quantity:
        return _quantity(other) * self

    def __truediv__(self, other: Quantity | float) -> Quantity:
        right = _quantity(other)
        unit = units.product(self._unit, units.power(right._unit, -1))
        if right.value == 0:
            raise CalibrationError("division by a quantity of value zero")
        return self._with(self._number / right._number, unit, right)

    def __rtruediv__(self, other: float) -> Quantity:
        return _quantity(other) / self

    def __neg__(self) -> Quantity:
        return -1.0 * self

    def __pow__(self, exponent: float) -> Quantity:
        if not math.isfinite(exponent):
            raise CalibrationError(f"{self.value} to the power {exponent}", remedy="give a finite exponent")
        whole = int(exponent)
        if whole != exponent and not units.same(self._unit, "1"):
            raise UnitError(f"{self._unit!r} to the power {exponent}", remedy="give an integer exponent")
        unit = units.power(self._unit, whole) if whole == exponent else "1"
        if self.value <= 0 and (whole != exponent or (exponent < 0 and self.value == 0)):
            raise CalibrationError(f"{self.value} to the power {exponent}")
        try:
            number = self._number**exponent
        except OverflowError:
            raise CalibrationError(f"{self.value} to the power {exponent}", remedy=_TOO_LARGE) from None
        return Quantity(_finite(number), unit, self._inputs)

    def __repr__(self) -> str:
        return f"Quantity({self.value:.8g}, u={self.u:.3g}, {self._unit!r}, dof={self.dof:.4g})"

    def __reduce__(self) -> Any:
        raise CalibrationError("a pickled quantity loses its correlations", remedy="archive it as GTC JSON")

    def _with(self, number: Any, unit: str, other: Quantity) -> Quantity:
        return Quantity(_finite(number), unit, {**self._inputs, **other._inputs})


def from_contributions(
    rows: Sequence[tuple[float, float, str]],
    shared: ArrayLike,
    effects: Sequence[str],
    dof: Sequence[float],
) -> list[Quantity]:
    """Quantities from (value, independent u, unit) and their contributions of m shared effects, shape (n, m)."""
    columns = [_gtc().ureal(0.0, 1.0, d, label=name) for name, d in zip(effects, dof, strict=True)]
    result = []
    for (value, u, unit), row in zip(rows, np.asarray(shared, dtype=float), strict=True):
        number = _gtc().ureal(float(value), float(u), label="independent part")
        inputs = {number.uid: number} if u > 0 else {}
        for weight, effect in zip(row.tolist(), columns, strict=True):
            if weight:
                number = number + weight * effect
                inputs[effect.uid] = effect
        result.append(Quantity(number, unit, inputs))
    return result


def _quantity(operand: Quantity | float) -> Quantity:
    return operand if isinstance(operand, Quantity) else Quantity.of(float(operand), 0.0, "1")


_TOO_LARGE = "state it in a larger unit"


def _finite(number: Any) -> Any:
    """The GTC number, if its value is finite; its uncertainty costs too much to be looked at in each step."""
    if not math.isfinite(number.x):
        raise CalibrationError("a result that is too large for a number", remedy=_TOO_LARGE)
    return number


def _independent(x: Any) -> bool:
    """Whether GTC has this input as one that cannot be correlated: a budget of a thousand has a million pairs."""
    return bool(getattr(getattr(x, "_node", None), "independent", False))


def _r(x: Any, y: Any) -> float:
    return 1.0 if x is y else float(_gtc().get_correlation(x, y))


def _gtc() -> Any:
    import GTC

    return GTC


def _sum_unit(a: str, b: str) -> str:
    if "Cel" in (a, b):
        if units.same(units.difference(a), units.difference(b)) and a != b:
            return "Cel"
        raise UnitError(f"{a!r} + {b!r}", remedy="a temperature in Cel takes a difference in K")
    return _same_unit(a, b, "+")


def _difference_unit(a: str, b: str) -> str:
    if a == b == "Cel":
        return "K"
    if a == "Cel" and units.same(b, "K"):
        return "Cel"
    return _same_unit(a, b, "-")


def _same_unit(a: str, b: str, sign: str) -> str:
    if not units.same(a, b):
        raise UnitError(f"{a!r} {sign} {b!r}", remedy="convert one of them with .to(unit)")
    return a
