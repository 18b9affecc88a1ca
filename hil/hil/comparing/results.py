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


def parts_of(budget: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """Standard uncertainties by effect, of a budget as it stands in ``results.json``."""
    return {name: float(line["u"]) for name, line in budget.items()}


Conditions = Callable[[Mapping[str, Any], Any], Mapping[str, Mapping[str, Compared]]]
"""From what a run has under ``results`` in ``results.json``, and its parameters: measurand -> condition -> result."""
