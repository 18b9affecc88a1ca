"""Whether a reading stands still: what its trend changes in a minute, against its uncertainty."""

from __future__ import annotations

from dataclasses import dataclass

from .channels import Live
from .reading import K

WINDOW = 60.0
"""Seconds of the trend that is looked at."""

ENOUGH = 0.5
"""A reading is stable where its trend changes by at most this part of U (k = 2) in `WINDOW`."""

BAR = 5
"""Cells of the indicator."""


@dataclass(frozen=True)
class Stability:
    """What is known of how a reading stands.

    :param change: what the trend changes in `WINDOW`, in the unit of the channel; ``None`` where it is not known yet.
    :param uncertainty: U (k = 2); ``None`` where it is not known.
    :param borrowed: whether it is that of the reference: an item that is not calibrated yet has none of its own.
    """

    change: float | None
    uncertainty: float | None
    borrowed: bool = False

    @property
    def part(self) -> float | None:
        """The change as a part of U."""
        if self.change is None or not self.uncertainty:
            return None
        return abs(self.change) / self.uncertainty

    @property
    def stable(self) -> bool:
        """Whether it may be read; what is not known is not stable."""
        return self.part is not None and self.part <= ENOUGH

    @property
    def words(self) -> str:
        """What a person is told."""
        if self.change is None:
            return f"… in {WINDOW / 2:g} s of readings"
        if self.part is None:
            return "? U is not known"
        verdict = "✓ STABLE" if self.stable else "◇ DRIFTS"
        if self.borrowed:
            return f"{verdict} {self.part:.2g} U of ref./min"
        full = min(BAR, round(BAR * self.part))
        return f"{verdict} {'▰' * full}{'▱' * (BAR - full)} {self.part:.2g} U/min"


def stability(live: Live, reference: Live | None = None) -> Stability:
    """How the reading of a channel stands now; against the U of ``reference`` where it has none of its own."""
    slope = live.past.slope(WINDOW)
    borrowed = live.u is None and reference is not None and reference.facts.unit == live.facts.unit
    u = reference.u if borrowed and reference is not None else live.u
    return Stability(None if slope is None else slope * WINDOW, None if u is None else K * u, borrowed)
