"""``hil status``: the runs under way."""

from __future__ import annotations

from typing import Any

import click

from ..commanding.client import NO_RUN, START, runs_under_way
from ..errors import Unreachable
from .options import as_json
from .output import printable, show_json
from .progress import asked, stands, until


@click.command(short_help="The runs under way: state, points, prompts, alarms.")
@as_json
def status(as_json: bool) -> None:
    """Show the runs under way on this machine: state, points, open prompts and alarms."""
    states = [run.state for run in runs_under_way()]
    if not states:
        raise Unreachable(NO_RUN, remedy=START)
    if as_json:
        show_json({"runs": states})
        return
    for number, state in enumerate(states):
        if number:
            click.echo()
        for label, value in told_rows(state):
            click.echo(f"{label + ':':<13}{printable(value)}")


def told_rows(state: dict[str, Any]) -> list[tuple[str, str]]:
    """What a person wants to know of a run."""
    left = state.get("left")
    rows = [(label, str(state.get(label) or "")) for label in ("run", "state", "bench", "procedure", "operator")]
    rows += [("point", _place(state)), ("script", _waits(state))]
    if left is not None:
        rows.append(("points left", str(left)))
    rows += [("prompt", asked(prompt)) for prompt in state.get("prompts", ())]
    rows += [("alarm", stands(each)) for each in state.get("alarms", ())]
    rows += [("process", str(state["pid"])), ("gateway", state.get("gateway", ""))]
    return [(label, value) for label, value in rows if value]


def _place(state: dict[str, Any]) -> str:
    """At which point it is."""
    point = state.get("point")
    if point is not None:
        return f"{point['index'] + 1}, attempt {point['attempt']}"
    return "before the first" if state.get("done") == 0 and state.get("left") != 0 else ""


def _waits(state: dict[str, Any]) -> str:
    end = state.get("waiting_until")
    return "" if end is None else f"waiting {until(end)}"
