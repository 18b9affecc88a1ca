"""Whether the probabilities that a system states hold: calibration error by bins, and the Brier score.

"Calibration" is the field's word here; nothing is calibrated in the sense of the VIM.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import Array, count, flags, numbers
from ..errors import CalibrationError
from ..performance import proportion_interval

REPLICATES = 2000


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
    for few answers: right statements exceed ``by_chance`` with probability 5 %, by as many outcomes drawn from them."""

    ece: float
    by_chance: float
    mce: float
    brier: float
    bins: tuple[Bin, ...]


def stated_probability(stated: ArrayLike, right: ArrayLike, bins: int = 10, *, seed: int = 0) -> StatedProbability:
    """Compare stated probabilities with outcomes, in bins of equal width, each with its upper edge.

    :param stated: shape (n,), from 0 to 1.
    :param right: whether the answer was right, shape (n,).
    :raises CalibrationError: arrays that do not fit, a probability outside 0 to 1, or no bin.
    """
    p = numbers("stated", stated)
    y = flags("right", right, size=len(p))
    if np.any((p < 0) | (p > 1)):
        raise CalibrationError("a stated probability outside 0 to 1", remedy="give probabilities, not scores")
    bins, seed = count("bins", bins, least=1, most=100_000), count("seed", seed)
    place = np.clip(np.ceil(p * bins - 1e-12).astype(int) - 1, 0, bins - 1)
    found = []
    for i in range(bins):
        mine = place == i
        answers = int(mine.sum())
        if answers:
            hits = int(y[mine].sum())
            interval = proportion_interval(hits, answers)
            found.append(Bin(i / bins, (i + 1) / bins, answers, float(p[mine].mean()), hits / answers, interval))
    gaps = [abs(each.stated - each.right) for each in found]
    ece = sum(each.count * gap for each, gap in zip(found, gaps, strict=True)) / len(p)
    by_chance = _ece_by_chance(p, place, bins, seed)
    return StatedProbability(ece, by_chance, max(gaps), float(((p - y) ** 2).mean()), tuple(found))


def _ece_by_chance(p: Array, place: NDArray[np.int64], bins: int, seed: int) -> float:
    """The 95 % quantile of the error of right statements: outcomes are drawn with the stated probabilities."""
    right = np.random.default_rng(seed).random((REPLICATES, len(p))) < p
    sums = np.zeros((REPLICATES, bins))
    for i in range(bins):
        mine = place == i
        sums[:, i] = abs((right[:, mine] - p[mine]).sum(axis=1))
    return float(np.quantile(sums.sum(axis=1) / len(p), 0.95))
