"""Means over trials of one bench as they are compared with those of another: how much trials differ is part of u."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from hil.comparing.results import Compared, dof_of, parts_of

SCATTER = "scatter between trials"


def mean_over(
    values: Sequence[float], unit: str, budget: Mapping[str, Mapping[str, Any]], *, scatter: str = SCATTER
) -> Compared | None:
    """The mean of ``n`` trials, with what the next ``n`` would scatter by; ``None`` of fewer than two.

    A report may state the uncertainty of the mean of those trials that were carried out. Two benches differ by which
    trials they were, too. The scatter holds what is of one trial alone, which the budget may hold already: u is
    too large by that, never too small.

    :param budget: of the mean of the trials that were carried out.
    :param scatter: what its line is called.
    """
    n = len(values)
    if n < 2:
        return None
    own = {scatter: {"u": statistics.stdev(values) / math.sqrt(n), "dof": n - 1.0}}
    lines = {**budget, **own}
    u = math.hypot(*(line["u"] for line in lines.values()))
    return Compared(statistics.fmean(values), u, unit, parts_of(lines), dof_of(lines))
