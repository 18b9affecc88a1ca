"""The results of a soak, as they are reported."""

from __future__ import annotations

from typing import Any

from hil import Record, Results, SummaryTable, Verdict
from hil.evidence import Evidence
from hil.outcome import MeasurementOutcome
from hil_calibration.conformity import decide
from hil_calibration.reporting import ReportingPolicy
from hil_calibration.unit import difference, symbol

from ..budget import Budget, Part, budget_table, policy_of, shared_parts, stated, two_digits
from ..readings import Series, distributions, instruments, measured, room_temperature
from .parameters import BATCHES, Soak
from .steadiness import RESOLUTION, Steadiness, steadiness

OUTCOME = {"pass": "PASS", "fail": "FAIL", "inconclusive": "INCONCLUSIVE"}
LIMITATIONS = (
    "A drift of the sensor during the soak cannot be told from one of the condition.",
    "The standard deviation and the Allan deviation hold the sensor's own noise.",
    "No conformity to a standard is claimed.",
)


def results(record: Record, p: Soak) -> Results:
    """Everything that the record of results and the operator are told."""
    evidence = Evidence(record)
    channel = evidence.role("sensor")
    (seen,) = evidence.observations
    link, room = seen.links[channel], room_temperature(evidence)
    series = measured(evidence, link, link["start"], temperature=room)
    known = distributions(evidence, channel)
    found, policy = steadiness(series, BATCHES, known), policy_of(evidence.run["reporting"])
    unit = str(evidence.channels[channel]["unit"])
    apart = symbol(difference(unit))
    return Results(
        summary=(_table(found, policy, unit), _allan(found, unit)),
        data=_data(found, policy, unit, len(series.value)),
        verdict=None if p.limit is None else _verdict(series, p, p.limit, known, unit),
        document=MeasurementOutcome(
            title="Soak",
            question=f"How steady is {channel} for {p.duration:g} s once it is told {p.setpoint:g} {symbol(unit)}?",
            standards=instruments(evidence, "sensor", "temperature"),
            budgets=(
                budget_table("Mean", apart, found.budget),
                budget_table("Drift", f"{apart}/h", found.drift_budget),
            ),
            conditions=(
                ("temperature of the room", f"{room:.1f} °C"),
                ("settled before", f"the readings of {p.dwell:g} s differ by at most {p.within:g} {apart}"),
                ("void beyond", f"{p.abandon:g} {apart} from the set point"),
                ("readings", str(len(series.value))),
                ("coverage", policy.rule),
            ),
            limitations=LIMITATIONS,
        ),
        notes=LIMITATIONS,
    )


def _table(found: Steadiness, policy: ReportingPolicy, unit: str) -> SummaryTable:
    apart = symbol(difference(unit))
    mean, drift = stated(found.mean, found.budget, policy), stated(found.drift, found.drift_budget, policy)
    return SummaryTable(
        "Soak",
        ("quantity", "value", "U", "unit"),
        (
            ("mean", mean.value, mean.U, symbol(unit)),
            ("drift", drift.value, drift.U, f"{apart}/h"),
            ("standard deviation of one reading", two_digits(found.s), "–", apart),
            ("lowest reading", _plain(found.lowest, found), "–", symbol(unit)),
            ("highest reading", _plain(found.highest, found), "–", symbol(unit)),
        ),
    )


def _allan(found: Steadiness, unit: str) -> SummaryTable:
    rows = tuple((f"{tau:.4g}", two_digits(deviation), str(count)) for tau, deviation, count in found.allan)
    heads = ("averaging time / s", f"Allan deviation / {symbol(difference(unit))}", "differences")
    return SummaryTable("Overlapping Allan deviation", heads, rows)


def _verdict(series: Series, p: Soak, limit: float, known: dict[str, str], unit: str) -> Verdict:
    """By the reading that departs most from the set point, with the uncertainty of one reading."""
    departures = series.value - p.setpoint
    worst = float(departures[abs(departures).argmax()])
    parts = (*shared_parts(series.shared, distributions=known), Part(RESOLUTION, series.rounding))
    told = decide(worst, Budget(parts).u, lower=-limit, upper=limit, rule="non-binary")
    apart = symbol(difference(unit))
    return Verdict(
        OUTCOME[told.verdict],  # type: ignore[arg-type]
        f"every reading is within {limit:g} {apart} of {p.setpoint:g} {symbol(unit)}",
        f"by the reading that departs most, {told.definitions['rule']}",
        f"the largest departure is {worst:.4g} {apart}; {told.reason}",
    )


def _plain(value: float, found: Steadiness) -> str:
    from hil_calibration.rounding import report

    return report(value, max(found.budget.u, 1e-12)).value


def _data(found: Steadiness, policy: ReportingPolicy, unit: str, readings: int) -> dict[str, Any]:
    return {
        "unit": unit,
        "readings": readings,
        "mean": _told(found.mean, found.budget, policy),
        "drift_per_hour": _told(found.drift, found.drift_budget, policy),
        "s": found.s,
        "lowest": found.lowest,
        "highest": found.highest,
        "allan": [{"averaging_time": tau, "deviation": dev, "differences": n} for tau, dev, n in found.allan],
        "coverage": policy.rule,
        "limitations": list(LIMITATIONS),
    }


def _told(value: float, budget: Budget, policy: ReportingPolicy) -> dict[str, Any]:
    told = stated(value, budget, policy)
    return {
        "value": told.value,
        "U": told.U,
        "unrounded": {"value": value, "u": budget.u},
        "budget": budget.to_json(),
    }
