"""``hil queue``: what a bench in service is to run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..commanding.client import Reached, runs_under_way
from ..commanding.verbs import Verb
from ..errors import Unreachable, UsageError
from .command import REASON, RUN, send
from .completing import procedure_names
from .options import as_json, operator, parse_settings
from .output import show_json, show_table

COLUMNS = ("item", "status", "procedure", "verdict", "settings", "run", "error")
BELOW = ("settings", "run", "error")
"""What stands under its row on a terminal that is too narrow."""


@click.group()
def queue() -> None:
    """What a bench in service is to run, one after the other."""


def on_the_queue(function: Any) -> Any:
    """The options of every command that edits the queue."""
    return RUN(operator("commands")(REASON(function)))


@queue.command(name="list", short_help="Show the queue.")
@RUN
@as_json
def list_(meant: str | None, as_json: bool) -> None:
    """Show what has run, what runs and what waits."""
    found = the_service(meant).state["queue"]
    if as_json:
        show_json(found)
        return
    rows = [row_of(item) for item in found["items"]]
    working = "is worked off" if found["working"] else "is held: hil queue start works it off"
    show_table(COLUMNS, rows, title=f"The queue {working}.", below=BELOW)


@queue.command(short_help="Put a run into the queue.")
@click.argument("procedure", shell_complete=procedure_names)
@click.option("--set", "settings", multiple=True, metavar="K=V", help="A parameter, as in --set tolerance='2 lx'.")
@click.option("--seed", type=click.IntRange(min=0), help="Of the plan's order and of a simulated world.")
@click.option("--speed", type=click.FloatRange(min=0, min_open=True), help="Bench seconds per second, to watch.")
@click.option("--position", type=click.IntRange(min=0), help="Before which item that waits, 0 for the next one.")
@on_the_queue
def add(
    procedure: str,
    settings: tuple[str, ...],
    seed: int | None,
    speed: float | None,
    position: int | None,
    meant: str | None,
    operator: str | None,
    reason: str,
) -> None:
    """Put a run of PROCEDURE into the queue of the bench in service. What fits not together is refused here."""
    from ..preparation import prepare

    found = the_service(meant)
    given = parse_settings(settings)
    prepare(procedure, found.state["bench_file"], given, seed)
    if speed is not None and found.state["provenance"] != "simulated":
        raise UsageError("speed belongs to a simulated bench", where="--speed", remedy="leave it out")
    place, _, attribute = procedure.partition(":")
    if place.endswith(".py"):
        procedure = str(Path(place).resolve()) + (f":{attribute}" if attribute else "")
    wanted: dict[str, Any] = {"seed": seed, "speed": speed, "position": position}
    args = {name: value for name, value in wanted.items() if value is not None}
    args |= {"procedure": procedure, "settings": given}
    answer = send(found, Verb.QUEUE_ADD, operator, reason, **args)
    click.echo(f"item {answer['item']}")


@queue.command(short_help="Take a run out of the queue.")
@click.argument("item")
@on_the_queue
def remove(item: str, meant: str | None, operator: str | None, reason: str) -> None:
    """Take ITEM out of the queue."""
    send(the_service(meant), Verb.QUEUE_REMOVE, operator, reason, item=item)


@queue.command(short_help="Let a run come sooner or later.")
@click.argument("item")
@click.argument("position", type=click.IntRange(min=0))
@on_the_queue
def move(item: str, position: int, meant: str | None, operator: str | None, reason: str) -> None:
    """Put ITEM at POSITION of those that wait, 0 for the next one."""
    send(the_service(meant), Verb.QUEUE_MOVE, operator, reason, item=item, position=position)


@queue.command(short_help="Work the queue off.")
@on_the_queue
def start(meant: str | None, operator: str | None, reason: str) -> None:
    """Work the queue off. A run that fails holds it."""
    send(the_service(meant), Verb.START, operator, reason)


@queue.command(short_help="Begin nothing more; the run under way goes on.")
@on_the_queue
def hold(meant: str | None, operator: str | None, reason: str) -> None:
    """Begin nothing more of the queue; the run under way goes on."""
    send(the_service(meant), Verb.HOLD, operator, reason)


def the_service(meant: str | None) -> Reached:
    """The bench in service that is meant, with its state; the only one by default.

    :raises Unreachable: if there is none.
    :raises UsageError: if there are several.
    """
    found = [each for each in runs_under_way() if each.state.get("service")]
    if meant is not None:
        found = [each for each in found if each.meant_by(meant)]
    if not found:
        what = "no bench is in service" if meant is None else f"no bench {meant!r} is in service"
        raise Unreachable(what, remedy="start one with hil service run --bench B")
    if len(found) > 1:
        names = ", ".join(str(each.state["bench"]) for each in found)
        raise UsageError(f"several benches are in service: {names}", remedy="say which one with --run")
    return found[0]


def row_of(item: dict[str, Any]) -> list[str]:
    """An item of the queue, by `COLUMNS`."""
    settings = " ".join(f"{name}={value}" for name, value in item["settings"].items())
    return [item["id"], item["status"], item["procedure"], item["verdict"], settings, item["run"], item["error"]]
