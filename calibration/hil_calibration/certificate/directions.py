"""Certificates whose points were taken rising and falling: the mean of both directions, and hysteresis as an effect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..adjustment import hysteresis
from ..effect import Effect

Array = NDArray[np.float64]

_NEAR = 0.05
"""Of the distance to the next level: within it two reference values are one level."""


@dataclass(frozen=True, eq=False)
class Points:
    """Points of a certificate in its own order: indications and values (n,), the covariance of the values (n, n)."""

    indication: Array
    value: Array
    covariance: Array


def both_directions(points: Points, where: str) -> tuple[Points, Effect | None]:
    """One point for each level that was taken rising and falling, and what the two differ by, at most.

    The points must turn round once, and the way back must meet levels of the way there. The mean of both is what the
    record states; half the largest difference is the half-width of an effect (:mod:`hil_calibration.adjustment`).
    Points of any other order are left as they are, without an effect.

    :param where: the number of the certificate.
    """
    found = _pairs(points.value)
    if not found:
        return points, None
    n = len(points.value)
    back = {late for _, late in found}
    rows = np.eye(n)
    for early, late in found:
        rows[early, [early, late]] = 0.5
    rows = rows[[i for i in range(n) if i not in back]]
    correction = points.value - points.indication
    there, here = (list(each) for each in zip(*found, strict=True))
    loop = hysteresis(correction[there], correction[here])
    merged = Points(rows @ points.indication, rows @ points.value, rows @ points.covariance @ rows.T)
    if loop.largest == 0:
        return merged, None
    return merged, Effect(
        name=f"{where} hysteresis",
        kind="absolute",
        distribution="rectangular",
        half_width=loop.largest / 2,
        source=f"half the largest difference between rising and falling at {len(found)} levels of the certificate",
    )


def _pairs(value: Array) -> list[tuple[int, int]]:
    """(on the way there, on the way back) of the same level; none unless the points turn round once."""
    steps = np.sign(np.diff(value))
    turns = np.flatnonzero(steps[1:] != steps[:-1])
    if len(turns) != 1 or not np.all(steps):
        return []
    top = int(turns[0]) + 1
    there = value[: top + 1]
    gaps = np.abs(np.diff(there))
    found = []
    for late in range(top + 1, len(value)):
        early = int(np.argmin(np.abs(there - value[late])))
        beside = gaps[max(early - 1, 0) : early + 1]
        if abs(there[early] - value[late]) <= _NEAR * beside.min():
            found.append((early, late))
    return found if len({early for early, _ in found}) == len(found) else []
