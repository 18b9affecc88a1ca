"""The detection curve of a trial of voice detection: against the ratio of powers, and told in decibels."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hil_calibration.detection_curve import DetectionResult, with_shared_effects
from hil_calibration.errors import FitError
from hil_calibration.lack_of_fit import lack_of_fit
from hil_calibration.pod import LinkName, Pod, fit_pod

from .parameters import LEVEL
from .session import Session, decibels

Array = NDArray[np.float64]

SCALE = 10.0 / math.log(10.0)
"""Decibels in a step of one of the natural logarithm of a ratio of powers."""
LINKS: tuple[LinkName, ...] = ("logit", "probit", "cloglog")


@dataclass(frozen=True)
class Located:
    """Where nine utterances in ten are heard, in dB; ``None`` where the data give none, and then why.

    ``parts`` are standard uncertainties by effect, in dB, signed: two runs may have an effect in opposite senses.
    ``fit`` is in terms of the ratio of powers, whose natural logarithm enters the model: so do decibels.
    """

    a90: float | None
    u: float | None
    lower: float | None
    upper: float | None
    reason: str
    parts: tuple[tuple[str, float], ...]
    fit: DetectionResult


@dataclass(frozen=True)
class Other:
    """The same by another link, all utterances taken as alike: no number of the result, but what it depends on."""

    link: str
    a90: float | None
    bounds: tuple[float, float] | None
    delta: float | None
    deviance: float | None
    dof: int | None
    reason: str


def located(session: Session, confidence: float) -> Located:
    """By the curve with an effect of each utterance."""
    found = with_shared_effects(
        session.snr.value,
        session.hits,
        session.utterances,
        session.snr.shared,
        session.snr.effects,
        level=LEVEL,
        confidence=confidence,
    )
    a = found.curve.a
    each = math.nan if a is None else SCALE / a
    return Located(
        a90=level_of(a),
        u=None if found.u is None or a is None else each * found.u,
        lower=level_of(found.lower),
        upper=level_of(found.upper),
        reason=found.curve.reason,
        parts=tuple((part.name, each * part.u) for part in found.contributions),
        fit=found,
    )


def level_of(ratio: float | None) -> float | None:
    """A ratio of powers in dB."""
    return None if ratio is None else 10.0 * math.log10(ratio)


def misfit(session: Session, found: DetectionResult) -> float | None:
    """The p-value of the test for lack of fit, by nominal level; ``None`` where there is no curve."""
    if math.isnan(found.curve.b0):
        return None
    return lack_of_fit(found.curve, session.snr.value, session.hits, session.utterances, session.nominal)


def at_level(session: Session, level: float) -> NDArray[np.bool_]:
    """Which observations are at a planned level in dB."""
    found: NDArray[np.bool_] = np.isclose(session.nominal, level, atol=2e-3)
    return found


def levels(session: Session, planned: Sequence[float]) -> list[tuple[float, float | None, int, int]]:
    """By planned level in dB: the mean of the measured levels, heard, played; ``None`` and 0 where a cell is empty."""
    measured, found = decibels(session.snr.value), []
    for level in sorted(planned):
        here = at_level(session, level)
        mean = float(measured[here].mean()) if here.any() else None
        found.append((level, mean, int(session.hits[here].sum()), int(here.sum())))
    return found


def others(cells: Sequence[tuple[float, float | None, int, int]], confidence: float) -> list[Other]:
    """The fits of `hil_calibration.pod` in dB, by link, to the counts at each level."""
    rows = np.array([(mean, heard, played) for _, mean, heard, played in cells if mean is not None])
    return [_other(link, rows, confidence) for link in LINKS]


def _other(link: LinkName, rows: Array, confidence: float) -> Other:
    try:
        pod = fit_pod(rows[:, 0], rows[:, 1], rows[:, 2], link)
        a90 = pod.a(LEVEL)
    except FitError as error:
        return Other(link, None, None, None, None, None, error.what)
    low = _or_none(lambda: pod.bound(LEVEL, confidence, side="lower"))
    high = _or_none(lambda: pod.bound(LEVEL, confidence))
    bounds = None if low is None or high is None else (low, high)
    return Other(link, a90, bounds, _delta(pod, confidence), pod.deviance, pod.dof, "")


def _delta(pod: Pod, confidence: float) -> float | None:
    return _or_none(lambda: pod.bound(LEVEL, confidence, "delta"))


def _or_none(bound: Callable[[], float]) -> float | None:
    try:
        return bound()
    except FitError:
        return None
