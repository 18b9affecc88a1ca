"""Adjustment of an instrument by two points, and hysteresis: what was found, what was set, what is left.

An adjustment (VIM 3.11) changes the instrument; it is no calibration, and retires the calibration made before it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import CalibrationError, FitError, UnknownUncertainty
from .function import StraightLine
from .regression.points import number, numbers, representable, standard

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TwoPointAdjustment:
    """Corrected indication = offset + gain x indication, through two reference points.

    ``covariance`` is that of (offset, gain), shape (2, 2), from the uncertainties of references and indications.
    """

    offset: float
    gain: float
    covariance: Array

    @property
    def function(self) -> StraightLine:
        """The adjustment as a function of the indication."""
        return StraightLine(self.offset, self.gain)

    def value_at(self, indication: float, u: float = 0.0) -> tuple[float, float]:
        """The adjusted indication and its standard uncertainty, that of the indication ``u`` included.

        :raises FitError: an indication that is not a finite number.
        :raises UnknownUncertainty: ``u`` is negative, or not a finite number.
        """
        row = np.array([1.0, number("indication", indication)])
        return self.offset + self.gain * indication, math.sqrt(
            float(row @ self.covariance @ row) + (self.gain * standard("u", u)) ** 2
        )


def two_point_adjustment(
    indications: tuple[float, float],
    references: tuple[float, float],
    *,
    u_indications: tuple[float, float] = (0.0, 0.0),
    u_references: tuple[float, float],
    r_references: float = 0.0,
) -> TwoPointAdjustment:
    """The offset and gain that bring two indications onto their references.

    :param u_references: standard uncertainties of the references.
    :param r_references: their correlation; 1 for two values of one standard whose error is common.
    :raises FitError: equal indications, equal references, or not two finite numbers of each.
    :raises UnknownUncertainty: an uncertainty that is not a finite number of 0 or more.
    """
    x1, x2 = _pair("indications", indications)
    y1, y2 = _pair("references", references)
    if x1 == x2 or y1 == y2:
        raise FitError(f"indications {x1:g} and {x2:g} of {y1:g} and {y2:g}", remedy="adjust at two different points")
    u = np.array([standard("u_references", each) for each in _pair("u_references", u_references)])
    u_x = np.array([standard("u_indications", each) for each in _pair("u_indications", u_indications)])
    if not -1 <= r_references <= 1:
        raise UnknownUncertainty(f"r_references = {r_references}", remedy="give a correlation coefficient, -1 to 1")
    with representable():
        gain = (y2 - y1) / (x2 - x1)
        inverse = np.linalg.inv(np.array([[1.0, x1], [1.0, x2]]))
        values = np.outer(u, u) * np.array([[1.0, r_references], [r_references, 1.0]])
        values += np.diag(np.square(gain * u_x))
        return TwoPointAdjustment(y1 - gain * x1, gain, np.asarray(inverse @ values @ inverse.T, dtype=float))


def _pair(name: str, values: tuple[float, float]) -> tuple[float, float]:
    found = numbers(name, values)
    if found.shape != (2,):
        raise FitError(f"{name} of shape {found.shape}", remedy="give two, one for each point")
    if name.startswith("u_"):
        return float(found[0]), float(found[1])
    return number(name, found[0]), number(name, found[1])


@dataclass(frozen=True)
class FoundAndLeft:
    """The errors of an instrument before and after an adjustment, at the same references: ``error`` minus reference."""

    references: tuple[float, ...]
    as_found: tuple[float, ...]
    as_left: tuple[float, ...]

    @property
    def largest(self) -> tuple[float, float]:
        """The largest absolute error as found, and as left."""
        return max(map(abs, self.as_found)), max(map(abs, self.as_left))


def found_and_left(references: ArrayLike, found: ArrayLike, left: ArrayLike) -> FoundAndLeft:
    """Compare indications as found and as left with their references, shape (n,) each.

    :raises CalibrationError: arrays of unequal size, or numbers that are not finite.
    """
    named = {"references": references, "found": found, "left": left}
    arrays = [numbers(name, each) for name, each in named.items()]
    if len({each.shape for each in arrays}) != 1 or arrays[0].ndim != 1 or not len(arrays[0]):
        raise CalibrationError("as found and as left at different points", remedy="give one of each for each reference")
    if not all(np.all(np.isfinite(each)) for each in arrays):
        raise CalibrationError("an indication that is not finite", remedy="leave its point out")
    ref, before, after = arrays
    return FoundAndLeft(tuple(ref.tolist()), tuple((before - ref).tolist()), tuple((after - ref).tolist()))


@dataclass(frozen=True)
class Hysteresis:
    """Differences falling minus rising at the same values; ``largest`` in absolute value, ``u`` of a rectangle.

    The mean of both directions is what a calibration states; where an instrument is used in either direction, ``u``
    belongs into its budget.
    """

    differences: tuple[float, ...]

    @property
    def largest(self) -> float:
        return max(map(abs, self.differences))

    @property
    def u(self) -> float:
        """Half the largest difference as the half-width of a rectangle: largest / (2 sqrt(3))."""
        return self.largest / (2 * math.sqrt(3.0))


def hysteresis(rising: ArrayLike, falling: ArrayLike) -> Hysteresis:
    """Compare errors at the same values of the quantity, taken rising and falling, shape (n,) each.

    :raises CalibrationError: arrays of unequal size, none, or numbers that are not finite.
    """
    up, down = numbers("rising", rising), numbers("falling", falling)
    if up.ndim != 1 or up.shape != down.shape or not len(up):
        raise CalibrationError(f"{up.shape} rising and {down.shape} falling", remedy="give one of each at every value")
    if not np.all(np.isfinite(up) & np.isfinite(down)):
        raise CalibrationError("an error, rising or falling, that is not finite", remedy="leave its point out")
    return Hysteresis(tuple((down - up).tolist()))
