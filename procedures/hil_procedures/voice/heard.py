"""What a voice detector heard, held against the label of the sound: a hit, and calls where there is no voice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hil_drivers.instruments.questions import is_intervals

WINDOW = 0.032
"""Seconds of the windows in which calls are counted."""

Heard = Sequence[Sequence[float]]
"""Pairs of begin and end, in s from the beginning of the sound."""


def understood(output: Any) -> bool:
    """Whether an answer is a list of intervals of time: rising pairs of seconds."""
    return is_intervals(output)


def is_hit(heard: Heard, onset: float, end: float) -> bool:
    """Whether something was heard between ``onset`` and ``end``, in s."""
    return any(begin < end and onset < finish for begin, finish in heard)


def calls_before(heard: Heard, onset: float) -> tuple[int, int]:
    """In how many of the windows that lie before ``onset`` (in s) a voice was heard, and how many there are.

    What follows the speech does not count: a detector may rightly wait before it takes a pause for the end.
    """
    windows = int(onset / WINDOW + 1e-9)
    middles = [(number + 0.5) * WINDOW for number in range(windows)]
    return sum(1 for middle in middles if any(begin <= middle < finish for begin, finish in heard)), windows
