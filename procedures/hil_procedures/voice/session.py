"""The observations of a trial of voice detection, each with the signal-to-noise ratio measured for its sound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hil.evidence import Evidence
from hil_calibration.stream import Measurements, concatenate

from ..effects import with_effects, without_rounding_effects
from .heard import calls_before

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Calls:
    """Without a voice: ``windows`` looked at and ``called`` of them; the same of ``sounds``, which are independent."""

    windows: int
    called: int
    sounds: int
    calling: int


@dataclass(frozen=True)
class Session:
    """``n`` observations of utterances; ``snr`` is the measured ratio of powers with the effects that they share.

    ``nominal`` is the ratio as planned, in dB; ``latency`` holds wall seconds of each answer, those to blanks too, and
    ``inference`` those of the model alone, as far as it tells them. ``faults`` are those of all observations.
    """

    snr: Measurements
    nominal: Array
    hits: NDArray[np.bool_]
    utterances: tuple[str, ...]
    latency: Array
    inference: Array
    faults: tuple[str, ...]
    blanks: int
    calls: Calls


def read_session(evidence: Evidence) -> Session:
    """Read the session from its record."""
    channel = evidence.role("snr")
    observed = evidence.observations
    spoken = [entry for entry in observed if entry.data["utterance"]]
    measured = concatenate([evidence.measurements(entry.links[channel]).mean() for entry in spoken])
    told = [(entry.data["details"] or {}).get("inference") for entry in observed]
    return Session(
        snr=with_effects(without_rounding_effects(measured), evidence.declared_effects(channel, "transfer")),
        nominal=decibels(np.array([float(entry.data["snr"]) for entry in spoken])).round(3),
        hits=np.array([bool(entry.data["hit"]) for entry in spoken]),
        utterances=tuple(str(entry.data["utterance"]) for entry in spoken),
        latency=np.array([float(entry.data["latency"]) for entry in observed]),
        inference=np.array([each for each in told if isinstance(each, float)]),
        faults=tuple(str(entry.data["fault"]) for entry in observed if entry.data["fault"]),
        blanks=len(observed) - len(spoken),
        calls=_calls([calls_before(one.data["heard"], one.data["onset"]) for one in observed if not one.data["fault"]]),
    )


def decibels(ratio: Array) -> Array:
    """Ratios of powers as levels in dB."""
    return np.asarray(10.0 * np.log10(ratio), dtype=np.float64)


def _calls(each: list[tuple[int, int]]) -> Calls:
    looked = [(called, windows) for called, windows in each if windows]
    return Calls(
        windows=sum(windows for _, windows in looked),
        called=sum(called for called, _ in looked),
        sounds=len(looked),
        calling=sum(1 for called, _ in looked if called),
    )
