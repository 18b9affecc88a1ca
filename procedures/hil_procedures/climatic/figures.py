"""The figures of a chamber at one set point, each with its budget."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from hil_calibration.stream import Measurements

from ..budget import Budget, Part, repeatability, resolution, shared_parts
from ..readings import Series
from .session import Observation

REPEATABILITY = "repeatability of the difference"
RESOLUTION = "resolution of the chamber's indication"
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
        humidity = _error(
            seen.indicated_humidity, seen.humidity, largest, seen.humidity.largest_departure, distributions
        )
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
        *_calibration(reference.shared, distributions),
        repeatability(REPEATABILITY, differences),
        resolution(RESOLUTION, indicated.value, indicated.step),
    )
    budget = Budget(parts)
    working = budget.beside(_rectangle(INHOMOGENEITY, spatial), _rectangle(INSTABILITY, temporal))
    mean = reference.mean
    error = float(differences.mean())
    return Error(mean, mean + error, error, budget, working)


def _place(series: Series, centre: Series, distributions: Mapping[str, str]) -> Place:
    """A location against the centre: what both calibrations share cancels."""
    spread = series.s, series.largest_departure
    if series is centre:
        return Place(0.0, Budget(()), *spread)
    mean, reference = series.shared.mean(), centre.shared.mean()
    scatter = series.value - centre.at(series.t)
    parts = (
        *_calibration(mean.difference(reference), distributions),
        repeatability(REPEATABILITY, scatter),
    )
    return Place(float(scatter.mean()), Budget(parts), *spread)


def _calibration(values: Measurements, distributions: Mapping[str, str]) -> tuple[Part, ...]:
    return shared_parts(values, distributions=distributions)


def _rectangle(name: str, half_width: float) -> Part:
    return Part(name, half_width / math.sqrt(3.0), distribution="rectangular")
