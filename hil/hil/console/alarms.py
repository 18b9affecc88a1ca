"""The alarms of a bench in lists, and what each concerns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from .palette import Level
from .state import PRIORITIES, Alarm, Run


def waiting(alarms: Iterable[Alarm]) -> list[Alarm]:
    """Those that wait for a person: the most urgent first, then the newest."""
    return _ordered(alarm for alarm in alarms if alarm.state != "acknowledged" and not _hidden(alarm))


def known(alarms: Iterable[Alarm]) -> list[Alarm]:
    """Those of which a person knows."""
    return _ordered(alarm for alarm in alarms if alarm.state == "acknowledged" and not _hidden(alarm))


def shelved(alarms: Iterable[Alarm]) -> list[Alarm]:
    """Those that are hidden for a while; one of priority safety never is."""
    return _ordered(alarm for alarm in alarms if _hidden(alarm))


def concerned(run: Run, channels: Sequence[str]) -> list[tuple[Alarm, list[str]]]:
    """The alarms that are not hidden, those of which nobody knows first, and the channels at which each looks."""
    when = {each.name: each.when for each in run.interlocks}
    alarms = [*waiting(run.alarms), *known(run.alarms)]
    return [(alarm, _channels(alarm, when.get(alarm.alarm, ""), channels)) for alarm in alarms]


def level_of(alarm: Alarm) -> Level:
    """The level at which an alarm is drawn; a priority of another name is drawn as high."""
    return Level(alarm.priority) if alarm.priority in PRIORITIES else Level.HIGH


def _channels(alarm: Alarm, condition: str, channels: Sequence[str]) -> list[str]:
    return [name for name in channels if name == alarm.alarm or _names(condition, name)]


def _hidden(alarm: Alarm) -> bool:
    """An alarm of priority safety is never hidden."""
    return alarm.shelved_until is not None and alarm.priority != "safety"


def _ordered(alarms: Iterable[Alarm]) -> list[Alarm]:
    return sorted(alarms, key=lambda alarm: (alarm.urgency, -(alarm.raised or 0), alarm.alarm))


def _names(condition: str, channel: str) -> bool:
    return channel in condition and re.search(rf"(?<![\w.]){re.escape(channel)}(?![\w.])", condition) is not None
