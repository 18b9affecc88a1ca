"""All that is known of a channel."""

from __future__ import annotations

from ..channels import Live
from ..context import Context
from ..reading import age, limits, result
from ..summary import days_left


def detail(live: Live, context: Context) -> str:
    """What stands in the detail of a channel."""
    facts, now = live.facts, context.times.now()
    left = days_left(facts.due, context.bench_time)
    due = "" if not facts.due else f", until {facts.due}" + ("" if left is None else f" ({left} days)")
    old = live.age(now)
    alarm = context.model.alarm_of(facts.name)
    rows = [
        ("value", result(live.value, live.u, facts.symbol)),
        ("age", "nothing has come yet" if old is None else age(old)),
        ("state", context.model.status(live, now).text or "normal"),
        ("limits", f"{limits(facts.limits)} {facts.symbol}" if facts.limits else "none"),
        ("period", "read when a script asks" if facts.period is None else f"{facts.period:g} s"),
        ("device", f"{facts.device}, point {facts.point}" if facts.device else "-"),
        ("provenance", facts.provenance or "-"),
        ("calibration", f"{facts.calibration}{due}" if facts.calibration else facts.note or "none"),
        ("alarm", "none" if alarm is None else f"{alarm.alarm} is {alarm.state}: {alarm.reason}"),
    ]
    return "\n".join(f"{name:<12}{value}" for name, value in rows)
