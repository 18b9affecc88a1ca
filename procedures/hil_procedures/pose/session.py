"""The visits of a trial of pose accuracy, from its record."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hil.evidence import Evidence
from hil_calibration.stream import concatenate

from ..readings import Series, measured, room_temperature
from .figures import Visits
from .parameters import FEWEST, PoseAccuracy
from .visit import ARRIVED, AXES, FAILURES

if TYPE_CHECKING:
    from hil.record import Observation


@dataclass(frozen=True)
class Tally:
    """What became of the visits to one pose: those carried out, and by outcome why each of the others failed."""

    name: str
    planned: int
    carried_out: int
    failures: Mapping[str, Sequence[str]]

    @property
    def failed(self) -> int:
        """How many failed."""
        return sum(map(len, self.failures.values()))

    @property
    def missing(self) -> int:
        """How many were not made, or are void."""
        return self.planned - self.carried_out - self.failed


def read_visits(evidence: Evidence, p: PoseAccuracy) -> list[Visits]:
    """The visits to each pose that were carried out, in the order of the poses, where there are enough of them."""
    room = room_temperature(evidence) if p.room_tolerance else None
    found = []
    for name, pose in p.commanded.items():
        seen = [one for one in _of(evidence, name) if one.data["outcome"] == ARRIVED]
        if len(seen) < FEWEST:
            continue
        series = [[measured(evidence, one.links[axis], temperature=room) for one in seen] for axis in AXES]
        axes = [concatenate([one.measured.mean() for one in each if one.measured is not None]) for each in series]
        found.append(
            Visits(name, np.array([pose.x, pose.y, pose.z]), axes, np.array([_noise(each) for each in series]))
        )
    return found


def read_tallies(evidence: Evidence, p: PoseAccuracy) -> list[Tally]:
    """What became of the visits to each pose, in the order of the poses."""
    found = []
    for name in p.commanded:
        seen = _of(evidence, name)
        failures = {
            outcome: reasons
            for outcome in FAILURES
            if (reasons := [str(one.data["reason"]) for one in seen if one.data["outcome"] == outcome])
        }
        arrived = sum(1 for one in seen if one.data["outcome"] == ARRIVED)
        found.append(Tally(name, p.cycles, arrived, failures))
    return found


def _of(evidence: Evidence, name: str) -> list[Observation]:
    return [one for one in evidence.observations if one.data["pose"] == name]


def _noise(series: Sequence[Series]) -> float:
    """The standard deviation of the mean of the readings of one visit, from their scatter pooled over all visits."""
    squares = sum(float(np.sum((one.value - one.mean) ** 2)) for one in series)
    dof, readings = sum(len(one.value) - 1 for one in series), np.mean([len(one.value) for one in series])
    return math.sqrt(squares / dof / float(readings))
