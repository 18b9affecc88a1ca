"""How steady a series of readings is: mean, scatter, drift, Allan deviation."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hil_calibration.errors import CalibrationError
from hil_calibration.regression import straight_line
from hil_calibration.stream import Measurements, concatenate

from ..budget import Budget, Part, repeatability, shared_parts
from ..readings import Series

Array = NDArray[np.float64]

BATCH_SCATTER = "scatter of the batches"
RESOLUTION = "resolution of the sensor"
LEAST_DIFFERENCES = 8
"""Below so many differences an Allan deviation is not told."""


@dataclass(frozen=True)
class Steadiness:
    """What a soak showed, in the channel's unit; ``drift`` per hour.

    :param mean: over the soak; its budget has the scatter of batch means, since neighbouring readings are correlated.
    :param s: standard deviation of one reading.
    :param allan: averaging time in s, overlapping Allan deviation, number of differences.
    """

    mean: float
    budget: Budget
    s: float
    lowest: float
    highest: float
    drift: float
    drift_budget: Budget
    allan: tuple[tuple[float, float, int], ...]


def steadiness(series: Series, batches: int, distributions: dict[str, str]) -> Steadiness:
    """The figures of ``series``.

    Type A parts come from ``batches`` batches of equal length, so long that their means are nearly independent though
    neighbouring readings are not (the method of batch means). The drift is the slope of the straight line through the
    batch means (GUM H.3); what the sensor itself drifts in the meantime cannot be told from it.

    :param distributions: of the effects of the calibration, by name.
    """
    means, times = _batches(series.shared, batches), _batch_times(series.t, batches)
    line = straight_line(times / 3600.0, means.value)
    gain = line.jacobian[1, batches:]
    return Steadiness(
        mean=series.mean,
        budget=Budget(
            (
                *shared_parts(series.shared, distributions=distributions),
                repeatability(BATCH_SCATTER, means.value),
                Part(RESOLUTION, _resolution(series), distribution="rectangular"),
            )
        ),
        s=series.s,
        lowest=float(series.value.min()),
        highest=float(series.value.max()),
        drift=line.b,
        drift_budget=Budget(
            (
                *shared_parts(means, gain.tolist(), distributions),
                Part(BATCH_SCATTER, math.sqrt(float(line.covariance[1, 1])), batches - 2.0),
            )
        ),
        # The reading that closes the gate is no interval after the one before.
        allan=allan_deviations(series.t[:-1], series.value[:-1]),
    )


def allan_deviations(t: Array, value: Array) -> tuple[tuple[float, float, int], ...]:
    """The overlapping Allan deviation for averaging times of 1, 2, 4, … intervals.

    sigma²(m tau0) = 1 / (2 (N - 2 m + 1)) sum_k (mean of the m values after k + m, minus the mean of those after k)²,
    over N values at equal intervals tau0.

    :param t: times in s, shape (N,), at equal intervals within a tenth.
    :raises CalibrationError: if they are not.

    Sources: D. W. Allan, Proc. IEEE 54 (1966) 221; W. J. Riley, NIST SP 1065 (2008), 5.2.4 (overlapping, there from
    phase data).
    """
    steps = np.diff(t)
    if len(t) < 3 or np.ptp(steps) > 0.2 * np.median(steps):
        raise CalibrationError("an Allan deviation needs readings at equal intervals", remedy="use a longer interval")
    sums = np.concatenate([[0.0], np.cumsum(value - value.mean())])
    found, m, n = [], 1, len(value)
    while n - 2 * m + 1 >= LEAST_DIFFERENCES:
        means = (sums[m:] - sums[:-m]) / m
        differences = means[m:] - means[:-m]
        found.append((m * float(np.mean(steps)), math.sqrt(float(np.mean(differences**2)) / 2.0), len(differences)))
        m *= 2
    return tuple(found)


def _batches(values: Measurements, batches: int) -> Measurements:
    parts = np.array_split(np.arange(len(values)), batches)
    return concatenate([_part(values, indices).mean() for indices in parts])


def _batch_times(t: Array, batches: int) -> Array:
    return np.array([part.mean() for part in np.array_split(t, batches)])


def _part(values: Measurements, indices: NDArray[np.int64]) -> Measurements:
    return Measurements(
        values.value[indices],
        values.u_ind[indices],
        values.shared[indices],
        values.effects,
        values.unit,
        values.dof,
    )


def _resolution(series: Series) -> float:
    """Rounding leaves its full uncertainty in the mean where readings hardly scatter (GUM F.2.2.1)."""
    u = series.rounding
    return u / math.sqrt(len(series.value)) if series.s > u else u
