"""``hil bench copy|enter|check-standard``: making a bench one's own, and keeping it so."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hil_drivers.written import number

from .completing import bench_names
from .day import DAY
from .options import as_json, operator
from .output import show_json

if TYPE_CHECKING:
    from hil_calibration.certificate.importer import PointCorrelation


@click.command(short_help="Copy a bench with its registers and certificates.")
@click.argument("name", shell_complete=bench_names)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@as_json
def copy(name: str, folder: Path, as_json: bool) -> None:
    """Copy the bench NAME, its registers and its certificates into FOLDER."""
    from ..bench.copying import copy_bench

    made = copy_bench(name, folder)
    if as_json:
        show_json({"bench": str(made)})
    else:
        click.echo(made)


@click.command(short_help="Enter a certificate as the calibration of a channel.")
@click.argument("bench", type=click.Path(path_type=Path))
@click.argument("channel")
@click.argument("certificate", type=click.Path(path_type=Path))
@click.option(
    "--point-correlation",
    metavar="R",
    help='"full", "independent", a number from 0 to 1, or "matrix": the covariance that it carries (default).',
)
@as_json
def enter(bench: Path, channel: str, certificate: Path, point_correlation: str | None, as_json: bool) -> None:
    """Enter CERTIFICATE as the calibration of CHANNEL in the bench file BENCH, and keep a copy.

    CERTIFICATE is a DCC as XML, or the PDF that it is attached to. BENCH may be the folder of the bench file.

    Where a correlation of its points is declared, it is shown how much results depend on it.
    """
    from ..bench.config import find_bench, load_bench
    from ..bench.copying import enter_certificate
    from ..bench.fit import correlation_dependence

    declared = None if point_correlation is None else _declared(point_correlation)
    file = find_bench(str(bench))
    kept = enter_certificate(file, channel, certificate, declared)
    depends = correlation_dependence(load_bench(file), channel)
    if as_json:
        show_json({"certificate": str(kept), "dependence": {each.assumed: each.told for each in depends}})
        return
    click.echo(kept)
    for each in depends:
        click.echo(f"if {each.assumed}: {each.told}")


@click.command("check-standard", short_help="Enter the check of a check standard.")
@click.argument("bench", type=click.Path(path_type=Path))
@click.argument("name")
@click.option("--value", type=float, required=True, help="What was found, in the unit of the check.")
@click.option("--u", type=float, required=True, help="Its standard uncertainty, in that unit.")
@click.option("--date", "day", type=DAY, help="The day of the check, today by default.")
@operator("checked")
@click.option("--run", default="", help="The run that it comes from.")
@as_json
def check_standard(
    bench: Path,
    name: str,
    value: float,
    u: float,
    day: datetime | None,
    operator: str | None,
    run: str,
    as_json: bool,
) -> int:
    """Enter a check of the check standard NAME at the bench BENCH, and judge it by its control chart.

    It is added to checks.jsonl beside the equipment register. A check that breaks a rule stops every run that would
    use its channels, until a later one holds; the exit code is then 1.
    """
    from ..bench.checks import enter_check
    from ..bench.config import load_bench
    from ..bench.fit import start_date
    from ..errors import FAIL

    config = load_bench(bench)
    on = start_date(config) if day is None else day.date()
    who = config.laboratory.operator(operator)
    state = enter_check(config, name, value, u, on=on, operator=who, run=run)
    limits = state.section.chart.action_limits
    if as_json:
        facts = {"value": value, "unit": state.section.unit, "date": on.isoformat(), "action_limits": list(limits)}
        show_json({"check_standard": name, **facts, "faults": list(state.faults)})
        return FAIL if state.faults else 0
    click.echo(f"{name}: {value:g} {state.section.unit} on {on}, limits {limits[0]:.6g} to {limits[1]:.6g}")
    for fault in state.faults:
        click.echo(fault)
    return FAIL if state.faults else 0


def _declared(text: str) -> PointCorrelation:
    words: dict[str, PointCorrelation] = {"full": "full", "independent": "independent", "matrix": "matrix"}
    if text in words:
        return words[text]
    try:
        share = number(text)
    except ValueError:
        share = -1.0
    if not 0.0 <= share <= 1.0:
        raise click.BadParameter(f"{text!r} is not full, independent, matrix or a number from 0 to 1")
    return share
