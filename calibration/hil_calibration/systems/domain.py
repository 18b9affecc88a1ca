"""How much of an operating domain the trials have covered: its cells, and which of them hold trials.

A trial lies in the cell of its measured value. That it may lie in the next one, by the uncertainty of that value, is
not counted: make cells wide beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import count, numbers, table
from ..errors import CalibrationError


@dataclass(frozen=True)
class DomainCoverage:
    """``counts`` holds the trials of each cell, one axis for each factor; ``outside`` those that lie in none.

    A cell counts as covered with ``enough`` trials.
    """

    factors: tuple[str, ...]
    edges: tuple[tuple[float, ...], ...]
    counts: NDArray[np.int64]
    outside: int
    enough: int

    @property
    def share(self) -> float:
        """The share of cells that are covered."""
        return float((self.counts >= self.enough).mean())

    def empty(self) -> list[dict[str, tuple[float, float]]]:
        """The cells that are not covered: each factor's lower and upper edge."""
        return [
            {
                factor: (self.edges[axis][place], self.edges[axis][place + 1])
                for axis, (factor, place) in enumerate(zip(self.factors, index, strict=True))
            }
            for index in product(*(range(n) for n in self.counts.shape))
            if self.counts[index] < self.enough
        ]


def domain_coverage(
    trials: Mapping[str, ArrayLike], edges: Mapping[str, Sequence[float]], *, enough: int = 1
) -> DomainCoverage:
    """Count trials in the cells that ``edges`` make; a cell holds its lower edge, the last one its upper edge too.

    :param trials: factor -> its measured value in each trial, shape (n,).
    :param edges: factor -> rising edges of its cells, two or more.
    :param enough: trials that cover a cell, 1 or more.
    :raises CalibrationError: factors that differ, edges that do not rise, or arrays of unequal size.
    """
    enough, trials, edges = count("enough", enough, least=1), table("trials", trials), table("edges", edges)
    if set(trials) != set(edges) or not edges:
        raise CalibrationError(
            f"factors {list(trials)} and edges of {list(edges)}", remedy="give edges of every factor"
        )
    bounds = {factor: numbers(f"edges of {factor}", each, fewest=2) for factor, each in edges.items()}
    for factor, each in bounds.items():
        if np.any(np.diff(each) <= 0):
            raise CalibrationError(f"edges of {factor} that do not rise", remedy="give them in order")
    size = len(numbers("trials", next(iter(trials.values())), fewest=0))
    points = np.column_stack([numbers(factor, trials[factor], fewest=0, size=size) for factor in edges])
    counts, _ = np.histogramdd(points, bins=list(bounds.values()))
    return DomainCoverage(
        tuple(edges),
        tuple(tuple(each.tolist()) for each in bounds.values()),
        counts.astype(np.int64),
        size - int(counts.sum()),
        enough,
    )
