"""The families of stimuli and the models that ship, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .family import Family, Model
from .heart_rate import HeartRate
from .micrograph import Micrograph
from .particles import ParticleSize
from .pulse import Pulse
from .slab import Slab, SlabEmulator

FAMILIES: Mapping[str, Family] = {"micrograph": Micrograph(), "pulse": Pulse(), "slab": Slab()}
MODELS: Mapping[str, Callable[[], Model]] = {
    "heart-rate": HeartRate,
    "particle-size": ParticleSize,
    "slab": SlabEmulator,
}
