"""The results of a screening, as they are reported."""

from __future__ import annotations

from typing import Any

import numpy as np

from hil import Record, Results, SummaryTable, Verdict
from hil.errors import RecordError
from hil.evidence import Evidence
from hil.outcome import Chart, MeasurementOutcome, Series
from hil_calibration.systems.rank_regression import RankRegression, rank_regression
from hil_calibration.systems.sensitivity import FEWEST, SobolIndices, sobol_of_values
from hil_calibration.unit import symbol

from ..readings import instruments
from . import budget
from .domain import Domain, cells_table, domain_of, pair_tables, with_unit
from .parameters import Screening
from .session import Session, read_session

LIMITATIONS = (
    "The indices hold for these ranges, and for values spread evenly over them (in the logarithm where the scale is "
    "log): other ranges give other indices.",
    "Indices are estimates: one of them, or a bound, may lie below 0 or above 1, and a first-order index above its "
    "total.",
    "What the response scatters by itself counts to every total index.",
    "An influence is at the value that was commanded. How far it truly was from it is in the budget where it is stated "
    "(set_within), and in no interval: those hold the sampling of trials alone.",
    "An influence that was not varied is not excluded by this.",
    "No conformity to a standard is claimed.",
)
RESPONSES = {
    "answer": "answer",
    "error": "error, answer minus reference value",
    "hit": "success, 1 or 0",
    "reading": "reading",
}

SHOWN = 3
"""Influences of which a report has maps by two and two."""

Found = SobolIndices | RankRegression | None
"""``None`` where the response did not vary, so that nothing can be told from it."""


def results(record: Record, p: Screening) -> Results:
    """Everything that the record of results and the operator are told."""
    evidence = Evidence(record)
    voids = sum(1 for attempt in record.points() if attempt.state == "void")
    session = read_session(evidence, p, voids, _units(record, evidence, p))
    found, domain = found_in(session, p), domain_of(session, p)
    tables = (
        _influences_table(found, session, p),
        _response_table(session, p),
        cells_table(domain, session),
        *pair_tables(domain, session, _most_important(found, session)),
    )
    gates = ("reference",) if p.virtual else ("temperature",)
    return Results(
        summary=tables,
        data=_data(found, session, domain, p) | ({} if found is None else {"budget": budget.to_json(found, p)}),
        verdict=None if p.limit is None else verdict(found, p.limit, p, not_tried(session, domain)),
        document=MeasurementOutcome(
            title="Screening of influence quantities",
            question=f"Which of {', '.join(session.at)} does the {RESPONSES[p.response]} depend on?",
            standards=instruments(evidence, *gates),
            budgets=() if found is None else budget.tables(found, p),
            conditions=(
                ("design", f"{p.design}, {p.n} rows, {session.response.size} trials, seed {p.design_seed}"),
                *((f"range of {one.name}", _range_told(one, session)) for one in p.ranges()),
                ("attempts void, repeated", str(session.voids)),
                ("faults of the system under test", str(len(session.faults))),
            ),
            limitations=LIMITATIONS,
            picture=None if found is None else _chart(found, p),
        ),
        notes=LIMITATIONS,
    )


def _units(record: Record, evidence: Evidence, p: Screening) -> dict[str, str]:
    """The unit of each influence, from the commands on record."""
    told = {event.data["channel"]: str(event.data["unit"]) for event in record.events("command")}
    return {one.name: told.get(evidence.role(one.name), "1") for one in p.ranges()}


def _range_told(one: Any, session: Session) -> str:
    return f"{one.low:g} to {one.high:g} {symbol(session.units[one.name])}".rstrip() + f", {one.scale}"


def found_in(session: Session, p: Screening) -> Found:
    """Indices from the rows that are complete; regression from the trials that had a response."""
    if p.design == "saltelli":
        rows = session.complete
        if int(rows.sum()) < FEWEST:
            raise RecordError(
                f"only {int(rows.sum())} of {p.n} rows have all their responses",
                where="the system",
                remedy="see its faults on record; narrow the ranges, or take more rows",
            )
        if np.ptp(session.response[:2, rows]) == 0.0:
            return None
        return sobol_of_values(
            session.response[:, rows], tuple(session.at), confidence=p.confidence, seed=p.design_seed
        )
    kept = session.answered[0]
    if np.ptp(session.response[0, kept]) == 0.0:
        return None
    x = {name: values[0, kept] for name, values in session.at.items()}
    return rank_regression(x, session.response[0, kept], confidence=p.confidence, seed=p.design_seed)


def _interval(bounds: Any) -> str:
    return f"{bounds[0]:.2f} to {bounds[1]:.2f}"


def _most_important(found: Found, session: Session) -> list[str]:
    """The influences whose maps are shown."""
    if found is None:
        return list(session.at)[:SHOWN]
    size = found.total if isinstance(found, SobolIndices) else np.abs(found.coefficients)
    return [found.factors[place] for place in np.argsort(-size)[:SHOWN]]


def _influences_table(found: Found, session: Session, p: Screening) -> SummaryTable:
    if found is None:
        told = (("none", "the response did not vary: it depends on no influence in these ranges, or never responds"),)
        return SummaryTable(f"Influences on the {RESPONSES[p.response]}", ("influence", "found"), told)
    return _sobol_table(found, session, p) if isinstance(found, SobolIndices) else _rank_table(found, session, p)


def _sobol_table(found: SobolIndices, session: Session, p: Screening) -> SummaryTable:
    """The influences, that with the largest total index first."""
    rows = tuple(
        (
            found.factors[place],
            f"{found.first[place]:.2f}",
            _interval(found.first_interval[place]),
            f"{found.total[place]:.2f}",
            _interval(found.total_interval[place]),
        )
        for place in np.argsort(-found.total)
    )
    percent = f"{100 * p.confidence:g} % interval"
    title = f"Sobol indices of the {RESPONSES[p.response]}, {int(session.complete.sum())} rows"
    return SummaryTable(title, ("influence", "first order", percent, "total", percent), rows)


def _rank_table(found: RankRegression, session: Session, p: Screening) -> SummaryTable:
    rows = tuple(
        (found.factors[place], f"{found.coefficients[place]:.2f}", _interval(found.intervals[place]))
        for place in np.argsort(-np.abs(found.coefficients))
    )
    title = (
        f"Regression on ranks of the {RESPONSES[p.response]}, {int(session.answered.sum())} trials: "
        f"explains {100 * found.explained:.0f} % of the variance"
    )
    return SummaryTable(title, ("influence", "coefficient", f"{100 * p.confidence:g} % interval"), rows)


def _response_table(session: Session, p: Screening) -> SummaryTable:
    """The response over the domain: of the independent samples, where the design has crossed ones too."""
    seen = session.response[: 2 if p.design == "saltelli" else 1]
    seen = seen[np.isfinite(seen)]
    rows = [("trials with a response", str(int(session.answered.sum())))]
    rows.append(("mean", f"{seen.mean():.4g}"))
    if p.response != "hit":
        rows.append(("standard deviation", f"{seen.std(ddof=1):.4g}"))
        rows.append(("smallest, largest", f"{seen.min():.4g}, {seen.max():.4g}"))
    if p.virtual:
        rows.append(("answers outside the domain that the model declares", str(session.outside)))
    return SummaryTable(with_unit("Response over the domain", session.unit), ("quantity", "value"), tuple(rows))


def _chart(found: SobolIndices | RankRegression, p: Screening) -> Chart:
    places = tuple(float(place) for place in range(len(found.factors)))

    def bars(name: str, values: Any, intervals: Any) -> Series:
        low, high = (tuple(map(float, intervals[:, side])) for side in (0, 1))
        return Series(name, places, tuple(map(float, values)), low, high, "bars")

    percent = f"{100 * p.confidence:g} %"
    if isinstance(found, SobolIndices):
        return Chart(
            x="influence",
            y="share of the variance of the response",
            series=(
                bars("first order: alone", found.first, found.first_interval),
                bars("total: with all interactions", found.total, found.total_interval),
            ),
            caption=f"Sobol indices with their {percent} intervals.",
            required=() if p.limit is None else ((f"limit of the total index: {p.limit:g}", p.limit),),
            labels=found.factors,
        )
    return Chart(
        x="influence",
        y="standardised coefficient",
        series=(bars("regression on ranks", found.coefficients, found.intervals),),
        caption=f"Coefficients with their {percent} intervals: near 1 or -1, the response rises or falls with it.",
        labels=found.factors,
    )


def not_tried(session: Session, domain: Domain) -> str:
    """Of what the indices say nothing: rows without all their responses, cells without a trial; "" for none."""
    rows, cells = int((~session.complete).sum()), len(domain.whole.empty())
    told = (
        f"rows left out for faults of the system: {rows}" if rows else "",
        f"cells of the operating domain without a trial: {cells}" if cells else "",
    )
    return ", ".join(filter(None, told))


def verdict(found: Found, limit: float, p: Screening, gaps: str = "") -> Verdict:
    """By the intervals of all total indices: neither outcome is claimed where the limit lies in one.

    :param gaps: of what the indices say nothing; it forbids PASS.
    """
    if not isinstance(found, SobolIndices):
        required = f"no influence has a total index above {limit:g}"
        return Verdict("INCONCLUSIVE", required, "by total indices", "the response did not vary: there are none")
    above = [name for name, (low, _) in zip(found.factors, found.total_interval, strict=True) if low > limit]
    open_ = [name for name, (_, high) in zip(found.factors, found.total_interval, strict=True) if high > limit]
    outcome = "FAIL" if above else "INCONCLUSIVE" if open_ or gaps else "PASS"
    told = ", ".join(
        f"{name} {_interval(bounds)}" for name, bounds in zip(found.factors, found.total_interval, strict=True)
    )
    return Verdict(
        outcome,  # type: ignore[arg-type]
        f"no influence has a total index above {limit:g}",
        f"FAIL where the lower bound of one {100 * p.confidence:g} % interval is above the limit, PASS where no upper "
        "one is, each row had its responses, and no cell of the domain is empty; each interval by itself",
        f"total indices: {told}" + (f"; {gaps}" if gaps else ""),
    )


def _data(found: Found, session: Session, domain: Domain, p: Screening) -> dict[str, Any]:
    shared = {
        "response": p.response,
        "unit": session.unit,
        "units": session.units,
        "trials": int(session.answered.sum()),
        "faults": len(session.faults),
        "outside_declared_domain": session.outside,
        "confidence": p.confidence,
        "domain": domain.to_json(),
        "limitations": list(LIMITATIONS),
    }
    if found is None:
        return {"varies": False, **shared}
    if isinstance(found, SobolIndices):
        told = {
            name: {
                "first": float(found.first[place]),
                "first_interval": found.first_interval[place].tolist(),
                "total": float(found.total[place]),
                "total_interval": found.total_interval[place].tolist(),
            }
            for place, name in enumerate(found.factors)
        }
        return {"sobol": told, "rows": int(session.complete.sum()), **shared}
    told = {
        name: {"coefficient": float(found.coefficients[place]), "interval": found.intervals[place].tolist()}
        for place, name in enumerate(found.factors)
    }
    return {"rank_regression": told, "explained": found.explained, **shared}
