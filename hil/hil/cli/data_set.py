"""``hil data check-set``: whether a data set is whole, and what in it may be there twice."""

from __future__ import annotations

from pathlib import Path

import click

from ..errors import VERIFICATION
from .options import as_json
from .output import show_json

SHOWN = 5


@click.command(name="check-set", short_help="Whether every recording of a data set is the one of its index.")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@as_json
def check_set(folder: Path, as_json: bool) -> int:
    """Read every recording of the data set in FOLDER.

    A file that is not the one of the index is named, and the exit code is 6. Pictures that look alike are an open risk:
    where one is a copy of another, results look surer than they are.
    """
    from hil_drivers.data_set import load
    from hil_drivers.data_set_check import look

    data = load(folder)
    found = look(data)
    if as_json:
        show_json({**data.facts, "faults": list(found.faults), "alike": [list(pair) for pair in found.alike]})
        return VERIFICATION if found.faults else 0
    click.echo(f"{data.about.name}: {len(data.entries)} recordings that count, index {data.sha256}")
    for entry in data.incomplete:
        click.echo(f"without its references, so it does not count: {entry.recording.file}")
    for fault in found.faults:
        click.echo(fault)
    for one, other in found.alike[:SHOWN]:
        click.echo(f"look alike: {one}, {other}")
    if found.alike:
        click.echo(f"OPEN RISK: {len(found.alike)} pairs of pictures look alike; where they are copies, leave one out.")
    return VERIFICATION if found.faults else 0
