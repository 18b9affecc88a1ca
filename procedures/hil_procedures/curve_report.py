"""What reports on a curve of detection have in common, whatever the stimulus is."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from hil.results import Outcome
from hil_calibration.clustered import LARGEST_SPREAD
from hil_calibration.detection_curve import SEPARATION, DetectionCurve
from hil_calibration.effect import budget_line
from hil_calibration.performance import proportion_interval
from hil_calibration.stream import Measurements

from .budget import two_digits

OUTCOME: dict[str, Outcome] = {"pass": "PASS", "fail": "FAIL", "inconclusive": "INCONCLUSIVE"}

STEP = 0.01
"""Of the natural logarithm of a stimulus, by which a slope is found."""

MISFIT = 0.05
"""Below this p-value of the test for lack of fit the report says so."""


def budget_rows(parts: Iterable[tuple[str, float]], u: float | None) -> tuple[tuple[str, str, str], ...]:
    """The lines of the budget: name, standard uncertainty, share of the variance in %; the sum last.

    :param parts: effect and its standard uncertainty, in the unit of the result.
    :param u: the combined one, ``None`` where there is none.
    """
    squares: dict[str, float] = {}
    for name, part in parts:
        line = budget_line(name)
        squares[line] = squares.get(line, 0.0) + part**2
    total = sum(squares.values())
    rows = [
        (line, two_digits(math.sqrt(square)), f"{100.0 * square / total:.1f}")
        for line, square in squares.items()
        if square
    ]
    if u is not None:
        rows.append(("combined standard uncertainty", two_digits(u), "100.0"))
    return tuple(rows)


def slope_at(curve: DetectionCurve, stimulus: float) -> float | None:
    """By how much the share rises with the natural logarithm of the stimulus; ``None`` where there is no curve."""
    if SEPARATION in curve.flags:
        return None
    below, above = curve.curve([stimulus * math.exp(-STEP), stimulus * math.exp(STEP)]).p
    return float(above - below) / (2.0 * STEP)


def relative_effects(stimuli: Measurements, here: NDArray[np.bool_]) -> dict[str, float]:
    """Relative standard uncertainties that the stimuli ``here`` share, by effect, signed."""
    mean = stimuli.shared[here].mean(axis=0) / stimuli.value[here].mean()
    return {name: float(u) for name, u in zip(stimuli.effects, mean, strict=True) if u}


def fit_rows(curve: DetectionCurve, misfit: float | None, model: str, between: str) -> tuple[tuple[str, str], ...]:
    """What belongs beside every number of the curve: link, method, deviance, flags.

    :param misfit: the p-value of the test for lack of fit, ``None`` where there is no curve.
    :param model: the curve, in words.
    :param between: what differs between those that share an effect: "signs".
    """
    return (
        ("model", model),
        ("link, method of the bounds", f"{curve.link}, {curve.method}"),
        ("b0, b1", f"{curve.b0:.4g}, {curve.b1:.4g}"),
        (f"standard deviation between {between}", f"{curve.sigma:.3g}"),
        ("ceiling", f"{curve.ceiling:.4g}"),
        ("false rate in the model", f"{curve.false_rate:.3g}"),
        ("deviance", f"{curve.deviance:.5g}"),
        ("drop of deviance by the slope", f"{curve.slope_significance:.4g}"),
        ("lack of fit, p-value by simulation", "none" if misfit is None else f"{misfit:.2g}"),
        ("flags", ", ".join(curve.flags) or "none"),
    )


def misfit_notes(misfit: float | None) -> tuple[str, ...]:
    """What a reader must be told where the curve does not describe the observations."""
    if misfit is None or misfit >= MISFIT:
        return ()
    return (
        f"The curve does not describe the observations well (lack of fit, p = {misfit:.2g}): "
        "a90 and its bounds rest on a model that is not confirmed by the data.",
    )


def spread_notes(curve: DetectionCurve, between: str) -> tuple[str, ...]:
    """What a reader must be told where those that share an effect differ by as much as the fit allows."""
    if not curve.sigma >= 0.999 * LARGEST_SPREAD:
        return ()
    return (
        f"The standard deviation between {between} is at its limit ({LARGEST_SPREAD:g}): each has a threshold so sharp "
        "that the data give its slope no upper end. More repeats, or levels closer together, are needed.",
    )


def calls_told(calls: int, of: int, what: str, confidence: float) -> str:
    """So many false calls of so many ``what``, with their exact interval."""
    if not of:
        return "none answered"
    low, high = proportion_interval(calls, of, confidence)
    return f"{calls} of {of} {what} ({100 * confidence:g} % interval {low:.3f} to {high:.3f}, Clopper-Pearson)"


def milliseconds(latency: NDArray[np.float64]) -> str:
    """Median and largest of times in s."""
    return f"{1000 * float(np.median(latency)):.0f} ms, {1000 * float(latency.max()):.0f} ms"
