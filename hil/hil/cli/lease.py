"""``hil lease`` and ``hil handover``: who is in command of a bench in service, and what one shift tells the next."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from ..commanding.verbs import Verb
from .command import RUN, send
from .options import as_json, operator
from .output import printable, show_json
from .queue import the_service


def _by_somebody(function: Any) -> Any:
    return RUN(operator("commands")(function))


@click.group()
def lease() -> None:
    """Who is in command of a bench in service. Stop, abort, pause and acknowledgements need no command of it."""


@lease.command(short_help="Who is in command.")
@RUN
@as_json
def show(meant: str | None, as_json: bool) -> None:
    """Show who is in command, and who asks for it."""
    held = the_service(meant).state["lease"]
    if as_json:
        show_json({"lease": held})
    elif held is None:
        click.echo("nobody is in command")
    else:
        asked = f"; {held['requested_by']} asks for it" if held["requested_by"] else ""
        offered = f"; offered to {held['offered_to']}" if held["offered_to"] else ""
        who = f"{held['holder']} ({held['client']})" if held["client"] else held["holder"]
        click.echo(printable(f"{who} is in command since {_time(held['since'])}{asked}{offered}"))


@lease.command(short_help="Ask whoever is in command to give it up.")
@_by_somebody
def request(meant: str | None, operator: str | None) -> None:
    """Ask whoever is in command; where that is not answered within a minute, nobody is."""
    send(the_service(meant), Verb.LEASE_REQUEST, operator, "")


@lease.command(short_help="Put whoever is in command out of it: for a reviewer, with a reason.")
@RUN
@click.option("--operator", help="Who does it: a reviewer or authoriser of the laboratory; the only one by default.")
@click.option("--reason", required=True, metavar="WHY", help="Why; it goes on record, and the holder is told.")
def override(meant: str | None, operator: str | None, reason: str) -> None:
    """Put whoever is in command out of it. Nobody is in command afterwards: commands of this terminal are taken."""
    found = the_service(meant)
    answer = send(found, Verb.LEASE_OVERRIDE, operator, reason, client="hil lease override")
    send(found, Verb.LEASE_RELEASE, None, reason, lease=answer["lease"], told=False)


@click.group()
def handover() -> None:
    """The note of a shift: whoever makes the bench go on next has to have read it."""


@handover.command(short_help="Leave a note for the next shift.")
@click.argument("text")
@_by_somebody
def write(meant: str | None, operator: str | None, text: str) -> None:
    """Leave TEXT for the next shift."""
    send(the_service(meant), Verb.HANDOVER, operator, text)


@handover.command(short_help="Read the note of the shift before.")
@_by_somebody
@as_json
def read(meant: str | None, operator: str | None, as_json: bool) -> None:
    """Show the note of the shift before; it is on record that you have read it."""
    found = the_service(meant)
    note = found.state["handover"]
    if as_json:
        show_json({"handover": note})
    elif note is None:
        click.echo("there is no note")
    else:
        click.echo(printable(f"{note['by']}, {_time(note['at'])}:"))
        click.echo(printable(note["text"]))
    if note is not None:
        send(found, Verb.HANDOVER_READ, operator, "", told=False)


def _time(ns: int) -> str:
    return f"{datetime.fromtimestamp(ns // 10**9, UTC):%Y-%m-%d %H:%M:%S} UTC"
