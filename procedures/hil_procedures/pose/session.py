"""The visits of a trial of pose accuracy, from its record."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from hil.evidence import Evidence
from hil_calibration.stream import concatenate

from ..readings import Series, measured, room_temperature
from .figures import Visits
from .parameters import PoseAccuracy
from .script import AXES


def read_visits(evidence: Evidence, p: PoseAccuracy) -> list[Visits]:
    """The visits to each pose, in the order of the poses."""
    room = room_temperature(evidence) if p.room_tolerance else None
    found = []
    for name, pose in p.commanded.items():
        seen = [one for one in evidence.observations if one.data["pose"] == name]
        series = [
            [measured(evidence, one.links[evidence.role(axis)], temperature=room) for one in seen] for axis in AXES
        ]
        axes = [concatenate([one.measured.mean() for one in each if one.measured is not None]) for each in series]
        found.append(
            Visits(name, np.array([pose.x, pose.y, pose.z]), axes, np.array([_noise(each) for each in series]))
        )
    return found


def _noise(series: Sequence[Series]) -> float:
    """The standard deviation of the mean of the readings of one visit, from their scatter pooled over all visits."""
    squares = sum(float(np.sum((one.value - one.mean) ** 2)) for one in series)
    dof, readings = sum(len(one.value) - 1 for one in series), np.mean([len(one.value) for one in series])
    return math.sqrt(squares / dof / float(readings))
