"""Uncertainty budgets: one line per input quantity (EA-4/02, 4)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class BudgetLine:
    """One input of a result.

    :param value: estimate of the input, in its own unit, as are ``u`` and the denominator of ``sensitivity``.
    :param u: standard uncertainty of the input.
    :param dof: its degrees of freedom.
    :param distribution: of the input, in a word.
    :param sensitivity: d result / d input.
    :param contribution: sensitivity times ``u``, signed, in the unit of the result.
    :param percent: share of the result's variance in %, covariances included; the lines sum to 100, and a
        share is negative where a correlation makes the input reduce the variance.
    """

    name: str
    value: float
    u: float
    dof: float
    distribution: str
    sensitivity: float
    contribution: float
    percent: float


@dataclass(frozen=True)
class Budget:
    """The lines of one result."""

    lines: tuple[BudgetLine, ...]

    def __init__(self, lines: Iterable[BudgetLine]) -> None:
        object.__setattr__(self, "lines", tuple(lines))

    def table(self) -> str:
        """The budget as aligned text, one line per input."""
        head = ("input", "value", "u", "dof", "distribution", "sensitivity", "contribution", "%")
        rows = [head] + [
            (
                line.name,
                f"{line.value:.8g}",
                f"{line.u:.3g}",
                "∞" if math.isinf(line.dof) else f"{line.dof:.4g}",
                line.distribution,
                f"{line.sensitivity:.4g}",
                f"{line.contribution:.3g}",
                f"{line.percent:.1f}",
            )
            for line in self.lines
        ]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join(
            "  ".join(
                cell.ljust(width) if column in (0, 4) else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        )

    def to_json(self) -> list[dict[str, Any]]:
        """The lines as JSON objects; infinite ``dof`` is null."""
        return [{**asdict(line), "dof": line.dof if math.isfinite(line.dof) else None} for line in self.lines]
