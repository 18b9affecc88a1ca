"""Events of a bench in words, for its log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

from .parsing import text, whole


class Severity(IntEnum):
    """How much a line of the log matters."""

    DEBUG = 10
    INFO = 20
    WARN = 30
    ERROR = 40


@dataclass(frozen=True)
class Entry:
    """One line of the log; ``wall`` is UTC in nanoseconds."""

    number: int
    wall: int
    severity: Severity
    kind: str
    text: str

    @property
    def clock(self) -> str:
        """The time of day, UTC, to the millisecond."""
        return clock_of(self.wall)


def clock_of(wall: int) -> str:
    """The time of day of UTC nanoseconds, to the millisecond."""
    try:
        return datetime.fromtimestamp(wall / 1e9, UTC).strftime("%H:%M:%S.%f")[:-3]
    except (OverflowError, ValueError, OSError):
        return "--:--:--.---"


SEVERITIES = {
    "committed": Severity.DEBUG,
    "points left": Severity.DEBUG,
    "void": Severity.WARN,
    "alarm": Severity.WARN,
    "alarm unshelved": Severity.WARN,
    "device lost": Severity.WARN,
    "channel lost": Severity.WARN,
    "tripped": Severity.ERROR,
    "trip": Severity.ERROR,
    "stop": Severity.WARN,
    "abort": Severity.WARN,
    "safe state failed": Severity.ERROR,
    "record failed": Severity.ERROR,
    "latch not kept": Severity.ERROR,
}
"""By kind of event; any other is `Severity.INFO`."""

_CALLED = {
    "queueadd": "queue add",
    "queueremove": "queue remove",
    "queuemove": "queue move",
    "leasetake": "command taken",
    "leaserelease": "command released",
    "leaserequest": "command asked",
    "leaseoffer": "command offered",
    "leaseoverride": "command overridden",
    "lease ended": "command ended",
    "handoverread": "handover read",
    "lease": "in command",
    "lease lost": "command lost",
    "lease requested": "command asked",
    "lease offered": "command offered",
    "lease refused": "command kept",
}
"""What a person calls a kind of event; any other is called by its own name."""

LONGEST = 400
"""Characters of one value of an event that are told."""

_HIDDEN = ("number", "wall", "kind", "command_id", "request_sha256", "via")


def entry_of(event: Mapping[str, Any]) -> Entry:
    """The line that tells ``event``."""
    kind = text(event.get("kind")) or "event"
    say = _SENTENCES.get(kind, _order if "operator" in event else _plain)
    severity = SEVERITIES.get(kind, Severity.INFO)
    if event.get("error") or event.get("ok") is False or (kind == "gateway" and event.get("state") == "lost"):
        severity = max(severity, Severity.WARN)
    if kind == "alarm" and event.get("state") in ("clear", "acknowledged"):
        severity = Severity.INFO
    told = " ".join(say(event).split())
    return Entry(
        whole(event.get("number")) or 0, whole(event.get("wall")) or 0, severity, _CALLED.get(kind, kind), told
    )


def told_twice(event: Mapping[str, Any]) -> bool:
    """Whether another event says the same: of an answer, the command is told, and then what the prompt has taken."""
    return event.get("kind") == "answer" and "answer" not in event and "value" in event


def _plain(event: Mapping[str, Any]) -> str:
    shown = (
        f"{_short(key)}={_short(value)}" for key, value in event.items() if key not in _HIDDEN and value not in _NOTHING
    )
    return "  ".join(shown)


_NOTHING: tuple[Any, ...] = (None, "", [], {})


def _short(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    told = text(value if isinstance(value, str) else str(value)) or ""
    return told if len(told) <= LONGEST else told[: LONGEST - 1] + "…"


def _alarm(event: Mapping[str, Any]) -> str:
    state, who = event.get("state"), _short(event.get("acknowledged_by") or "")
    by = f" by {who}" if state == "acknowledged" and who else ""
    reason = f": {_short(event['reason'])}" if event.get("reason") and state == "active" else ""
    return f"{_short(event.get('alarm', ''))} ({_short(event.get('priority', ''))}) is {_short(state)}{by}{reason}"


def _shelved(event: Mapping[str, Any]) -> str:
    name, who, why = (_short(event.get(key, "")) for key in ("alarm", "shelved_by", "shelved_for"))
    return f"{name} by {who}: {why}"


def _answer(event: Mapping[str, Any]) -> str:
    who = "nobody: the default" if event.get("default") else _short(event.get("operator") or "")
    given = f"{_short(event.get('answer', event.get('value', '')))}{symbol_of(event.get('unit'))}"
    return f"prompt {_short(event.get('prompt', ''))}: {given} ({who})"


def _order(event: Mapping[str, Any]) -> str:
    reason = f": {_short(event['reason'])}" if event.get("reason") else ""
    rest = _plain({key: value for key, value in event.items() if key not in ("operator", "reason")})
    return " ".join(part for part in (f"by {_short(event.get('operator') or 'somebody')}{reason}", rest) if part)


def _prompt(event: Mapping[str, Any]) -> str:
    return f"prompt {_short(event.get('prompt', ''))}: {_short(event.get('text', ''))}"


def _lost(event: Mapping[str, Any]) -> str:
    name = event.get("device") or event.get("channel") or ""
    reason = f": {_short(event['reason'])}" if event.get("reason") else ""
    return f"{_short(name)}{reason}"


def _trip(event: Mapping[str, Any]) -> str:
    return ": ".join(part for part in (_short(event.get(name) or "") for name in ("interlock", "reason")) if part)


def _point(event: Mapping[str, Any]) -> str:
    place, of, attempt = (whole(event.get(name)) for name in ("index", "of", "attempt"))
    count = "" if of is None else f" of {of}"
    again = f", attempt {attempt}" if attempt not in (None, 1) else ""
    names = (name for name in event if name not in (*_HIDDEN, "index", "of", "most", "attempt", "units"))
    units = event.get("units")
    set_to = ", ".join(_factor(name, event[name], units if isinstance(units, dict) else {}) for name in names)
    return f"{(place or 0) + 1}{count}{again}: {set_to}".removesuffix(": ")


def _factor(name: str, value: object, units: Mapping[str, Any]) -> str:
    """What a factor is at a point; one that is nothing there, such as a sign that is not shown, is told too."""
    if value in _NOTHING:
        return f"no {_short(name)}"
    return f"{_short(name)} {_short(value)}{symbol_of(units.get(name))}"


def symbol_of(unit: object) -> str:
    """What follows a number in the UCUM unit ``unit``, with its space; nothing where it is none."""
    from hil_calibration.errors import UnitError
    from hil_calibration.unit import symbol

    ucum = text(unit)
    if not ucum or ucum == "1":
        return ""
    try:
        return f" {symbol(ucum)}".rstrip()
    except UnitError:
        return f" {ucum}"


def _run(event: Mapping[str, Any]) -> str:
    points = "" if event.get("points") is None else f", {_short(event['points'])} points"
    return f"{_short(event.get('folder', ''))}{points}"


def _safe(event: Mapping[str, Any]) -> str:
    if event.get("of") == 0:
        return "nothing to be done on this bench"
    return f"{_short(event.get('reached', ''))} of {_short(event.get('of', ''))} actions done"


def _finished(event: Mapping[str, Any]) -> str:
    return ": ".join(_short(part) for part in (event.get("status"), event.get("error")) if part)


def _service(event: Mapping[str, Any]) -> str:
    words = {"begun": "the bench is in service", "ended": "the bench is out of service"}
    what = _short(event.get("what") or "")
    bench = _short(event.get("bench") or "")
    return f"{words.get(what, what)}: {bench}".removesuffix(": ")


def _gateway(event: Mapping[str, Any]) -> str:
    if event.get("state") == "lost":
        return f"no client can connect: {_short(event.get('reason') or 'no reason is known')}"
    return f"clients can connect (process {_short(event.get('pid', ''))})"


def _lease(event: Mapping[str, Any]) -> str:
    """Who has command, or wants it; why."""
    holder, by, to = (_short(event.get(name) or "") for name in ("holder", "by", "to"))
    sentences = {
        "lease lost": f"{holder} was put out of command by {by}",
        "lease requested": f"{by} asks {holder} for command",
        "lease offered": f"{holder} offers command to {to}" if to else f"{holder} offers command to nobody",
        "lease refused": f"{holder} does not give command to {to}",
        "lease ended": f"{holder} is in command no longer",
    }
    client = f" ({_short(event['client'])})" if event.get("client") else ""
    reason = f": {_short(event['reason'])}" if event.get("reason") else ""
    return f"{sentences.get(text(event.get('kind')) or '', f'{holder}{client}')}{reason}"


def _item(event: Mapping[str, Any]) -> str:
    """What is to run, with its settings; of a script its file without the folder."""
    procedure = (text(event.get("procedure")) or "").rpartition("/")[2]
    settings = event.get("settings")
    given = _plain(settings) if isinstance(settings, dict) else ""
    what = " ".join(part for part in (_short(procedure), given) if part)
    reason = f": {_short(event['reason'])}" if event.get("reason") else ""
    return f"{what}, by {_short(event.get('operator') or 'somebody')}{reason}"


def _item_ended(event: Mapping[str, Any]) -> str:
    run, verdict, error = (_short(event.get(name) or "") for name in ("run", "verdict", "error"))
    how = verdict or _short(event.get("status") or ("done" if event.get("ok") else "not done"))
    return ": ".join(part for part in (run, how, error) if part)


_SENTENCES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "alarm": _alarm,
    "alarm shelved": _shelved,
    "answer": _answer,
    "prompt": _prompt,
    "device lost": _lost,
    "channel lost": _lost,
    "finished": _finished,
    "trip": _trip,
    "point": _point,
    "run": _run,
    "safe state": _safe,
    "state": lambda event: _short(event.get("state", "")),
    "waiting": lambda event: f"until {clock_of(whole(event.get('until')) or 0)[:5]} UTC, bench time (script)",
    "note": _order,
    "leasetake": lambda event: f"by {_short(event.get('operator') or 'somebody')}",
    "service": _service,
    "gateway": _gateway,
    "item": _item,
    "queueadd": _item,
    "item ended": _item_ended,
    **dict.fromkeys(("lease", "lease lost", "lease requested", "lease offered"), _lease),
    **dict.fromkeys(("lease refused", "lease ended"), _lease),
}
