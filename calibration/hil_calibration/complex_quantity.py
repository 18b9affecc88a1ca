"""Complex quantities, such as impedances: two components with their covariance (JCGM 102)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import unit as units
from .errors import CalibrationError, UnitError, UnknownUncertainty
from .quantity import Quantity

Array = NDArray[np.float64]


class ComplexQuantity:
    """A complex value with the covariance of its real and imaginary parts, to first order (GTC).

    ``+`` and ``-`` refuse units that differ; ``*`` and ``/`` combine them. Effective degrees of freedom are those of
    Willink and Hall (Metrologia 39, 2002, 361).
    """

    __slots__ = ("_inputs", "_number", "_unit")

    def __init__(self, number: Any, unit: str, inputs: Mapping[Any, Any]) -> None:
        """From a GTC number; users call :meth:`of`."""
        self._number, self._unit, self._inputs = number, unit, inputs

    @classmethod
    def of(
        cls, value: complex, covariance: ArrayLike, unit: str, dof: float = math.inf, label: str = ""
    ) -> ComplexQuantity:
        """An independent complex input.

        :param covariance: of (real, imaginary), shape (2, 2), in ``unit`` squared.
        :param dof: degrees of freedom, >= 1.
        :raises UnknownUncertainty: a value that is not finite, or dof below 1.
        :raises CalibrationError: a matrix that is no covariance.
        """
        import GTC

        from .calibration import covariance_factor

        units.check(unit)
        matrix = np.asarray(covariance, dtype=float)
        if not (math.isfinite(value.real) and math.isfinite(value.imag) and dof >= 1):
            raise UnknownUncertainty(
                f"value {value}, dof {dof}", where=label, remedy="give finite numbers and dof >= 1"
            )
        if matrix.shape != (2, 2):
            raise CalibrationError(f"a covariance of shape {matrix.shape}", where=label, remedy="give (2, 2)")
        covariance_factor(matrix)
        parts = tuple(matrix.ravel().tolist())
        number = GTC.ucomplex(complex(value), parts, float(dof), label=label or None)
        return cls(number, unit, {part.uid: part for part in (number.real, number.imag) if part.u > 0})

    @property
    def value(self) -> complex:
        return complex(self._number.x)

    @property
    def covariance(self) -> Array:
        """Of (real, imaginary), shape (2, 2)."""
        v = self._number.v
        return np.array([[v.rr, v.ri], [v.ir, v.ii]])

    @property
    def dof(self) -> float:
        """Effective degrees of freedom; infinite without uncertainty."""
        return float(self._number.df) if self.covariance.any() else math.inf

    @property
    def unit(self) -> str:
        """UCUM unit of both parts."""
        return self._unit

    @property
    def real(self) -> Quantity:
        return Quantity(self._number.real, self._unit, self._inputs)

    @property
    def imaginary(self) -> Quantity:
        return Quantity(self._number.imag, self._unit, self._inputs)

    def magnitude(self) -> Quantity:
        """The modulus.

        :raises CalibrationError: of zero, where it has no derivative: use Monte Carlo.
        """
        import GTC

        self._require_off_zero("magnitude")
        return Quantity(GTC.magnitude(self._number), self._unit, self._inputs)

    def phase(self) -> Quantity:
        """The argument in rad, between -pi and pi.

        :raises CalibrationError: of zero.
        """
        import GTC

        self._require_off_zero("phase")
        return Quantity(GTC.phase(self._number), "rad", self._inputs)

    def coverage_region(self, coverage: float = 0.95) -> float:
        """k of the elliptical coverage region: (z - value)^T V^-1 (z - value) <= k^2 (JCGM 102, 6.5.2)."""
        from scipy.special import chdtri, fdtri

        if not 0 < coverage < 1:
            raise CalibrationError(f"coverage probability {coverage}", remedy="give a number between 0 and 1")
        if math.isinf(self.dof):
            return math.sqrt(float(chdtri(2, 1 - coverage)))
        if self.dof <= 1:
            raise UnknownUncertainty(f"a region with {self.dof:g} degrees of freedom", remedy="repeat more often")
        return math.sqrt(2 * self.dof / (self.dof - 1) * float(fdtri(2, self.dof - 1, coverage)))

    def __add__(self, other: ComplexQuantity) -> ComplexQuantity:
        return self._joined(self._number + other._number, self._same_unit(other), other)

    def __sub__(self, other: ComplexQuantity) -> ComplexQuantity:
        return self._joined(self._number - other._number, self._same_unit(other), other)

    def __mul__(self, other: ComplexQuantity) -> ComplexQuantity:
        return self._joined(self._number * other._number, units.product(self._unit, other._unit), other)

    def __truediv__(self, other: ComplexQuantity) -> ComplexQuantity:
        if other.value == 0:
            raise CalibrationError("division by a quantity of value zero")
        unit = units.product(self._unit, units.power(other._unit, -1))
        return self._joined(self._number / other._number, unit, other)

    def __reduce__(self) -> Any:
        raise CalibrationError("a pickled quantity loses its correlations", remedy="archive its parts")

    def _joined(self, number: Any, unit: str, other: ComplexQuantity) -> ComplexQuantity:
        return ComplexQuantity(number, unit, {**self._inputs, **other._inputs})

    def _same_unit(self, other: ComplexQuantity) -> str:
        if not units.same(self._unit, other._unit):
            raise UnitError(f"{self._unit!r} and {other._unit!r} in a sum", remedy="state both in one unit")
        return self._unit

    def _require_off_zero(self, what: str) -> None:
        if self.value == 0:
            raise CalibrationError(f"the {what} of zero has no first-order uncertainty", remedy="use Monte Carlo")
