"""Which measurands are compared, and within which margin each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..errors import UsageError
from ..suggest import nearest
from .runs import Side


@dataclass(frozen=True)
class Margins:
    """The margin of each measurand that is compared, in its unit; ``left_out`` names those without one."""

    of: Mapping[str, float]
    left_out: Sequence[str]


def margins_for(
    first: Side, second: Side, general: float | None, named: Mapping[str, float], measurand: str | None
) -> Margins:
    """The margins that were stated, by measurand.

    :param general: of the first measurand and of all others in its unit, where they have none of their own.
    :param named: by measurand.
    :param measurand: the only one to compare; all by default.
    :raises UsageError: if there is no such measurand, or none of its results, or no margin at all, or
        ``general`` is of none.
    """
    known = list(first.results)
    for name in (*named, *(() if measurand is None else (measurand,))):
        if name not in known:
            raise UsageError(f"there is no measurand {name!r}", remedy=nearest(name, known))
    wanted = known if measurand is None else [measurand]
    if useless := [name for name in named if name not in wanted]:
        raise UsageError(
            f"{useless[0]} has a margin and is not compared", remedy="leave out --measurand, or the margin"
        )
    chosen = dict(named)
    if general is not None and wanted:
        chosen |= dict.fromkeys(_without_name(first, second, wanted, named), general)
    if not chosen:
        raise UsageError("no margin is stated", remedy="give --margin")
    for name in chosen:
        unit_of(first, second, name)
    return Margins({name: chosen[name] for name in wanted if name in chosen}, [n for n in wanted if n not in chosen])


def _without_name(first: Side, second: Side, wanted: Sequence[str], named: Mapping[str, float]) -> list[str]:
    unit = unit_of(first, second, wanted[0])
    found = [name for name in wanted if name not in named and _units(first, second, name) == {unit}]
    if not found:
        told = f"the margin without a name is for {wanted[0]} and all in its unit ({unit}), and each has one by name"
        raise UsageError(told, remedy="leave it out, or give it as NAME=VALUE")
    return found


def unit_of(first: Side, second: Side, measurand: str) -> str:
    """The one unit of all results of a measurand.

    :raises UsageError: if a run states none, or they are in several units.
    """
    for side in (first, second):
        if not side.results[measurand]:
            raise UsageError(
                f"states no {measurand}", where=side.name, remedy="see its report; choose another with --measurand"
            )
    units = _units(first, second, measurand)
    if len(units) > 1:
        raise UsageError(f"{measurand} is not in both runs in one unit", remedy="compare runs of one design")
    return units.pop()


def _units(first: Side, second: Side, measurand: str) -> set[str]:
    return {one.unit for side in (first, second) for one in side.results[measurand].values()}
