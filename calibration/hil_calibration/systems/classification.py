"""Measures of classification from counts, each with its interval (names of ISO/IEC TS 4213)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..errors import CalibrationError
from ..performance import proportion_interval
from .checks import Array, flags, percentiles, probability

REPLICATES = 4000


class Measure(NamedTuple):
    """A value with its two-sided interval, and how that was made. NaN where the measure is not defined."""

    value: float
    low: float
    high: float
    method: str


@dataclass(frozen=True)
class Confusion:
    """Counts of a two-class trial: true and false positives and negatives."""

    tp: int
    fp: int
    fn: int
    tn: int

    def __post_init__(self) -> None:
        counts = (self.tp, self.fp, self.fn, self.tn)
        if any(isinstance(c, bool) or int(c) != c or c < 0 for c in counts) or not sum(counts):
            raise CalibrationError(f"counts {counts}", remedy="give whole numbers of 0 or more, not all 0")

    @property
    def n(self) -> int:
        return self.tp + self.fp + self.fn + self.tn

    def precision(self, confidence: float = 0.95) -> Measure:
        """Of what was called positive, the share that is."""
        return _share(self.tp, self.tp + self.fp, confidence)

    def recall(self, confidence: float = 0.95) -> Measure:
        """Of what is positive, the share that was called so (sensitivity)."""
        return _share(self.tp, self.tp + self.fn, confidence)

    def specificity(self, confidence: float = 0.95) -> Measure:
        """Of what is negative, the share that was called so."""
        return _share(self.tn, self.tn + self.fp, confidence)

    def accuracy(self, confidence: float = 0.95) -> Measure:
        """The share that was called rightly."""
        return _share(self.tp + self.tn, self.n, confidence)

    def f(self, beta: float = 1.0, *, confidence: float = 0.95, seed: int = 0) -> Measure:
        """F_beta, the weighted harmonic mean of precision and recall; interval by parametric bootstrap."""
        if not 0 < beta < math.inf:
            raise CalibrationError(f"beta {beta}", remedy="give a finite number above 0")

        def measure(c: Array) -> Array:
            tp, fp, fn, _ = c
            return _ratio((1 + beta**2) * tp, (1 + beta**2) * tp + beta**2 * fn + fp)

        return self._bootstrapped(measure, confidence, seed)

    def mcc(self, *, confidence: float = 0.95, seed: int = 0) -> Measure:
        """Matthews' correlation coefficient; interval by parametric bootstrap."""

        def measure(c: Array) -> Array:
            tp, fp, fn, tn = c
            return _ratio(tp * tn - fp * fn, np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)))

        return self._bootstrapped(measure, confidence, seed)

    def _bootstrapped(self, measure: Callable[[Array], Array], confidence: float, seed: int) -> Measure:
        probability("confidence", confidence)
        counts = np.array([self.tp, self.fp, self.fn, self.tn], dtype=float)
        value = float(measure(counts[:, None])[0])
        drawn = np.random.default_rng(seed).multinomial(self.n, counts / self.n, REPLICATES).T.astype(float)
        found = measure(drawn)
        found = found[np.isfinite(found)]
        if not math.isfinite(value) or not len(found):
            return Measure(math.nan, math.nan, math.nan, "not defined for these counts")
        low, high = percentiles(found, confidence)
        return Measure(value, low, high, f"percentiles of {REPLICATES} multinomial replicates")


@dataclass(frozen=True)
class ConfusionMatrix:
    """Counts of c classes, shape (c, c): rows are the reference, columns what the system said."""

    labels: tuple[str, ...]
    counts: Array

    @classmethod
    def of(cls, reference: Sequence[str], said: Sequence[str]) -> ConfusionMatrix:
        """From paired labels.

        :raises CalibrationError: no labels, or not as many of each.
        """
        if len(reference) != len(said) or not reference:
            raise CalibrationError(f"{len(reference)} references and {len(said)} answers", remedy="give pairs")
        labels = tuple(sorted({*reference, *said}))
        place = {label: i for i, label in enumerate(labels)}
        counts = np.zeros((len(labels), len(labels)))
        for true, answer in zip(reference, said, strict=True):
            counts[place[true], place[answer]] += 1
        return cls(labels, counts)

    def one_against_rest(self, label: str) -> Confusion:
        """The two-class counts of ``label`` against all others.

        :raises CalibrationError: there is no such label.
        """
        if label not in self.labels:
            raise CalibrationError(f"no class {label!r}", remedy=f"use one of {', '.join(self.labels)}")
        i = self.labels.index(label)
        tp, row, column = self.counts[i, i], self.counts[i].sum(), self.counts[:, i].sum()
        return Confusion(int(tp), int(column - tp), int(row - tp), int(self.counts.sum() - row - column + tp))

    def accuracy(self, confidence: float = 0.95) -> Measure:
        """The share that was named rightly."""
        return _share(int(np.trace(self.counts)), int(self.counts.sum()), confidence)

    def macro_recall(self) -> float:
        """The mean recall of the classes that occur: balanced accuracy."""
        rows = self.counts.sum(axis=1)
        return float((np.diag(self.counts)[rows > 0] / rows[rows > 0]).mean())


@dataclass(frozen=True)
class McNemar:
    """Two systems on the same items: ``only_first`` and ``only_second`` count the items that one alone got right.

    ``p_value`` is two-sided and exact (binomial), ``mid_p`` its mid-p version. ``difference`` is that of the shares
    right, first minus second, with the interval of Agresti and Min.
    """

    only_first: int
    only_second: int
    n: int
    p_value: float
    mid_p: float
    difference: Measure


def mcnemar(first: ArrayLike, second: ArrayLike, confidence: float = 0.95) -> McNemar:
    """Compare two systems by which items each got right, shape (n,) each.

    :raises CalibrationError: arrays of unequal size, or of other values than true and false.
    """
    from scipy.special import bdtr, ndtri
    from scipy.stats import binom

    a = flags("first", first)
    b = flags("second", second, size=len(a))
    n, only_a, only_b = len(a), int((a & ~b).sum()), int((~a & b).sum())
    discordant, fewer = only_a + only_b, min(only_a, only_b)
    exact = min(1.0, 2 * float(bdtr(fewer, discordant, 0.5))) if discordant else 1.0
    mid = exact - float(binom.pmf(fewer, discordant, 0.5)) if only_a != only_b else 1.0
    z = float(ndtri(0.5 + probability("confidence", confidence) / 2))
    x, y, m = only_a + 0.5, only_b + 0.5, n + 2
    centre = (x - y) / m
    half = z * math.sqrt(x + y - (x - y) ** 2 / m) / m
    difference = Measure((only_a - only_b) / n, max(-1.0, centre - half), min(1.0, centre + half), "Agresti and Min")
    return McNemar(only_a, only_b, n, exact, mid, difference)


def _share(k: int, n: int, confidence: float) -> Measure:
    if n == 0:
        return Measure(math.nan, math.nan, math.nan, "not defined: nothing to take a share of")
    low, high = proportion_interval(k, n, confidence)
    return Measure(k / n, low, high, "Clopper-Pearson")


def _ratio(a: Array, b: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.asarray(np.where(b > 0, a / b, np.nan), dtype=float)
