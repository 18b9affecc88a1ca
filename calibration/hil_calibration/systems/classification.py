"""Measures of classification from counts, each with its interval (names of ISO/IEC TS 4213)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..checks import Array, count, flags, percentiles, positive, probability, several
from ..errors import CalibrationError
from ..performance import proportion_interval

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
        for name, value in zip(("tp", "fp", "fn", "tn"), counts, strict=True):
            count(name, value)
        if not sum(counts):
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
        """F_beta, the weighted harmonic mean of precision and recall.

        The interval of F1 is exact: F1 = 2 s / (1 + s), s the share tp / (tp + fp + fn) with its Clopper-Pearson
        interval. For another ``beta`` it is taken from the posterior of the counts, see :meth:`mcc`.
        """
        positive("beta", beta)
        if beta == 1.0:
            return self._f1(confidence)

        def measure(c: Array) -> Array:
            tp, fp, fn, _ = c
            return _ratio((1 + beta**2) * tp, (1 + beta**2) * tp + beta**2 * fn + fp)

        return self._credible(measure, confidence, seed)

    def mcc(self, *, confidence: float = 0.95, seed: int = 0) -> Measure:
        """Matthews' correlation coefficient.

        The interval holds the middle ``confidence`` of the posterior of the four shares from Jeffreys' prior, a
        Dirichlet distribution of the counts plus 1/2, and reaches to the value itself where that lies at its edge.
        """

        def measure(c: Array) -> Array:
            tp, fp, fn, tn = c
            return _ratio(tp * tn - fp * fn, np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)))

        return self._credible(measure, confidence, seed)

    def _f1(self, confidence: float) -> Measure:
        share = _share(self.tp, self.tp + self.fp + self.fn, confidence)
        value, low, high = (2 * s / (1 + s) for s in share[:3])
        return Measure(value, low, high, share.method)

    def _credible(self, measure: Callable[[Array], Array], confidence: float, seed: int) -> Measure:
        probability("confidence", confidence)
        seed = count("seed", seed)
        counts = np.array([self.tp, self.fp, self.fn, self.tn], dtype=float)
        value = float(measure(counts[:, None])[0])
        if not math.isfinite(value):
            return Measure(math.nan, math.nan, math.nan, "not defined for these counts")
        found = measure(np.random.default_rng(seed).dirichlet(counts + 0.5, REPLICATES).T)
        return _reaching(value, found, confidence, "posterior of the counts, Jeffreys' prior")


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
        reference, said = several("reference", reference), several("said", said)
        if len(reference) != len(said) or not reference:
            raise CalibrationError(f"{len(reference)} references and {len(said)} answers", remedy="give pairs")
        if not all(isinstance(label, str) for label in (*reference, *said)):
            raise CalibrationError("a label that is no text", remedy="give names of classes")
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

    def macro_recall(self, confidence: float = 0.95, *, seed: int = 0) -> Measure:
        """The mean recall of the classes that occur: balanced accuracy.

        The interval holds the middle ``confidence`` of the mean of the classes' posteriors (beta, Jeffreys' prior).
        """
        probability("confidence", confidence)
        seed = count("seed", seed)
        rows = self.counts.sum(axis=1)
        hits, all_ = np.diag(self.counts)[rows > 0], rows[rows > 0]
        drawn = np.random.default_rng(seed).beta(hits + 0.5, all_ - hits + 0.5, (REPLICATES, len(all_)))
        value = float((hits / all_).mean())
        return _reaching(value, drawn.mean(axis=1), confidence, "posteriors of the recalls, Jeffreys' prior")


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


def _reaching(value: float, drawn: Array, confidence: float, method: str) -> Measure:
    """The middle of what was drawn, wide enough to hold the value."""
    low, high = percentiles(drawn, confidence)
    return Measure(value, min(low, value), max(high, value), method)


def _share(k: int, n: int, confidence: float) -> Measure:
    if n == 0:
        return Measure(math.nan, math.nan, math.nan, "not defined: nothing to take a share of")
    low, high = proportion_interval(k, n, confidence)
    return Measure(k / n, low, high, "Clopper-Pearson")


def _ratio(a: Array, b: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.asarray(np.where(b > 0, a / b, np.nan), dtype=float)
