"""Whether the probabilities that a system states hold: calibration error by bins, and the Brier score.

"Calibration" is the field's word here; nothing is calibrated in the sense of the VIM.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..errors import CalibrationError
from ..performance import proportion_interval
from .checks import flags, numbers


@dataclass(frozen=True)
class Bin:
    """Answers with a stated probability above ``low`` up to ``high``: their number, their mean statement, and the share
    that was right with its Clopper-Pearson interval (95 %)."""

    low: float
    high: float
    count: int
    stated: float
    right: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class StatedProbability:
    """``ece`` weighs the gaps between stated and observed by the counts of the bins, ``mce`` is the largest gap,
    ``brier`` the mean squared difference of statement and outcome. ``ece`` depends on the bins and is biased upwards
    for few answers."""

    ece: float
    mce: float
    brier: float
    bins: tuple[Bin, ...]


def stated_probability(stated: ArrayLike, right: ArrayLike, bins: int = 10) -> StatedProbability:
    """Compare stated probabilities with outcomes, in bins of equal width, each with its upper edge.

    :param stated: shape (n,), from 0 to 1.
    :param right: whether the answer was right, shape (n,).
    :raises CalibrationError: arrays that do not fit, a probability outside 0 to 1, or no bin.
    """
    p = numbers("stated", stated)
    y = flags("right", right, size=len(p))
    if np.any((p < 0) | (p > 1)):
        raise CalibrationError("a stated probability outside 0 to 1", remedy="give probabilities, not scores")
    if bins < 1:
        raise CalibrationError(f"{bins} bins", remedy="give one or more")
    place = np.clip(np.ceil(p * bins - 1e-12).astype(int) - 1, 0, bins - 1)
    found = []
    for i in range(bins):
        mine = place == i
        count = int(mine.sum())
        if count:
            hits = int(y[mine].sum())
            interval = proportion_interval(hits, count)
            found.append(Bin(i / bins, (i + 1) / bins, count, float(p[mine].mean()), hits / count, interval))
    gaps = [abs(each.stated - each.right) for each in found]
    ece = sum(each.count * gap for each, gap in zip(found, gaps, strict=True)) / len(p)
    return StatedProbability(ece, max(gaps), float(((p - y) ** 2).mean()), tuple(found))
