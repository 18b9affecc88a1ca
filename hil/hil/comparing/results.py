"""What a procedure hands to a comparison: its results by measurand and condition, with what their u is made of."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hil_calibration.effect import budget_line

REMAINDER = 1e-6
"""The part of the ``u`` of a line below which what its effects leave of it is a remainder of rounding."""


@dataclass(frozen=True)
class Compared:
    """One result of one run at one condition, in ``unit``.

    :param parts: standard uncertainties by effect, independent of each other, in ``unit``; signed, by the sense in
        which the effect moves ``value``: what two results share may move them apart.
    :param dof: effective degrees of freedom of ``u``, 1 or more. Of a ``u`` that was widened for few observations
        already they are infinite.
    :param of_size: whether its zero means that there is nothing of it, as of a distance or a time; not so of a
        deviation, or of a share, which may well be 0.
    :param most: by how much two such results can differ, 1 for a share; ``None`` where there is no such bound.
    """

    value: float
    u: float
    unit: str
    parts: Mapping[str, float]
    dof: float = math.inf
    of_size: bool = False
    most: float | None = None


def parts_of(budget: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """Standard uncertainties by effect, signed, of a budget as it stands in ``results.json``.

    A line with ``effects`` gives those, and by its own name what they leave of it. An effect in two lines, which its
    budget takes as independent, counts as the two together, in the sense of the larger.
    """
    parts: dict[str, float] = {}
    for name, line in budget.items():
        u, effects = float(line["u"]), line.get("effects", {})
        rest = math.sqrt(max(0.0, u**2 - math.fsum(each**2 for each in effects.values())))
        own = {name: rest} if not effects or rest > REMAINDER * u else {}
        for effect, each in (*effects.items(), *own.items()):
            before = parts.get(effect, 0.0)
            parts[effect] = math.copysign(math.hypot(before, each), max(before, each, key=abs)) if before else each
    return parts


def lines_of(parts: Mapping[str, float]) -> dict[str, float]:
    """The same as a budget is printed: unsigned, the coefficients of a certificate in one line."""
    lines: dict[str, float] = {}
    for effect, u in parts.items():
        line = budget_line(effect)
        lines[line] = math.hypot(lines.get(line, 0.0), u)
    return lines


def dof_of(budget: Mapping[str, Mapping[str, Any]]) -> float:
    """Effective degrees of freedom by Welch-Satterthwaite (GUM G.4.1), 1 or more, of a budget as it stands there.

    A line without ``dof`` has infinite ones.
    """
    lines = [(float(line["u"]), float(line.get("dof", math.inf))) for line in budget.values()]
    quartic = math.fsum(u**4 / dof for u, dof in lines)
    return max(1.0, round(math.fsum(u**2 for u, _ in lines) ** 2 / quartic, 9)) if quartic > 0.0 else math.inf


Conditions = Callable[[Mapping[str, Any], Any], Mapping[str, Mapping[str, Compared]]]
"""From what a run has under ``results`` in ``results.json``, and its parameters: measurand -> condition -> result."""
