"""The order of execution: as given, random, in blocks, or with factors that change as seldom as can be."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from ..errors import ProcedureFault

Condition = Mapping[str, Any]
Conditions = list[Condition]
Order = Literal["given", "random", "across-repeats"]
ORDERS = ("given", "random", "across-repeats")


def arranged(
    points: Sequence[Condition],
    repeats: int,
    order: Order,
    block: str,
    hard: Sequence[str],
    seed: int,
    *,
    random_blocks: bool = False,
) -> Conditions:
    """All conditions in their order of execution; the arguments are those of `Design`."""
    if not (block or hard) and order != "across-repeats":
        return [one for repeat in range(repeats) for one in _repeat(points, order, f"order/{seed}/{repeat}")]
    blocks = grouped(points, block) if block else {"": list(points)}
    found: Conditions = []
    groups = list(blocks.values())
    if random_blocks:
        random.Random(f"order/{seed}/blocks").shuffle(groups)
    for number, members in enumerate(groups):
        key = f"order/{seed}/block {number}"
        if hard:
            found.extend(_split(members * repeats, hard, random.Random(key), found[-1:], []))
        elif order == "across-repeats":
            found.extend(_shuffled(members * repeats, random.Random(key)))
        else:
            found.extend(one for repeat in range(repeats) for one in _repeat(members, order, f"{key}/{repeat}"))
    return found


def grouped(points: Sequence[Condition], factor: str) -> dict[Any, Conditions]:
    """The conditions by the value of ``factor``, values in the order in which they first occur."""
    found: dict[Any, Conditions] = {}
    for point in points:
        found.setdefault(_key(point[factor]), []).append(point)
    return found


def require_complete(points: Sequence[Condition], block: str) -> None:
    """Check that every block has the same conditions besides the block itself.

    :raises ProcedureFault: if one has not, so that what the block does and what they do could not be told apart.
    """
    seen = [
        sorted(repr(sorted((name, value) for name, value in point.items() if name != block)) for point in members)
        for members in grouped(points, block).values()
    ]
    if any(other != seen[0] for other in seen[1:]):
        raise ProcedureFault(
            f"the blocks of {block!r} have different conditions", where="Design", remedy="give each block all of them"
        )


def _repeat(points: Sequence[Condition], order: Order, key: str) -> Conditions:
    return list(points) if order == "given" else _shuffled(points, random.Random(key))


def _shuffled(points: Sequence[Any], rng: random.Random) -> list[Any]:
    found = list(points)
    rng.shuffle(found)
    return found


def _split(
    points: Conditions, hard: Sequence[str], rng: random.Random, before: Sequence[Condition], after: Sequence[Condition]
) -> Conditions:
    """A split-plot order: all points of one value of the first factor together, within it those of the next.

    A group begins with the value that is set already and ends with one that the next group can begin with, where there
    is one; otherwise values come in random order.
    """
    if not hard:
        return _shuffled(points, rng)
    groups = grouped(points, hard[0])
    values = _chained(groups, {_key(p[hard[0]]) for p in before[-1:]}, {_key(p[hard[0]]) for p in after}, rng)
    found: Conditions = []
    for place, value in enumerate(values):
        last = place + 1 == len(values)
        following = [p for p in after if _key(p[hard[0]]) == value] or after if last else groups[values[place + 1]]
        found.extend(_split(groups[value], hard[1:], rng, found[-1:] or before, following))
    return found


def _chained(groups: Mapping[Any, Any], before: set[Any], after: set[Any], rng: random.Random) -> list[Any]:
    """The values of a factor in random order, but first one of ``before`` and last one of ``after``."""
    values = _shuffled(list(groups), rng)
    values.sort(key=_first(before))
    rest = [value for value in values[1:] if value in after]
    if rest:
        values.remove(rest[-1])
        values.append(rest[-1])
    return values


def _first(wanted: set[Any]) -> Callable[[Any], bool]:
    return lambda value: value not in wanted


def _key(value: Any) -> Any:
    """What tells values apart in a dictionary, lists included."""
    return value if isinstance(value, str | int | float | bool | None) else repr(value)
