"""``hil impact``: the runs, results and documents that rest on an instrument."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from ..errors import DEVICE
from .day import DAY
from .options import as_json, runs_folder
from .output import printable, show_json, show_table


@click.command(short_help="What rests on an instrument since a day.")
@click.argument("instrument")
@click.option("--since", type=DAY, required=True, help="The first day in doubt, by the bench clock.")
@runs_folder("--out", "--runs", "runs")
@click.option("--bench", help="A bench whose register knows the instrument, if no run used it.")
@as_json
def impact(instrument: str, since: datetime, runs: Path, bench: str | None, as_json: bool) -> int:
    """The runs, results and documents that rest on INSTRUMENT, its name in the register or its serial number.

    These are the runs on or after the day --since that used it, and those that used a certificate which such a run
    issued, and so on. Days are those of the bench clock ("bench date" in hil data list): a simulated bench has a date
    of its own. The exit code is 4 if a run in the folder cannot be read: what it used is then unknown.
    """
    from ..bench.config import load_bench
    from ..impact import impact as find

    register = load_bench(bench).equipment.instruments if bench else None
    found = find(instrument, since.date(), runs, register)
    if as_json:
        show_json(found.to_json())
        return DEVICE if found.unread else 0
    for each in found.instruments:
        click.echo(printable(each.told))
    click.echo()
    if found.uses:
        columns = ["date", "procedure", "role", "through", "verdict", "document", "run"]
        show_table(
            columns,
            [
                [u.date, u.procedure, u.role, " → ".join(u.through) or "used itself", u.verdict, u.document, u.run]
                for u in found.uses
            ],
        )
        click.echo()
        for use in found.uses:
            for document in use.issued:
                replaced = f", replaced by {document.replaced_by}" if document.replaced_by else ""
                told = f"issued: {document.kind} {document.identifier}, by {document.person}, {document.when}{replaced}"
                click.echo(printable(told))
    documents = sum(len(use.issued) or bool(use.document) for use in found.uses)
    counts = f"{_counted(len(found.uses), 'run')} and {_counted(documents, 'document')}"
    click.echo(f"Since {found.since}: {counts} in {runs} rest on it.")
    for text in found.unread:
        click.echo(f"unknown, for it cannot be read: {printable(text)}")
    return DEVICE if found.unread else 0


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
