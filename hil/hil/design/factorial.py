"""Factorial designs: every combination of levels, or a stated fraction of two-level ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations, product
from typing import Any, Unpack

from ..errors import ProcedureFault
from ..suggest import nearest
from .design import Arrangement, Design
from .factors import Levels, units_of

Word = frozenset[str]


def grid(*factors: Levels, **arrangement: Unpack[Arrangement]) -> Design:
    """Every combination of the factors' levels, the last factor changing fastest.

    :param arrangement: as for `Design`.
    :raises ProcedureFault: for no factor, or a name that is there twice.
    """
    units = units_of(factors)
    points = [dict(zip(units, values, strict=True)) for values in product(*(factor.values for factor in factors))]
    return Design(units, points, **arrangement)


def fractional_factorial(*factors: Levels, generators: Mapping[str, str], **arrangement: Unpack[Arrangement]) -> Design:
    """A fraction 2^(k-p) of the combinations of k two-level factors.

    ``generators = {"humidity": "temperature*illuminance"}`` sets humidity to its second level where the signs of the
    other two (first level -, second +) multiply to +; ``"-temperature*illuminance"`` where they multiply to -. What
    the fraction cannot tell apart is in ``notes`` of the design, hence on record: the defining relation, the
    resolution (length of its shortest word), and the aliases of effects and two-factor interactions among themselves.

    :param arrangement: as for `Design`.
    :raises ProcedureFault: for a factor without exactly two levels, or a generator that names no factor, one that is
        generated itself, or the same product as another.

    Source: G. E. P. Box, J. S. Hunter, W. G. Hunter, Statistics for Experimenters, 2nd ed. (2005), chapter 6.
    """
    units = units_of(factors)
    for factor in factors:
        if len(factor.values) != 2:
            raise ProcedureFault(
                f"has {len(factor.values)} levels", where=f"factor {factor.name!r}", remedy="give two levels"
            )
    products = {name: _product(name, text, units, generators) for name, text in generators.items()}
    base = [name for name in units if name not in products]
    relation = _defining_relation(products)
    levels = {factor.name: factor.values for factor in factors}
    points = []
    for signs in product((-1, 1), repeat=len(base)):
        sign = dict(zip(base, signs, strict=True))
        for name, (generated, word) in products.items():
            sign[name] = generated
            for other in word:
                sign[name] *= sign[other]
        points.append({name: levels[name][sign[name] > 0] for name in units})
    notes: dict[str, Any] = {
        "design": f"2^({len(units)}-{len(products)}) fractional factorial",
        "generators": dict(generators),
        "defining relation": [_told(sign, word, units) for word, sign in relation.items()],
        "resolution": min((len(word) for word in relation), default=len(units) + 1),
        "aliases": _aliases(relation, list(units)),
    }
    return Design(units, points, notes=notes, **arrangement)


def _product(name: str, text: str, units: Mapping[str, str | None], generators: Mapping[str, str]) -> tuple[int, Word]:
    """The sign and the factors of a generator."""
    where = f"generator of {name!r}"
    names = [part.strip() for part in text.strip().removeprefix("-").split("*")]
    for one in (name, *names):
        if one not in units:
            raise ProcedureFault(f"there is no factor {one!r}", where=where, remedy=nearest(one, units))
    if len(set(names)) < len(names) or len(names) < 2 or any(one in generators for one in names):
        raise ProcedureFault(
            f"{text!r} is not a product of two or more factors, each once and none of them generated",
            where=where,
            remedy="write it like 'a*b' or '-a*b*c'",
        )
    return (-1 if text.strip().startswith("-") else 1), frozenset(names)


def _defining_relation(products: Mapping[str, tuple[int, Word]]) -> dict[Word, int]:
    """Every word that is constant over the fraction, with its sign: the products of the generators' words."""
    words = [(frozenset({name}) ^ word, sign) for name, (sign, word) in products.items()]
    relation: dict[Word, int] = {}
    for count in range(1, len(words) + 1):
        for chosen in combinations(words, count):
            found, sign = frozenset[str](), 1
            for word, one in chosen:
                found, sign = found ^ word, sign * one
            relation[found] = sign
    shortest = min((len(word) for word in relation), default=3)
    if shortest < 3:
        raise ProcedureFault(
            "two factors are always changed together", where="generators", remedy="give generators that differ"
        )
    return relation


def _aliases(relation: Mapping[Word, int], names: list[str]) -> list[str]:
    """Which effects and two-factor interactions are confounded with each other, each set once."""
    found: list[str] = []
    seen: set[Word] = set()
    for effect in _small(names):
        if effect in seen:
            continue
        others = [(sign, effect ^ word) for word, sign in relation.items() if 1 <= len(effect ^ word) <= 2]
        seen.update(word for _, word in others)
        if others:
            told = sorted((_told(sign, word, names) for sign, word in others), key=lambda text: (text.count("*"), text))
            found.append(" = ".join([_told(1, effect, names), *told]))
    return found


def _small(names: list[str]) -> Iterator[Word]:
    for count in (1, 2):
        for chosen in combinations(names, count):
            yield frozenset(chosen)


def _told(sign: int, word: Word, names: Mapping[str, Any] | list[str]) -> str:
    return ("-" if sign < 0 else "") + "*".join(name for name in names if name in word)
