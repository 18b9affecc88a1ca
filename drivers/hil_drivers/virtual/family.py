"""What a family of stimuli, and a model of a quantity, have to offer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Given = Mapping[str, float | NDArray[np.float64]]
"""What a model looks at: named numbers and series."""


@dataclass(frozen=True)
class Made:
    """A stimulus, its true ``reference`` value, and the ``subject`` (person, scene, sample) that it is of."""

    values: Given
    reference: float
    subject: str


class Family(Protocol):
    """Stimuli of known truth; the same seed, content and number give the same stimulus.

    ``span`` bounds the reference values, in ``unit`` (UCUM); ``u`` is their standard uncertainty.
    """

    quantity: str
    unit: str
    span: tuple[float, float]
    u: float
    contents: tuple[str, ...]

    def make(self, content: str, number: int, seed: int) -> Made:
        """Stimulus ``number``, counted from 0, of those that ``content`` names."""
        ...

    def true(self, made: Made) -> float:
        """The true value of a stimulus, from which its reference value may depart."""
        ...


@dataclass(frozen=True)
class Setting:
    """What can be stated of a stimulus: its unit (UCUM), its range, and its value where nothing is stated."""

    unit: str
    low: float
    high: float
    nominal: float


@runtime_checkable
class SettableFamily(Family, Protocol):
    """Stimuli whose ``settings`` can be stated one by one, by name."""

    settings: Mapping[str, Setting]

    def stated(self, settings: Mapping[str, float]) -> Made:
        """The stimulus with these settings, every one of them given."""
        ...


@dataclass(frozen=True)
class Estimate:
    """What a model says: a value in its unit, and the features of its input by which its domain is declared."""

    value: float
    features: Mapping[str, float] = field(default_factory=dict)


class Model(Protocol):
    """A model of a quantity, in ``unit`` (UCUM); ``domain`` bounds the features that it reports."""

    quantity: str
    unit: str
    version: str
    domain: Mapping[str, tuple[float, float]]

    def digests(self) -> dict[str, str]:
        """SHA-256 (hexadecimal) of what it learned, by name."""
        ...

    def estimate(self, given: Given) -> Estimate:
        """The value for an input.

        :raises ValueError: for an input that it cannot take.
        """
        ...
