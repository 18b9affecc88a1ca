"""Quiet hours: times of day on the wall clock of a place, over midnight and over the changes of summer time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from hil_drivers.clock import NANOSECONDS

from .config import QuietSection


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From ``start`` to ``end``, as a clock on the wall in ``zone`` shows them; ``end`` is not quiet any more."""

    start: time
    end: time
    zone: ZoneInfo

    @classmethod
    def of(cls, section: QuietSection) -> QuietHours:
        """What ``[quiet]`` says."""
        return cls(section.start, section.end, ZoneInfo(section.zone))

    def hold(self, utc: int) -> bool:
        """Whether it is quiet at ``utc``, in nanoseconds since the POSIX epoch."""
        shown = datetime.fromtimestamp(utc // NANOSECONDS, UTC).astimezone(self.zone).time()
        if self.start < self.end:
            return self.start <= shown < self.end
        return shown >= self.start or shown < self.end
