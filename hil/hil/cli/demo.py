"""``hil demo``: the whole chain on a simulated bench, from calibration to verdict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import as_json, seed
from .output import printable, show_json
from .run import described, show_outcome

if TYPE_CHECKING:
    from ..demo import DemoOutcome


@click.command(short_help="Calibrate a simulated luxmeter, use it, and show every document.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default="hil-demo",
    show_default=True,
    help="Folder for the bench and its runs.",
)
@seed
@as_json
def demo(out: Path, seed: int | None, as_json: bool) -> int:
    """Calibrate a luxmeter on a simulated bench, issue its certificate, and enter it.

    Then measure with it, while a camera's reader is tried on signs in less and less light. The exit code is that
    of the trial's verdict. Everything is simulated, and marked so.
    """
    outcome = _carry_out(out, seed)
    runs = {"calibration": outcome.calibration, "trial": outcome.trial}
    if as_json:
        told = {name: described(run) for name, run in runs.items() if run is not None}
        if outcome.issue is not None:
            told["issue"] = {"certificate": str(outcome.issue.certificate), **dict(outcome.issue.steps)}
        show_json(told)
    else:
        _show(outcome)
    for run in runs.values():
        if run is not None and run.error:
            click.echo(f"hil: {printable(run.error)}", err=True)
    return outcome.exit_code


def _carry_out(out: Path, seed: int | None) -> DemoOutcome:
    from ..bench.config import load_bench
    from ..demo import BENCH, run_demo
    from .interruptible import run_interruptibly
    from .progress import reporting

    operator = load_bench(BENCH).laboratory.operator()
    with reporting(jsonl=False) as report:
        return run_interruptibly(run_demo(out=out, seed=seed, operator=operator, on_event=report))


def _show(outcome: DemoOutcome) -> None:
    show_outcome(outcome.calibration)
    if outcome.issue is not None:
        click.echo("\nThe certificate, sealed and signed with test keys")
        for step, found in outcome.issue.steps:
            click.echo(f"{step + ':':<12}{printable(found)}")
        click.echo(f"{'file:':<12}{outcome.issue.certificate}")
    if outcome.trial is not None:
        click.echo()
        show_outcome(outcome.trial)
