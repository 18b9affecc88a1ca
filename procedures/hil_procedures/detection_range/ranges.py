"""The range of detection at each bearing: fitted, with its bounds, and as it was stepped off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hil_calibration.detection_curve import OBSERVATIONS, Contribution, DetectionResult, with_shared_effects

from .session import Session

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Range:
    """What was found at one ``bearing`` in degrees; distances in m, ``None`` where the data give none.

    :param range: where the average over targets falls to the level, with ``u`` and one-sided bounds.
    :param largest: the farthest distance of the plan up to which, seen from the nearest, the share detected at each
        was at least the level; ``None`` where it was not even at the nearest.
    :param steps: distance of the plan, detected, shown.
    :param parts: standard uncertainties of the range by effect, signed: two runs may have an effect in opposite senses.
    """

    bearing: float
    range: float | None
    u: float | None
    lower: float | None
    upper: float | None
    reason: str
    largest: float | None
    steps: tuple[tuple[float, int, int], ...]
    parts: tuple[tuple[str, float], ...]
    fit: DetectionResult


def ranges(session: Session, level: float, confidence: float) -> list[Range]:
    """The range at each bearing, in rising order.

    :param confidence: of each one-sided bound.
    """
    return [_range(session, float(bearing), level, confidence) for bearing in np.unique(session.bearing)]


def _range(session: Session, bearing: float, level: float, confidence: float) -> Range:
    """By the curve of detection against 1/distance, which rises with it: ln(1/d) = -ln d.

    An error of a distance d is one of -1/d² of it in 1/d; u(d) = d² u(1/d).
    """
    here = session.bearing == bearing
    distance = session.distance.value[here]
    found = with_shared_effects(
        1.0 / distance,
        session.hits[here],
        session.targets[here],
        -session.distance.shared[here] / np.square(distance)[:, None],
        session.distance.effects,
        level=level,
        confidence=confidence,
    )
    steps = _steps(session.nominal[here], session.hits[here])
    r = None if found.curve.a is None else 1.0 / found.curve.a
    scale = 0.0 if r is None else r * r
    return Range(
        bearing,
        r,
        None if found.u is None else scale * found.u,
        None if found.upper is None else 1.0 / found.upper,
        None if found.lower is None else 1.0 / found.lower,
        found.curve.reason,
        largest(steps, level),
        steps,
        tuple((part.name, scale * _sense(part) * part.u) for part in found.contributions),
        found,
    )


def _sense(part: Contribution) -> float:
    """Of an effect on d against that on 1/d; the scatter of the observations has none."""
    return 1.0 if part.name == OBSERVATIONS else -1.0


def largest(steps: tuple[tuple[float, int, int], ...], level: float) -> float | None:
    """The last distance, going outwards, before the share detected first falls below ``level``.

    :param steps: distance, detected, shown; the nearest first.
    """
    reached: float | None = None
    for distance, detected, shown in steps:
        if detected < level * shown:
            break
        reached = distance
    return reached


def _steps(nominal: Array, hits: NDArray[Any]) -> tuple[tuple[float, int, int], ...]:
    return tuple(
        (float(distance), int(hits[nominal == distance].sum()), int((nominal == distance).sum()))
        for distance in np.unique(nominal)
    )
