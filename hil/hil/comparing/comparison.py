"""Differences of two runs, each with its uncertainty, against a margin that was stated beforehand."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from hil_calibration.comparison import equivalence

from ..errors import UsageError
from ..suggest import nearest
from .results import Compared
from .runs import Side, require_comparable, shared_effects

Judged = Literal["within", "outside", "undecided"]


@dataclass(frozen=True)
class Difference:
    """First minus second at one condition, in ``unit``; ``U`` with k = 2, the covariance of what is shared included."""

    measurand: str
    condition: str
    unit: str
    first: float
    second: float
    difference: float
    U: float
    covariance: float
    e_n: float | None
    judged: Judged


@dataclass(frozen=True)
class Comparison:
    """All differences; ``shared`` names the effects taken as shared by both runs."""

    first: Side
    second: Side
    margin: float
    shared: Sequence[str]
    differences: Sequence[Difference]

    @property
    def outcome(self) -> Literal["PASS", "FAIL", "INCONCLUSIVE"]:
        """PASS within everywhere, FAIL outside somewhere, else INCONCLUSIVE."""
        judged = {one.judged for one in self.differences}
        return "FAIL" if "outside" in judged else "INCONCLUSIVE" if "undecided" in judged else "PASS"

    @property
    def domain(self) -> list[str]:
        """Where the margin holds: measurand and condition."""
        return [f"{one.measurand} at {one.condition}" for one in self.differences if one.judged == "within"]

    def to_json(self) -> dict[str, Any]:
        return {
            "runs": [
                {
                    "run": side.name,
                    "bench": side.bench,
                    "world": side.world,
                    "provenance": side.run["provenance"],
                    "codecs": list(side.codecs),
                }
                for side in (self.first, self.second)
            ],
            "procedure": self.first.run["procedure"],
            "margin": self.margin,
            "shared": list(self.shared),
            "differences": [asdict(one) for one in self.differences],
            "domain": self.domain,
            "outcome": self.outcome,
        }


def compare(first: Side, second: Side, *, margin: float, measurand: str | None = None) -> Comparison:
    """Compare two runs of one design.

    :param margin: within which |d| + U(d) must stay, above 0, in the unit of the results.
    :param measurand: the only one to compare; all by default.
    :raises UsageError: if they cannot be compared, or there is no such measurand.
    """
    require_comparable(first, second)
    if measurand is not None and measurand not in first.results:
        raise UsageError(f"there is no measurand {measurand!r}", remedy=nearest(measurand, first.results))
    shared = shared_effects(first, second)
    names = list(first.results) if measurand is None else [measurand]
    units = {result.unit for name in names for result in first.results[name].values()}
    if len(units) > 1:
        raise UsageError("one margin cannot serve several units", remedy="choose with --measurand")
    return Comparison(first, second, margin, shared, list(_differences(first, second, names, shared, margin)))


def _differences(
    first: Side, second: Side, names: Sequence[str], shared: Sequence[str], margin: float
) -> Iterator[Difference]:
    for name in names:
        for condition, one in first.results[name].items():
            other = second.results[name].get(condition)
            if other is None or other.unit != one.unit:
                raise UsageError(
                    f"{name} at {condition} is not in both runs in one unit", remedy="compare runs of one design"
                )
            yield _difference(name, condition, one, other, shared, margin)


def _difference(
    name: str, condition: str, one: Compared, other: Compared, shared: Sequence[str], margin: float
) -> Difference:
    covariance = math.fsum(one.parts.get(effect, 0.0) * other.parts.get(effect, 0.0) for effect in shared)
    found = equivalence(one.value, one.u, other.value, other.u, margin=margin, covariance=covariance)
    outside = abs(found.difference) - found.U > margin
    return Difference(
        measurand=name,
        condition=condition,
        unit=one.unit,
        first=one.value,
        second=other.value,
        difference=found.difference,
        U=found.U,
        covariance=covariance,
        e_n=found.difference / found.U if found.U > 0 else None,
        judged="within" if found.equivalent else "outside" if outside else "undecided",
    )
