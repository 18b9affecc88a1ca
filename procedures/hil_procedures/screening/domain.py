"""Which part of the operating domain a screening has covered: its cells, those that hold no trial by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

import numpy as np

from hil import SummaryTable
from hil_calibration.systems.domain import DomainCoverage, domain_coverage
from hil_calibration.unit import symbol

from .parameters import Screening
from .session import Array, Session

NAMED = 12
"""Cells without a trial that a report names; `results.json` names all."""

Edges = dict[str, tuple[float, ...]]


@dataclass(frozen=True)
class Domain:
    """The cells of all influences together, and of each two of them, with the trials that had a response.

    ``means`` holds the mean response in the cells of two influences, NaN where there is none.
    """

    whole: DomainCoverage
    pairs: tuple[tuple[DomainCoverage, Array], ...]

    def to_json(self) -> dict[str, Any]:
        """The counts, and every cell without a trial."""
        return {
            "factors": list(self.whole.factors),
            "edges": [list(each) for each in self.whole.edges],
            "counts": self.whole.counts.tolist(),
            "covered": self.whole.share,
            "empty": [{name: list(bounds) for name, bounds in cell.items()} for cell in self.whole.empty()],
        }


def domain_of(session: Session, p: Screening) -> Domain:
    """Count the trials that had a response."""
    kept = session.answered
    at = {name: values[kept] for name, values in session.at.items()}
    edges: Edges = {one.name: tuple(one.at(k / p.cells) for k in range(p.cells + 1)) for one in p.ranges()}
    pairs = []
    for pair in combinations(at, 2):
        found = domain_coverage({name: at[name] for name in pair}, {name: edges[name] for name in pair})
        pairs.append((found, _means(found, at, session.response[kept])))
    return Domain(domain_coverage(at, edges), tuple(pairs))


def _means(found: DomainCoverage, at: dict[str, Array], response: Array) -> Array:
    points = np.column_stack([at[name] for name in found.factors])
    sums, _ = np.histogramdd(points, bins=[np.array(each) for each in found.edges], weights=response)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(sums / found.counts, dtype=np.float64)


def cells_table(domain: Domain, session: Session) -> SummaryTable:
    """How many cells there are, how many hold a trial, and which do not."""
    whole, empty = domain.whole, domain.whole.empty()
    rows = [
        ("cells", str(whole.counts.size)),
        ("cells with a trial", f"{whole.counts.size - len(empty)} ({100 * whole.share:.0f} %)"),
        ("trials in a cell, from to", f"{whole.counts.min()} to {whole.counts.max()}"),
    ]
    rows += [("empty", _named(cell, session)) for cell in empty[:NAMED]]
    if len(empty) > NAMED:
        rows.append(("empty", f"and {len(empty) - NAMED} more, named in results.json"))
    return SummaryTable("Cells of the operating domain", ("cells", "found"), tuple(rows))


def _named(cell: dict[str, tuple[float, float]], session: Session) -> str:
    return "; ".join(f"{name} {_span(bounds)} {symbol(session.units[name])}".rstrip() for name, bounds in cell.items())


def with_unit(name: str, unit: str) -> str:
    """A quantity's name over its unit, where it has one."""
    return name if unit == "1" else f"{name} / {symbol(unit)}"


def _span(bounds: tuple[float, ...]) -> str:
    return f"{bounds[0]:.3g} to {bounds[1]:.3g}"


def pair_tables(domain: Domain, session: Session, shown: Sequence[str]) -> tuple[SummaryTable, ...]:
    """For each two of the influences ``shown``, trials and mean response in each cell: a map of the domain."""
    return tuple(_pair(found, means, session) for found, means in domain.pairs if set(found.factors) <= set(shown))


def _pair(found: DomainCoverage, means: Array, session: Session) -> SummaryTable:
    down, across = found.factors
    spans = [[_span(pair) for pair in pairwise(edges)] for edges in found.edges]
    rows = tuple(
        (spans[0][i], *(_cell(int(found.counts[i, j]), float(means[i, j])) for j in range(len(spans[1]))))
        for i in range(len(spans[0]))
    )
    heads = (with_unit(down, session.units[down]), *(f"{across} {span}" for span in spans[1]))
    title = f"Mean response (trials) by {down} and {with_unit(across, session.units[across])}"
    return SummaryTable(title, heads, rows)


def _cell(trials: int, mean: float) -> str:
    return f"{mean:.3g} ({trials})" if trials else "none"
