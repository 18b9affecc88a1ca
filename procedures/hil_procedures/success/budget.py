"""What a share of successes is uncertain by, and which of it the bounds hold."""

from __future__ import annotations

import math
from typing import Any

from hil_calibration.rounding import report

from ..budget import Budget, Part, budget_table
from .tally import Tally

ILLUMINANCE = "illuminance at the sign"
BUDGET_LIMITATIONS = (
    "Of the budget, the bounds of the success probability hold the sampling of trials, and that exactly, not by its "
    "standard deviation. They do not hold the illuminance: how the share changes with it is unknown to this procedure, "
    "so that no number stands in the budget for it. detection-vs-illuminance measures that slope; times the "
    "illuminance's u it is what is missing here.",
    "No blank is shown: false calls are not counted, and none enter the share. A sign that is guessed counts as read.",
)


def budget_of(tally: Tally) -> Budget:
    """The sampling of the trials: the standard deviation of the beta distribution of Jeffreys, which is not 0 where all
    trials succeeded, as that of the share read would be.
    """
    a, b = tally.successes + 0.5, tally.failures + 0.5
    s = math.sqrt(a * b / (a + b + 1.0)) / (a + b)
    return Budget((Part(f"sampling of {tally.n} trials (standard deviation of the beta distribution)", s),))


def rows(tally: Tally) -> tuple[tuple[str, str, str], ...]:
    """The budget of the share as it is printed."""
    *known, total = budget_table("", "1", budget_of(tally)).rows
    value, u = _illuminance(tally)
    printed = report(value, u)
    told = f"{ILLUMINANCE}, u = {printed.U} lx at {printed.value} lx: sensitivity unknown, in no bound"
    return (*known, (told, "unknown", "–"), (f"{total[0]}, illuminance left out", *total[1:]))


def to_json(tally: Tally) -> dict[str, Any]:
    """The lines by name; of the illuminance its own u, for its part in the share is unknown."""
    _, u = _illuminance(tally)
    lines = {
        name: {**line, "distribution": "beta", "in_bounds": True} for name, line in budget_of(tally).to_json().items()
    }
    return {**lines, ILLUMINANCE: {"u": None, "u_input": u, "unit": "lx", "in_bounds": False}}


def _illuminance(tally: Tally) -> tuple[float, float]:
    """The mean over the trials in lx, and its standard uncertainty."""
    mean = tally.session.illuminance.mean()
    return float(mean.value[0]), float(mean.u[0])
