"""Whether a condition depends on anything: one that always holds, or never can, is a mistake of its author.

Comparisons of one channel, or one slope, with a number are decided exactly: their thresholds cut the line into pieces,
and each piece has a representative. Everything else (two channels compared, ``stale``, ``lost``, ``interlock``) may
hold or not, independently. With more than `MOST` combinations the question is left open.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

from .expression import (
    Channel,
    Comparison,
    Condition,
    Every,
    Node,
    Not,
    Rate,
    Some,
    parts,
)
from .judgement import Look, Reading, number, probability

MOST = 50_000


def constant(condition: Condition) -> bool | None:
    """``True`` where it always holds, whatever is measured, ``False`` where it never can, else ``None``."""
    variables = {node: _values(node, condition) for node in _free(condition)}
    if math.prod(map(len, variables.values())) > MOST:
        return None
    seen = {_holds(condition, dict(zip(variables, row, strict=True))) for row in itertools.product(*variables.values())}
    return seen.pop() if len(seen) == 1 else None


def _free(condition: Condition) -> list[Node]:
    """What is chosen freely: channels and slopes where they are compared alone, and conditions that are not cut up."""
    found: dict[Node, None] = {}
    for atom in _atoms(condition):
        single = _single(atom)
        if single is not None:
            found[single] = None
        elif not isinstance(atom, Comparison) or any(isinstance(part, Channel | Rate) for part in parts(atom)):
            found[atom] = None
    return list(found)


def _atoms(condition: Condition) -> Iterator[Condition]:
    match condition:
        case Not(term):
            yield from _atoms(term)
        case Every(terms) | Some(terms):
            for term in terms:
                yield from _atoms(term)
        case _:
            yield condition


def _single(atom: Condition) -> Channel | Rate | None:
    """The one channel or slope of a comparison with a number."""
    match atom:
        case Comparison(_, Channel() | Rate() as variable, other) | Comparison(
            _, other, Channel() | Rate() as variable
        ):
            return variable if not any(isinstance(part, Channel | Rate) for part in parts(other)) else None
    return None


def _values(node: Node, condition: Condition) -> Sequence[float]:
    """The representatives of a variable: its thresholds, and one number on each side of each."""
    if not isinstance(node, Channel | Rate):
        return (0.0, 1.0)
    thresholds = sorted(
        {
            number(atom.left if atom.right == node else atom.right)
            for atom in _atoms(condition)
            if isinstance(atom, Comparison) and _single(atom) == node
        }
    )
    if not all(map(math.isfinite, thresholds)):
        return (0.0, 1.0)
    between = [a + (b - a) / 2 for a, b in itertools.pairwise(thresholds)]
    beyond = [math.nextafter(thresholds[0], -math.inf), math.nextafter(thresholds[-1], math.inf)]
    return [*thresholds, *between, *beyond]


def _holds(condition: Condition, chosen: dict[Node, float]) -> bool:
    match condition:
        case Not(term):
            return not _holds(term, chosen)
        case Every(terms):
            return all(_holds(term, chosen) for term in terms)
        case Some(terms):
            return any(_holds(term, chosen) for term in terms)
    if condition in chosen:
        return bool(chosen[condition])
    single = _single(condition)
    known = Reading(chosen[single]) if single is not None else Reading()
    readings = {single.name: known} if isinstance(single, Channel) else {}
    if isinstance(single, Rate):
        readings[single.channel] = Reading(0.0)
    return probability(condition, Look(readings, {single: known} if isinstance(single, Rate) else {})) > 0.5
