"""Whether the bench is alive, so that a watcher elsewhere may be told so: pure."""

from __future__ import annotations

from dataclasses import dataclass

from hil_drivers.clock import NANOSECONDS

from .lines import HeartbeatLine
from .moment import MINUTE

FRESH = 15 * NANOSECONDS
"""For how long, in ns, a tick of the supervisor counts."""

STUCK = 30 * MINUTE
"""For how long, in ns, a notice may wait while nothing at all gets through."""


@dataclass(slots=True)
class Vitals:
    """What the core has said of itself; times in ns."""

    ticks: int = -1
    ticked: int | None = None
    recording: bool = False

    def heard(self, line: HeartbeatLine, t: int) -> None:
        """A sign of life: it counts where the supervisor has ticked since the last one."""
        if line.heartbeat != self.ticks:
            self.ticks, self.ticked = line.heartbeat, t
        self.recording = line.recording

    def fault(self, t: int, stuck_since: int | None) -> str:
        """Why the watcher is not to be told that all is well; empty where it is.

        :param stuck_since: since when a notice waits and nothing has got through.
        """
        if self.ticked is None or t - self.ticked > FRESH:
            return "the supervisor does not tick"
        if not self.recording:
            return "the record takes nothing"
        if stuck_since is not None and t - stuck_since > STUCK:
            return "nobody can be told of alarms"
        return ""
