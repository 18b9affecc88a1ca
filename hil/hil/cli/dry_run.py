"""``hil run --dry-run``: the points, the devices, the calibrations, and what would stop the run; nothing is opened."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from ..durations import duration_in_words
from ..foreseen import Foreseen, Intention, foresee
from ..preparation import Prepared, prepare
from .check import Check
from .output import show_json, show_table

if TYPE_CHECKING:
    from ..design import AdaptiveDesign, Design
    from .run import Request


def show_plan(request: Request, *, as_json: bool) -> int:
    """Show what a run would do; 2 where something would stop it."""
    prepared = prepare(request.procedure, request.bench, request.settings, request.seed, resume=request.resume)
    config, procedure = prepared.config, prepared.procedure
    config.laboratory.operator(request.operator)
    runs = request.out if request.resume is None else request.resume.parent
    intended = Intention(request.speed, request.locked, request.deviation, request.authorised_by)
    foreseen = foresee(prepared, intended, runs)
    checked = Check.of(config, procedure, seed=prepared.seed if config.sim else None, runs=runs)
    faults = [fault for fault in checked.faults if fault not in foreseen.excused]
    checked = replace(checked, faults=(*foreseen.faults, *faults))
    design = procedure.design(prepared.parameters)
    devices = sorted(config.needed_devices([*procedure.roles, *config.ambient_roles]))
    if as_json:
        show_json(_described(prepared, design, devices, foreseen) | {"check": checked.to_json()})
    else:
        _show_points(prepared, design)
        click.echo(f"\n{_lasts(prepared, design.duration)}Devices: {', '.join(devices)}.\n")
        _show_beginning(foreseen, request.authorised_by)
        checked.show()
    return 2 if checked.faults else 0


def _described(
    prepared: Prepared, design: Design | AdaptiveDesign, devices: list[str], foreseen: Foreseen
) -> dict[str, Any]:
    return {
        "parameters": prepared.parameters.model_dump(mode="json"),
        "seed": prepared.seed,
        "points": [shown for _, shown in _points(prepared, design)],
        "most": design.plan(prepared.seed).most,
        "done": _done(prepared),
        "duration": design.duration,
        "devices": devices,
        "excused": list(foreseen.excused),
        "cut_off": list(foreseen.cut_off),
        "doubtful": list(foreseen.doubtful),
    }


def _points(prepared: Prepared, design: Design | AdaptiveDesign) -> list[tuple[int, dict[str, Any]]]:
    """The points that do not count yet, by number, where they are known."""
    from ..design import Design

    if not isinstance(design, Design):
        return []
    history = () if prepared.resumption is None else prepared.resumption.progress.history
    planned = design.planned(prepared.seed)
    return [(point.index + 1, point.shown) for point in planned if point.index not in history]


def _done(prepared: Prepared) -> int:
    return 0 if prepared.resumption is None else len(prepared.resumption.progress.history)


def _show_points(prepared: Prepared, design: Design | AdaptiveDesign) -> None:
    plan, done = design.plan(prepared.seed), _done(prepared)
    before = f", {done} of which count already" if done else ""
    if plan.count is None:
        click.echo(f"At most {plan.most} points{before}, chosen from what is observed; seed {prepared.seed}.")
        return
    from hil_calibration.unit import symbol

    units = [f"{name} / {symbol(unit)}" if unit and unit != "1" else name for name, unit in design.factors.items()]
    heads = ["code"] if design.blind else units
    rows = [[str(number), *map(str, shown.values())] for number, shown in _points(prepared, design)]
    show_table(
        ["point", *heads],
        rows,
        title=f"{plan.count} point{'' if plan.count == 1 else 's'}{before}, seed {prepared.seed}",
    )


def _show_beginning(foreseen: Foreseen, authorised_by: str | None) -> None:
    for run in foreseen.cut_off:
        click.echo(f"The run {run} was cut off: the bench is brought to its safe state first.")
    for fault in foreseen.excused:
        click.echo(f"Authorised by {authorised_by}, and nothing of it is traceable: {fault}")
    for doubt in foreseen.doubtful:
        click.echo(f"Look at the plan: {doubt}.")
    if foreseen.cut_off or foreseen.excused or foreseen.doubtful:
        click.echo()


def _lasts(prepared: Prepared, duration: float | None) -> str:
    if duration is None:
        return ""
    return f"At least {duration_in_words(duration)} of bench time{' for all points' if _done(prepared) else ''}. "
