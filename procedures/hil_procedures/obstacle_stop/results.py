"""The results of a trial of obstacle stops: energies, gaps and shares by speed, the verdict, the report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hil import Record, Results, SummaryTable, Verdict
from hil.evidence import Evidence
from hil.outcome import BudgetTable, Chart, MeasurementOutcome
from hil.outcome import Series as Drawn
from hil.results import Outcome
from hil_calibration.decisions import decide_bound
from hil_calibration.performance import proportion_interval
from hil_calibration.reporting import ReportingPolicy

from ..budget import budget_table, policy_of, two_digits
from ..figure import Figure, told
from ..readings import instruments
from .parameters import ObstacleStop
from .session import AtSpeed, Session, read_session
from .stops import Stop

OUTCOME: dict[str, Outcome] = {"pass": "PASS", "fail": "FAIL", "inconclusive": "INCONCLUSIVE"}
LIMITATIONS = (
    "The result holds for this robot with this load, on this floor, and for an obstacle of this size and surface.",
    "The uncertainties are those of the stops that were carried out. How much stops differ is stated beside them; the "
    "share without contact has an interval of its own.",
    "The obstacle appears from one moment to the next, which no obstacle does: what comes in from the side is seen "
    "earlier, or later.",
    "A speed at a touch is found on the way to it, by a parabola through what was tracked before it. What the robot "
    "did between the last frame in which it was surely free and the touch is not seen: it is in the uncertainty, as a "
    "braking that ends anywhere between. It is the speed along the path: a robot that turns aside before a touch has "
    "more.",
    "A touch is known by the bumper, by an obstacle that is pushed along the path by more than 2 mm, or by bodies that "
    "overlap by more than U. A lighter touch that the bumper does not tell of is taken for a stop without one.",
    "An obstacle that gives way is taken to have been touched where it stood; one that held, where the robot "
    "rests at it. An obstacle that was pushed by less than 2 mm counts as one that held.",
    "A robot that did not come to rest in time has failed. What was taken from it is then by its speed at the touch, "
    "or without one at the end of that time.",
    "A simulation shows what the models in it say, not what a physical system does.",
    "No conformity to a standard is claimed.",
)


def results(record: Record, p: ObstacleStop) -> Results:
    """Everything that the report, the record of results and the operator are told."""
    evidence = Evidence(record)
    session, policy = read_session(evidence, p), policy_of(evidence.run["reporting"])
    verdict = None if p.required is None else judge(session, p.required, p)
    voids = sum(1 for attempt in record.points() if attempt.state == "void")
    conditions = (
        ("temperature of the room", f"{session.room:.1f} °C"),
        ("mass of the robot, standard uncertainty", f"{p.mass:g} kg, {p.u_mass:g} kg"),
        ("distance at which the obstacle was to appear", f"{p.distance:g} m"),
        ("order of the speeds", f"random within each repeat, seed {evidence.run['seed']}"),
        ("touched the obstacle", _counted(session, lambda one: one.touched)),
        ("not at rest in time, the robot's failure", _counted(session, lambda one: one.restless)),
        ("attempts void (the bench's fault, never a contact), repeated", str(voids)),
        ("intervals of the shares", f"{100 * p.confidence:g} %, Clopper-Pearson"),
        ("coverage", policy.rule),
    )
    return Results(
        summary=(_energies(session, policy), _gaps(session, policy, p)),
        data=_data(session, policy, verdict),
        verdict=verdict,
        document=MeasurementOutcome(
            title="Obstacle stop",
            question="How much of its kinetic energy does the robot give up before an obstacle that appears in its "
            "path, and does it stop without contact?",
            standards=instruments(evidence, "robot_x", "robot_y", "obstacle_x", "obstacle_y", "temperature"),
            budgets=tuple(table for one in session.speeds for table in _budgets(one)),
            conditions=conditions,
            limitations=LIMITATIONS,
            picture=_picture(session, policy, p.mass),
        ),
        notes=LIMITATIONS,
    )


def judge(session: Session, required: float, p: ObstacleStop) -> Verdict:
    """Whether the share of stops without contact is large enough at every speed: the worst decision counts."""
    decisions = []
    for one in session.speeds:
        n = len(one.stops)
        lower, _ = proportion_interval(one.free, n, p.each, side="lower")
        _, upper = proportion_interval(one.free, n, p.each, side="upper")
        decisions.append((one, decide_bound(lower, upper, requirement=required, side="at least", confidence=p.each)))
    order = ("fail", "inconclusive", "pass")
    worst, decision = min(decisions, key=lambda each: (order.index(each[1].verdict), each[0].free / len(each[0].stops)))
    return Verdict(
        OUTCOME[decision.verdict],
        f"at every speed, the robot stops without contact with a probability of at least {required:g}",
        "PASS if the one-sided lower bound of the probability is at least the requirement at every speed, FAIL if an "
        f"upper bound is below it, INCONCLUSIVE otherwise; all bounds hold together with {100 * p.confidence:g} % "
        "(Clopper-Pearson, Bonferroni)",
        f"at {worst.speed:g} m/s, {worst.free} of {len(worst.stops)}: {decision.reason}",
    )


def _counted(session: Session, count: Callable[[AtSpeed], int]) -> str:
    """How many of how many stops, in all, and by speed where it was one at least."""
    found = [(one.speed, count(one)) for one in session.speeds]
    where = ", ".join(f"{n} at {speed:g} m/s" for speed, n in found if n)
    total = f"{sum(n for _, n in found)} of {sum(len(one.stops) for one in session.speeds)}"
    return f"{total} ({where})" if where else total


def _told(figure: Figure | None, policy: ReportingPolicy, scale: float = 1.0) -> tuple[str, str]:
    return ("none", "–") if figure is None else told(figure, policy, scale)


def _energies(session: Session, policy: ReportingPolicy) -> SummaryTable:
    rows = [
        (
            f"{one.speed:g}",
            *_told(one.before, policy),
            *_told(one.energy, policy),
            "–" if one.s_energy is None else two_digits(one.s_energy),
        )
        for one in session.speeds
    ]
    heads = ("set / (m/s)", "before / (m/s)", "U / (m/s)", "taken away / J", "U / J", "s of a stop / J")
    return SummaryTable("Kinetic energy taken away, mean", heads, tuple(rows))


def _gaps(session: Session, policy: ReportingPolicy, p: ObstacleStop) -> SummaryTable:
    rows = []
    for one in session.speeds:
        low, high = one.interval
        rows.append(
            (
                f"{one.speed:g}",
                f"{one.free}/{len(one.stops)}",
                f"{low:.3f} to {high:.3f}",
                *_told(one.smallest, policy, 1000.0),
                *_told(one.way, policy, 1000.0),
            )
        )
    heads = (
        "set / (m/s)",
        "without contact",
        f"{100 * p.confidence:g} % interval",
        "smallest gap / mm",
        "U / mm",
        "way to rest, mean / mm",
        "U / mm",
    )
    return SummaryTable("Stops without contact, gap and way", heads, tuple(rows))


def _budgets(one: AtSpeed) -> list[BudgetTable]:
    tables = [budget_table(f"Kinetic energy taken away at {one.speed:g} m/s", "J", one.energy.budget())]
    if one.smallest is not None and one.smallest.u:
        tables.append(budget_table(f"Smallest gap at {one.speed:g} m/s", "m", one.smallest.budget()))
    return tables


def _picture(session: Session, policy: ReportingPolicy, mass: float) -> Chart:
    """The energies by speed: what was taken away stays below what there was where the robot touched the obstacle."""
    at = tuple(one.before.value for one in session.speeds)
    taken = tuple(one.energy.value for one in session.speeds)
    reach = tuple(one.energy.budget().expanded(policy) for one in session.speeds)
    before = tuple(0.5 * mass * one.before.value**2 for one in session.speeds)
    return Chart(
        x="speed before the obstacle appeared / (m/s)",
        y="kinetic energy / J",
        series=(
            Drawn("before", at, before, style="line"),
            Drawn(
                "taken away, mean",
                at,
                taken,
                tuple(a - b for a, b in zip(taken, reach, strict=True)),
                tuple(a + b for a, b in zip(taken, reach, strict=True)),
            ),
        ),
        caption="Kinetic energy of the robot before the obstacle appeared, and what of it was taken away before the "
        "robot rested, touched the obstacle, or was given no more time, mean of all stops at a speed; bars are U.",
        unit="J",
    )


def _data(session: Session, policy: ReportingPolicy, verdict: Verdict | None) -> dict[str, Any]:
    return {
        "speeds": [
            {
                "speed": one.speed,
                "stops": len(one.stops),
                "without_contact": one.free,
                "contact": one.touched,
                "not_at_rest": one.restless,
                "interval": list(one.interval),
                "before": _number(one.before, policy),
                "energy": {**_number(one.energy, policy), "s": one.s_energy},
                "appeared": _number(one.appeared, policy),
                "gap": _number_or_none(one.gap, policy),
                "smallest": _number_or_none(one.smallest, policy),
                "way": _number_or_none(one.way, policy),
                "each": [_stop(stop) for stop in one.stops],
            }
            for one in session.speeds
        ],
        "outcome": None if verdict is None else verdict.outcome,
        "limitations": list(LIMITATIONS),
    }


def _number(figure: Figure, policy: ReportingPolicy) -> dict[str, Any]:
    printed, expanded = told(figure, policy)
    exact = {"value": figure.value, "u": figure.u}
    return {"value": printed, "U": expanded, "unrounded": exact, "budget": figure.budget().to_json()}


def _number_or_none(figure: Figure | None, policy: ReportingPolicy) -> dict[str, Any] | None:
    return None if figure is None else _number(figure, policy)


def _exact(figure: Figure | None) -> dict[str, float] | None:
    return None if figure is None else {"value": figure.value, "u": figure.u}


def _stop(stop: Stop) -> dict[str, Any]:
    """One stop, with the positions as motion capture indicated them."""
    seen = stop.seen
    return {
        "contact": bool(stop.touched),
        "told_by": list(stop.touched),
        "rested": seen.rested,
        "before": stop.before.value,
        "after": _exact(stop.after),
        "energy": _exact(stop.energy),
        "gap": _exact(stop.gap),
        "appeared": _exact(stop.appeared),
        "way": _exact(stop.way),
        "heading": seen.heading,
        "aside": seen.aside,
        "indicated": {"robot": seen.robot_indicated, "obstacle": seen.obstacle_indicated},
    }
