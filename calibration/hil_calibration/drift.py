"""Drift over past certificates: the predicted correction at a date with its uncertainty, and a recalibration interval.

The corrections of an instrument at one point of its range, certificate after certificate, are modelled as a straight
line in time plus an independent step from calibration to calibration that the line does not explain. The steps'
variance is estimated from the misfit (Mandel and Paule), so that a restless instrument gets a wide prediction.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from .calibration import CalibrationRecord
from .errors import CalibrationError, FitError, NotApplicable, UnknownUncertainty
from .regression import Line, straight_line
from .stream import evaluate

Array = NDArray[np.float64]

DAYS = 365.25
"""Days in a year, the unit of time here."""

_CENTURY = 36525


@dataclass(frozen=True)
class PastCalibration:
    """One certificate: the date, the correction at the point considered, and its standard uncertainty."""

    date: date
    correction: float
    u: float


def past_calibrations(records: Sequence[CalibrationRecord], indication: float) -> tuple[PastCalibration, ...]:
    """The history of one instrument at one indication, from its calibration records: value minus indication.

    Where the indication is in another unit than the value, it is the value itself. Effects per kelvin are left out:
    they are no statement of a certificate on the day of the calibration.

    :param indication: in the unit of the records' indication.
    :raises NotApplicable: records of different instruments, quantities or units.
    :raises OutOfRange: a record does not cover the indication.
    """
    kinds = {(each.instrument, each.quantity, each.unit, each.indication_unit) for each in records}
    if len(kinds) > 1:
        raise NotApplicable(
            "the records are not of one instrument and quantity", remedy="give those of one, in one unit"
        )
    found = []
    for record in records:
        kept = tuple(effect for effect in record.effects if effect.kind != "relative-per-kelvin")
        measured = evaluate(replace(record, effects=kept), indication)
        offset = indication if record.indication_unit == record.unit else 0.0
        found.append(PastCalibration(record.date, float(measured.value[0]) - offset, float(measured.u[0])))
    return tuple(found)


@dataclass(frozen=True)
class Prediction:
    """A correction at a date: ``u`` joins the line's, that of a further step, and is never below ``u_last``, the
    uncertainty of the latest certificate."""

    date: date
    correction: float
    u: float
    u_last: float
    slope_per_year: float
    step: float


@dataclass(frozen=True)
class DriftModel:
    """A line through the history: correction against years since the first certificate; ``step`` is the standard
    deviation of the steps, 0 where the certificates' own uncertainties explain the misfit."""

    history: tuple[PastCalibration, ...]
    line: Line
    step: float

    def at(self, when: date) -> Prediction:
        """The prediction at ``when``.

        :raises CalibrationError: a date before the latest certificate.
        """
        last = self.history[-1]
        if when < last.date:
            raise CalibrationError(
                f"a prediction for {when}, before the certificate of {last.date}", remedy="look ahead"
            )
        found = self.line.value_at(_years(self.history[0].date, when))
        u = max(math.hypot(found.u, self.step), last.u)
        return Prediction(when, found.value, u, last.u, self.line.b, self.step)


def drift_model(history: Sequence[PastCalibration]) -> DriftModel:
    """Model a history of three certificates or more, on different dates.

    :raises FitError: fewer certificates.
    :raises UnknownUncertainty: one without an uncertainty above 0.
    """
    ordered = tuple(sorted(history, key=lambda each: each.date))
    if len({each.date for each in ordered}) < 3:
        raise FitError(f"{len(ordered)} certificates tell no drift", remedy="give three or more, on different dates")
    for each in ordered:
        if not (math.isfinite(each.correction) and 0 < each.u < math.inf):
            raise UnknownUncertainty(f"the correction {each.correction} with u {each.u}", where=str(each.date))
    t = np.array([_years(ordered[0].date, each.date) for each in ordered])
    y, u = np.array([each.correction for each in ordered]), np.array([each.u for each in ordered])
    step = _step(t, y, u)
    return DriftModel(ordered, straight_line(t, y, u_y=np.hypot(u, step)), step)


def recalibration_due(model: DriftModel, limit: float, *, k: float = 2.0, longest: int = 3650) -> date:
    """The last day on which |predicted correction - latest correction| + k u stays within ``limit``.

    :param limit: largest acceptable, in the unit of the correction, above 0.
    :param k: coverage factor, above 0.
    :param longest: days after the latest certificate beyond which no date is given, 0 to 36525.
    :raises CalibrationError: the limit does not hold even on the day of the latest certificate.
    """
    if not 0 < k < math.inf:
        raise CalibrationError(f"k = {k}", remedy="give a finite coverage factor above 0")
    if not 0 <= longest <= _CENTURY:
        raise CalibrationError(f"longest = {longest} days", remedy=f"give 0 to {_CENTURY}")
    if not 0 < limit < math.inf:
        raise CalibrationError(f"limit {limit}", remedy="give a finite number above 0")
    last = model.history[-1]

    def holds(days: int) -> bool:
        found = model.at(last.date + timedelta(days=days))
        return abs(found.correction - last.correction) + k * found.u <= limit

    if not holds(0):
        raise CalibrationError(
            f"the limit {limit:g} does not hold on the day of the latest certificate",
            remedy="calibrate better, or widen it",
        )
    low, high = 0, longest
    if holds(high):
        return last.date + timedelta(days=high)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return last.date + timedelta(days=low)


def _step(t: Array, y: Array, u: Array) -> float:
    """The standard deviation of steps that brings chi2 down to its degrees of freedom; 0 where it is there already."""
    from scipy.optimize import brentq

    def excess(step: float) -> float:
        line = straight_line(t, y, u_y=np.hypot(u, step))
        return line.chi2 - line.dof

    if excess(0.0) <= 0:
        return 0.0
    widest = float(np.ptp(y)) + float(u.max())
    return float(brentq(excess, 0.0, 10 * widest, xtol=1e-12 * widest))


def _years(start: date, when: date) -> float:
    return (when - start).days / DAYS
