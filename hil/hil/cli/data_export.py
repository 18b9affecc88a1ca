"""``hil data export|reproduce``: what is made from the record of a run, outside of its folder."""

from __future__ import annotations

from pathlib import Path

import click

from ..errors import VERIFICATION
from .data import find_run
from .options import as_json, run_argument, runs_folder
from .output import show_json, show_table

runs = runs_folder("--runs")


@click.command(short_help="The readings of a run as CSV, Parquet or MCAP, or its pictures as a data set.")
@run_argument
@click.option(
    "--to", "kind", type=click.Choice(["csv", "parquet", "mcap", "dataset"]), required=True, help="The format."
)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="The folder to write into."
)
@runs
@as_json
def export(run: str, kind: str, out: Path, runs: Path, as_json: bool) -> None:
    """Write the readings of RUN to another folder; a live or interrupted run gives what is on record so far.

    With --to dataset: its pictures, each with what it shows and the conditions measured meanwhile, as a data set that
    a dataset bench replays. A record that does not hold is refused (exit code 6).
    """
    if kind == "dataset":
        _export_dataset(find_run(run, runs), out, as_json=as_json)
        return
    from ..sealing.export import export_run

    made = export_run(find_run(run, runs), kind, out)
    if as_json:
        show_json({"readings": made.readings, "files": [str(path) for path in made.files]})
        return
    for path in made.files:
        click.echo(path)
    click.echo(f"{made.readings} readings")


def _export_dataset(run: Path, out: Path, *, as_json: bool) -> None:
    from ..sealing.dataset_export import export_dataset

    made = export_dataset(run, out)
    if as_json:
        show_json({"pictures": made.pictures, "left_out": made.left_out, "folder": str(made.folder)})
        return
    click.echo(made.folder)
    left_out = f", {made.left_out} left out: their attempts do not count" if made.left_out else ""
    click.echo(f"{made.pictures} pictures{left_out}")


@click.command(short_help="Analyse the record of a run again, and compare every number.")
@run_argument
@click.option("--procedure", help="Where the procedure is, if it is not installed: a file, or module:name.")
@click.option(
    "--tolerance",
    type=click.FloatRange(min=0.0, max=1.0),
    default=0.0,
    show_default=True,
    help="Relative difference allowed between unrounded numbers.",
)
@runs
@as_json
def reproduce(run: str, procedure: str | None, tolerance: float, runs: Path, as_json: bool) -> int:
    """Run the analysis of RUN again, from its record alone, and compare every number with results.json.

    Nothing is written. Texts, and so every number as it was reported, must agree exactly; unrounded ones within
    --tolerance. The exit code is 6 where something differs.
    """
    from ..reproduction import reproduce as reproduce_run

    found = reproduce_run(find_run(run, runs), procedure=procedure, tolerance=tolerance)
    if as_json:
        show_json(found.to_json())
        return 0 if found.agrees else VERIFICATION
    for name, then, now in found.changed:
        click.echo(f"{name} was {then}, is now {now}")
    if found.differences:
        rows = [[one.place, one.then, one.now] for one in found.differences]
        show_table(["place in results.json", "on record", "now"], rows)
    allowed = "exactly" if tolerance == 0 else f"unrounded numbers within {tolerance:g}"
    click.echo(f"compared {found.numbers} numbers and {found.texts} texts, {allowed}")
    click.echo(f"{found.run} {'is reproduced' if found.agrees else 'is NOT reproduced'}")
    return 0 if found.agrees else VERIFICATION
