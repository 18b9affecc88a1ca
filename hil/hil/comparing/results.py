"""What a procedure hands to a comparison: its results by measurand and condition, with what their u is made of."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Compared:
    """One result of one run at one condition, in ``unit``.

    :param parts: standard uncertainties by effect, independent of each other, in ``unit``.
    :param dof: effective degrees of freedom of ``u``, 1 or more. Of a ``u`` that was widened for few observations
        already they are infinite.
    :param of_size: whether its zero means that there is nothing of it, as of a distance or a time; not so of a
        deviation, or of a share, which may well be 0.
    """

    value: float
    u: float
    unit: str
    parts: Mapping[str, float]
    dof: float = math.inf
    of_size: bool = False


def parts_of(budget: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """Standard uncertainties by effect, of a budget as it stands in ``results.json``."""
    return {name: float(line["u"]) for name, line in budget.items()}


def dof_of(budget: Mapping[str, Mapping[str, Any]]) -> float:
    """Effective degrees of freedom by Welch-Satterthwaite (GUM G.4.1), 1 or more, of a budget as it stands there.

    A line without ``dof`` has infinite ones.
    """
    lines = [(float(line["u"]), float(line.get("dof", math.inf))) for line in budget.values()]
    quartic = math.fsum(u**4 / dof for u, dof in lines)
    return max(1.0, round(math.fsum(u**2 for u, _ in lines) ** 2 / quartic, 9)) if quartic > 0.0 else math.inf


Conditions = Callable[[Mapping[str, Any], Any], Mapping[str, Mapping[str, Compared]]]
"""From what a run has under ``results`` in ``results.json``, and its parameters: measurand -> condition -> result."""
