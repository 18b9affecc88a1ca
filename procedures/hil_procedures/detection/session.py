"""The observations of a detection trial, each with the illuminance measured at its sign."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hil.evidence import Evidence
from hil_calibration.stream import Measurements, concatenate

from ..effects import with_effects, without_rounding_effects

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Session:
    """``n`` observations of signs; ``illuminance`` is that at the sign, in lx, with the effects that they share.

    ``blanks`` and ``false_calls`` count presentations without a sign that were answered, and those at which something
    was read: a fault of the system is no blank that it got right.
    ``latency`` holds wall seconds of each answer; ``temperature`` is the mean of the room in Cel.
    """

    illuminance: Measurements
    nominal: Array
    hits: NDArray[np.bool_]
    signs: tuple[str, ...]
    latency: Array
    faults: tuple[str, ...]
    blanks: int
    false_calls: int
    temperature: float
    repeatability: float


def read_session(evidence: Evidence) -> Session:
    """Read the session from its record."""
    channel = evidence.role("luxmeter")
    room = evidence.whole_run(evidence.role("temperature"))
    temperature = float(evidence.measurements(room, share_rounding=False).value.mean())
    observed = evidence.observations
    shown = [entry for entry in observed if entry.data["sign"]]
    blank = [entry for entry in observed if not entry.data["sign"] and not entry.data["fault"]]
    links = [entry.links[channel] for entry in shown]
    s = _repeatability(evidence, links)
    nominal = np.array([float(entry.data["illuminance"]) for entry in shown])
    measured = concatenate(
        [_mean(evidence, link, level * s, temperature) for link, level in zip(links, nominal, strict=True)]
    )
    at_sign = with_effects(without_rounding_effects(measured), evidence.declared_effects(channel, "transfer"))
    return Session(
        illuminance=at_sign,
        nominal=nominal,
        hits=np.array([bool(entry.data["hit"]) for entry in shown]),
        signs=tuple(str(entry.data["sign"]) for entry in shown),
        latency=np.array([float(entry.data["latency"]) for entry in shown]),
        faults=tuple(str(entry.data["fault"]) for entry in observed if entry.data["fault"]),
        blanks=len(blank),
        false_calls=sum(1 for entry in blank if entry.data["output"]),
        temperature=temperature,
        repeatability=s,
    )


def _mean(evidence: Evidence, link: dict[str, Any], noise: float, temperature: float) -> Measurements:
    return evidence.measurements(link, u_indication=noise, temperature=temperature).mean()


def _repeatability(evidence: Evidence, links: list[dict[str, Any]]) -> float:
    """Relative standard deviation of one reading, pooled over the windows of all observations."""
    squares, dof = 0.0, 0
    for link in links:
        values = evidence.indications(link).values
        squares += float(np.sum((values / values.mean() - 1.0) ** 2))
        dof += len(values) - 1
    return math.sqrt(squares / dof) if dof else 0.0
