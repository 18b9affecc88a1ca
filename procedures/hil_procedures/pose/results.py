"""The results of a trial of pose accuracy, as they are reported; lengths in mm where people read them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from hil import Record, Results, SummaryTable
from hil.evidence import Evidence
from hil.outcome import BudgetTable, Chart, MeasurementOutcome
from hil.outcome import Series as Drawn
from hil_calibration.reporting import ReportingPolicy

from ..budget import Budget, Part, budget_table, policy_of, stated
from ..readings import distributions, instruments, room_temperature
from .figures import Figure, PoseFigures, figures
from .parameters import FEWEST, PoseAccuracy
from .session import Tally, read_tallies, read_visits
from .verdict import MM, judge
from .visit import AXES

LIMITATIONS = (
    "A visit counts however far from its command the arm came to rest. One that the arm refused, on which it stopped "
    "itself, did not arrive or did not rest has failed: it is in no figure, and no run with such a one passes. One at "
    "which a link or the sight of the tool was lost is void, and made again.",
    "AP and RP are those of the visits that were carried out, and say nothing of those that failed.",
    "A noise of motion capture, or a shaking of its frame, that comes near to what may spread at rest looks like an "
    "arm that does not rest.",
    "AP and RP are formed as ISO 9283 is commonly programmed. The text of the standard was not checked: no conformity "
    "to it is claimed.",
    "Positions only: nothing is said of orientations, of distances, of paths, or of other speeds, loads and poses.",
    "An error of motion capture that is common to all visits is in AP in full and in RP hardly at all; errors along "
    "different axes are taken as independent of each other.",
    "AP is the length of an error and never below 0: where the error is as small as its uncertainty, AP is too large "
    "on average. The interval stated with it allows for that.",
    "RP holds the noise of motion capture. The value corrected for it is not the RP of the definition; it takes this "
    "noise to be independent from reading to reading.",
    "RP is that of so many cycles; with 30 it is about 2 % below that of very many. Its uncertainty takes the scatter "
    "to be normally distributed.",
    "A simulation shows what the models in it say, not what an arm does.",
)


def results(record: Record, p: PoseAccuracy) -> Results:
    """Everything that the report, the record of results and the operator are told."""
    evidence = Evidence(record)
    known = distributions(evidence, *(evidence.role(axis) for axis in AXES))
    found, policy = (
        [figures(visits, known) for visits in read_visits(evidence, p)],
        policy_of(evidence.run["reporting"]),
    )
    tallies = read_tallies(evidence, p)
    verdict = judge(found, tallies, p, policy)
    roles = (*AXES, "temperature") if p.room_tolerance else AXES
    voids = sum(1 for attempt in record.points() if attempt.state == "void")
    return Results(
        summary=(_positions(found, policy), _components(found, policy), _visits(tallies)),
        data=_data(found, tallies, evidence, policy),
        verdict=verdict,
        document=MeasurementOutcome(
            title="Pose accuracy and repeatability",
            question=f"How accurately does {evidence.role('robot')} go to {len(tallies)} poses, and how well does "
            "it come back?",
            standards=instruments(evidence, *roles),
            budgets=_budgets(found),
            conditions=_conditions(found, evidence, p, policy, voids),
            limitations=LIMITATIONS,
            picture=_picture(found, p, policy),
        ),
        notes=LIMITATIONS,
    )


def _told(figure: Figure, policy: ReportingPolicy) -> tuple[str, str]:
    """A figure and its expanded uncertainty in mm."""
    budget = _in_mm(figure.budget)
    told = stated(MM * figure.value, budget, policy)
    return told.value, told.U


def _in_mm(budget: Budget) -> Budget:
    return Budget(tuple(Part(part.name, MM * part.u, part.dof, part.distribution) for part in budget.parts))


def _positions(found: Sequence[PoseFigures], policy: ReportingPolicy) -> SummaryTable:
    rows = []
    for one in found:
        low, high = one.accuracy.interval(policy)
        corrected = "none" if one.repeatability.corrected is None else _told(one.repeatability.corrected, policy)[0]
        length = _told(one.accuracy, policy)[0]
        bounds = outwards(MM * low, length, ROUND_FLOOR), outwards(MM * high, length, ROUND_CEILING)
        rows.append((one.name, length, *bounds, *_told(one.repeatability, policy), corrected))
    heads = ("pose", "AP / mm", "from / mm", "to / mm", "RP / mm", "U(RP) / mm", "RP without noise / mm")
    return SummaryTable("Positional accuracy AP and repeatability RP", heads, tuple(rows))


def outwards(bound: float, like: str, rounding: str) -> str:
    """A bound with as many decimals as the value that it bounds has."""
    return f"{Decimal(bound).quantize(Decimal(like), rounding):f}"


def _components(found: Sequence[PoseFigures], policy: ReportingPolicy) -> SummaryTable:
    rows = [(one.name, *(text for part in one.components for text in _told(part, policy))) for one in found]
    heads = ("pose", *(text for axis in AXES for text in (f"AP{axis} / mm", "U / mm")))
    return SummaryTable("Components of the accuracy: mean minus command", heads, tuple(rows))


def _visits(tallies: Sequence[Tally]) -> SummaryTable:
    rows = []
    for one in tallies:
        why = "; ".join(f"{len(reasons)} {outcome}: {reasons[0]}" for outcome, reasons in one.failures.items())
        rows.append((one.name, str(one.carried_out), str(one.failed), str(one.missing), why or "none"))
    heads = ("pose", "carried out", "failed", "not made", "why they failed")
    return SummaryTable("Visits; those that failed are failures of the arm", heads, tuple(rows))


def _conditions(
    found: Sequence[PoseFigures], evidence: Evidence, p: PoseAccuracy, policy: ReportingPolicy, voids: int
) -> tuple[tuple[str, str], ...]:
    orders = {
        "random": "in each cycle all poses in random order, from the seed on record",
        "listed": "in each cycle all poses as they are listed",
        "blocked": "all visits to one pose, then all to the next",
    }
    far = max(found, key=lambda one: one.farthest, default=None)
    room = f"{room_temperature(evidence):.1f} °C" if p.room_tolerance else "not a condition"
    return (
        ("temperature of the room", room),
        *(
            (name, ", ".join(f"{part:g}" for part in (pose.x, pose.y, pose.z)) + " m")
            for name, pose in p.commanded.items()
        ),
        ("cycles", str(p.cycles)),
        ("order", orders[p.order]),
        ("approached from", ", ".join(f"{part:g}" for part in p.approach) + " m away, always the same"),
        ("stood still", f"each coordinate within {MM * p.still:g} mm for {p.dwell:g} s"),
        ("a visit", f"the mean of {p.readings} readings of each coordinate"),
        ("a visit fails", f"where a coordinate then leaves the {MM * p.still:g} mm about where it came to rest, too"),
        ("AP and RP are stated", f"from {FEWEST} visits to a pose that were carried out"),
        ("visit farthest from its command", "none" if far is None else f"{MM * far.farthest:.2f} mm, at {far.name}"),
        ("attempts void (the bench's fault), repeated", str(voids)),
        ("coverage", policy.rule),
    )


def _budgets(found: Sequence[PoseFigures]) -> tuple[BudgetTable, ...]:
    if not found:
        return ()
    far = max(found, key=lambda one: one.accuracy.value)
    wide = max(found, key=lambda one: one.repeatability.value)
    return (
        budget_table(f"Largest AP, at {far.name}", "mm", _in_mm(far.accuracy.budget)),
        budget_table(f"Largest RP, at {wide.name}", "mm", _in_mm(wide.repeatability.budget)),
    )


def _picture(found: Sequence[PoseFigures], p: PoseAccuracy, policy: ReportingPolicy) -> Chart | None:
    """AP and RP by pose, beside each other."""
    if not found:
        return None
    places = range(len(found))
    bars = [one.accuracy.interval(policy) for one in found]
    reach = [one.repeatability.budget.expanded(policy) for one in found]
    rp = [one.repeatability.value for one in found]
    series = (
        Drawn(
            "AP",
            tuple(i - 0.1 for i in places),
            tuple(MM * one.accuracy.value for one in found),
            tuple(MM * low for low, _ in bars),
            tuple(MM * high for _, high in bars),
        ),
        Drawn(
            "RP",
            tuple(i + 0.1 for i in places),
            tuple(MM * value for value in rp),
            tuple(MM * (value - u) for value, u in zip(rp, reach, strict=True)),
            tuple(MM * (value + u) for value, u in zip(rp, reach, strict=True)),
        ),
    )
    limits = (("AP required", p.accuracy), ("RP required", p.repeatability))
    return Chart(
        x="pose",
        y="AP, RP / mm",
        series=series,
        caption="Positional accuracy and repeatability by pose; bars are the stated intervals.",
        unit="mm",
        required=tuple((name, MM * limit) for name, limit in limits if limit is not None),
        labels=tuple(one.name for one in found),
    )


def _data(
    found: Sequence[PoseFigures], tallies: Sequence[Tally], evidence: Evidence, policy: ReportingPolicy
) -> dict[str, Any]:
    return {
        "arm": evidence.role("robot"),
        "unit": "m",
        "poses": [_one(one, policy) for one in found],
        "visits": [
            {
                "pose": one.name,
                "planned": one.planned,
                "carried_out": one.carried_out,
                "failed": one.failed,
                "missing": one.missing,
                "failures": {outcome: list(reasons) for outcome, reasons in one.failures.items()},
            }
            for one in tallies
        ],
        "limitations": list(LIMITATIONS),
    }


def _one(one: PoseFigures, policy: ReportingPolicy) -> dict[str, Any]:
    low, high = one.accuracy.interval(policy)
    corrected = one.repeatability.corrected
    return {
        "pose": one.name,
        "cycles": one.cycles,
        "farthest": one.farthest,
        "accuracy": {**_exact(one.accuracy, policy), "lower": low, "upper": high},
        "components": [_exact(part, policy) for part in one.components],
        "repeatability": _exact(one.repeatability, policy),
        "corrected": None if corrected is None else _exact(corrected, policy),
        "noise_share": one.repeatability.share,
    }


def _exact(figure: Figure, policy: ReportingPolicy) -> dict[str, Any]:
    dof = max(1.0, figure.budget.dof)
    return {
        "value": figure.value,
        "u": figure.budget.u,
        "k": policy.factor(dof),
        "budget": figure.budget.to_json(),
    }
