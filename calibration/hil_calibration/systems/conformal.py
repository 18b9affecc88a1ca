"""Split conformal intervals of a system that returns a quantity, and their coverage inside and outside its domain.

The half-width covers new values like those of the calibration set with a stated probability; it is no standard
uncertainty, holds for no single value, and says nothing outside the domain it was made in. It is never turned into a u.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..checks import Flags, flags, numbers, probability
from ..errors import CalibrationError
from ..performance import proportion_interval


@dataclass(frozen=True)
class Conformal:
    """``half_width`` of the interval about a prediction: the ``k``-th smallest of n residuals; infinite if k > n."""

    half_width: float
    coverage: float
    k: int
    n: int

    def interval(self, prediction: float) -> tuple[float, float]:
        """prediction ± half_width."""
        return prediction - self.half_width, prediction + self.half_width


def split_conformal(residuals: ArrayLike, coverage: float = 0.9) -> Conformal:
    """The half-width from residuals of a calibration set that the system has not seen.

    :param residuals: reference minus prediction, shape (n,).
    :param coverage: between 0 and 1, both excluded.
    :raises CalibrationError: no residual, one that is not finite, or another coverage.
    """
    r = abs(numbers("residuals", residuals))
    r.sort()
    k = math.ceil(round((len(r) + 1) * probability("coverage", coverage), 9))
    return Conformal(float(r[k - 1]) if k <= len(r) else math.inf, coverage, k, len(r))


def fewest_values(coverage: float) -> int:
    """Residuals of which `split_conformal` makes a finite half-width, at the least.

    :raises CalibrationError: a coverage that is not between 0 and 1.
    """
    return math.ceil(round(probability("coverage", coverage) / (1.0 - coverage), 9))


@dataclass(frozen=True)
class Coverage:
    """The observed share of references inside their intervals, with a Clopper-Pearson interval (95 %)."""

    share: float
    low: float
    high: float
    inside: int
    n: int


@dataclass(frozen=True)
class CoverageByDomain:
    """Coverage ``within`` the operating domain and ``outside`` it; ``None`` where there were no trials."""

    within: Coverage | None
    outside: Coverage | None


def coverage_by_domain(residuals: ArrayLike, half_widths: ArrayLike, in_domain: ArrayLike) -> CoverageByDomain:
    """How often the intervals held, inside and outside the operating domain.

    :param residuals: reference minus prediction, shape (n,).
    :param half_widths: shape (n,), 0 or more.
    :param in_domain: whether the system's input lay in its domain, shape (n,).
    :raises CalibrationError: arrays that do not fit.
    """
    r = numbers("residuals", residuals)
    widths = numbers("half_widths", half_widths, size=len(r))
    if np.any(widths < 0):
        raise CalibrationError("a negative half-width", remedy="give 0 or more")
    held = abs(r) <= widths
    domain = flags("in_domain", in_domain, size=len(r))

    def of(mine: Flags) -> Coverage | None:
        chosen = held[mine]
        if not len(chosen):
            return None
        inside = int(chosen.sum())
        low, high = proportion_interval(inside, len(chosen))
        return Coverage(inside / len(chosen), low, high, inside, len(chosen))

    return CoverageByDomain(of(domain), of(~domain))
