"""The results of a characterisation, as they are reported."""

from __future__ import annotations

from typing import Any

from hil import Record, Results, SummaryTable
from hil.evidence import Evidence
from hil.outcome import BudgetTable, MeasurementOutcome
from hil_calibration.reporting import ReportingPolicy

from ..budget import budget_table, policy_of, stated
from ..readings import instruments
from .figures import Error, Figures, figures
from .parameters import LOCATIONS, ClimaticCharacterisation
from .session import read_session

LIMITATIONS = (
    "The working space was empty but for the thermometers: what a load does was not determined.",
    "What radiation from the walls and self-heating do to the thermometers is not in the uncertainties.",
    "The inhomogeneity is that of the locations of the thermometers, in the mean over the observation.",
    "The humidity elsewhere than at the probe follows from the temperatures, for one partial pressure of vapour.",
    "No conformity to a standard is claimed.",
)


def results(record: Record, p: ClimaticCharacterisation) -> Results:
    """Everything that the record of results and the operator are told."""
    evidence = Evidence(record)
    session = read_session(evidence)
    found = [figures(seen, session.distributions) for seen in session.observations]
    policy = policy_of(evidence.run["reporting"])
    tables = [_errors("temperature", "°C", "K", found, policy), _space(found, policy)]
    if p.humidities:
        tables.append(_errors("relative humidity", "%", "%", found, policy))
    told = {
        "coverage": policy.rule,
        "stabilisation": f"at each location the readings of the last {p.dwell:g} s differ by at most {p.band:g} K; "
        + (f"those of the humidity by at most {p.humidity_band:g} %; " if p.humidities else "")
        + f"then {p.hold:g} s more",
        "observation": f"{p.sweeps} sweeps over {p.window:g} s",
    }
    return Results(
        summary=tuple(tables),
        data={
            "set_points": [_data(one, policy) for one in found],
            "room_temperature": session.room,
            **told,
            "limitations": list(LIMITATIONS),
        },
        document=MeasurementOutcome(
            title="Characterisation of a climatic chamber",
            question="What does the chamber indicate, how much does its working space differ from place to place and "
            "from moment to moment?",
            standards=instruments(evidence, *LOCATIONS, "probe_humidity", "temperature"),
            budgets=tuple(table for one in found for table in _budgets(one)),
            conditions=(("temperature of the room", f"{session.room:.1f} °C"), *told.items()),
            limitations=LIMITATIONS,
        ),
        notes=LIMITATIONS,
    )


def _budgets(one: Figures) -> list[BudgetTable]:
    """Of the errors of indication in the working space, and of the inhomogeneity, at one set point."""
    humidity = "" if one.set_humidity is None else f", {one.set_humidity:g} %"
    at = f"at {one.set_temperature:g} °C{humidity}"
    where, place = one.inhomogeneity
    tables = [
        budget_table(f"Error of indication in the working space {at}", "K", one.temperature.working),
        budget_table(f"Inhomogeneity {at}, {_words(where)} against the centre", "K", place.budget),
    ]
    if one.humidity is not None:
        title = f"Error of indication of humidity in the working space {at}"
        tables.append(budget_table(title, "%", one.humidity.working))
    return tables


def _errors(quantity: str, unit: str, difference: str, found: list[Figures], policy: ReportingPolicy) -> SummaryTable:
    rows = []
    for one in found:
        error = one.temperature if quantity == "temperature" else one.humidity
        if error is not None:
            told, working = stated(error.error, error.budget, policy), stated(error.error, error.working, policy)
            at = (
                stated(error.reference, error.budget, policy).value,
                stated(error.indication, error.budget, policy).value,
            )
            rows.append((*_set(one), *at, told.value, told.U, working.U))
    heads = ("set / °C", "set / %", f"reference / {unit}", f"indication / {unit}")
    ends = (f"error / {difference}", f"U / {difference}", f"U in the working space / {difference}")
    return SummaryTable(f"Error of indication, {quantity}", (*heads, *ends), tuple(rows))


def _space(found: list[Figures], policy: ReportingPolicy) -> SummaryTable:
    rows = []
    for one in found:
        (where, place), (unsteady, worst) = one.inhomogeneity, one.instability
        told = stated(place.difference, place.budget, policy)
        rows.append(
            (*_set(one), told.value, told.U, _words(where), f"{worst.largest:.2f}", f"{worst.s:.3f}", _words(unsteady))
        )
    heads = (
        *("set / °C", "set / %", "inhomogeneity / K", "U / K", "at", "instability / K"),
        *("standard deviation / K", "at"),
    )
    return SummaryTable("Working space, temperature", heads, tuple(rows))


def _set(one: Figures) -> tuple[str, str]:
    return f"{one.set_temperature:g}", "–" if one.set_humidity is None else f"{one.set_humidity:g}"


def _words(role: str) -> str:
    return role.replace("_", " ")


def _data(one: Figures, policy: ReportingPolicy) -> dict[str, Any]:
    return {
        "set": {"temperature": one.set_temperature, "humidity": one.set_humidity},
        "temperature": _told(one.temperature, policy),
        "humidity": None if one.humidity is None else _told(one.humidity, policy),
        "locations": {
            name: {
                "difference": place.difference,
                "u": place.budget.u,
                "s": place.s,
                "largest_departure": place.largest,
                "budget": place.budget.to_json(),
                **({"humidity_difference": one.humidity_differences[name]} if one.humidity_differences else {}),
            }
            for name, place in one.places.items()
        },
    }


def _told(error: Error, policy: ReportingPolicy) -> dict[str, Any]:
    told, working = stated(error.error, error.budget, policy), stated(error.error, error.working, policy)
    return {
        "error": told.value,
        "U": told.U,
        "U_working_space": working.U,
        "unrounded": {
            "reference": error.reference,
            "indication": error.indication,
            "error": error.error,
            "u": error.budget.u,
            "dof": None if error.budget.dof == float("inf") else error.budget.dof,
            "u_working_space": error.working.u,
        },
        "budget": error.working.to_json(),
    }
