"""The static characteristic of an actuator as a sensor measured it: values, hysteresis, linearity."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hil_calibration.regression import Line, straight_line
from hil_calibration.stream import Measurements, concatenate

from ..budget import Budget, Part, shared_parts
from ..readings import Series

Array = NDArray[np.float64]

REPEATABILITY = "repeatability"
RESOLUTION = "resolution of the sensor"
HYSTERESIS = "hysteresis"


@dataclass(frozen=True)
class Visit:
    """The readings of one level in one direction."""

    level: float
    direction: str
    series: Series


@dataclass(frozen=True)
class Level:
    """One level: the mean of both directions with its budget; falling minus rising, ``None`` at the highest level.

    ``departure`` is that from the straight line, ``u_departure`` its standard uncertainty: an error that all levels
    share hardly enters it.
    """

    level: float
    value: float
    budget: Budget
    hysteresis: float | None
    hysteresis_budget: Budget
    departure: float
    u_departure: float


@dataclass(frozen=True)
class Characteristic:
    """All levels, and the straight line of values over levels."""

    levels: tuple[Level, ...]
    line: Line


def characteristic(visits: list[Visit], distributions: dict[str, str]) -> Characteristic:
    """The characteristic of one sweep up and down.

    The line is fitted with the full covariance of the values (ISO/TS 28037:2010, clause 10): what the calibration of
    the sensor leaves unknown, all levels share.

    :param distributions: of the effects of the calibration, by name.
    """
    visits = sorted(visits, key=lambda visit: (visit.level, visit.direction == "down"))
    levels = np.unique([visit.level for visit in visits])
    means = concatenate([visit.series.shared.mean() for visit in visits])
    noise, dof = _noise(visits)
    rounding = np.array([_rounding(visit.series) for visit in visits])
    weights = _weights(visits, levels)
    halves = [_hysteresis(visits, means, level) for level in levels]
    independent = np.sqrt(np.square(weights) @ (np.square(noise) + np.square(rounding)))
    spread = np.array([0.0 if half is None else abs(half) / 2.0 / math.sqrt(3.0) for half in halves])
    shared = weights @ means.shared
    covariance = shared @ shared.T + np.diag(np.square(independent) + np.square(spread))
    n = len(levels)
    value = weights @ means.value
    whole = np.zeros((2 * n, 2 * n))
    whole[n:, n:] = covariance
    line = straight_line(levels, value, covariance=whole)
    departure, u_departure = _departures(levels, value, covariance, line)
    return Characteristic(
        tuple(
            Level(
                float(level),
                float(value[i]),
                Budget(
                    (
                        *shared_parts(means, weights[i].tolist(), distributions),
                        Part(REPEATABILITY, float(np.sqrt(np.square(weights[i]) @ np.square(noise))), dof),
                        Part(
                            RESOLUTION,
                            float(np.sqrt(np.square(weights[i]) @ np.square(rounding))),
                            math.inf,
                            "rectangular",
                        ),
                        Part(HYSTERESIS, float(spread[i]), math.inf, "rectangular"),
                    )
                ),
                halves[i],
                _hysteresis_budget(visits, means, level, noise, rounding, dof),
                float(departure[i]),
                float(u_departure[i]),
            )
            for i, level in enumerate(levels)
        ),
        line,
    )


def _noise(visits: list[Visit]) -> tuple[Array, float]:
    """Standard uncertainty of each mean by its own scatter, and the degrees of freedom of one."""
    counts = np.array([len(visit.series.value) for visit in visits])
    return np.array([visit.series.s for visit in visits]) / np.sqrt(counts), float(counts.min() - 1)


def _rounding(series: Series) -> float:
    """Rounding leaves its full uncertainty in a mean where readings hardly scatter (GUM F.2.2.1)."""
    u = series.rounding
    return u / math.sqrt(len(series.value)) if series.s > u else u


def _weights(visits: list[Visit], levels: Array) -> Array:
    """The matrix ``(levels, visits)`` that averages the directions of each level."""
    matrix = np.array([[visit.level == level for visit in visits] for level in levels], dtype=np.float64)
    return np.asarray(matrix / matrix.sum(axis=1, keepdims=True), dtype=np.float64)


def _difference(visits: list[Visit], level: float) -> Array | None:
    """The weights of falling minus rising at a level; ``None`` where it has one direction."""
    sign = {"down": 1.0, "up": -1.0}
    weights = np.array([sign[visit.direction] if visit.level == level else 0.0 for visit in visits])
    return weights if np.count_nonzero(weights) == 2 else None


def _hysteresis(visits: list[Visit], means: Measurements, level: float) -> float | None:
    weights = _difference(visits, level)
    return None if weights is None else float(weights @ means.value)


def _hysteresis_budget(
    visits: list[Visit], means: Measurements, level: float, noise: Array, rounding: Array, dof: float
) -> Budget:
    """What both directions share, the calibration of the sensor above all, cancels."""
    weights = _difference(visits, level)
    if weights is None:
        return Budget(())
    square = np.square(weights)
    return Budget(
        (
            *shared_parts(means, weights.tolist()),
            Part(REPEATABILITY, float(np.sqrt(square @ np.square(noise))), dof),
            Part(RESOLUTION, float(np.sqrt(square @ np.square(rounding))), math.inf, "rectangular"),
        )
    )


def _departures(levels: Array, value: Array, covariance: Array, line: Line) -> tuple[Array, Array]:
    """Departures of the values from the line through them, and their standard uncertainties, by the law of propagation
    (GUM 5.2.2)."""
    n = len(levels)
    design = np.column_stack([np.ones(n), levels])
    gain = np.eye(n) - design @ line.jacobian[:, n:]
    return value - (line.a + line.b * levels), np.sqrt(np.clip(np.diag(gain @ covariance @ gain.T), 0.0, None))
