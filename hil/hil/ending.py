"""How a run ended."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import exit_code

COMPLETE, FAILED, ABORTED, STOPPED, TRIPPED = "complete", "failed", "aborted", "stopped", "tripped"
"""The plan was carried out; something failed; a person ended it, in order or at once; an interlock did."""

ENDINGS = (COMPLETE, FAILED, ABORTED, STOPPED, TRIPPED)


STOPPED_BY, ABORTED_AS = "the bench was brought to its safe state by", "the run was aborted"
"""How the error of a run begins that a person ended, at once or in order."""

NOT_BEGUN = "the run was stopped before it began"
"""And of one that a person stopped while it was being started."""


def ended_by_person(error: str) -> str:
    """`STOPPED` or `ABORTED` where ``error``, that of a run, says that a person ended it; else empty."""
    if error.startswith((STOPPED_BY, NOT_BEGUN)):
        return STOPPED
    return ABORTED if error.startswith(ABORTED_AS) else ""


@dataclass(frozen=True, slots=True)
class Ending:
    """The status of a run, and the error that ended it."""

    status: str
    error: BaseException | None = None

    @property
    def exit_code(self) -> int:
        return 0 if self.error is None else exit_code(self.error)
