"""The results of a sweep, as they are reported."""

from __future__ import annotations

import math
from typing import Any

from hil import Record, Results, SummaryTable
from hil.evidence import Evidence
from hil.outcome import MeasurementOutcome
from hil_calibration.reporting import ReportingPolicy
from hil_calibration.rounding import report
from hil_calibration.unit import difference, symbol

from ..budget import budget_table, policy_of, stated
from ..readings import distributions, instruments, measured, room_temperature
from .characteristic import Characteristic, Level, Visit, characteristic
from .parameters import Sweep

LIMITATIONS = (
    "What the actuator was told is a command, not a reference value.",
    "The characteristic holds for this order and pace of levels: a level that is not waited for long enough lags, and "
    "looks like hysteresis.",
    "No conformity to a standard is claimed.",
)


def results(record: Record, p: Sweep) -> Results:
    """Everything that the record of results and the operator are told."""
    evidence = Evidence(record)
    channel = evidence.role("sensor")
    room = room_temperature(evidence)
    visits = [
        Visit(
            float(seen.data["level"]),
            str(seen.data["direction"]),
            measured(evidence, seen.links["reading"], temperature=room),
        )
        for seen in evidence.observations
    ]
    found = characteristic(visits, distributions(evidence, channel))
    policy, unit = policy_of(evidence.run["reporting"]), str(evidence.channels[channel]["unit"])
    return Results(
        summary=(_table(found, policy, unit), _line(found, policy, unit)),
        data=_data(found, policy, unit, p),
        document=MeasurementOutcome(
            title="Sweep",
            question=f"What does {channel} measure at each level of {evidence.role('actuator')}, up and down?",
            standards=instruments(evidence, "sensor", "temperature"),
            budgets=tuple(
                budget_table(f"Value at the level {one.level:g}", symbol(difference(unit)), one.budget)
                for one in found.levels
            ),
            conditions=(
                ("temperature of the room", f"{room:.1f} °C"),
                ("settled", settled(p, symbol(difference(unit)))),
                ("readings at each level in each direction", str(p.readings)),
                ("coverage", policy.rule),
            ),
            limitations=LIMITATIONS,
        ),
        notes=LIMITATIONS,
    )


def _table(found: Characteristic, policy: ReportingPolicy, unit: str) -> SummaryTable:
    apart = symbol(difference(unit))
    heads = (
        *("level", f"value / {symbol(unit)}", f"U / {apart}", f"hysteresis / {apart}", f"U / {apart}"),
        *(f"departure / {apart}", f"U / {apart}"),
    )
    return SummaryTable("Characteristic", heads, tuple(_row(one, policy) for one in found.levels))


def _row(one: Level, policy: ReportingPolicy) -> tuple[str, ...]:
    value = stated(one.value, one.budget, policy)
    gap = ("–", "–")
    if one.hysteresis is not None:
        told = stated(one.hysteresis, one.hysteresis_budget, policy)
        gap = told.value, told.U
    return (f"{one.level:g}", value.value, value.U, *gap, *_pair(one.departure, one.u_departure, policy))


def _pair(value: float, u: float, policy: ReportingPolicy) -> tuple[str, str]:
    told = report(value, policy.factor(math.inf) * u, policy.digits, policy.rounding)
    return told.value, told.U


def _line(found: Characteristic, policy: ReportingPolicy, unit: str) -> SummaryTable:
    line = found.line
    u_a, u_b = (math.sqrt(float(line.covariance[i, i])) for i in (0, 1))
    worst = max(found.levels, key=lambda one: abs(one.departure))
    apart = symbol(difference(unit))
    return SummaryTable(
        "Straight line: value = a + b · level",
        ("quantity", "value", "U", "unit"),
        (
            ("a", *_pair(line.a, u_a, policy), symbol(unit)),
            ("b", *_pair(line.b, u_b, policy), f"{apart} per unit of the actuator"),
            ("largest departure", *_pair(worst.departure, worst.u_departure, policy), apart),
            ("chi-squared, degrees of freedom", f"{line.chi2:.3g}", str(line.dof), ""),
        ),
    )


def _data(found: Characteristic, policy: ReportingPolicy, unit: str, p: Sweep) -> dict[str, Any]:
    line = found.line
    return {
        "unit": unit,
        "levels": [
            {
                "level": one.level,
                "value": stated(one.value, one.budget, policy).value,
                "U": stated(one.value, one.budget, policy).U,
                "unrounded": {"value": one.value, "u": one.budget.u},
                "hysteresis": one.hysteresis,
                "u_hysteresis": None if one.hysteresis is None else one.hysteresis_budget.u,
                "departure": one.departure,
                "u_departure": one.u_departure,
                "budget": one.budget.to_json(),
            }
            for one in found.levels
        ],
        "line": {
            "a": line.a,
            "b": line.b,
            "covariance": line.covariance.tolist(),
            "chi2": line.chi2,
            "dof": line.dof,
            "consistent": bool(line.consistent),
        },
        "settled": settled(p, symbol(difference(unit))),
        "coverage": policy.rule,
        "limitations": list(LIMITATIONS),
    }


def settled(p: Sweep, apart: str) -> str:
    """When a level had settled; ``apart`` is the unit of differences."""
    within = f"{p.within:g} {apart}".strip()
    return f"the readings of the last {p.dwell:g} s differ by at most {within}, then {p.hold:g} s more"
