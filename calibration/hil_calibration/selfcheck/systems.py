"""Examples of the statistics of precision, comparisons and AI systems."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ..comparison import bland_altman
from ..performance import Sprt, demonstration_size, proportion_interval
from ..pod import fit_pod
from ..precision import repeatability_reproducibility
from ..systems.annotators import Level, krippendorff_alpha
from ..systems.classification import Confusion
from ..systems.conformal import split_conformal
from ..systems.sensitivity import sobol_indices
from ..systems.stated_probability import stated_probability
from ..systems.word_errors import word_errors
from .check import Check, Example


def checks() -> Iterator[Check]:
    """All examples of systems."""
    for example in (_proportions, _plans, _detection, _agreement, _classification, _precision, _sensitivity):
        yield from example()


def _proportions() -> Iterator[Check]:
    of = Example("R binom.test", "exact interval", "other program")
    for k, n, confidence, low, high in ((3, 50, 0.99, 0.006872485, 0.202706269), (0, 10, 0.95, 0.0, 0.3084971)):
        found = proportion_interval(k, n, confidence)
        yield of.check(f"lower, {k} of {n}", low, found[0], 1e-7)
        yield of.check(f"upper, {k} of {n}", high, found[1], 1e-7)
    wilson = proportion_interval(3, 10, 0.95, "wilson")
    of = Example("R prop.test", "Wilson interval", "other program")
    yield of.check("lower, 3 of 10", 0.1077913, wilson[0], 1e-7)
    yield of.check("upper, 3 of 10", 0.6032219, wilson[1], 1e-7)


def _plans() -> Iterator[Check]:
    of = Example("success run", "ln(1 - C) / ln R", "closed form")
    for reliability, confidence, n in ((0.9, 0.95, 29), (0.95, 0.95, 59), (0.99, 0.99, 459)):
        yield of.check(f"n for R = {reliability}, C = {confidence}", n, demonstration_size(reliability, confidence), 0)
    of = Example("Wald", "Sequential Analysis, 5", "closed form")
    plan = Sprt(0.02, 0.10, 0.05, 0.05)
    yield of.check("slope", 0.05025258077566183, plan.slope, 1e-9)
    yield of.check("acceptance intercept", 1.737546568228599, plan.accept_intercept, 1e-9)
    yield of.check("first acceptance without failure", 35, plan.smallest_acceptance, 0)


def _detection() -> Iterator[Check]:
    """Hits of 24 of silero-vad 6.2.3 at speech-to-noise ratios from -16 dB to -3 dB; figures by statsmodels."""
    of = Example("statsmodels GLM", "probit, silero-vad hits", "other program")
    hits = [0, 0, 0, 0, 0, 3, 6, 12, 20, 22, 23, 24, 23, 24]
    found = fit_pod([float(x) for x in range(-16, -2)], hits, [24] * 14, link="probit")
    yield of.check("intercept", 5.446147915663472, found.intercept, 1e-6)
    yield of.check("slope / (1/dB)", 0.6056657772792846, found.slope, 1e-7)
    yield of.check("deviance", 139.87372972382408, _ungrouped(found.deviance, hits), 1e-4)
    yield of.check("a90 / dB", -6.876063509526134, found.a(0.9), 1e-5)
    yield of.check("a90/95, likelihood ratio / dB", -6.357261000555565, found.bound(0.9, 0.95), 1e-4)
    yield of.check("a90/95, delta method / dB", -6.384315932370767, found.bound(0.9, 0.95, "delta"), 1e-5)
    yield of.check("a90/95, band of eta / dB", -6.304293716414291, found.bound(0.9, 0.95, "eta-band"), 1e-5)


def _ungrouped(deviance: float, hits: list[int], n: int = 24) -> float:
    """The deviance of single trials, from that of grouped ones: they differ by the saturated model's."""
    total = sum(k * math.log(k / n) + (n - k) * math.log(1 - k / n) for k in hits if 0 < k < n)
    return deviance - 2 * total


def _agreement() -> Iterator[Check]:
    of = Example("Krippendorff 2011", "example D")
    nan = math.nan
    ratings = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, nan, nan, nan],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, nan, 3],
        [nan, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, nan],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, nan],
    ]
    levels: tuple[tuple[Level, float], ...] = (
        ("nominal", 0.743),
        ("ordinal", 0.815),
        ("interval", 0.849),
        ("ratio", 0.797),
    )
    for level, alpha in levels:
        yield of.check(f"alpha, {level}", alpha, krippendorff_alpha(ratings, level), 5e-4)
    of = Example("Bland and Altman", "limits of agreement", "closed form")
    found = bland_altman([1.2, -0.4, 0.3, 2.1, -1.0, 0.6, 0.9, -0.2, 1.5, 0.0])
    yield of.check("lower limit", -1.3548, found.limits[0], 5e-5)
    yield of.check("upper limit", 2.3548, found.limits[1], 5e-5)


def _classification() -> Iterator[Check]:
    of = Example("ISO/IEC TS 4213", "measures by definition", "closed form")
    found = Confusion(tp=45, fp=5, fn=15, tn=935)
    yield of.check("precision", 0.9, found.precision().value, 1e-12)
    yield of.check("recall", 0.75, found.recall().value, 1e-12)
    yield of.check("F1", 0.8181818181818182, found.f().value, 1e-12)
    yield of.check("MCC", 0.8114521842083111, found.mcc().value, 1e-12)
    of = Example("jiwer 4.0", "word error rate", "other program")
    yield of.check("rate", 0.5, word_errors("turn the lights on", "turn lights off").rate, 1e-12)
    of = Example("Vovk; Lei", "split conformal", "closed form")
    residuals = [0.3, 1.2, 0.7, 2.5, 0.1, 0.9, 1.8, 0.4, 0.6, 1.1, 2.2, 0.2, 1.5, 0.8, 0.5, 1.9, 1.0, 0.35, 2.8]
    yield of.check("half-width for 90 %", 2.5, split_conformal(residuals, 0.9).half_width, 1e-12)
    of = Example("expected calibration error", "5 bins", "closed form")
    stated = stated_probability(
        [0.95, 0.9, 0.85, 0.8, 0.7, 0.65, 0.6, 0.55, 0.35, 0.2], [1, 1, 1, 0, 1, 0, 1, 0, 1, 0], 5
    )
    yield of.check("ECE", 0.245, stated.ece, 1e-9)


def _precision() -> Iterator[Check]:
    of = Example("one-way analysis of variance", "4 groups of 10 (suncal)", "other program")
    groups = [
        [
            *(0.999156418, 0.999474238, 0.999339856, 1.000160754, 1.000744245),
            *(1.000737791, 1.000495481, 0.9995736, 1.000723728, 1.00060071),
        ],
        [
            *(1.000349612, 0.999883249, 0.999050897, 1.00017474, 0.999602596),
            *(1.000824172, 0.999356241, 0.999806955, 1.000643518, 1.000444615),
        ],
        [
            *(0.999757491, 0.999817772, 1.000194482, 0.999679647, 1.000937242),
            *(1.000470251, 0.999027869, 0.999911651, 0.999590441, 1.000451023),
        ],
        [
            *(0.999719098, 0.99964781, 1.000822782, 0.999409639, 0.999109266),
            *(1.000785761, 0.999307039, 1.000469276, 1.000654864, 1.000987112),
        ],
    ]
    yield of.check("repeatability", 0.0006244, repeatability_reproducibility(groups).s_r, 1e-7)


def _sensitivity() -> Iterator[Check]:
    import numpy as np

    of = Example("Ishigami", "a = 7, b = 0.1", "closed form")
    ranges = dict.fromkeys(("x1", "x2", "x3"), (-math.pi, math.pi))
    found = sobol_indices(
        lambda x: np.asarray(np.sin(x["x1"]) + 7 * np.sin(x["x2"]) ** 2 + 0.1 * x["x3"] ** 4 * np.sin(x["x1"])),
        ranges,
        n=4096,
        seed=1,
    )
    for i, (first, total) in enumerate(((0.3139, 0.5576), (0.4424, 0.4424), (0.0, 0.2437))):
        yield of.check(f"first-order index of x{i + 1}", first, found.first[i], 0.03)
        yield of.check(f"total index of x{i + 1}", total, found.total[i], 0.03)
