"""The two rows on top, and lists, out of what the model knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from .alarms import level_of
from .model import LinkState, Model
from .palette import Level
from .reading import clock, size
from .state import Alarm, Device, Item
from .widgets.rows import CONNECTING, AlarmItem, RunState, sign
from .wording import clock_of, symbol_of

SOON = 30
"""Days before the end of a calibration from which on it is told."""

LATENCY = 0.0005
"""Seconds below which the way to the bench is not worth telling."""


def run_state(model: Model, now: float, *, in_command: bool, operator: str, hertz: float | None = None) -> RunState:
    """What the state row says."""
    run, point = model.run, model.run.point
    up = model.link_state(now) is LinkState.UP
    lease = run.lease
    return RunState(
        state=run.state or ("idle" if model.known else CONNECTING),
        bench=run.bench,
        run=run.procedure.rpartition("/")[2] if run.under_way else "",
        point=None if point is None else point.index + 1,
        points=run.count,
        factors="" if point is None else factor_words(point.factors, point.units),
        step=_waits(run.waiting_until) if point is None else point.step,
        elapsed=_whole(max(0.0, (now if up else model.link.heard or now) - model.step_since)) if point else None,
        done=run.part_done if run.under_way else None,
        operator=lease.holder if lease is not None else operator,
        in_command=in_command,
        estop="OPEN" if model.estop else "CLOSED" if model.estop is False and up else "",
        latency=model.link.latency if up and (model.link.latency or 0.0) > LATENCY else None,
        silent=None if up or model.link.heard is None or not model.known else _whole(model.link_age(now)),
        recorded="" if run.recorded is None or not run.under_way else size(run.recorded),
        rate=hertz,
        provenance=run.provenance,
    )


def _waits(until: int | None) -> str:
    return "" if until is None else f"script waits until {clock_of(until)[:5]}"


def factor_words(factors: Mapping[str, Any], units: Mapping[str, Any]) -> str:
    """What is set at a point: ``obstacle fog 2 lx``."""
    return " ".join(_factor(name, value, units.get(name)) for name, value in factors.items())


def _factor(name: str, value: object, unit: object) -> str:
    if value in ("", None):
        return f"no {name}"
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{value:g}{symbol_of(unit)}" if number else str(value)


AHEAD = 5_000_000_000
"""Nanoseconds that an alarm may be ahead of what the console takes for the time of the bench."""


def alarm_items(model: Model, time_of: Callable[[Alarm], int]) -> list[AlarmItem]:
    """The alarms of the alarm row, the worst first, those of which nobody knows before the others.

    :param time_of: the present time on the clock of an alarm, UTC in nanoseconds.
    """
    return [alarm_item(model, alarm, time_of(alarm)) for alarm in (*model.unacknowledged, *model.acknowledged)]


def alarm_item(model: Model, alarm: Alarm, now: int) -> AlarmItem:
    """One alarm of the alarm row, at ``now`` on its clock."""
    beyond = next((live.beyond for live in model.channels_of(alarm)), 0)
    level = level_of(alarm)
    return AlarmItem(
        level,
        sign(level, beyond),
        alarm.alarm,
        alarm.reason,
        acknowledged=alarm.state == "acknowledged",
        returned=alarm.state == "returned",
        since=_whole(held_for(alarm, now)),
    )


def held_for(alarm: Alarm, now: int) -> float | None:
    """Seconds for which it is held, at ``now`` on its clock; ``None`` where it began in an earlier run's time."""
    if alarm.raised is not None and alarm.raised > now + AHEAD:
        return None
    return seconds_since(alarm.raised, now)


def _whole(seconds: float | None) -> float | None:
    """Whole seconds: what is shown changes no more often than they do."""
    return None if seconds is None else float(int(seconds))


def seconds_since(then: int | None, now: int) -> float | None:
    """Seconds between two times in UTC nanoseconds, at least 0."""
    return None if then is None else max(0.0, (now - then) / 1e9)


QUEUE_GLYPHS = {"waiting": "·", "running": "▶", "done": "✓", "removed": "–"} | {
    **dict.fromkeys(("failed", "tripped", "cut off"), "✗"),
    **dict.fromkeys(("stopped", "aborted"), "■"),
}


def queue_glyph(item: Item) -> str:
    """One cell for how an entry of the queue does."""
    if item.status == "done" and item.verdict not in ("", "PASS"):
        return {"FAIL": "✗", "INCONCLUSIVE": "?"}.get(item.verdict, "✓")
    return QUEUE_GLYPHS.get(item.status, "·")


def item_name(item: Item) -> str:
    """The procedure of an entry of the queue; of a script its file without the folder."""
    return item.procedure.rpartition("/")[2]


def device_status(device: Device, wall: int) -> tuple[Level, str]:
    """How a device does, and for how long it is calibrated: the worst of both, in words with a glyph."""
    if device.state not in ("ok", ""):
        level = Level.HIGH if device.state == "lost" else Level.NORMAL
        return level, f"{'✗' if device.state == 'lost' else '·'} {device.state}"
    days = days_left(device.due, wall)
    if days is not None and days < 0:
        return Level.MEDIUM, f"◇ overdue {-days} d"
    if days is not None and days <= SOON:
        return Level.LOW, f"○ due in {days} d"
    return Level.NORMAL, "✓ ok"


def days_left(due: str, wall: int) -> int | None:
    """Days until ``due``, YYYY-MM-DD; ``None`` where it is no day."""
    try:
        return (date.fromisoformat(due) - datetime.fromtimestamp(wall / 1e9, UTC).date()).days
    except (ValueError, OverflowError, OSError):
        return None


def waited(model: Model, number: int, wall: int) -> str:
    """How long a prompt has waited, and of how long: ``00:14 of 05:00``."""
    prompt = model.prompt(number)
    if prompt is None:
        return ""
    since = seconds_since(prompt.asked, wall)
    told = "" if since is None else clock(since)
    return f"{told} of {clock(prompt.limit)}" if prompt.limit is not None and told else told
