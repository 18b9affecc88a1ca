"""How a run ended."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import exit_code

COMPLETE, FAILED, ABORTED, STOPPED, TRIPPED = "complete", "failed", "aborted", "stopped", "tripped"
"""The plan was carried out; something failed; a person ended it, in order or at once; an interlock did."""

ENDINGS = (COMPLETE, FAILED, ABORTED, STOPPED, TRIPPED)


@dataclass(frozen=True, slots=True)
class Ending:
    """The status of a run, and the error that ended it."""

    status: str
    error: BaseException | None = None

    @property
    def exit_code(self) -> int:
        return 0 if self.error is None else exit_code(self.error)
