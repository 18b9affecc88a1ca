"""The course of an alarm as those see it who are told: one table, and what is remembered of each alarm."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, Field

from .lines import AlarmLine, Happening
from .moment import HOUR, MINUTE
from .notices import Step, episode_key

FLAPS = 4
"""Times that an alarm begins within `FLAPS_WITHIN` from which it is said to flap."""
FLAPS_WITHIN = 10 * MINUTE
SUMMARY_EVERY = HOUR


class Status(StrEnum):
    """Where an episode stands."""

    CLOSED = "over"
    ACTIVE = "active"
    RETURNED = "gone, but not acknowledged"
    ACKNOWLEDGED = "acknowledged"


TABLE: dict[tuple[Status, Happening], tuple[Status, Step | None]] = {
    (Status.CLOSED, Happening.RAISED): (Status.ACTIVE, Step.RAISED),
    (Status.CLOSED, Happening.RETURNED): (Status.RETURNED, Step.RAISED),
    (Status.CLOSED, Happening.ACKNOWLEDGED): (Status.CLOSED, None),
    (Status.CLOSED, Happening.CLEARED): (Status.CLOSED, None),
    (Status.ACTIVE, Happening.RAISED): (Status.ACTIVE, None),
    (Status.ACTIVE, Happening.RETURNED): (Status.RETURNED, Step.RETURNED),
    (Status.ACTIVE, Happening.ACKNOWLEDGED): (Status.ACKNOWLEDGED, Step.ACKNOWLEDGED),
    (Status.ACTIVE, Happening.CLEARED): (Status.CLOSED, Step.CLEARED),
    (Status.RETURNED, Happening.RAISED): (Status.ACTIVE, Step.RAISED),
    (Status.RETURNED, Happening.RETURNED): (Status.RETURNED, None),
    (Status.RETURNED, Happening.ACKNOWLEDGED): (Status.CLOSED, Step.ACKNOWLEDGED),
    (Status.RETURNED, Happening.CLEARED): (Status.CLOSED, Step.ACKNOWLEDGED),
    (Status.ACKNOWLEDGED, Happening.RAISED): (Status.ACKNOWLEDGED, None),
    (Status.ACKNOWLEDGED, Happening.RETURNED): (Status.CLOSED, Step.CLEARED),
    (Status.ACKNOWLEDGED, Happening.ACKNOWLEDGED): (Status.ACKNOWLEDGED, None),
    (Status.ACKNOWLEDGED, Happening.CLEARED): (Status.CLOSED, Step.CLEARED),
}
"""What follows, and what is told. What returned is over only once a person has acknowledged it: only those are told
so who were called after nobody had."""


class Episode(BaseModel):
    """What is remembered of an alarm: its last episode, and how often it began lately. Times in ns.

    :param begun: from when the escalation counts; ``None`` while quiet hours hold back that it was raised.
    :param level: how many levels have been told.
    :param reached: whether anybody at all has been told.
    """

    line: AlarmLine
    status: Status = Status.CLOSED
    occurrence: int = 0
    begun: int | None = None
    level: int = 0
    acknowledged: bool = False
    reached: bool = False
    begins: list[int] = Field(default_factory=list)
    flapping: bool = False
    summary_due: int = 0
    counted: int = 0

    @property
    def key(self) -> str:
        """The episode, among all runs."""
        return episode_key(self.line)

    @property
    def calls(self) -> bool:
        """Whether somebody is still to come."""
        is_open = self.status in (Status.ACTIVE, Status.RETURNED)
        return (is_open or self.flapping) and not self.acknowledged

    def precedes(self, line: AlarmLine) -> bool:
        """Whether ``line`` is of a later episode."""
        return line.run != self.line.run or line.episode > self.line.episode

    def follows(self, line: AlarmLine) -> bool:
        """Whether ``line`` is of an earlier episode."""
        return line.run == self.line.run and line.episode < self.line.episode

    def renew(self, line: AlarmLine) -> None:
        """A new episode; one of an alarm that flaps goes on where the last one was, for those who are called."""
        self.line, self.status, self.occurrence = line, Status.CLOSED, 0
        if not self.flapping:
            self.begun, self.level, self.acknowledged, self.reached = None, 0, False, False

    def begin(self, t: int) -> Step | None:
        """It begins, or comes back, at ``t``; what is told of it."""
        self.occurrence += 1
        self.begins = [*(begun for begun in self.begins if begun > t - FLAPS_WITHIN), t][-FLAPS:]
        self.counted += 1
        if self.flapping:
            return None
        if len(self.begins) < FLAPS:
            return Step.RAISED
        self.flapping, self.summary_due, self.counted = True, t + SUMMARY_EVERY, 0
        return Step.FLAPPING

    def summarise(self, t: int) -> str:
        """What is to be told at the end of an hour of flapping; empty before it. Seldom enough, it flaps no more."""
        if not self.flapping or t < self.summary_due:
            return ""
        times, self.counted = self.counted, 0
        self.summary_due, self.flapping = t + SUMMARY_EVERY, times >= FLAPS
        more = "it still flaps" if self.flapping else "it flaps no more"
        return f"it began {times} times in the last hour: {more}; it is {self.status} now"

    def settle(self, t: int) -> None:
        """Take it up at ``t``, in another process: no time may be ahead of its clock."""
        self.begun = None if self.begun is None else min(self.begun, t)
        self.begins = [begun for begun in self.begins if begun <= t]
        self.summary_due = min(self.summary_due, t + SUMMARY_EVERY)
