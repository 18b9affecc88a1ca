"""What a procedure hands to a comparison: its results by measurand and condition, with what their u is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Compared:
    """One result of one run at one condition, in ``unit``.

    :param parts: standard uncertainties by effect, independent of each other, in ``unit``.
    """

    value: float
    u: float
    unit: str
    parts: Mapping[str, float]


Conditions = Callable[[Mapping[str, Any], Any], Mapping[str, Mapping[str, Compared]]]
"""From what a run has under ``results`` in ``results.json``, and its parameters: measurand -> condition -> result."""
