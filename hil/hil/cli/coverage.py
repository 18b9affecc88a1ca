"""``hil coverage``: a procedure on many drawn truths, its stated intervals held against them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import FAIL, INCONCLUSIVE, PASS, NotFit
from .completing import procedure_names
from .options import as_json, needed_bench, operator, parse_settings
from .output import printable, show_json, show_table

if TYPE_CHECKING:
    from ..coverage.kept import Kept
    from ..coverage.report import Found
    from ..coverage.runs import Asked, Outcome

FEW = 59
"""Runs of which even all intervals, with the true value inside, show nothing about a claim of 95 %."""

EXIT = {"PASS": PASS, "FAIL": FAIL, "INCONCLUSIVE": INCONCLUSIVE}


@click.command(short_help="Whether the stated uncertainties of a procedure are true.")
@click.argument("procedure", shell_complete=procedure_names)
@needed_bench
@click.option("--runs", type=click.IntRange(min=2), default=20, show_default=True, help="How many worlds are drawn.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Of the first world.")
@click.option("--set", "settings", multiple=True, metavar="K=V", help="A parameter, in place of the procedure's own.")
@click.option("--jobs", type=click.IntRange(min=1), help="Processes at the same time; all cores by default.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder for coverage.json, report.html and the runs; what it holds of the same is not run again.",
)
@operator("runs it")
@as_json
def coverage(
    procedure: str,
    bench: str,
    runs: int,
    seed: int,
    settings: tuple[str, ...],
    jobs: int | None,
    out: Path | None,
    operator: str | None,
    as_json: bool,
) -> int:
    """Run PROCEDURE on as many simulated worlds as --runs says, and hold what it states against the truth.

    Each run takes the whole path from the bench file to the analysis; its record is not kept, and `hil run` with the
    same seed and settings makes it again.

    \b
    Exit codes: 0 no interval under-covers beyond what the runs allow, 1 one does,
    2 the bench is not fit to start, 3 a run did not end with a result.
    """
    from ..coverage.kept import Kept
    from ..coverage.runs import Asked, carry_out, checked

    asked = checked(Asked(procedure, bench, parse_settings(settings), operator))
    _require_fit(asked, seed)
    seeds = range(seed, seed + runs)
    kept = None if out is None else Kept(out, asked)
    before = {} if kept is None else kept.among(seeds)
    if before:
        click.echo(f"hil: {len(before)} of {runs} runs are there from before", err=True)

    def told(outcome: Outcome) -> None:
        if kept is not None:
            kept.add(outcome)
        _told(outcome)

    left = [seed for seed in seeds if seed not in before]
    try:
        made = carry_out(asked, left, max(1, min(len(left), jobs or os.cpu_count() or 1)), told)
    except KeyboardInterrupt:
        _told_of_rest(kept, seeds, out)
        raise
    outcomes = sorted([*before.values(), *made], key=lambda outcome: outcome.seed)
    found = _found(asked, seeds, outcomes)
    if out is not None:
        _write(found, out)
    if as_json:
        show_json(found.to_json())
    else:
        _show(found)
    return EXIT[found.verdict.outcome]


def _require_fit(asked: Asked, seed: int) -> None:
    """Refuse what would stop every one of the runs, before the first of them."""
    from .. import parameters, scripts
    from ..bench.config import load_bench
    from ..coverage.draw import of_seed
    from .check import Check

    found = scripts.find(asked.procedure)
    chosen = parameters.parse(found.parameters, of_seed(asked.settings, seed), where=asked.procedure)
    if faults := Check.of(load_bench(asked.bench), found.with_roles(chosen), seed=seed).faults:
        raise NotFit("\n".join(faults))


def _told(outcome: Outcome) -> None:
    click.echo(f"seed {outcome.seed}: {printable(outcome.error) or 'done'}", err=True)


def _told_of_rest(kept: Kept | None, seeds: range, out: Path | None) -> None:
    """Say what is left of runs that were interrupted."""
    if kept is None:
        click.echo("hil: the runs are lost; with --out they are kept, and the same command goes on", err=True)
    else:
        held = len(kept.among(seeds))
        click.echo(f"hil: {held} of {len(seeds)} runs are kept in {out}; the same command goes on", err=True)


def _found(asked: Asked, seeds: range, outcomes: list[Outcome]) -> Found:
    from ..coverage.judgement import consumer_risk, judge, producer_risk, verdict
    from ..coverage.report import Found
    from ..scripts import find

    ended = [(each.answer, each.verdict) for each in outcomes if each.answer is not None]
    answers = [answer for answer, _ in ended]
    coverage, failed = judge(answers), {each.seed: each.error for each in outcomes if each.answer is None}
    verdicts = [outcome for _, outcome in ended]
    risks = consumer_risk(answers, verdicts), producer_risk(answers, verdicts)
    return Found(
        procedure=asked.procedure,
        version=find(asked.procedure).version,
        bench=asked.bench,
        seeds=(seeds[0], seeds[-1]),
        settings=dict(asked.settings),
        coverage=coverage,
        consumer_risk=risks[0],
        producer_risk=risks[1],
        verdict=verdict(coverage, [risk for risk in risks if risk is not None], failed),
        failed=failed,
    )


def _write(found: Found, out: Path) -> None:
    from ..coverage.report import report

    out.mkdir(parents=True, exist_ok=True)
    (out / "coverage.json").write_text(json.dumps(found.to_json(), indent=2, ensure_ascii=False) + "\n", "utf-8")
    (out / "report.html").write_text(report(found), "utf-8")


def _show(found: Found) -> None:
    from ..coverage.report import risk_sentence, summary

    if found.coverage:
        made = summary(found)
        show_table(made.columns, made.rows, title=made.title)
        click.echo()
    for risk in found.risks:
        click.echo(risk_sentence(risk))
    for seed, error in found.failed.items():
        click.echo(f"Seed {seed}: {printable(error)}.")
    tried = [*(one.runs for one in found.coverage), *(risk.items for risk in found.risks)]
    if (runs := max(tried, default=0)) < FEW:
        click.echo(f"So few runs ({runs}) tell of gross errors alone: a proof takes some hundred.")
    click.echo(f"{found.verdict.outcome}. Required: {found.verdict.requirement}. Found: {found.verdict.reason}.")
    click.echo(f"Rule: {found.verdict.rule}.")
