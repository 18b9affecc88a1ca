"""What an index is uncertain by: the trials that were drawn, and influences that are not where they were commanded.

An influence that is off by an error of its own at each trial makes the response scatter about what it would be at the
commanded value. With a rectangular error of half-width a in a range of width w, that scatter is (2 a / w)² times the
variance that the influence makes, its total index S_T times that of the response. All influences together add a share f
to the variance: a first-order index S then comes out near S / (1 + f), a total one near (S_T + f) / (1 + f), a
coefficient of ranks near c / sqrt(1 + f).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import NormalDist
from typing import Any

from hil.design import Range
from hil.outcome import BudgetTable
from hil_calibration.systems.rank_regression import RankRegression
from hil_calibration.systems.sensitivity import SobolIndices

from ..budget import Budget, Part, budget_table
from .parameters import Screening

SAMPLING = "sampling of trials (from the width of the bootstrap interval)"
COMMANDED = "commanded values of the influences"


def tables(found: SobolIndices | RankRegression, p: Screening) -> tuple[BudgetTable, ...]:
    """A budget of each influence's index: the total one, or the coefficient."""
    unknown = _unknown(p)
    what = "Total index of" if isinstance(found, SobolIndices) else "Coefficient of"
    told = []
    for name, budget in budgets(found, p).items():
        *known, total = budget_table("", "1", budget).rows
        lines = [(f"{COMMANDED}: not stated for {', '.join(unknown)}", "unknown", "–")] if unknown else []
        left_out = ", commanded values left out" if unknown else ""
        told.append(BudgetTable(f"{what} {name}", "1", (*known, *lines, (f"{total[0]}{left_out}", *total[1:]))))
    return tuple(told)


def to_json(found: SobolIndices | RankRegression, p: Screening) -> dict[str, Any]:
    """The budgets by influence, and what is known of the commanded values."""
    return {
        "indices": {name: budget.to_json() for name, budget in budgets(found, p).items()},
        "set_within": tolerances(p),
        "share_of_variance_by_commanded_values": None if _unknown(p) else added_variance(found, p),
    }


def budgets(found: SobolIndices | RankRegression, p: Screening) -> Mapping[str, Budget]:
    """By influence; without a line for the commanded values where one of their tolerances is not known."""
    z = NormalDist().inv_cdf((1.0 + p.confidence) / 2.0)
    f = 0.0 if _unknown(p) else added_variance(found, p)
    told = {}
    for place, name in enumerate(found.factors):
        if isinstance(found, SobolIndices):
            (low, high), shift = found.total_interval[place], f * abs(1.0 - float(found.total[place])) / (1.0 + f)
        else:
            low, high = found.intervals[place]
            shift = abs(float(found.coefficients[place])) * (1.0 - 1.0 / math.sqrt(1.0 + f))
        sampling = Part(SAMPLING, float(high - low) / (2.0 * z))
        told[name] = Budget((sampling, Part(COMMANDED, shift / math.sqrt(3.0), distribution="rectangular")))
    return told


def added_variance(found: SobolIndices | RankRegression, p: Screening) -> float:
    """The share of the response's variance that errors of the commanded values add, as far as they are known."""
    known = tolerances(p)
    share = found.total if isinstance(found, SobolIndices) else found.coefficients**2
    parts = [
        max(0.0, float(share[place])) * (2.0 * relative_tolerance(one, known[one.name])) ** 2
        for place, one in enumerate(p.ranges())
        if one.name in known
    ]
    return math.fsum(parts)


def relative_tolerance(one: Range, half_width: float) -> float:
    """A half-width as a fraction of the range; of a logarithmic one at its geometric mean."""
    low, high = float(one.low), float(one.high)
    if one.scale == "log":
        return half_width / math.sqrt(low * high) / math.log(high / low)
    return half_width / (high - low)


def tolerances(p: Screening) -> dict[str, float]:
    """By influence, how far it may be from what was commanded, in its unit: as stated; 0 for arguments of a model."""
    return {one.name: 0.0 for one in p.ranges() if p.virtual} | p.tolerances()


def _unknown(p: Screening) -> tuple[str, ...]:
    known = tolerances(p)
    return tuple(one.name for one in p.ranges() if one.name not in known)
