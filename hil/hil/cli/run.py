"""``hil run``: run a procedure on a bench."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..ending import COMPLETE
from ..errors import UsageError
from .completing import procedure_names, run_names
from .data import find_run
from .options import as_json, needed_bench, operator, out, parse_settings, seed
from .output import printable, reader_may_leave, show_json, show_table

if TYPE_CHECKING:
    from ..bench.config import BenchConfig
    from ..commanding.commander import Commander, RunFacts
    from ..run import RunOutcome
    from ..service import Event, Service


_LABELS = {
    "certificate.xml": "certificate (DCC)",
    "certificate.pdf": "certificate (PDF)",
    "report.html": "report",
    "report.pdf": "report (PDF)",
    "results.json": "results",
}


@dataclass(frozen=True)
class Request:
    """What was asked for on the command line."""

    procedure: str
    bench: str
    settings: dict[str, str]
    seed: int | None
    speed: float | None
    out: Path
    operator: str | None
    resume: Path | None
    locked: Path | None
    deviation: str | None
    authorised_by: str | None
    served: bool


@click.command(short_help="Run a procedure on a bench.")
@click.argument("procedure", shell_complete=procedure_names)
@needed_bench
@click.option("--set", "settings", multiple=True, metavar="K=V", help="A parameter, as in --set tolerance='2 lx'.")
@seed
@click.option("--speed", type=click.FloatRange(min=0, min_open=True), help="Bench seconds per second, to watch.")
@out
@operator("runs it")
@click.option(
    "--resume",
    metavar="RUN",
    shell_complete=run_names,
    help="Go on with a run that ended before its plan was complete: its folder, its name, or last.",
)
@click.option(
    "--lock-plan",
    "lock",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the plan into a new file with its hash, and end: nothing is run.",
)
@click.option(
    "--plan",
    "locked",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The locked plan to follow.",
)
@click.option(
    "--deviation",
    metavar="WHY",
    help="Why it may be resumed although something changed, depart from its plan, or begin unfit.",
)
@click.option(
    "--authorised-by",
    metavar="NAME",
    help="Who lets it begin although a calibration is overdue or a check failed. Nothing of it is traceable.",
)
@click.option("--service", "served", is_flag=True, help="Serve many clients over HTTP, by a process beside the run.")
@click.option("--dry-run", is_flag=True, help="Show the plan and whether the bench is fit; open nothing.")
@as_json
@click.option("--jsonl", is_flag=True, help="Each event as a line of JSON on stdout, and the outcome as the last.")
def run(
    procedure: str,
    bench: str,
    settings: tuple[str, ...],
    seed: int | None,
    speed: float | None,
    out: Path,
    operator: str | None,
    resume: str | None,
    lock: Path | None,
    locked: Path | None,
    deviation: str | None,
    authorised_by: str | None,
    served: bool,
    dry_run: bool,
    as_json: bool,
    jsonl: bool,
) -> int:
    """Run PROCEDURE: a name, module:name, or a Python file.

    \b
    Exit codes: 0 pass, 1 the verdict is FAIL, 2 usage or bad input, 3 inconclusive,
    4 device, 5 aborted or safe stop, 6 verification failed, 130 interrupted.
    """
    if as_json and jsonl:
        raise UsageError("--json and --jsonl exclude each other", remedy="give one of them")
    begun = None if resume is None else find_run(resume, out)
    given = parse_settings(settings)
    request = Request(
        procedure, bench, given, seed, speed, out, operator, begun, locked, deviation, authorised_by, served
    )
    if lock is not None:
        return _lock(request, lock, as_json=as_json or jsonl)
    if dry_run:
        from .dry_run import show_plan

        return show_plan(request, as_json=as_json or jsonl)
    outcome = _carry_out(request, jsonl=jsonl)
    with reader_may_leave():
        if as_json:
            show_json(described(outcome))
        elif jsonl:
            show_json_line({"kind": "outcome", **described(outcome)})
        else:
            show_outcome(outcome)
    if outcome.error:
        click.echo(f"hil: {printable(outcome.error)}", err=True)
    return outcome.exit_code


def described(outcome: RunOutcome) -> dict[str, Any]:
    """The outcome of a run as JSON can carry it."""
    return {
        "folder": str(outcome.folder),
        "status": outcome.status,
        "exit_code": outcome.exit_code,
        "error": outcome.error,
        "verdict": outcome.verdict,
        "results": outcome.results,
        "documents": [str(path) for path in outcome.documents],
    }


def show_json_line(document: dict[str, Any]) -> None:
    """One line of JSON."""
    import json

    click.echo(json.dumps(document, ensure_ascii=False, allow_nan=False))


def show_outcome(outcome: RunOutcome) -> None:
    """The result tables of a run, its verdict, and where its record and documents are."""
    for table in outcome.tables:
        show_table(table["columns"], table["rows"], title=table["title"])
        click.echo()
    if outcome.verdict is not None:
        verdict = outcome.verdict
        click.echo(f"{verdict['outcome']}. Required: {verdict['requirement']}. Found: {verdict['reason']}.")
        click.echo(f"Rule: {verdict['rule']}.\n")
    if (origin := outcome.results.get("provenance")) in ("simulated", "replayed"):
        click.echo(f"All values are {origin.upper()}.")
    for reason in outcome.results.get("not_traceable", ()):
        click.echo(f"NOT TRACEABLE: {reason}.")
    rows = [(_LABELS.get(path.name, "document"), str(path)) for path in outcome.documents]
    for label, place in [*rows, ("record", f"{outcome.folder} ({outcome.status})")]:
        click.echo(f"{label + ':':<19}{place}")


def _carry_out(request: Request, *, jsonl: bool) -> RunOutcome:
    from ..bench.config import load_bench
    from ..commanding.commander import RunFacts
    from .interruptible import run_interruptibly
    from .progress import reporting

    if request.served:
        from ..gateway.extra import require_extra

        require_extra()
    config = load_bench(request.bench)
    operator = config.laboratory.operator(request.operator)
    facts = RunFacts(config.name, os.path.realpath(config.path), request.procedure, operator)
    ended = list[str]()
    try:
        with reporting(jsonl=jsonl) as report:

            def heard(event: Event) -> None:
                report(event)
                if event.kind == "finished":
                    ended.append(event.data["status"])

            return run_interruptibly(_commanded(request, facts, config, heard))
    except KeyboardInterrupt:
        if facts.run:
            click.echo(f"hil: {_what_next(request, facts.run, complete=COMPLETE in ended)}", err=True)
        raise


def _what_next(request: Request, run: str, *, complete: bool) -> str:
    """What is to be done with a run that was interrupted."""
    place = str(request.resume or request.out / run)
    if complete:
        return f"the run was complete already; its results are in {place}"
    again = shlex.join(["hil", "run", request.procedure, "--bench", request.bench, "--resume", place])
    return f"it goes on with `{again}`"


async def _commanded(
    request: Request, facts: RunFacts, config: BenchConfig, report: Callable[[Event], None]
) -> RunOutcome:
    """Carry out a run that can be commanded from outside of this process."""
    from ..commanding.commander import Commander
    from ..commanding.server import control_socket
    from ..overview import overview
    from ..record import open_run
    from ..run import run_procedure
    from ..service import Service
    from .typed_answers import typed_answers

    service = Service()
    service.overview = overview(config)
    service.subscribe(facts.heard)
    commander = Commander(service, facts, config.laboratory.operator)
    if request.resume is not None:
        commander.recall(event.data for event in open_run(request.resume).events("command of operator"))
    async with _gateway(service, commander) if request.served else nullcontext():
        with typed_answers(service, facts.operator):
            return await run_procedure(
                request.procedure,
                request.bench,
                settings=request.settings,
                seed=request.seed,
                speed=request.speed,
                out=request.out,
                operator=facts.operator,
                on_event=report,
                resume=request.resume,
                locked=request.locked,
                deviation=request.deviation,
                authorised_by=request.authorised_by,
                service=service,
                reach=control_socket(commander),
            )


def _gateway(service: Service, commander: Commander) -> AbstractAsyncContextManager[None]:
    from ..gateway.keeper import gateway

    return gateway(service, commander)


def _lock(request: Request, file: Path, *, as_json: bool) -> int:
    from ..design.lock import plan_document, write_lock
    from ..preparation import prepare

    prepared = prepare(request.procedure, request.bench, request.settings, request.seed)
    found, chosen = prepared.procedure, prepared.parameters
    document = plan_document(found, chosen, found.design(chosen), prepared.seed)
    digest = write_lock(file, document)
    if as_json:
        show_json({"plan": str(file), "sha256": digest})
    else:
        click.echo(f"{file}: locked, SHA-256 {digest}")
    return 0
