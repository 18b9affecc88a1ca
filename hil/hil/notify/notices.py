"""What is told: one step of one alarm to one level of the escalation, alone or gathered with others."""

from __future__ import annotations

import hashlib
from enum import StrEnum

from pydantic import Field

from .lines import PRIORITIES, AlarmLine, Line


class Step(StrEnum):
    """What a notice says about an alarm."""

    RAISED = "raised"
    ESCALATED = "escalated"
    RETURNED = "returned"
    ACKNOWLEDGED = "acknowledged"
    CLEARED = "cleared"
    FLAPPING = "flapping"
    SUMMARY = "summary"


CALLS = (Step.RAISED, Step.ESCALATED, Step.FLAPPING)
"""Steps that call somebody: where they reach nobody, the next level is told at once."""


def episode_key(line: AlarmLine) -> str:
    """The episode of an alarm, among all runs."""
    return f"{line.run}/{line.alarm}/{line.episode}"


class Telling(Line):
    """One step of one alarm, for one level.

    :param occurrence: counts how often the alarm has begun, or has come back, in its episode.
    :param level: counts from 0.
    :param at: UTC in ns.
    :param note: what else is to be said, one sentence.
    """

    step: Step = Field(strict=False)
    level: int
    line: AlarmLine
    occurrence: int
    at: int
    note: str = ""

    @property
    def key(self) -> str:
        """The same for the same step: it is told once."""
        return f"{self.episode}/{self.step}.{self.occurrence}/{self.level}"

    @property
    def episode(self) -> str:
        """The episode, among all runs."""
        return episode_key(self.line)


class Notice(Line):
    """What goes out to a level in one message.

    :param why: why several tellings are in one message, or what it is where there is none.
    """

    level: int
    tellings: tuple[Telling, ...] = Field(strict=False)
    why: str = ""
    drill: str = ""

    @property
    def key(self) -> str:
        """The same for the same notice."""
        if self.drill:
            return f"test/{self.drill}/{self.level}"
        if len(self.tellings) == 1:
            return self.tellings[0].key
        keys = "\n".join(telling.key for telling in self.tellings)
        return f"digest/{hashlib.sha256(keys.encode('utf-8', 'replace')).hexdigest()}"

    @property
    def urgency(self) -> int:
        """The highest priority in it, as a number that grows with it."""
        return max((PRIORITIES.index(telling.line.priority) for telling in self.tellings), default=0)

    @property
    def calls(self) -> bool:
        """Whether it calls somebody."""
        return any(telling.step in CALLS for telling in self.tellings)

    @classmethod
    def of(cls, tellings: list[Telling], why: str) -> Notice:
        """Tellings of one level as one message, the highest priority first."""
        ordered = sorted(tellings, key=lambda telling: -PRIORITIES.index(telling.line.priority))
        return cls(level=tellings[0].level, tellings=tuple(ordered), why=why if len(tellings) > 1 else "")
