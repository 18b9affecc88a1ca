"""The region of the operating domain in which a margin holds: neighbouring conditions, by number."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .comparison import Difference

_NUMBERED = re.compile(r"(?:(?P<word>[^\W\d]+) )?(?P<value>-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?: (?P<unit>\S+))?")


@dataclass(frozen=True)
class Region:
    """Neighbouring conditions at all of which the margin holds, in the order of their numbers.

    Nothing is said of what lies between them. Conditions that are no numbers have no neighbours: each is one region.
    """

    measurand: str
    conditions: Sequence[str]

    @property
    def span(self) -> str:
        """From where to where."""
        first, last, n = self.conditions[0], self.conditions[-1], len(self.conditions)
        return first if n == 1 else f"{first} to {last} ({n} conditions)"

    @property
    def span_french(self) -> str:
        first, last, n = self.conditions[0], self.conditions[-1], len(self.conditions)
        return first if n == 1 else f"{first} à {last} ({n} conditions)"


def regions(differences: Sequence[Difference]) -> list[Region]:
    """Where the margin holds, by measurand."""
    return [
        Region(name, found)
        for name, each in groupby(differences, key=lambda one: one.measurand)
        for found in _neighbours(list(each))
    ]


def number_in(condition: str, unit: str) -> float | None:
    """The number by which a condition is called, where it is one in ``unit`` and not 0; without its sign."""
    found = _NUMBERED.fullmatch(condition)
    if found is None or found["word"] or not unit or found["unit"] != unit:
        return None
    return abs(float(found["value"])) or None


def _neighbours(differences: Sequence[Difference]) -> Iterator[list[str]]:
    numbers = _numbers([one.condition for one in differences])
    if numbers is None:
        yield from ([one.condition] for one in differences if one.judged == "within")
        return
    ordered = [one for _, one in sorted(zip(numbers, differences, strict=True), key=lambda pair: pair[0])]
    for within, each in groupby(ordered, key=lambda one: one.judged == "within"):
        if within:
            yield [one.condition for one in each]


def _numbers(conditions: Sequence[str]) -> list[float] | None:
    """The numbers by which conditions are called, where all are by one in one unit."""
    found = [_NUMBERED.fullmatch(condition) for condition in conditions]
    whole = [one for one in found if one is not None]
    if len(whole) < len(found) or len({(one["word"], one["unit"]) for one in whole}) != 1:
        return None
    return [float(one["value"]) for one in whole]
