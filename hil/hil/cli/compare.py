"""``hil compare``: the same design on two benches."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import FAIL, INCONCLUSIVE, PASS, UsageError
from .certificate_issue import described, laboratory_file, laboratory_for, show_document, template_for
from .completing import run_names
from .data import find_run
from .data_seal import key_file, key_of_bench, signing_key
from .options import as_json, out
from .output import show_json, show_table

if TYPE_CHECKING:
    from ..documents.details import Compares
    from ..documents.lifecycle import Document
    from ..sealing.keys import PrivateKey

EXIT = {"PASS": PASS, "FAIL": FAIL, "INCONCLUSIVE": INCONCLUSIVE}


class MarginType(click.ParamType[tuple[str, float]]):
    """``VALUE`` or ``NAME=VALUE``: the name, empty for none, and a number above 0."""

    name = "margin"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, float]:
        name, _, number = str(value).rpartition("=")
        try:
            margin = float(number)
        except ValueError:
            margin = math.nan
        if not 0.0 < margin <= LARGEST:
            self.fail(
                f"{number!r} is no number above 0; give it in the unit of the results, without the unit.", param, ctx
            )
        return name.strip(), margin


LARGEST = 1e300


@click.command(short_help="The same design on two benches: where do they agree?")
@click.argument("first", shell_complete=run_names)
@click.argument("second", shell_complete=run_names)
@click.option(
    "--margin",
    "margins",
    metavar="VALUE|NAME=VALUE",
    type=MarginType(),
    required=True,
    multiple=True,
    help="Within which they must agree, in the unit of the results; stated before the runs. For several units once for "
    "each measurand, by its name.",
)
@click.option("--measurand", metavar="NAME", help="The only one to compare; all by default.")
@click.option(
    "--report",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder for comparison.json and report.html.",
)
@click.option(
    "--certificate",
    is_flag=True,
    help="Draft a certificate of FIRST's simulated bench, over the conditions that are within; both runs are sealed.",
)
@laboratory_file
@key_file
@key_of_bench
@out
@as_json
def compare(
    first: str,
    second: str,
    margins: tuple[tuple[str, float], ...],
    measurand: str | None,
    folder: Path | None,
    certificate: bool,
    laboratory: Path | None,
    key: Path | None,
    bench: str | None,
    out: Path,
    as_json: bool,
) -> int:
    """Compare the runs FIRST and SECOND at each condition: the difference, its uncertainty, and the margin.

    Both are verified and analysed anew from their records. A certificate that is drafted is reviewed, authorised,
    verified and reproduced by `hil certificate`; --laboratory, --key and --bench are for it.

    \b
    Exit codes: 0 within the margin everywhere, 1 outside of it somewhere, 3 undecided somewhere,
    6 a record does not hold.
    """
    from ..comparing.comparison import compare as compared
    from ..comparing.report import (
        codec_sentences,
        left_out_sentences,
        one_world_sentences,
        report,
        shared_sentence,
        stands_in,
        summary,
        too_wide_sentences,
        verdict,
    )
    from ..comparing.runs import read
    from ..documents.equivalence import compares_with

    folders = (find_run(first, out), find_run(second, out))
    if not certificate and (laboratory, key, bench) != (None, None, None):
        raise UsageError("--laboratory, --key and --bench are for a certificate", remedy="add --certificate")
    margin, named = _stated(margins)
    found = compared(read(folders[0]), read(folders[1]), margin=margin, margins=named, measurand=measurand)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        document = json.dumps(found.to_json(), indent=2, ensure_ascii=False)
        (folder / "comparison.json").write_text(f"{document}\n", "utf-8")
        (folder / "report.html").write_text(report(found), "utf-8")
    if not as_json:
        made, told = summary(found), verdict(found)
        show_table(made.columns, made.rows, title=made.title)
        click.echo(f"\n{told.outcome}. Required: {told.requirement}. Found: {told.reason}.\nRule: {told.rule}.")
        doubts = (*one_world_sentences(found), *too_wide_sentences(found))
        beside = (*doubts, *left_out_sentences(found), *codec_sentences(found), *stands_in(found))
        written = () if folder is None else (str(folder / "comparison.json"), str(folder / "report.html"))
        click.echo("\n".join((shared_sentence(found), *beside, *written)))
    drafted = None
    if certificate:
        compares = compares_with(*folders, margin=margin, margins=named, measurand=measurand)
        drafted = _drafted(folders[0], compares, laboratory, signing_key(key, bench))
    if as_json:
        files = {} if drafted is None else {"certificate": described(drafted)}
        show_json({**found.to_json(), **files})
    elif drafted is not None:
        show_document(drafted, "drafted; next: hil certificate review")
    return EXIT[found.outcome]


def _stated(margins: Sequence[tuple[str, float]]) -> tuple[float | None, dict[str, float]]:
    """The margin of no measurand by name, and those by name.

    :raises UsageError: if one is given twice.
    """
    found: dict[str, float] = {}
    for name, margin in margins:
        if name in found:
            raise UsageError(f"two margins{f' of {name}' if name else ''}", remedy="give one, or NAME=VALUE for each")
        found[name] = margin
    return found.pop("", None), found


def _drafted(folder: Path, compares: Compares, file: Path | None, key: PrivateKey | None) -> Document:
    from ..documents.lifecycle import draft

    laboratory = laboratory_for(folder, file)
    template = template_for(laboratory, file, certificate=True)
    return draft(folder, laboratory, template=template, compares=compares, key=key)
