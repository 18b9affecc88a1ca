"""Where the record of a run ended that is to be resumed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import RecordError, VerificationFailed
from .disk import is_live, sync_directory
from .folder import SEAL
from .reader import PointAttempt, open_run
from .rows import json_text
from .store import Committed
from .verification import verify

INTERRUPTED = "the run was interrupted"

ENDED = ("void", "committed")


@dataclass(frozen=True)
class Continuation:
    """What a writer must know of a record to go on with it.

    ``channels`` holds the canonical JSON with which each channel was declared, in the order of their numbers.
    """

    path: Path
    ends: Committed
    channels: Mapping[str, str]
    attempts: tuple[PointAttempt, ...]

    @classmethod
    def of(cls, folder: Path) -> Continuation:
        """Look at a record that nobody writes.

        :raises VerificationFailed: if it does not hold.
        :raises RecordError: if it is being written.
        """
        if is_live(folder):
            raise RecordError("the run is under way", where=str(folder), remedy="wait for its end, or command it")
        if (folder / "sealed").exists():
            raise RecordError("the run is sealed", where=str(folder), remedy="begin a new run, or amend it")
        found = verify(folder)
        if not found.holds:
            first = found.findings[0]
            raise VerificationFailed(
                f"cannot be resumed: {first.place} {first.message}", where=str(folder), remedy="begin a new run"
            )
        record = open_run(folder)
        described = {
            name: json_text({key: value for key, value in meta.items() if key != "number"}, name)
            for name, meta in record.channels.items()
        }
        ends = found.ends
        committed = Committed(ends["batch"], ends["t"], 0, ends["readings"], ends["hash"], 0)
        return cls(record.path, committed, described, tuple(record.points()))

    def interrupted(self, t: int) -> Iterator[tuple[Any, ...]]:
        """Rows of ``point`` that make void what was under way at ``t``, UTC in nanoseconds."""
        for attempt in self.attempts:
            if attempt.state not in ENDED:
                data = json_text(attempt.data, "point")
                yield (t, attempt.index, attempt.attempt, "void", data, INTERRUPTED)

    def set_seal_aside(self) -> None:
        """Keep the seal of each earlier end as ``closed-N.json``: the next one covers it.

        :raises RecordError: if it cannot be renamed.
        """
        folder = self.path.parent
        seal = folder / SEAL
        if not seal.exists():
            return
        number = 1
        while (kept := folder / f"closed-{number}.json").exists():
            number += 1
        try:
            seal.rename(kept)
            sync_directory(folder)
        except OSError as error:
            raise RecordError(
                f"cannot be renamed ({error.strerror})", where=str(seal), remedy="look at the disk"
            ) from error
