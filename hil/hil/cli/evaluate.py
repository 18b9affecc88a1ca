"""``hil evaluate``: evaluate a measurement model file."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import as_json
from .output import show_json, show_table

if TYPE_CHECKING:
    from hil_calibration.measurement.evaluation import Evaluation, Result

_NAMES = {"gum": "GUM, first order", "gum2": "GUM, second order", "montecarlo": "Monte Carlo"}


@click.command(short_help="Evaluate a measurement model: GUM and Monte Carlo.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw the distribution of each measurand into this file (.svg or .png).",
)
@as_json
def evaluate(file: Path, plot: Path | None, as_json: bool) -> int:
    """Evaluate the measurement model in FILE (TOML) by the methods that it names.

    The GUM's result is validated by Monte Carlo where both were asked for (JCGM 101, 8); where it does not hold, the
    result of Monte Carlo is the one to report.
    """
    from hil_calibration.errors import CalibrationError
    from hil_calibration.measurement.evaluation import evaluate as evaluated
    from hil_calibration.measurement.model_file import load

    model = load(file)
    try:
        found = evaluated(model)
    except CalibrationError as error:
        raise error if error.where else type(error)(error.what, where=str(file), remedy=error.remedy) from error
    if plot is not None:
        from .model_plot import draw

        draw(found, plot)
    if as_json:
        show_json(found.to_json())
    else:
        _show(found)
    return 0


def _show(found: Evaluation) -> None:
    keys = ["measurand", "method", "value", "u", "dof", "k", "U", "coverage interval", "unit", ""]
    show_table(keys, [_row(result, found) for result in found.results])
    click.echo()
    for result in found.results:
        if result.budget is not None and result.method == "gum":
            click.echo(f"Budget of {result.measurand}\n{result.budget.table()}\n")
    for sentence in dict.fromkeys(s for result in found.results for s in _sentences(result)):
        click.echo(sentence)
    if len(found.model.measurands) > 1:
        for method, matrix in found.correlations.items():
            names = list(found.model.measurands)
            rows = [[name, *(f"{r:.4f}" for r in row)] for name, row in zip(names, matrix.tolist(), strict=True)]
            click.echo()
            show_table(["", *names], rows, title=f"Correlations, {_NAMES[method]}")


def _row(result: Result, found: Evaluation) -> list[str]:
    from hil_calibration.rounding import report
    from hil_calibration.unit import symbol

    low, high = result.interval
    if result.U > 0:
        reported = report(result.value, result.U, found.model.options.digits)
        value, expanded = reported.value, reported.U
        ends = [report(end, result.U, found.model.options.digits).value for end in (low, high)]
    else:
        value, expanded, ends = f"{result.value:.12g}", "0", [f"{low:.12g}", f"{high:.12g}"]
    return [
        result.measurand,
        _NAMES[result.method],
        value,
        f"{result.u:.3g}",
        f"{result.dof:.1f}" if math.isfinite(result.dof) else "∞",
        f"{result.k:.2f}" if math.isfinite(result.k) else "",
        expanded,
        f"[{ends[0]}, {ends[1]}] ({100 * found.model.options.coverage:g} %)",
        symbol(result.unit) if result.unit else "",
        "to be reported" if result.reported else "",
    ]


def _sentences(result: Result) -> list[str]:
    told = []
    check = result.validation
    if check is not None and result.method != "montecarlo":
        words = {True: "validates", False: "does not validate", None: "does not decide about"}[check.holds]
        scatter = f", known to {max(check.u_low, check.u_high):.1g}" if check.holds is None else ""
        told.append(
            f"{result.measurand}: Monte Carlo {words} {_NAMES[result.method]}: the ends of the intervals differ by "
            f"{check.low:.2g} and {check.high:.2g}{scatter}, the tolerance is {check.tolerance:.2g} (JCGM 101, 8)."
        )
    drawn = result.propagation
    if drawn is not None:
        kind = "shortest" if drawn.kind == "shortest" else "probabilistically symmetric"
        told.append(f"Monte Carlo: {drawn.trials} trials, seed {drawn.seed}, {kind} interval.")
        if not drawn.stable:
            told.append("Monte Carlo ended at its largest number of trials before its results were stable.")
    return told
