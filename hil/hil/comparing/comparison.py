"""Differences of two runs, each with its uncertainty, against a margin that was stated beforehand."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from hil_calibration.comparison import equivalence
from hil_calibration.effect import budget_line
from hil_calibration.errors import UnitError
from hil_calibration.unit import difference as difference_unit
from hil_calibration.unit import symbol

from ..errors import UsageError
from .domain import Region, number_in, regions
from .margins import Margins, margins_for
from .results import Compared
from .runs import Side, require_comparable, shared_effects

Judged = Literal["within", "outside", "undecided"]


@dataclass(frozen=True)
class Difference:
    """First minus second at one condition, in ``unit``; ``U`` with the covariance of what is shared included.

    :param dof: effective degrees of freedom of u(d), ``None`` where they are infinite, and :param k: of ``U``, by them.
    :param margin: of the measurand.
    :param size: of what is compared, in ``unit``; ``None`` where it has none, as a deviation has none.
    :param by_level: whether ``size`` is that of the condition, at which an error was found, and not of the results.
    """

    measurand: str
    condition: str
    unit: str
    first: float
    second: float
    difference: float
    U: float
    k: float
    dof: float | None
    covariance: float
    e_n: float | None
    margin: float
    judged: Judged
    size: float | None = None
    by_level: bool = False


@dataclass(frozen=True)
class Comparison:
    """All differences; ``shared`` names the effects taken as shared by both runs, as lines of a budget.

    :param margin: the one that was stated for no measurand by name, if any.
    """

    first: Side
    second: Side
    margin: float | None
    margins: Margins
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

    @property
    def regions(self) -> list[Region]:
        """The same by neighbouring conditions."""
        return regions(self.differences)

    @property
    def required(self) -> str:
        """The margins with their units: one number where one serves all, else by measurand."""
        told = {one.measurand: f"{one.margin:g} {symbol_of_difference(one.unit)}".strip() for one in self.differences}
        if len(set(told.values())) == 1:
            return next(iter(told.values()))
        return ", ".join(f"{margin} ({name})" for name, margin in told.items())

    @property
    def too_wide(self) -> list[Difference]:
        """Where the margin is larger than what is compared itself: there, a comparison says nothing.

        That is the value, of a measurand whose zero means that there is nothing of it; the condition, where it is a
        number in the unit of the results, such as an error in lx at 2 lx; and for a share 1, by which two can differ.
        """
        return [one for one in self.differences if one.size is not None and one.margin > one.size]

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
            "margins": dict(self.margins.of),
            "not_compared": list(self.margins.left_out),
            "shared": list(self.shared),
            "differences": [asdict(one) for one in self.differences],
            "domain": self.domain,
            "too_wide": [f"{one.measurand} at {one.condition}" for one in self.too_wide],
            "regions": [asdict(one) for one in self.regions],
            "outcome": self.outcome,
        }


def symbol_of_difference(unit: str) -> str:
    """The unit of differences as a person reads it; a unit that is not one of the known ones as it stands."""
    if unit == "1":
        return ""
    try:
        return symbol(difference_unit(unit))
    except UnitError:
        return unit


def compare(
    first: Side,
    second: Side,
    *,
    margin: float | None = None,
    margins: Mapping[str, float] | None = None,
    measurand: str | None = None,
) -> Comparison:
    """Compare two runs of one design.

    :param margin: within which |d| + U(d) must stay, above 0, in the unit of the results: of the first measurand and of
        all others in its unit, without one of their own. One in another unit is not compared without its own.
    :param margins: by measurand.
    :param measurand: the only one to compare; all by default.
    :raises UsageError: if they cannot be compared, or there is no such measurand.
    """
    require_comparable(first, second)
    chosen = margins_for(first, second, margin, margins or {}, measurand)
    shared = shared_effects(first, second)
    lines = list(dict.fromkeys(map(budget_line, shared)))
    return Comparison(first, second, margin, chosen, lines, list(_differences(first, second, chosen, shared)))


def _differences(first: Side, second: Side, margins: Margins, shared: Sequence[str]) -> Iterator[Difference]:
    for name, margin in margins.of.items():
        here, there = first.results[name], second.results[name]
        if missing := sorted(set(here) ^ set(there)):
            raise UsageError(f"{name} at {missing[0]} is not in both runs", remedy="compare runs of one design")
        for condition, one in here.items():
            yield _difference(name, condition, one, there[condition], shared, margin)


def _difference(
    name: str, condition: str, one: Compared, other: Compared, shared: Sequence[str], margin: float
) -> Difference:
    covariance = math.fsum(one.parts.get(effect, 0.0) * other.parts.get(effect, 0.0) for effect in shared)
    found = equivalence(
        one.value,
        one.u,
        other.value,
        other.u,
        margin=margin,
        covariance=covariance,
        dof1=one.dof,
        dof2=other.dof,
    )
    outside = abs(found.difference) - found.U > margin
    by_level = one.most is None and not one.of_size
    return Difference(
        measurand=name,
        condition=condition,
        unit=one.unit,
        first=one.value,
        second=other.value,
        difference=found.difference,
        U=found.U,
        k=found.k,
        dof=None if math.isinf(found.dof) else found.dof,
        covariance=covariance,
        e_n=found.difference / found.U if found.U > 0 else None,
        margin=margin,
        judged="within" if found.equivalent else "outside" if outside else "undecided",
        size=number_in(condition, symbol_of_difference(one.unit)) if by_level else _size(one, other),
        by_level=by_level,
    )


def _size(one: Compared, other: Compared) -> float:
    return max(abs(one.value), abs(other.value)) if one.most is None else one.most
