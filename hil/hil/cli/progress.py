"""What happens during a run, on stderr for people or on stdout as a stream of JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from hil_drivers.clock import NANOSECONDS

from ..durations import duration_in_words
from ..safety.trip import NO_INTERLOCK
from .output import printable, reader_may_leave
from .typed_answers import at_terminal

if TYPE_CHECKING:
    from ..service import Event

_NOT_TOLD = frozenset(("committed",))
"""Kinds of events that only programs want."""


@contextmanager
def reporting(*, jsonl: bool) -> Iterator[Callable[[Event], None]]:
    """What to call with each event: a stream on stdout, a live line on a terminal, or plain lines on stderr.

    :param jsonl: write each event as one line of JSON to stdout, and nothing to stderr.
    """
    if jsonl:
        yield _stream
    elif sys.stderr.isatty():
        with _live() as show:
            yield show
    else:
        yield _plain


def sentence(kind: str, data: Mapping[str, Any]) -> str:
    """An event in words, on one line."""
    rest = dict(data)
    if kind == "point":
        attempt = rest.pop("attempt", 1)
        again = f", attempt {attempt}" if attempt != 1 else ""
        of, most = rest.pop("of", None), rest.pop("most", None)
        place = f"of {of}" if most is None else f"(at most {most})"
        return f"point {rest.pop('index', 0) + 1} {place}{again}: {_set_to(rest, rest.pop('units', {}))}"
    if kind == "void":
        return f"point {rest.get('index', 0) + 1}, attempt {rest.get('attempt')} is void: {rest.get('reason')}"
    if kind == "trip":
        return _tripped(str(rest.get("interlock")), str(rest.get("reason")))
    if kind == "alarm":
        return printable(f"alarm {stands(rest)}")
    if kind == "alarm shelved":
        return printable(f"alarm {rest.get('alarm')} is {shelved(rest)}")
    if kind == "alarm unshelved":
        return printable(f"alarm {stands(rest)}; it was shelved until now")
    if kind == "state":
        return f"the run is {rest.get('state')}"
    if kind == "prompt":
        return asked(data)
    if kind == "answer" and "answer" in rest:
        return answered(rest)
    if kind == "recovered":
        unread = f", and its record cannot be read ({rest['unreadable']})" if rest.get("unreadable") else ""
        return printable(
            f"the run {rest.get('run')} was cut off{unread}; the bench was brought to its safe state first"
        )
    if kind == "finished":
        return f"finished: {rest.get('status')}"
    if kind == "safe state":
        done = f"{rest.get('reached')} of {rest.get('of')} actions done"
        return f"safe state: {done if rest.get('of') else 'nothing to be done on this bench'}"
    if kind == "resumed":
        left = "" if rest.get("left") is None else f", {rest['left']} are left"
        return f"resumed: {rest.get('committed')} points count already{left}"
    if kind == "waiting":
        return f"waiting {duration_in_words(rest['seconds'])}, {until(rest['until'])} (script)"
    if kind == "gateway":
        if rest.get("state") == "lost":
            return printable(f"no client can connect: {rest.get('reason')}")
        return f"clients can connect (process {rest.get('pid')})"
    if kind in _AVAILABLE:
        return printable(_AVAILABLE[kind].format_map(rest))
    if kind == "safe state failed" and "channel" in rest:
        tries = f" ({rest['tries']} tries)" if rest.get("tries", 1) != 1 else ""
        return printable(f"safe state: {rest['channel']} is not at {_brief(rest['value'])}: {rest['error']}{tries}")
    if kind == "points left":
        return f"points left: {rest.get('count')}"
    if "operator" in rest:
        return _ordered(kind, rest)
    return f"{kind}: {_pairs(rest)}" if rest else kind


_OF_PROGRAMS = ("command_id", "request_sha256", "via")
"""What is on record of a command, and is of no use to whoever looks on."""


_AVAILABLE = {
    "device lost": "lost, when {device} was used: {reason}",
    "channel lost": "{channel} is not read any more: {reason}",
    "channel back": "{channel} is read again; {missed} readings are missing",
}
"""What is told of what does not answer, or does again."""

_COMMANDS = {"pausenow": "pause now"}
"""Commands whose name is not that of their event."""


def _ordered(kind: str, rest: dict[str, Any]) -> str:
    """A command of an operator."""
    who, reason = rest.pop("operator"), rest.pop("reason", "")
    more = _pairs({key: value for key, value in rest.items() if key not in _OF_PROGRAMS})
    told = f"{_COMMANDS.get(kind, kind)} by {who}" + (f", {more}" if more else "")
    return printable(f"{told}: {reason}" if reason else told)


def _set_to(factors: Mapping[str, Any], units: Mapping[str, str]) -> str:
    """What the factors of a point are; one that is nothing there, such as a sign that is not shown, is told too."""
    from hil_calibration.unit import symbol

    written = {name: f" {symbol(unit)}" for name, unit in units.items()}
    return ", ".join(
        f"no {name}" if value in ("", None) else f"{name} {_brief(value)}{written.get(name, '')}"
        for name, value in factors.items()
    )


def until(t: int) -> str:
    """The end ``t`` of a wait, in UTC nanoseconds of bench time."""
    return f"until {_clock(t)}"


def stands(alarm: Mapping[str, Any]) -> str:
    """How an alarm stands, and why."""
    hidden = f", {shelved(alarm)}" if alarm.get("shelved_until") else ""
    reason = f": {alarm['reason']}" if alarm.get("reason") else ""
    return f"{alarm.get('alarm')} is {alarm.get('state')}{hidden}{reason}"


def shelved(alarm: Mapping[str, Any]) -> str:
    """Until when an alarm is hidden, by whom and why."""
    return f"shelved until {_clock(alarm['shelved_until'])}, by {alarm.get('shelved_by')} ({alarm.get('shelved_for')})"


def _clock(t: int) -> str:
    return f"{datetime.fromtimestamp(t / NANOSECONDS, UTC):%H:%M} UTC, bench time"


def _tripped(name: str, reason: str) -> str:
    what = NO_INTERLOCK.get(name, f"interlock {name}")
    return printable(f"trip: {what}: {reason}")


def asked(prompt: Mapping[str, Any]) -> str:
    """An open prompt in words, with the command that answers it."""
    number, kind = prompt["prompt"], prompt["wants"]
    wanted = [", ".join(prompt["choices"]) if "choices" in prompt else kind]
    if prompt.get("unit", "1") != "1":
        wanted.append(f"in {prompt['unit']}")
    wanted += [f"{word} {prompt[key]:g}" for key, word in (("lower", "from"), ("upper", "to")) if key in prompt]
    return printable(f"prompt {number}: {prompt['text']} ({' '.join(wanted)}; hil answer {number} VALUE)")


def answered(data: Mapping[str, Any]) -> str:
    """An answer as the script has it, and whose it is."""
    from hil_calibration.unit import symbol

    value = data["answer"]
    if isinstance(value, bool):
        value = "yes" if value else "no"
    elif isinstance(value, Mapping):
        value = value.get("file", "")
    whose = "the default, for nobody answered in time" if data.get("default") else f"by {data.get('operator')}"
    told = " ".join(filter(None, (_brief(value), symbol(data.get("unit", "1")))))
    return printable(f"prompt {data.get('prompt')}: {told} ({whose})")


def _pairs(data: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {_brief(value)}" for key, value in data.items() if value not in ("", None))


def _brief(value: object) -> str:
    return printable(f"{value:.6g}" if isinstance(value, float) else str(value))


def _stream(event: Event) -> None:
    """Write one event; a reader who has gone does not end a run on the bench."""
    with reader_may_leave():
        click.echo(json.dumps(event.to_json(), ensure_ascii=False))


def _plain(event: Event) -> None:
    if _told(event) and not (event.kind == "point" and _between(event.data)):
        click.echo(sentence(event.kind, event.data), err=True)


def _told(event: Event) -> bool:
    """Whether people want it; of an answer, what it means, not the command that gave it as well."""
    return event.kind not in _NOT_TOLD and not (event.kind == "answer" and "value" in event.data)


def _between(data: Mapping[str, Any]) -> bool:
    """Whether a point lies between those that are told: about 20 of a run, and every further attempt."""
    done, of = int(data["index"]) + 1, int(data["of"] or data["most"])
    return data["attempt"] == 1 and done not in (1, of) and done % max(1, of // 20) != 0


@contextmanager
def _live() -> Iterator[Callable[[Event], None]]:
    """Points share one line that changes; everything else stays on the screen. It rests while an answer is typed."""
    from rich.console import Console
    from rich.markup import escape

    console = Console(stderr=True)
    with console.status("starting") as status:

        def show(event: Event) -> None:
            if event.kind in ("point", "waiting"):
                status.update(escape(sentence(event.kind, event.data)))
                status.start()
                return
            if event.kind == "run":
                status.update("before the first point")
            if _told(event):
                console.print(sentence(event.kind, event.data), markup=False, highlight=False)
            if event.kind == "prompt" and at_terminal():
                status.stop()
                console.print("answer: ", end="")
            elif event.kind == "answer":
                status.start()

        yield show
