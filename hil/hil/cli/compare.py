"""``hil compare``: the same design on two benches."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ..errors import FAIL, INCONCLUSIVE, PASS
from .completing import run_names
from .data import find_run
from .options import as_json, out
from .output import show_json, show_table

EXIT = {"PASS": PASS, "FAIL": FAIL, "INCONCLUSIVE": INCONCLUSIVE}


@click.command(short_help="The same design on two benches: where do they agree?")
@click.argument("first", shell_complete=run_names)
@click.argument("second", shell_complete=run_names)
@click.option(
    "--margin",
    type=click.FloatRange(min=0, min_open=True, max=1e300),
    required=True,
    help="Within which they must agree, in the unit of the results; stated before the runs.",
)
@click.option("--measurand", metavar="NAME", help="The only one to compare; all by default.")
@click.option(
    "--report",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder for comparison.json and report.html.",
)
@out
@as_json
def compare(
    first: str, second: str, margin: float, measurand: str | None, folder: Path | None, out: Path, as_json: bool
) -> int:
    """Compare the runs FIRST and SECOND at each condition: the difference, its uncertainty, and the margin.

    Both are verified and analysed anew from their records.

    \b
    Exit codes: 0 within the margin everywhere, 1 outside of it somewhere, 3 undecided somewhere,
    6 a record does not hold.
    """
    from ..comparing.comparison import compare as compared
    from ..comparing.report import report, shared_sentence, stands_in, summary, verdict
    from ..comparing.runs import read

    found = compared(read(find_run(first, out)), read(find_run(second, out)), margin=margin, measurand=measurand)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        document = json.dumps(found.to_json(), indent=2, ensure_ascii=False)
        (folder / "comparison.json").write_text(f"{document}\n", "utf-8")
        (folder / "report.html").write_text(report(found), "utf-8")
    if as_json:
        show_json(found.to_json())
    else:
        made, told = summary(found), verdict(found)
        show_table(made.columns, made.rows, title=made.title)
        click.echo(f"\n{told.outcome}. Required: {told.requirement}. Found: {told.reason}.\nRule: {told.rule}.")
        for sentence in (shared_sentence(found), *stands_in(found)):
            click.echo(sentence)
    return EXIT[found.outcome]
