"""What a try to tell somebody comes to, and when it is tried again: pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hil_drivers.clock import NANOSECONDS

PAUSES = (60, 120, 300, 900, 1800, 3600)
"""Seconds between tries: after the first, the second and so on; the last again and again."""

GIVE_UP_AFTER = 24 * 3600
"""Seconds from the notice to the last try."""

LONGEST_PAUSE = PAUSES[-1]
"""Seconds that the other side may ask to wait."""


class Verdict(StrEnum):
    """What a try came to."""

    DELIVERED = "delivered"
    FAILED = "failed"
    """It is tried again; it may have arrived."""
    REFUSED = "refused"
    """Trying again is of no use."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a try came to, and why; ``pause`` in s is what the other side asks for."""

    verdict: Verdict
    why: str = ""
    pause: float | None = None


DELIVERED = Outcome(Verdict.DELIVERED)


def failed(why: str, pause: float | None = None) -> Outcome:
    """It is to be tried again."""
    return Outcome(Verdict.FAILED, why, pause)


def refused(why: str) -> Outcome:
    """It is not to be tried again."""
    return Outcome(Verdict.REFUSED, why)


def next_try(outcome: Outcome, tries: int, created: int, now: int) -> int | None:
    """When, in ns, it is tried again after ``tries`` tries; ``None`` where that would be a day after ``created``."""
    pause = PAUSES[min(tries, len(PAUSES)) - 1]
    if outcome.pause is not None:
        pause = max(1, min(round(outcome.pause), LONGEST_PAUSE))
    due = now + pause * NANOSECONDS
    return due if due <= created + GIVE_UP_AFTER * NANOSECONDS else None
