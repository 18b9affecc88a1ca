"""The answers of a virtual instrument on record, with their reference values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from hil import Record
from hil.errors import RecordError
from hil.evidence import Evidence
from hil_calibration.systems.virtual import Trials


@dataclass(frozen=True)
class Session:
    """Answers that are values, with the content of each stimulus; ``faults`` of the model by their names.

    :param u_reference: the largest standard uncertainty of a reference value, shared by all.
    :param domain: as declared, feature -> bounds.
    :param system: what the record keeps of the model.
    """

    trials: Trials
    contents: tuple[str, ...]
    faults: tuple[str, ...]
    unit: str
    u_reference: float
    domain: Mapping[str, tuple[float, float]]
    system: Mapping[str, Any]


def read_session(record: Record, evidence: Evidence) -> Session:
    """Read the answers.

    :raises RecordError: if the model declares no domain, or gave no value for any stimulus.
    """
    system = next(event.data for event in record.events("system") if event.data["role"] == "model")
    domain = {name: (float(low), float(high)) for name, (low, high) in system["settings"].get("domain", {}).items()}
    if not domain:
        raise RecordError(
            "declares no operating domain", where=str(system["name"]), remedy="declare one with the option domain"
        )
    answered = [entry for entry in evidence.observations if not entry.data["fault"]]
    if not answered:
        raise RecordError("gave no value", where=str(system["name"]), remedy="see the faults on record")
    reference = [evidence.measurements(entry.links["reference"], share_rounding=False) for entry in answered]
    features = {
        name: np.array([float(entry.data["features"].get(name, np.inf)) for entry in answered]) for name in domain
    }
    if any(not np.all(np.isfinite(values)) for values in features.values()):
        raise RecordError(
            "does not tell every feature of its domain", where=str(system["name"]), remedy="let it answer `features`"
        )
    in_domain = np.all([(low <= features[name]) & (features[name] <= high) for name, (low, high) in domain.items()], 0)
    return Session(
        trials=Trials(
            np.array([float(entry.data["output"]) for entry in answered]),
            np.array([float(one.value.mean()) for one in reference]),
            tuple(str(entry.data["subject"]) for entry in answered),
            features,
            in_domain,
        ),
        contents=tuple(str(entry.data["content"]) for entry in answered),
        faults=tuple(str(entry.data["fault"]) for entry in evidence.observations if entry.data["fault"]),
        unit=reference[0].unit,
        u_reference=max(float(one.mean().u[0]) for one in reference),
        domain=domain,
        system=system,
    )
