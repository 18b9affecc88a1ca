"""The commands that act on a run from another terminal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ..commanding.client import Reached, command, the_run
from ..commanding.verbs import Verb
from ..durations import parse_duration
from ..errors import Unreachable, UsageError
from .configured import setting
from .options import operator, out
from .output import printable

Function = TypeVar("Function", bound=Callable[..., Any])

RUN = click.option("--run", "meant", metavar="RUN", help="Its name, folder or bench; the only one by default.")
_OPERATOR = operator("commands")
REASON = click.option("--reason", default="", metavar="WHY", help="Why; it goes on record.")


def _on_a_run(function: Function) -> Function:
    """The options that every command to a run has."""
    return RUN(_OPERATOR(REASON(function)))


@click.command(short_help="Hold a run before its next point.")
@click.option("--now", is_flag=True, help="Before its next operation: the point under way does not count.")
@_on_a_run
def pause(meant: str | None, operator: str | None, reason: str, now: bool) -> None:
    """Hold the run under way before its next point, or at once."""
    send(the_run(meant), Verb.PAUSE_NOW if now else Verb.PAUSE, operator, reason)


@click.command(short_help="Go on with a run that is paused.")
@_on_a_run
def resume(meant: str | None, operator: str | None, reason: str) -> None:
    """Go on with the run that is paused."""
    send(the_run(meant), Verb.RESUME, operator, reason)


@click.command(short_help="End a run in order, then make the bench safe.")
@_on_a_run
def abort(meant: str | None, operator: str | None, reason: str) -> None:
    """End the run under way: its script clears up first, then the bench goes to its safe state."""
    send(the_run(meant), Verb.ABORT, operator, reason)


@click.command(short_help="Make the bench of a run safe at once.")
@RUN
@click.option("--operator", help="Who commands: an operator of the laboratory; the only one by default.")
@REASON
def stop(meant: str | None, operator: str | None, reason: str) -> None:
    """Bring the bench of the run under way to its safe state at once, whatever it is doing; the run ends.

    It is obeyed whoever sends it, and reads no settings. It is no E-stop: where life is in danger, use that of the rig.
    """
    send(the_run(meant), Verb.STOP, operator, reason)


@click.command(short_help="Answer an open prompt of a run.")
@click.argument("prompt", type=click.IntRange(min=1))
@click.argument("value")
@_on_a_run
def answer(meant: str | None, operator: str | None, reason: str, prompt: int, value: str) -> None:
    """Answer the open prompt number PROMPT with VALUE: text, a number with its unit, a choice, yes or no, or a path.

    The first valid answer counts.
    """
    send(the_run(meant), Verb.ANSWER, operator, reason, prompt=prompt, value=value)


@click.command(short_help="Write a note into the record of a run.")
@click.argument("text")
@RUN
@_OPERATOR
def note(meant: str | None, operator: str | None, text: str) -> None:
    """Write TEXT into the record of the run under way."""
    send(the_run(meant), Verb.NOTE, operator, text)


@click.command(short_help="Hide an alarm of a run for a while.")
@click.argument("alarm")
@click.option("--for", "duration", required=True, metavar="TIME", help='How long, as in "10 min".')
@click.option("--reason", required=True, metavar="WHY", help="Why; it goes on record.")
@RUN
@_OPERATOR
def shelve(meant: str | None, operator: str | None, reason: str, alarm: str, duration: str) -> None:
    """Hide ALARM of the run under way for a while, for a reason. What its interlock does is not changed."""
    send(the_run(meant), Verb.SHELVE, operator, reason, alarm=alarm, seconds=_seconds(duration))


@click.command(short_help="Acknowledge an alarm of a run, or an interlock that has latched.")
@click.argument("alarm")
@click.option("--bench", metavar="B", help="A bench file, or the name of a bench that ships.")
@out
@_on_a_run
def ack(meant: str | None, operator: str | None, reason: str, alarm: str, bench: str | None, out: Path) -> None:
    """Say that you know of ALARM, or why the interlock of that name tripped, and have looked at the rig.

    It goes to the run under way. Where there is none, --bench names the bench, that of the settings by default, on
    which an interlock tripped in an earlier run: the next run starts only where its cause is gone as well.
    """
    try:
        run = the_run(meant or bench)
    except Unreachable as error:
        if meant is not None:
            raise
        latched = bench or setting("bench")
        if latched is None:
            remedy = "for an interlock that latched in an earlier run, name the bench with --bench"
            raise Unreachable(error.what, remedy=remedy) from None
        from .latched import acknowledge

        acknowledge(alarm, latched, out, operator)
    else:
        send(run, Verb.ACK, operator, reason, alarm=alarm)


def send(
    run: Reached, verb: Verb, operator: str | None, reason: str, *, lease: str = "", told: bool = True, **args: Any
) -> dict[str, Any]:
    """Have ``run`` carry out a command, and tell that it did; its answer.

    :raises Refused: if it does not.
    :raises Unreachable: if it does not answer.
    """
    given = command(run, verb, args=args, operator=operator, reason=reason, lease=lease)
    if not given.get("on_record", True):
        click.echo("hil: it was done, but is not on record yet", err=True)
    if told:
        name = given.get("run") or run.name
        click.echo(f"{printable(name)}: {verb} accepted, event {given.get('number')}")
    return given


def _seconds(duration: str) -> float:
    try:
        return parse_duration(duration)
    except ValueError:
        raise UsageError(f"{duration!r} is no duration", where="--for", remedy='write it as in "10 min"') from None
