"""What ended a run for safety's sake."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..errors import HilError, InterlockTripped

NO_INTERLOCK = {
    "record": "the record cannot be written any more",
    "watchdog": "the rig's watchdog was not fed",
    "supervisor": "the supervision itself failed",
}
"""What ends a run for safety's sake and is no interlock of the bench file, by the name of its trip."""


@dataclass(frozen=True, slots=True)
class Trip:
    """An interlock tripped, or the supervision itself failed.

    :param name: the interlock's, or one of `NO_INTERLOCK`.
    :param reason: one clause: what was seen.
    :param t: when it was seen, UTC in nanoseconds of the bench clock.
    :param cause: the error that ends the run, where it is none of an interlock.
    :param acknowledgement: the command without which no run starts again; empty for what does not latch.
    """

    name: str
    reason: str
    t: int
    guidance: str = ""
    cause: HilError | None = None
    acknowledgement: str = ""

    def to_json(self) -> dict[str, Any]:
        """What the record keeps of it."""
        return {"interlock": self.name, "reason": self.reason, "guidance": self.guidance}

    def error(self) -> HilError:
        """The error that ends the run."""
        if self.cause is not None:
            return self.cause
        where = self.name if self.name in NO_INTERLOCK else f"interlock {self.name}"
        remedy = self.guidance or "find out why, and remove the cause"
        if self.acknowledgement:
            remedy += f"; then acknowledge it with `{self.acknowledgement}`"
        return InterlockTripped(f"tripped: {self.reason}", where=where, remedy=remedy)
