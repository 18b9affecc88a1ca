"""Alarms: raised, acknowledged by a person, cleared, shelved for a while; every change is an event."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from ..errors import UsageError
from ..suggest import nearest
from .latch import Happening, Latch, State
from .latches import Held

Priority = Literal["low", "medium", "high", "safety"]


@dataclass
class Alarm:
    """One alarm. Times are UTC in nanoseconds; ``shelved_until`` is ``None`` where it is not shelved.

    :param guidance: what the person who reads it is to do.
    :param machine_time: its times are of the machine's clock, where a simulated bench has one of its own.
    """

    name: str
    priority: Priority
    guidance: str
    latch: Latch
    reason: str = ""
    raised: int | None = None
    acknowledged_by: str = ""
    acknowledged: int | None = None
    shelved_until: int | None = None
    shelved_by: str = ""
    shelved_for: str = ""
    reported: State = field(default=State.CLEAR, repr=False)
    machine_time: bool = False

    @property
    def state(self) -> State:
        """Whether it is active, acknowledged, gone but not acknowledged, or clear."""
        return self.latch.state

    @property
    def visible(self) -> bool:
        """Whether it is to be shown: it is held, and not shelved. One of priority "safety" is never hidden."""
        return self.latch.held and (self.shelved_until is None or self.priority == "safety")

    def to_json(self) -> dict[str, Any]:
        """The alarm as a screen needs it."""
        clock = {"clock": "machine"} if self.machine_time else {}
        return clock | {
            "alarm": self.name,
            "state": str(self.state),
            "priority": self.priority,
            "reason": self.reason,
            "guidance": self.guidance,
            "raised": self.raised,
            "acknowledged_by": self.acknowledged_by,
            "acknowledged": self.acknowledged,
            "shelved_until": self.shelved_until,
            "shelved_by": self.shelved_by,
            "shelved_for": self.shelved_for,
        }


class Alarms:
    """The alarms of one run.

    :param now: the present time, UTC in nanoseconds.
    :param tell: puts a change on record, and publishes it.
    :param machine_time: ``now`` is the machine's clock, and not that of the bench.
    """

    def __init__(
        self, now: Callable[[], int], tell: Callable[[str, dict[str, Any]], object], *, machine_time: bool = False
    ) -> None:
        self._now, self._tell, self._machine_time = now, tell, machine_time
        self._alarms: dict[str, Alarm] = {}

    def __iter__(self) -> Iterator[Alarm]:
        return iter(self._alarms.values())

    @property
    def held(self) -> list[Alarm]:
        """The alarms that are not clear, shelved ones too."""
        return [alarm for alarm in self if alarm.latch.held]

    def add(self, name: str, priority: Priority, guidance: str = "", latch: Latch | None = None) -> Alarm:
        """Declare an alarm; ``latch`` is that of its interlock, or one that latches."""
        added = Alarm(name, priority, guidance, latch or Latch(latching=True), machine_time=self._machine_time)
        return self._alarms.setdefault(name, added)

    def get(self, name: str) -> Alarm:
        """The alarm called ``name``.

        :raises UsageError: if there is none.
        """
        if name not in self._alarms:
            raise UsageError(f"there is no alarm {name!r}", remedy=nearest(name, self._alarms))
        return self._alarms[name]

    def raise_(self, name: str, reason: str) -> None:
        """Its cause is there."""
        alarm = self.get(name)
        alarm.latch.happen(Happening.RAISED)
        self.changed(name, reason)

    def gone(self, name: str) -> None:
        """Its cause is gone."""
        alarm = self.get(name)
        alarm.latch.happen(Happening.GONE)
        self.changed(name)

    def changed(self, name: str, reason: str = "", since: int | None = None) -> None:
        """Tell the state of an alarm if it is not what was told last; it is raised now, or ``since`` an earlier run."""
        alarm = self.get(name)
        if alarm.state is alarm.reported:
            return
        before, alarm.reported = alarm.reported, alarm.state
        if alarm.state is State.ACTIVE:
            alarm.reason, alarm.acknowledged_by, alarm.acknowledged = reason or alarm.reason, "", None
            alarm.raised = (since or self._now()) if before is State.CLEAR else alarm.raised
        told = {"was": str(before), **alarm.to_json()}
        self._tell("alarm", told)

    def acknowledge(self, name: str, who: str) -> None:
        """A person knows of it.

        :raises UsageError: if there is no such alarm, or nothing to acknowledge, or nobody says who it was.
        """
        alarm = self.get(name)
        if not who.strip():
            raise UsageError("nobody acknowledges", where=name, remedy="say who you are")
        alarm.latch.happen(Happening.ACKNOWLEDGED)
        alarm.acknowledged_by, alarm.acknowledged = who, self._now()
        self.changed(name)

    def take_up(self, name: str, held: Held) -> None:
        """It is held since an earlier run; what a person has said of it since goes on record here."""
        alarm = self.get(name)
        alarm.latch.happen(Happening.RAISED)
        self.changed(name, held.reason, held.since)
        if held.acknowledged_by:
            alarm.latch.happen(Happening.ACKNOWLEDGED)
            alarm.acknowledged_by, alarm.acknowledged = held.acknowledged_by, held.acknowledged
            self.changed(name)

    def shelve(self, name: str, who: str, reason: str, seconds: float) -> None:
        """Hide it for a while; what its interlock does is not changed by that.

        :raises UsageError: if there is no such alarm, it is of priority "safety", or there is no reason or end.
        """
        alarm = self.get(name)
        if alarm.priority == "safety":
            raise UsageError("an alarm of priority safety is never hidden", where=name, remedy="acknowledge it")
        if not (who.strip() and reason.strip() and 0.0 < seconds <= LONGEST_SHELF):
            raise UsageError(
                "is shelved by somebody, for a reason, for a time",
                where=name,
                remedy=f"give all three, and at most {LONGEST_SHELF / 3600:g} h",
            )
        alarm.shelved_until = self._now() + round(seconds * 1e9)
        alarm.shelved_by, alarm.shelved_for = who, reason
        self._tell("alarm shelved", alarm.to_json())

    def tick(self) -> None:
        """Bring back what was shelved until now."""
        for alarm in self:
            if alarm.shelved_until is not None and self._now() >= alarm.shelved_until:
                alarm.shelved_until, alarm.shelved_by, alarm.shelved_for = None, "", ""
                self._tell("alarm unshelved", alarm.to_json())


LONGEST_SHELF = 12 * 3600.0
"""Seconds for which an alarm may be shelved at most: a shift."""
