"""The results of a trial of detection range: ranges by bearing, the polar chart, the verdict."""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Any

import numpy as np

from hil import Record, Results, SummaryTable, Verdict
from hil.evidence import Evidence
from hil.outcome import BudgetTable, Chart, MeasurementOutcome, Series
from hil.results import Outcome
from hil_calibration.decisions import decide_bound
from hil_calibration.effect import budget_line
from hil_calibration.rounding import report

from ..budget import Budget, Part, budget_table, two_digits
from ..curve_report import calls_told
from ..faults import fault_kinds, fault_rows
from ..readings import instruments
from .parameters import DetectionRange
from .ranges import Range, ranges
from .session import Session, read_session

OUTCOME: dict[str, Outcome] = {"pass": "PASS", "fail": "FAIL", "inconclusive": "INCONCLUSIVE"}
LIMITATIONS = (
    "The ranges hold for the targets, the light, the camera and its settings of this trial.",
    "Nothing is said of bearings between those that were tried, nor of distances beyond the largest or nearer than the "
    "smallest: no range is extrapolated.",
    "An error of the bearing is not in the uncertainties; the validity gate bounds it.",
    "Targets are taken as a sample of those that matter. The bounds rest on normally distributed differences between "
    "them.",
    "A simulation shows what the models in it say, not what a physical system does.",
    "No conformity to a standard is claimed.",
)


def results(record: Record, p: DetectionRange) -> Results:
    """Everything that the report, the record of results and the operator are told."""
    evidence = Evidence(record)
    session = read_session(evidence)
    found = ranges(session, p.level, p.each)
    verdict = None if p.required is None else judge(found, p.required, p)
    voids = sum(1 for attempt in record.points() if attempt.state == "void")
    return Results(
        summary=(_table(found, p), _steps(found)),
        data=_data(found, session),
        verdict=verdict,
        document=MeasurementOutcome(
            title="Range of detection by bearing",
            question=f"Within which distance does the system under test detect {100 * p.level:g} % of the targets, in "
            "each direction?",
            standards=instruments(evidence, "distance", "luxmeter", "temperature"),
            budgets=tuple(_budget(one) for one in found if one.u is not None),
            conditions=(*_conditions(session, p, voids), ("deviance of the curves", deviances(found))),
            limitations=LIMITATIONS,
            picture=_picture(found, p),
        ),
        notes=LIMITATIONS,
    )


def judge(found: list[Range], required: float, p: DetectionRange) -> Verdict:
    """Whether the range is at least what is required at every bearing, by the bounds as they are."""
    decisions = [
        (
            one,
            decide_bound(one.lower, one.upper, requirement=required, side="at least", confidence=p.each, unit="m"),
        )
        for one in found
    ]
    order = ("fail", "inconclusive", "pass")
    worst, decision = min(decisions, key=lambda each: (order.index(each[1].verdict), each[0].lower or 0.0))
    why = f"{worst.reason}; " if worst.reason else ""
    return Verdict(
        OUTCOME[decision.verdict],
        f"{100 * p.level:g} % of the targets are detected within {required:g} m at every bearing",
        "PASS if the one-sided lower bound of the range is at least the requirement at every bearing, FAIL if an upper "
        "bound is below it, INCONCLUSIVE otherwise; all bounds hold together with "
        f"{100 * p.confidence:g} % (Bonferroni)",
        f"at {worst.bearing:g}°: {why}{decision.reason}",
    )


def _table(found: list[Range], p: DetectionRange) -> SummaryTable:
    rows = [
        (
            f"{one.bearing:g}",
            "none" if one.largest is None else f"{one.largest:g}",
            _rounded(one, one.range, ROUND_HALF_EVEN),
            "none" if one.u is None else two_digits(one.u),
            _rounded(one, one.lower, ROUND_FLOOR),
            _rounded(one, one.upper, ROUND_CEILING),
        )
        for one in found
    ]
    heads = ("bearing / °", "stepped off / m", "range / m", "u / m", "lower bound / m", "upper bound / m")
    return SummaryTable(f"Range of detection of {100 * p.level:g} % of the targets", heads, tuple(rows))


def _rounded(one: Range, value: float | None, rounding: str) -> str:
    """To the last digit of two of the expanded uncertainty (k = 2), a hundredth where there is none. A bound is
    rounded outwards, so that it still bounds.
    """
    last = Decimal("0.01") if not one.u else Decimal(report(0.0, 2.0 * one.u).value)
    return "none" if value is None else f"{Decimal(value).quantize(last, rounding):f}"


def _steps(found: list[Range]) -> SummaryTable:
    heads = ("bearing / °", *(f"{distance:g} m" for distance, _, _ in found[0].steps))
    rows = [(f"{one.bearing:g}", *(f"{k}/{n}" for _, k, n in one.steps)) for one in found]
    return SummaryTable("Detected of those shown", heads, tuple(rows))


def _conditions(session: Session, p: DetectionRange, voids: int) -> tuple[tuple[str, str], ...]:
    curve = "p = ceiling × average over targets of logistic(b0 − b1·ln d + s), at each bearing by itself"
    return (
        ("temperature of the room", f"{session.room:.1f} °C"),
        ("illuminance, mean", f"{session.illuminance:.4g} lx"),
        ("targets", str(len(set(session.targets.tolist())))),
        ("valid observations of targets", str(len(session.hits))),
        ("attempts void (the bench's fault), repeated", str(voids)),
        *fault_rows(session.faults),
        ("false calls", calls_told(session.false_calls, session.blanks, "blanks", p.confidence)),
        ("response time, median (wall time)", f"{1000 * float(np.median(session.latency)):.0f} ms"),
        ("model", curve),
        ("bounds", f"one-sided, {100 * p.each:.4g} % each, profile of the penalised likelihood, link logit"),
    )


def deviances(found: list[Range]) -> str:
    """The deviance of each bearing's curve; none where hits and misses are separated."""
    told = [(one.bearing, _finite(one.fit.curve.deviance)) for one in found]
    return ", ".join(f"{bearing:g}°: {'none' if value is None else f'{value:.4g}'}" for bearing, value in told)


def _budget(one: Range) -> BudgetTable:
    squares: dict[str, float] = {}
    for name, u in one.parts:
        line = budget_line(name)
        squares[line] = squares.get(line, 0.0) + u * u
    budget = Budget(tuple(Part(line, math.sqrt(square)) for line, square in squares.items()))
    return budget_table(f"Range at {one.bearing:g}°", "m", budget)


def _picture(found: list[Range], p: DetectionRange) -> Chart:
    """The ranges around the system under test; nothing joins the bearings, for nothing is known between them."""
    angles = [math.radians(one.bearing) for one in found]
    fitted = [(a, one) for a, one in zip(angles, found, strict=True) if one.range is not None]
    series = [
        Series(
            "range",
            tuple(a for a, _ in fitted),
            tuple(one.range or 0.0 for _, one in fitted),
            tuple(one.range or 0.0 if one.lower is None else one.lower for _, one in fitted),
            tuple(one.range or 0.0 if one.upper is None else one.upper for _, one in fitted),
        ),
        Series("stepped off", tuple(angles), tuple(one.largest or 0.0 for one in found)),
    ]
    if p.required is not None:
        around = np.linspace(0.0, 2.0 * math.pi, 181)
        series.append(
            Series("required", tuple(around.tolist()), tuple(np.full(181, p.required).tolist()), style="line")
        )
    return Chart(
        x="bearing",
        y="distance / m",
        series=tuple(series),
        caption=f"Range within which {100 * p.level:g} % of the targets are detected, by bearing, and nothing "
        "between bearings; bars reach from the lower to the upper one-sided bound. Stepped off: the last distance "
        "before fewer were detected"
        f"{'; at the centre, fewer were at the nearest already' if any(one.largest is None for one in found) else ''}.",
        unit="m",
        polar=True,
    )


def _data(found: list[Range], session: Session) -> dict[str, Any]:
    return {
        "bearings": [
            {
                "bearing": one.bearing,
                "unrounded": {"range": one.range, "u": one.u, "lower": one.lower, "upper": one.upper},
                "reason": one.reason,
                "stepped_off": one.largest,
                "steps": [{"distance": d, "detected": k, "shown": n} for d, k, n in one.steps],
                "budget": [{"name": name, "u": u} for name, u in one.parts],
                "fit": {
                    "b0": _finite(one.fit.curve.b0),
                    "b1": _finite(one.fit.curve.b1),
                    "sigma": _finite(one.fit.curve.sigma),
                    "ceiling": _finite(one.fit.curve.ceiling),
                    "deviance": _finite(one.fit.curve.deviance),
                    "flags": list(one.fit.curve.flags),
                },
            }
            for one in found
        ],
        "blanks": session.blanks,
        "false_calls": session.false_calls,
        "faults": len(session.faults),
        "faults_by_kind": fault_kinds(session.faults),
        "illuminance": session.illuminance,
        "limitations": list(LIMITATIONS),
    }


def _finite(value: float) -> float | None:
    """``None`` where there is no curve, hence no parameter of it."""
    return value if math.isfinite(value) else None
