"""Holds notices together: what quiet hours hold back, and what would be a flood."""

from __future__ import annotations

from pydantic import BaseModel, Field

from hil_drivers.clock import NANOSECONDS

from .lines import PRIORITIES
from .moment import MINUTE, Moment
from .notices import Notice, Telling
from .quiet import QuietHours

AT_ONCE = 10
"""Notices to a level that go out one by one within a minute; more are gathered."""

GATHER = {True: 10 * NANOSECONDS, False: MINUTE}
"""For how long a flood is gathered before it goes out: one of priority high or safety, and another."""


class Flood(BaseModel):
    """What is gathered for one level; it goes out at ``due``."""

    due: int
    tellings: list[Telling] = Field(default_factory=list)


class Gathered(BaseModel):
    """What waits to be told, and when something was told last, by level and urgency; all times in ns."""

    recent: dict[str, list[int]] = Field(default_factory=dict)
    floods: dict[str, Flood] = Field(default_factory=dict)
    quiet: list[Telling] = Field(default_factory=list)

    def settle(self, t: int) -> None:
        """Take it up at ``t``, in another process: no time may be ahead of its clock."""
        self.recent = {group: [told for told in times if told <= t] for group, times in self.recent.items()}
        for flood in self.floods.values():
            flood.due = min(flood.due, t + MINUTE)


def urgent(telling: Telling) -> bool:
    """Whether it is never held back."""
    return telling.line.priority in PRIORITIES[2:]


def held_back(telling: Telling, quiet: QuietHours | None, utc: int) -> bool:
    """Whether quiet hours hold it back at ``utc``."""
    return quiet is not None and not urgent(telling) and quiet.hold(utc)


def gather(gathered: Gathered, telling: Telling, quiet: QuietHours | None, now: Moment) -> list[Notice]:
    """What goes out at once because of ``telling``; else it is kept."""
    if held_back(telling, quiet, now.utc):
        gathered.quiet.append(telling)
        return []
    group = f"{telling.level}/{'urgent' if urgent(telling) else 'other'}"
    recent = [told for told in gathered.recent.get(group, ()) if told > now.t - MINUTE]
    gathered.recent[group] = recent
    if group not in gathered.floods and len(recent) < AT_ONCE:
        recent.append(now.t)
        return [Notice.of([telling], "")]
    flood = gathered.floods.setdefault(group, Flood(due=now.t + GATHER[urgent(telling)]))
    flood.tellings.append(telling)
    return []


def release(gathered: Gathered, quiet: QuietHours | None, now: Moment) -> list[Notice]:
    """What has been kept until now."""
    notices = []
    for group in [group for group, flood in gathered.floods.items() if flood.due <= now.t]:
        notices.append(Notice.of(gathered.floods.pop(group).tellings, "many alarms within a minute"))
    if gathered.quiet and not (quiet is not None and quiet.hold(now.utc)):
        for level in sorted({telling.level for telling in gathered.quiet}):
            kept = [telling for telling in gathered.quiet if telling.level == level]
            notices.append(Notice.of(kept, "held back in quiet hours"))
        gathered.quiet = []
    return notices
