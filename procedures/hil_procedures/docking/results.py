"""The results of a trial of docking: share of success, accuracy, repeatability, time, the verdict, the report."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Any

from hil import Record, Results, SummaryTable, Verdict
from hil.evidence import Evidence
from hil.outcome import Chart, MeasurementOutcome
from hil.outcome import Series as Drawn
from hil.results import Outcome
from hil_calibration.decisions import decide_bound
from hil_calibration.reporting import ReportingPolicy

from ..budget import budget_table, policy_of, two_digits
from ..figure import told
from ..readings import instruments, room_temperature
from .docks import FEWEST, NAMES, Component, Dock, Tally, carried_out, components, read_docks, repeatability, tally
from .parameters import Docking

OUTCOME: dict[str, Outcome] = {"pass": "PASS", "fail": "FAIL", "inconclusive": "INCONCLUSIVE"}
SHOWN = {"m": (1000.0, "mm"), "rad": (1000.0, "mrad")}
"""By unit, the factor to the unit that is printed, and that."""

LIMITATIONS = (
    "The result holds for this robot, this floor, this dock and these starts. Without a task, the robot is told where "
    "the dock is, as seen from its start; on the way it has its own account of its pose alone. What a task goes by is "
    "the robot's: its goal is the same each time, that of the bench file.",
    "Means are those of the dockings that were carried out; how much one differs from another is stated beside them.",
    "The bounds of the success probability take a docking that lies within U of a tolerance against the robot below, "
    "and for it above.",
    "What motion capture gets wrong of the heading at the start moves the dock that the robot is told: it counts as "
    "the robot's departure.",
    "A robot that says that it has arrived, or that its task succeeded, where it is not in its dock, has failed; so "
    "has one that does not say so, wherever it stands, and that counts in no mean, and one that still moves by more "
    "than 10 mm/s 0.5 s later. One that is lost (its link, or from the sight of motion capture) makes the attempt "
    "void.",
    "A simulation shows what the models in it say, not what a physical system does.",
    "No conformity to a standard is claimed.",
)


def results(record: Record, p: Docking) -> Results:
    """Everything that the report, the record of results and the operator are told."""
    evidence = Evidence(record)
    policy = policy_of(evidence.run["reporting"])
    docks = read_docks(evidence, p, policy)
    found, counts = components(docks, p), tally(docks)
    verdict = None if p.required is None else judge(counts, p.required, p)
    voids = sum(1 for attempt in record.points() if attempt.state == "void")
    conditions = (
        ("temperature of the room", f"{room_temperature(evidence):.1f} °C"),
        ("dock", f"x = {p.dock_x:g} m, y = {p.dock_y:g} m, heading along x"),
        ("it docks by", f"its task {p.task!r}" if p.task else "moving to the place that it is told"),
        ("starts", f"x = {p.start_x:g} m, y = {', '.join(f'{y:g}' for y in p.starts)} m"),
        ("order of the starts", f"random within each repeat, seed {evidence.run['seed']}"),
        ("attempts void (the bench's fault), repeated", str(voids)),
        ("interval of the success probability", f"{100 * p.confidence:g} %, Clopper-Pearson"),
        ("coverage", policy.rule),
    )
    return Results(
        summary=(_success(docks, counts, p), _poses(found, policy)),
        data=_data(docks, found, counts, p, policy),
        verdict=verdict,
        document=MeasurementOutcome(
            title="Docking",
            question="How often does the robot get to its dock within the tolerances, how exactly, and in what time?",
            standards=instruments(evidence, "robot_x", "robot_y", "temperature"),
            budgets=tuple(
                budget_table(f"Mean departure from the dock, {one.name}", one.unit, one.mean.budget()) for one in found
            ),
            conditions=conditions,
            limitations=LIMITATIONS,
            picture=_picture(docks, p),
        ),
        notes=LIMITATIONS,
    )


def judge(counts: Tally, required: float, p: Docking) -> Verdict:
    """Whether enough dockings succeed, by the bounds as they are."""
    lower, upper = counts.one_sided(p.confidence)
    decision = decide_bound(lower, upper, requirement=required, side="at least", confidence=p.confidence)
    percent = f"{100 * p.confidence:g} %"
    return Verdict(
        OUTCOME[decision.verdict],
        f"a docking is within the tolerances with a probability of at least {required:g}",
        f"PASS if the one-sided {percent} lower bound of the probability is at least the requirement, FAIL if its "
        f"one-sided {percent} upper bound is below it, INCONCLUSIVE otherwise (Clopper-Pearson)",
        f"{counts.within} of {counts.n} beyond doubt, {counts.open} open: {decision.reason}",
    )


def _success(docks: Sequence[Dock], counts: Tally, p: Docking) -> SummaryTable:
    low, high = counts.bounds(p.confidence)
    seconds, rp = [dock.seconds for dock in carried_out(docks)], repeatability(docks)
    took = f"{statistics.fmean(seconds):.2f} s, {min(seconds):.2f} s to {max(seconds):.2f} s" if seconds else "none"
    rows = (
        ("within the tolerances beyond doubt", f"{counts.within} of {counts.n}"),
        ("open: within U of a tolerance", str(counts.open)),
        ("outside, not arrived, or still moving", str(counts.outside)),
        ("of these not arrived, by its own account", str(len(docks) - len(seconds))),
        ("of these arrived by its own account, at a wrong place", str(sum(dock.misplaced for dock in docks))),
        ("of these still moving", str(sum(dock.moving for dock in docks))),
        ("not arrived by its own account, though within the tolerances", str(sum(dock.denied for dock in docks))),
        (f"{100 * p.confidence:g} % interval of the success probability", f"{low:.3f} to {high:.3f}"),
        ("time to dock, mean, from to", took),
        (
            "repeatability RP of the position",
            f"none, of fewer than {FEWEST} arrivals" if rp is None else f"{two_digits(1000.0 * rp)} mm",
        ),
    )
    return SummaryTable("Docking", ("quantity", "value"), rows)


def _poses(found: Sequence[Component], policy: ReportingPolicy) -> SummaryTable:
    rows = []
    for one in found:
        scale, unit = SHOWN[one.unit]
        spread = "none" if one.repeatability is None else two_digits(scale * one.repeatability)
        rows.append((f"{one.name} / {unit}", *told(one.mean, policy, scale), spread, f"{scale * one.tolerance:g}"))
    heads = ("coordinate", "mean departure", "U", "3 standard deviations of one docking", "tolerance")
    return SummaryTable("Accuracy and repeatability of the docked pose", heads, tuple(rows))


def _picture(docks: Sequence[Dock], p: Docking) -> Chart:
    """Where the robot stood, seen from above, in the rectangle of the tolerances."""
    x, y = 1000.0 * p.tolerance_x, 1000.0 * p.tolerance_y
    groups = [
        Drawn(
            f"from y = {start:g} m",
            tuple(1000.0 * dock.departures[0].value for dock in carried_out(docks) if dock.start == start),
            tuple(1000.0 * dock.departures[1].value for dock in carried_out(docks) if dock.start == start),
        )
        for start in p.starts
    ]
    tolerance = Drawn("tolerance", (-x, x, x, -x, -x), (-y, -y, y, y, -y), style="line")
    return Chart(
        x="departure along x / mm",
        y="departure along y / mm",
        series=(tolerance, *groups),
        caption="Where the docked robot stood, relative to the dock, and the tolerances of the position.",
        unit="m",
    )


def _data(
    docks: Sequence[Dock], found: Sequence[Component], counts: Tally, p: Docking, policy: ReportingPolicy
) -> dict[str, Any]:
    return {
        "dockings": counts.n,
        "within": counts.within,
        "open": counts.open,
        "outside": counts.outside,
        "interval": list(counts.bounds(p.confidence)),
        "repeatability": repeatability(docks),
        "not_arrived": len(docks) - len(carried_out(docks)),
        "misplaced": sum(dock.misplaced for dock in docks),
        "denied": sum(dock.denied for dock in docks),
        "moving": sum(dock.moving for dock in docks),
        "accuracy": math.hypot(found[0].mean.value, found[1].mean.value) if found else None,
        "components": [
            {
                "name": one.name,
                "unit": one.unit,
                "mean": {
                    **dict(zip(("value", "U"), told(one.mean, policy), strict=True)),
                    "unrounded": {"value": one.mean.value, "u": one.mean.u},
                    "budget": one.mean.budget().to_json(),
                },
                "s": one.s,
            }
            for one in found
        ],
        "docks": [
            {
                "start": dock.start,
                "seconds": dock.seconds,
                "arrived": dock.arrived,
                "outcome": dock.outcome,
                "moving": dock.moving,
                "place": dock.place,
                "judgement": dock.judgement,
                "departures": {
                    name: {"value": each.value, "u": each.u}
                    for (name, _), each in zip(NAMES, dock.departures, strict=True)
                },
                "indicated": dict(zip(("x", "y", "turn"), dock.indicated, strict=True)),
            }
            for dock in docks
        ],
        "limitations": list(LIMITATIONS),
    }
