"""The families of stimuli and the models that ship, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .family import Family, Model
from .heart_rate import HeartRate
from .pulse import Pulse

FAMILIES: Mapping[str, Family] = {"pulse": Pulse()}
MODELS: Mapping[str, Callable[[], Model]] = {"heart-rate": HeartRate}
