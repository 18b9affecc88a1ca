"""The states of what has tripped, and of an alarm: one table (after ISA-18.2 / IEC 62682, without suppression)."""

from __future__ import annotations

from enum import StrEnum

from ..errors import UsageError


class State(StrEnum):
    """Where a latch, or an alarm, stands."""

    CLEAR = "clear"
    ACTIVE = "active"
    """Its cause is there, and nobody has acknowledged it."""
    ACKNOWLEDGED = "acknowledged"
    """Its cause is there, and a person knows."""
    RETURNED = "returned"
    """Its cause is gone, but nobody has acknowledged it: it stays."""


class Happening(StrEnum):
    """What can happen to it."""

    RAISED = "raised"
    GONE = "gone"
    ACKNOWLEDGED = "acknowledged"


TABLE: dict[tuple[State, Happening], State] = {
    (State.CLEAR, Happening.RAISED): State.ACTIVE,
    (State.CLEAR, Happening.GONE): State.CLEAR,
    (State.ACTIVE, Happening.RAISED): State.ACTIVE,
    (State.ACTIVE, Happening.GONE): State.RETURNED,
    (State.ACTIVE, Happening.ACKNOWLEDGED): State.ACKNOWLEDGED,
    (State.ACKNOWLEDGED, Happening.RAISED): State.ACKNOWLEDGED,
    (State.ACKNOWLEDGED, Happening.GONE): State.CLEAR,
    (State.RETURNED, Happening.RAISED): State.ACTIVE,
    (State.RETURNED, Happening.GONE): State.RETURNED,
    (State.RETURNED, Happening.ACKNOWLEDGED): State.CLEAR,
}
"""What follows; what is not here is refused. Without latching, ``GONE`` leads to `State.CLEAR` from anywhere."""


class Latch:
    """Holds what has happened until its cause is gone and, where it is latching, a person has acknowledged it."""

    def __init__(self, *, latching: bool) -> None:
        self.latching = latching
        self.state = State.CLEAR

    @property
    def held(self) -> bool:
        """Whether it is anything but clear."""
        return self.state is not State.CLEAR

    def happen(self, happening: Happening) -> bool:
        """Take ``happening`` in; whether the state changed.

        :raises UsageError: where there is nothing to acknowledge.
        """
        if (self.state, happening) not in TABLE:
            raise UsageError(f"there is nothing to acknowledge: it is {self.state}", remedy="look at the alarms")
        before, self.state = self.state, TABLE[self.state, happening]
        if happening is Happening.GONE and not self.latching:
            self.state = State.CLEAR
        return self.state is not before
