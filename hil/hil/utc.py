"""What may be said of a run's times: UTC is claimed only where the system clock was synchronised throughout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hil_drivers.clock import NANOSECONDS

from .clock_state import ClockState, within
from .timekeeping import STEP

if TYPE_CHECKING:
    from .record import Record

NOT_SYNCHRONISED = "clock not synchronised"


@dataclass(frozen=True, slots=True)
class TimeClaim:
    """What a run's record says of its times.

    ``synchronised`` holds if each look at the system clock found it so. ``bound`` in s is the largest of those looks,
    ``None`` where the clock was not synchronised; ``sources`` are those who said so. ``simulated`` times are those of
    the simulation.
    """

    simulated: bool
    synchronised: bool
    bound: float | None
    sources: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """The system clock in words."""
        if not self.synchronised:
            return "not synchronised with UTC"
        return f"synchronised with UTC{within(self.bound)}, says {', '.join(self.sources)}"

    def instant(self, t: int) -> str:
        """A time of the record, in ns, to the second."""
        return f"{_second(t)} UTC{', simulated' if self.simulated else _doubt(self.synchronised)}"


def time_claim(record: Record) -> TimeClaim:
    """What may be said of the times of a run."""
    rows = record.table("clock")
    steps = [abs(float(event.data["departure"])) for event in record.events(STEP)]
    sources = tuple(dict.fromkeys(str(row["source"]) for row in rows))
    synchronised = bool(rows) and all(sources)
    bound = max(map(_bound, rows)) + max(steps, default=0.0) if synchronised else None
    simulated = record.run.get("provenance") == "simulated"
    return TimeClaim(simulated, synchronised, bound, sources if synchronised else ())


def machine_instant(t: int, state: ClockState) -> str:
    """A time of the system clock, in ns, to the second."""
    return f"{_second(t)} UTC{_doubt(state.synchronised)}"


def iso(t: int, *, synchronised: bool) -> str:
    """A time of the system clock in ns as ISO 8601, to the second; ``Z`` says UTC only where that may be said."""
    return f"{datetime.fromtimestamp(t // NANOSECONDS, UTC):%Y-%m-%dT%H:%M:%S}{'Z' if synchronised else ''}"


def _bound(row: Mapping[str, Any]) -> float:
    """The bound of one row of the table ``clock``: |offset| + root dispersion + root delay / 2."""
    parts: Iterable[float] = (row["clock_offset"] or 0.0, row["root_dispersion"] or 0.0, (row["root_delay"] or 0.0) / 2)
    return sum(map(abs, parts))


def _second(t: int) -> str:
    return f"{datetime.fromtimestamp(t // NANOSECONDS, UTC):%Y-%m-%d %H:%M:%S}"


def _doubt(synchronised: bool) -> str:
    return "" if synchronised else f" ({NOT_SYNCHRONISED})"
