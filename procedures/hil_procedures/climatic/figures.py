"""The figures of a chamber at one set point, each with its budget."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hil_calibration.stream import Measurements

from ..budget import Budget, Part, repeatability, resolution, shared_parts
from ..effects import without_rounding_effects
from .session import Observation, Series

REPEATABILITY = "repeatability of the difference"
RESOLUTION = "resolution of the chamber's indication"
ROUNDING = "resolution of the measuring instrument"
INHOMOGENEITY = "spatial inhomogeneity"
INSTABILITY = "temporal instability"


@dataclass(frozen=True)
class Error:
    """An error of indication: mean indication minus reference value, in the unit of the quantity.

    ``working`` is its budget for use anywhere in the working space and at any time: beside what that at the centre
    has, it has the inhomogeneity and the instability.
    """

    reference: float
    indication: float
    error: float
    budget: Budget
    working: Budget


@dataclass(frozen=True)
class Place:
    """How one location differs from the centre in the mean, with its budget, and how it varies in time.

    ``s`` is the standard deviation of the readings, ``largest`` the largest departure of one from their mean.
    """

    difference: float
    budget: Budget
    s: float
    largest: float


@dataclass(frozen=True)
class Figures:
    """What was found at one set point, temperatures in Cel, their differences in K, humidities in %."""

    set_temperature: float
    set_humidity: float | None
    temperature: Error
    places: Mapping[str, Place]
    humidity: Error | None
    humidity_differences: Mapping[str, float]

    @property
    def inhomogeneity(self) -> tuple[str, Place]:
        """The location that differs most from the centre."""
        return max(
            ((name, place) for name, place in self.places.items() if name != "centre"),
            key=lambda item: abs(item[1].difference),
        )

    @property
    def instability(self) -> tuple[str, Place]:
        """The location that varies most in time."""
        return max(self.places.items(), key=lambda item: item[1].largest)


def figures(seen: Observation, distributions: Mapping[str, str]) -> Figures:
    """The figures of one set point.

    :param distributions: of the effects of calibrations, by name.
    """
    centre = seen.locations["centre"]
    places = {name: _place(series, centre, distributions) for name, series in seen.locations.items()}
    spatial = max(abs(place.difference) for place in places.values())
    temporal = max(place.largest for place in places.values())
    humidity, differences = None, dict[str, float]()
    if seen.humidity is not None and seen.indicated_humidity is not None:
        differences = {
            name: seen.humidity.mean * (saturation(centre.mean) / saturation(series.mean) - 1.0)
            for name, series in seen.locations.items()
        }
        largest = max(map(abs, differences.values()))
        humidity = _error(seen.indicated_humidity, seen.humidity, largest, _largest(seen.humidity.value), distributions)
    return Figures(
        seen.set_temperature,
        seen.set_humidity,
        _error(seen.indicated, centre, spatial, temporal, distributions),
        places,
        humidity,
        differences,
    )


def saturation(temperature: float) -> float:
    """Saturation pressure of water vapour over water in hPa at a temperature in Cel (Magnus, WMO-No. 8)."""
    return 6.112 * math.exp(17.62 * temperature / (243.12 + temperature))


def _error(
    indicated: Series, reference: Series, spatial: float, temporal: float, distributions: Mapping[str, str]
) -> Error:
    """Mean indication minus mean reference value over the same time.

    Readings of the reference are compared with the indication at the same instants, so that what both follow, the
    ripple of the control, is no scatter of the difference.
    """
    differences = indicated.at(reference.t) - reference.value
    parts = (
        *_calibration(_only_shared(reference), distributions),
        repeatability(REPEATABILITY, differences),
        resolution(RESOLUTION, indicated.value, indicated.step),
    )
    budget = Budget(parts)
    working = budget.beside(_rectangle(INHOMOGENEITY, spatial), _rectangle(INSTABILITY, temporal))
    mean = float(reference.value.mean())
    error = float(differences.mean())
    return Error(mean, mean + error, error, budget, working)


def _place(series: Series, centre: Series, distributions: Mapping[str, str]) -> Place:
    """A location against the centre: what both calibrations share cancels."""
    spread = float(series.value.std(ddof=1)), _largest(series.value)
    if series is centre:
        return Place(0.0, Budget(()), *spread)
    mean, reference = (_only_shared(one).mean() for one in (series, centre))
    scatter = series.value - centre.at(series.t)
    parts = (
        *_calibration(mean.difference(reference), distributions),
        repeatability(REPEATABILITY, scatter),
    )
    return Place(float(scatter.mean()), Budget(parts), *spread)


def _only_shared(series: Series) -> Measurements:
    """The measurements without the rounding of single readings, which their scatter holds."""
    if series.measured is None:
        raise TypeError("a series without a calibration is no reference")
    plain = without_rounding_effects(series.measured)
    return Measurements(plain.value, np.zeros(len(plain)), plain.shared, plain.effects, plain.unit, plain.dof)


def _calibration(values: Measurements, distributions: Mapping[str, str]) -> tuple[Part, ...]:
    return shared_parts(values, distributions=distributions)


def _largest(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    return float(np.abs(values - values.mean()).max())


def _rectangle(name: str, half_width: float) -> Part:
    return Part(name, half_width / math.sqrt(3.0), distribution="rectangular")
