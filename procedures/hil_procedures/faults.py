"""Faults of the system under test as reports tell them: how many, and of which kinds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

FAULTS = "faults of the system under test, counted as failures"


def fault_rows(faults: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """A row with the number of faults, and one for each kind (time-out, crash, wrong shape), the most frequent first.

    :param faults: the kind of each.
    """
    kinds = sorted(fault_kinds(faults).items(), key=lambda kind: (-kind[1], kind[0]))
    return ((FAULTS, str(len(faults))), *((f"of these: {kind}", str(number)) for kind, number in kinds))


def fault_kinds(faults: Sequence[str]) -> dict[str, int]:
    """How many there were of each kind, by its name."""
    return dict(sorted(Counter(faults).items()))
