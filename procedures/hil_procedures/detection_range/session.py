"""The observations of a trial of detection range, each with the distance measured to its target."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hil.evidence import Evidence
from hil_calibration.stream import Measurements, concatenate

from ..effects import with_effects, without_rounding_effects
from ..readings import room_temperature

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Session:
    """``n`` observations of targets: ``distance`` measured in m with the effects that they share, ``nominal`` and
    ``bearing`` as planned, in m and degrees.

    ``blanks`` and ``false_calls`` count presentations without a target that were answered, and those in which one was
    seen: a fault of the system is no blank that it got right. ``latency`` holds wall seconds, ``room`` is the mean
    temperature in Cel, ``illuminance`` the mean of the run in lx.
    """

    distance: Measurements
    nominal: Array
    bearing: Array
    hits: NDArray[np.bool_]
    targets: NDArray[np.str_]
    latency: Array
    faults: tuple[str, ...]
    blanks: int
    false_calls: int
    room: float
    illuminance: float


def read_session(evidence: Evidence) -> Session:
    """Read the session from its record."""
    channel, room = evidence.role("distance"), room_temperature(evidence)
    light = evidence.measurements(evidence.whole_run(evidence.role("luxmeter")), temperature=room)
    shown = [entry for entry in evidence.observations if entry.data["target"]]
    blank = [entry for entry in evidence.observations if not entry.data["target"] and not entry.data["fault"]]
    links = [entry.links[channel] for entry in shown]
    s = _repeatability([evidence.indications(link).values for link in links])
    measured = concatenate([evidence.measurements(link, u_indication=s, temperature=room).mean() for link in links])
    at_target = with_effects(without_rounding_effects(measured), evidence.declared_effects(channel, "transfer"))
    return Session(
        distance=at_target,
        nominal=np.array([float(entry.data["distance"]) for entry in shown]),
        bearing=np.array([float(entry.data["bearing"]) for entry in shown]),
        hits=np.array([bool(entry.data["hit"]) for entry in shown]),
        targets=np.array([str(entry.data["target"]) for entry in shown]),
        latency=np.array([float(entry.data["latency"]) for entry in shown]),
        faults=tuple(str(entry.data["fault"]) for entry in evidence.observations if entry.data["fault"]),
        blanks=len(blank),
        false_calls=sum(1 for entry in blank if entry.data["output"]),
        room=room,
        illuminance=float(light.value.mean()),
    )


def _repeatability(windows: list[Array]) -> float:
    """The standard deviation of one reading in m, pooled over the windows of all observations."""
    squares = sum(float(np.sum((values - values.mean()) ** 2)) for values in windows)
    dof = sum(len(values) - 1 for values in windows)
    return math.sqrt(squares / dof) if dof else 0.0
