"""An interlock: what is dangerous, for how long it may last, and what becomes of it. No clock and no device in here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from .expression import Condition
from .judgement import Look, probability
from .latch import Happening, Latch

NANOSECONDS = 1_000_000_000

Consequence = Literal["safe_state", "alarm"]


class Phase(StrEnum):
    """What an interlock is doing."""

    CLEAR = "clear"
    PENDING = "pending"
    """Its condition holds, but not yet for as long as its delay."""
    TRIPPED = "tripped"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a look says of a condition: it ``holds``, or is ``gone`` with the hysteresis, or neither; or a ``fault``."""

    holds: bool
    gone: bool
    fault: str = ""


@dataclass(frozen=True)
class Rule:
    """What an interlock was told by the bench file.

    :param confidence: the probability with which it must be shown that ``when`` does not hold.
    :param delay: for how many seconds ``when`` must hold; what cannot be judged trips without it.
    :param hysteresis: by how much a limit must be left again before the condition counts as gone, in its unit.
    """

    name: str
    when: Condition
    then: Consequence = "safe_state"
    confidence: float = 0.95
    delay: float = 0.0
    hysteresis: float = 0.0
    latch: bool = True

    def judge(self, look: Look) -> Verdict:
        """What ``look`` says: it holds where it cannot be shown that it does not."""
        if fault := look.fault(self.when):
            return Verdict(holds=True, gone=False, fault=fault)
        doubt = 1.0 - self.confidence
        holds = probability(self.when, look) > doubt
        return Verdict(holds, gone=not holds and probability(self.when, look, self.hysteresis) <= doubt)


class Interlock:
    """The state of one interlock; ``since`` is when its condition began to hold, in ns of the clock it is told."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.latch = Latch(latching=rule.latch)
        self.since: int | None = None
        self.reason = ""

    @property
    def phase(self) -> Phase:
        """Whether it is clear, about to trip, or tripped."""
        if self.latch.held:
            return Phase.TRIPPED
        return Phase.CLEAR if self.since is None else Phase.PENDING

    @property
    def tripped(self) -> bool:
        """Whether it is tripped."""
        return self.latch.held

    def observe(self, verdict: Verdict, t: int, *, start: bool = False) -> bool:
        """Take in what was seen at ``t``; whether it tripped, or was raised again, by that.

        :param t: nanoseconds on a clock that never goes back.
        :param start: at the start of a run nothing is waited for: what holds then is tripped.
        """
        if not verdict.holds:
            self.since = None
            if verdict.gone:
                self.latch.happen(Happening.GONE)
            return False
        if self.since is None:
            self.since = t
        due = start or bool(verdict.fault) or self.latch.held or t - self.since >= self.rule.delay * NANOSECONDS
        if not due:
            return False
        raised = self.latch.happen(Happening.RAISED)
        if raised:
            self.reason = verdict.fault
        return raised

    def acknowledge(self) -> None:
        """A person knows that it has tripped.

        :raises UsageError: if it has not.
        """
        self.latch.happen(Happening.ACKNOWLEDGED)
