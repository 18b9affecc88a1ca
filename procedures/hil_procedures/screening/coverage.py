"""The true indices of a response, and what a screening states of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from hil.coverage.truth import Answer, StatedInterval
from hil.design import Range
from hil.errors import UsageError

from .parameters import Screening
from .session import Array

if TYPE_CHECKING:
    from hil.coverage.truth import TrueWorld

MOST_POINTS = 2000
MOST_NODES = 8

Response = Callable[[Sequence[float]], float]


def answer_of(world: TrueWorld, found: Mapping[str, Any], p: Screening) -> Answer:
    """Each index with its interval; where there is a limit, whether all total indices are truly below it.

    :raises UsageError: if the run states no Sobol indices, or the response is none of a model.
    """
    if not p.virtual or "sobol" not in found:
        raise UsageError(
            "the truth is known of Sobol indices of a model",
            where="screening",
            remedy="say response=answer or response=error, and design=saltelli",
        )
    names = [one.name for one in p.ranges()]
    true = true_indices(world.stimuli.answer(names, error=p.response == "error"), tuple(p.influences))
    stated = {}
    for place, name in enumerate(names):
        for row, order in enumerate(("first", "total")):
            told = found["sobol"][name]
            low, high = told[f"{order}_interval"]
            at = float(true[row, place])
            stated[f"{name}, {order}"] = StatedInterval(told[order], low, high, at, "1", p.confidence)
    conforms = None if p.limit is None else bool(true[1].max() <= p.limit)
    return Answer(stated, conforms, risk=(1.0 - p.confidence) / 2.0)


@cache
def true_indices(response: Response, influences: tuple[str, ...]) -> Array:
    """First-order and total indices, shape (2, influences), by Gauss' quadrature over all ranges; once in a process."""
    ranges = Screening(influences=influences).ranges()
    return indices_of(response, ranges, max(2, min(MOST_NODES, int(MOST_POINTS ** (1.0 / len(ranges))))))


def indices_of(response: Response, ranges: Sequence[Range], nodes: int) -> Array:
    """The same with so many nodes in each range; exact for a polynomial of less than 2 ``nodes`` degrees, squared."""
    places, weights = np.polynomial.legendre.leggauss(nodes)
    at = [[one.at(float(place)) for place in (places + 1.0) / 2.0] for one in ranges]
    y = np.array([response(point) for point in product(*at)]).reshape((nodes,) * len(ranges))
    axes = range(len(ranges))

    def variance_of_mean(kept: Sequence[int]) -> float:
        """Of the mean of ``y`` over all influences but those ``kept``."""
        mean = y
        for axis in reversed([axis for axis in axes if axis not in kept]):
            mean = np.tensordot(mean, weights / 2.0, axes=(axis, 0))
        share = np.ones(())
        for _ in kept:
            share = np.multiply.outer(share, weights / 2.0)
        middle = float(np.sum(share * mean))
        return float(np.sum(share * (mean - middle) ** 2))

    whole = variance_of_mean(axes)
    first = [variance_of_mean([axis]) / whole for axis in axes]
    total = [1.0 - variance_of_mean([other for other in axes if other != axis]) / whole for axis in axes]
    return np.array([first, total])
