"""The results of the calibration of a virtual instrument, as they are reported."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hil import Record, Results, SummaryTable
from hil.evidence import Evidence
from hil.outcome import CalibrationOutcome
from hil_calibration.rounding import report
from hil_calibration.systems.conformal import Coverage
from hil_calibration.systems.virtual import Calibrated, Trials, calibrate, near_duplicates

from ..budget import policy_of, two_digits
from .certificate import Certificate
from .parameters import CalibrateVirtualInstrument
from .session import Session, read_session

OPEN_RISK = "near-duplicates in both parts make a test look better than the instrument is: an open risk"


def results(record: Record, p: CalibrateVirtualInstrument) -> Results:
    """Everything that the certificate, the record of results and the operator are told."""
    evidence = Evidence(record)
    session = read_session(record, evidence)
    found = calibrate(
        session.trials,
        session.domain,
        u_reference=session.u_reference,
        coverage=p.coverage,
        share=p.share,
        salt=p.salt,
    )
    told = Certificate(session, found, policy_of(evidence.run["reporting"]), p)
    near = twins(found, p.near)
    outcome = CalibrationOutcome(
        item=told.item(),
        standards=(evidence.role("reference"),),
        methods=told.methods(),
        conditions=told.conditions(),
        results=(told.table(),),
        statements=told.statements(near),
        budgets=(told.budget(),),
        function=told.function(),
    )
    notes = (f"{near} stimuli of the test are near one of the calibration: {OPEN_RISK}",) if near else ()
    return Results(
        summary=(parameters_table(session, found), domain_table(session, found)),
        data=data_of(session, found, near),
        document=outcome,
        notes=notes,
    )


def parameters_table(session: Session, found: Calibrated) -> SummaryTable:
    """What the calibration found, on the calibration part."""
    one, unit, failed = found.instrument, session.unit, len(session.faults)
    rows = (
        ("bias", _number(one.bias, 2.0 * one.u_bias), unit),
        ("standard uncertainty of the bias", two_digits(one.u_bias), unit),
        ("its degrees of freedom", "infinite" if math.isinf(one.dof) else f"{one.dof:.0f}", ""),
        ("standard deviation of one answer", two_digits(one.sd), unit),
        ("standard uncertainty u of a corrected value", two_digits(one.u), unit),
        (
            f"half-width of the {100.0 * one.conformal.coverage:g} % conformal interval (not a u)",
            f"{one.conformal.half_width:.3g}",
            unit,
        ),
        *((f"domain: {name}", f"{low:.3g} to {high:.3g}", "") for name, (low, high) in one.domain.items()),
        ("subjects that calibrate, values", f"{len(set(found.made.subjects))}, {len(found.made.indication)}", ""),
        ("stimuli without a value, for faults of the model", f"{failed} of {failed + len(session.contents)}", ""),
    )
    return SummaryTable("Virtual instrument, as calibrated", ("quantity", "value", "unit"), rows)


def domain_table(session: Session, found: Calibrated) -> SummaryTable:
    """Inside the domain and outside it: errors of corrected values of the test part, and how often intervals held."""
    tested, one, unit = found.tested, found.instrument, session.unit
    inside = inside_of(found)
    rows = []
    for name, chosen, coverage in (
        ("inside", inside, found.coverage.within),
        ("outside (flagged)", ~inside, found.coverage.outside),
    ):
        if coverage is None:
            rows.append((name, "0", "–", "–", "–", "–"))
            continue
        error = tested.error[chosen] - one.bias
        rows.append(
            (
                name,
                str(coverage.n),
                *_spread(error),
                f"{coverage.share:.3f}",
                f"{coverage.low:.3f} to {coverage.high:.3f}",
            )
        )
    title = f"Test on other subjects: stated coverage {one.conformal.coverage:g}"
    heads = ("domain", "values", f"mean error / {unit}", f"s / {unit}", "observed coverage", "95 % interval of it")
    return SummaryTable(title, heads, tuple(rows))


def _spread(error: NDArray[np.float64]) -> tuple[str, str]:
    """Mean and standard deviation, to the two leading digits of the latter."""
    if len(error) < 2:
        return f"{error.mean():.3g}", "–"
    told = report(float(error.mean()), float(error.std(ddof=1)))
    return told.value, told.U


def inside_of(found: Calibrated) -> NDArray[np.bool_]:
    """Which values of the test lie in the domain."""
    features = found.tested.features
    bounds = found.instrument.domain.items()
    inside: NDArray[np.bool_] = np.all(
        [(low <= features[name]) & (features[name] <= high) for name, (low, high) in bounds], 0
    )
    return inside


def twins(found: Calibrated, closer: float) -> int:
    """Near-duplicates between the parts, by features and indication, each scaled by its spread in the calibration."""
    columns, made = _columns(found.tested), _columns(found.made)
    spread = np.where(made.std(0) > 0, made.std(0), 1.0)
    return near_duplicates(made / spread, columns / spread, closer)


def _columns(trials: Trials) -> NDArray[np.float64]:
    return np.column_stack([trials.indication, *trials.features.values()])


def _number(value: float, expanded: float) -> str:
    return report(value, expanded).value


def data_of(session: Session, found: Calibrated, near: int) -> dict[str, Any]:
    """For ``results.json``."""
    one = found.instrument
    return {
        "unit": session.unit,
        "bias": one.bias,
        "u_bias": one.u_bias,
        "dof_bias": None if math.isinf(one.dof) else one.dof,
        "sd": one.sd,
        "u": one.u,
        "conformal": {
            "half_width": one.conformal.half_width,
            "coverage": one.conformal.coverage,
            "n": one.conformal.n,
        },
        "domain": {name: list(bounds) for name, bounds in one.domain.items()},
        "declared_domain": {name: list(bounds) for name, bounds in session.domain.items()},
        "test": {"inside": _coverage(found.coverage.within), "outside": _coverage(found.coverage.outside)},
        "subjects": {"made": len(set(found.made.subjects)), "tested": len(set(found.tested.subjects))},
        "near_duplicates": near,
        "faults": len(session.faults),
    }


def _coverage(found: Coverage | None) -> dict[str, float] | None:
    return None if found is None else {"share": found.share, "low": found.low, "high": found.high, "n": found.n}
