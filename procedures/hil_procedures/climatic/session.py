"""The readings of a characterisation: at each set point what the chamber indicated and what was measured in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hil.evidence import Evidence

from ..readings import Series, distributions, indicated, measured, room_temperature
from .parameters import LOCATIONS


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
    calibrated = [evidence.role(name) for name in (*LOCATIONS, "probe_humidity")]
    return Session(
        tuple(_observation(evidence, seen.data, seen.links) for seen in evidence.observations),
        room_temperature(evidence),
        distributions(evidence, *calibrated),
    )


def _observation(evidence: Evidence, data: Mapping[str, Any], links: Mapping[str, Any]) -> Observation:
    origin = min(link["start"] for link in links.values())
    humid = "set_humidity" in data
    return Observation(
        float(data["set_temperature"]),
        float(data["set_humidity"]) if humid else None,
        indicated(evidence, links["indicated"], origin),
        {name: measured(evidence, links[name], origin) for name in LOCATIONS},
        indicated(evidence, links["indicated_humidity"], origin) if humid else None,
        measured(evidence, links["probe_humidity"], origin) if humid else None,
    )
