"""The readings of a characterisation: at each set point what the chamber indicated and what was measured in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hil.evidence import Evidence, Indications
from hil_calibration.stream import Measurements

from .parameters import LOCATIONS

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Series:
    """``n`` readings: times in s since the first of the set point, values in the channel's unit.

    ``measured`` carries the effects of the calibration, ``None`` for what has none; ``step`` is the resolution.
    """

    t: Array
    value: Array
    step: float
    measured: Measurements | None = None

    @property
    def mean(self) -> float:
        """The mean of the values."""
        return float(self.value.mean())

    def at(self, t: Array) -> Array:
        """The values at other times, on straight lines between the readings."""
        return np.interp(t, self.t, self.value)


@dataclass(frozen=True)
class Observation:
    """One set point: ``locations`` by role, the centre first; humidities in %, ``None`` where not controlled."""

    set_temperature: float
    set_humidity: float | None
    indicated: Series
    locations: Mapping[str, Series]
    indicated_humidity: Series | None
    humidity: Series | None


@dataclass(frozen=True)
class Session:
    """All set points, and the mean temperature of the room in Cel."""

    observations: tuple[Observation, ...]
    room: float
    distributions: Mapping[str, str]


def read_session(evidence: Evidence) -> Session:
    """Read the session from its record."""
    conditions = evidence.whole_run(evidence.role("temperature"))
    calibrated = [evidence.role(name) for name in (*LOCATIONS, "probe_humidity")]
    return Session(
        tuple(_observation(evidence, seen.data, seen.links) for seen in evidence.observations),
        float(evidence.measurements(conditions).mean().value[0]),
        {
            effect.name: effect.distribution
            for channel in calibrated
            for effect in evidence.calibration(channel).effects
        },
    )


def _observation(evidence: Evidence, data: Mapping[str, Any], links: Mapping[str, Any]) -> Observation:
    origin = min(link["start"] for link in links.values())
    humid = "set_humidity" in data
    return Observation(
        float(data["set_temperature"]),
        float(data["set_humidity"]) if humid else None,
        _indicated(evidence, links["indicated"], origin),
        {name: _measured(evidence, links[name], origin) for name in LOCATIONS},
        _indicated(evidence, links["indicated_humidity"], origin) if humid else None,
        _measured(evidence, links["probe_humidity"], origin) if humid else None,
    )


def _indicated(evidence: Evidence, link: Mapping[str, Any], origin: int) -> Series:
    found = evidence.indications(link)
    return Series(_seconds(found, origin), found.values, _step(found))


def _measured(evidence: Evidence, link: Mapping[str, Any], origin: int) -> Series:
    """Measurements whose noise is left to their scatter."""
    found = evidence.indications(link)
    measured = evidence.measurements(link)
    return Series(_seconds(found, origin), measured.value, _step(found), measured)


def _seconds(found: Indications, origin: int) -> Array:
    return np.asarray((found.t - origin) * 1e-9, dtype=np.float64)


def _step(found: Indications) -> float:
    return float(np.nan_to_num(found.resolution).max())
