"""Trips that outlast their run: an interlock that latches stays tripped until a person has acknowledged it.

They are kept in one file for each bench, beside its runs: a line of JSON for each interlock.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ..errors import ConfigurationError, UsageError
from ..record.names import plain
from ..suggest import nearest


@dataclass(frozen=True, slots=True)
class Held:
    """One trip: why, since when, in which run, who knows of it, and since when; times are UTC in nanoseconds."""

    reason: str
    since: int
    run: str
    acknowledged_by: str = ""
    acknowledged: int | None = None


class Latches:
    """The latched trips of one bench.

    :param path: of the file; ``None`` keeps nothing.
    :param run: the name of the present run.
    """

    def __init__(self, path: Path | None, run: str = "") -> None:
        self._path, self._run = path, run

    @classmethod
    def of(cls, runs: Path, bench: str, run: str = "") -> Latches:
        """Those of the bench called ``bench`` whose runs are in ``runs``."""
        return cls(runs / f".latched_{plain(bench)}.json", run)

    @classmethod
    def none(cls) -> Latches:
        """Nothing is kept."""
        return cls(None)

    def held(self) -> dict[str, Held]:
        """By interlock, what is latched.

        :raises ConfigurationError: if the file is not what was written.
        """
        if self._path is None:
            return {}
        try:
            return {name: Held(**fields) for name, fields in json.loads(self._path.read_text("utf-8")).items()}
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except (ValueError, TypeError, AttributeError, OSError) as error:
            raise ConfigurationError(
                f"is no list of latched interlocks ({error})",
                where=str(self._path),
                remedy="look at the bench, then remove the file",
            ) from error

    def hold(self, name: str, reason: str, since: int) -> None:
        """An interlock tripped, and latches; one that is held already keeps its first reason."""
        self._change(lambda held: held.setdefault(name, Held(reason, since, self._run)))

    def release(self, name: str) -> None:
        """An interlock is clear."""
        self._change(lambda held: held.pop(name, None))

    def acknowledge(self, name: str, who: str) -> Held:
        """A person knows of a trip: the next start clears it, where its cause is gone.

        :raises UsageError: if it is not latched, or nobody says who it was.
        """
        held = self.held()
        if name not in held:
            raise UsageError(f"no interlock {name!r} is latched", remedy=nearest(name, held))
        if not who.strip():
            raise UsageError("nobody acknowledges", where=name, remedy="say who you are")
        known = replace(held[name], acknowledged_by=who, acknowledged=time.time_ns())
        self._change(lambda present: present.update({name: known}))
        return known

    def _change(self, change: Callable[[dict[str, Held]], object]) -> None:
        if self._path is None:
            return
        with self._locked():
            held = self.held()
            change(held)
            part = self._path.with_suffix(".part")
            part.write_text(json.dumps({name: asdict(each) for name, each in held.items()}, indent=1), "utf-8")
            part.replace(self._path)
            if not held:
                self._path.unlink()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path.parent, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
