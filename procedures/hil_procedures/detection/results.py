"""The results of a detection trial: the curve, a90 with its bounds, the verdict."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

import numpy as np

from hil import Record, Results, SummaryTable, Verdict
from hil.evidence import Evidence
from hil.outcome import DetectionPicture, TrialOutcome
from hil_calibration.decisions import decide_bound
from hil_calibration.detection_curve import SEPARATION, DetectionResult, with_shared_effects
from hil_calibration.lack_of_fit import lack_of_fit
from hil_calibration.rounding import report

from ..budget import two_digits
from ..curve_report import (
    OUTCOME,
    budget_rows,
    calls_told,
    fit_rows,
    milliseconds,
    misfit_notes,
    relative_effects,
    slope_at,
)
from ..faults import fault_kinds, fault_rows
from .parameters import LEVEL, DetectionVsIlluminance
from .session import Session, read_session

MODEL = "p = ceiling × average over signs of logistic(b0 + b1·ln x + s), s normal, shared by a sign's repeats"

LIMITATIONS = (
    "The result holds for the signs, the lamp, the camera and its settings of this trial: another spectrum or codec "
    "moves the curve.",
    "Signs are taken as a sample of the signs that matter; the average over them is what a90 refers to. Those of the "
    "default were chosen because they are read in good light.",
    "The bounds rest on normally distributed differences between signs; the bars of the picture ignore that repeats of "
    "one sign belong together.",
    "A simulation shows what the models in it say, not what a physical system does.",
    "No conformity to a standard is claimed.",
)


def results(record: Record, p: DetectionVsIlluminance) -> Results:
    """Everything that the report, the record of results and the operator are told."""
    evidence = Evidence(record)
    session = read_session(evidence)
    found = with_shared_effects(
        session.illuminance.value,
        session.hits,
        session.signs,
        session.illuminance.shared,
        session.illuminance.effects,
        level=LEVEL,
        confidence=p.confidence,
    )
    told = Told(found, evidence.run["reporting"])
    misfit = _lack_of_fit(session, found)
    verdict = judge(found, p)
    voids = sum(1 for attempt in record.points() if attempt.state == "void")
    counts = _counts(session, voids, p)
    outcome = TrialOutcome(
        title="Detection against illuminance",
        question="At which illuminance does the system under test read nine signs in ten?",
        standards=(evidence.role("luxmeter"), evidence.role("temperature")),
        picture=_picture(session, found, p),
        results=(
            ("a90, illuminance at which 90 % of the signs are read", _lux(told.a)),
            (f"one-sided {100 * p.confidence:g} % upper bound of a90", _lux(told.upper)),
            (f"one-sided {100 * p.confidence:g} % lower bound of a90", _lux(told.lower)),
            ("standard uncertainty of a90", _lux(told.u)),
        ),
        budget=budget_rows(((part.name, part.u) for part in found.contributions), found.u),
        conditions=(
            ("illuminance at the sign, measured", _range(session.illuminance.value, "lx")),
            ("relative standard uncertainty of the illuminance", _range(100 * _relative(session), "%")),
            ("air temperature, mean", f"{session.temperature:.2f} °C"),
        ),
        counts=counts,
        fit=fit_rows(found.curve, misfit, MODEL, "signs"),
        limitations=LIMITATIONS,
        risk=f"of PASS where a90 is above the requirement, and of FAIL where it is not: at most "
        f"{100 * (1 - p.confidence):.3g} % each",
    )
    summary = SummaryTable(
        "Detection against illuminance",
        ("quantity", "value"),
        outcome.results,
    )
    return Results(
        summary=(summary,),
        data=_data(session, found, told, counts, misfit),
        verdict=verdict,
        document=outcome,
        notes=misfit_notes(misfit),
    )


class Told:
    """The numbers of the report as strings; the bounds are rounded outwards, so that they still bound."""

    def __init__(self, found: DetectionResult, policy: dict[str, Any]) -> None:
        near = next((value for value in (found.curve.a, found.upper, found.lower) if value is not None), 1.0)
        rounded = report(near, 2.0 * (found.u or near / 10.0), rule=policy["rounding"]).value
        step = Decimal(1).scaleb(-len(rounded.partition(".")[2]))
        self.a = "none" if found.curve.a is None else rounded
        self.u = "none" if found.u is None else two_digits(found.u)
        self.upper, self.lower = (
            "none" if value is None else f"{Decimal(value).quantize(step, rounding):f}"
            for value, rounding in ((found.upper, ROUND_CEILING), (found.lower, ROUND_FLOOR))
        )


def _lux(number: str) -> str:
    return number if number == "none" else f"{number} lx"


def judge(found: DetectionResult, p: DetectionVsIlluminance) -> Verdict:
    """Whether a90 is at most what is required, by its one-sided bounds as they are, not as they are printed."""
    decision = decide_bound(
        found.lower, found.upper, requirement=p.required, side="at most", confidence=p.confidence, unit="lx"
    )
    rule = (
        f"PASS if the one-sided {100 * p.confidence:g} % upper bound of a90 is at most the requirement, FAIL if its "
        f"one-sided {100 * p.confidence:g} % lower bound is above it, INCONCLUSIVE otherwise"
    )
    why = f"{found.curve.reason}; " if found.curve.reason else ""
    return Verdict(
        OUTCOME[decision.verdict],
        f"a90 is at most {p.required:g} lx",
        rule,
        f"{why}{decision.reason}",
    )


def _relative(session: Session) -> np.ndarray[Any, np.dtype[np.float64]]:
    return session.illuminance.u / session.illuminance.value


def _range(values: np.ndarray[Any, np.dtype[np.float64]], unit: str) -> str:
    return f"{values.min():.3g} {unit} to {values.max():.3g} {unit}"


def _levels(session: Session) -> tuple[tuple[float, int, int], ...]:
    found = []
    for level in np.unique(session.nominal):
        here = session.nominal == level
        found.append((float(session.illuminance.value[here].mean()), int(session.hits[here].sum()), int(here.sum())))
    return tuple(found)


def _levels_told(session: Session, found: DetectionResult) -> list[dict[str, Any]]:
    """Beside the counts, what the difference of two benches' illuminances makes of them."""
    told = []
    for nominal, (x, read, shown) in zip(np.unique(session.nominal).tolist(), _levels(session), strict=True):
        told.append(
            {
                "nominal": nominal,
                "illuminance": x,
                "read": read,
                "shown": shown,
                "slope": slope_at(found.curve, x),
                "relative_effects": relative_effects(session.illuminance, session.nominal == nominal),
            }
        )
    return told


def _picture(session: Session, found: DetectionResult, p: DetectionVsIlluminance) -> DetectionPicture:
    x, curve = session.illuminance.value, found.curve
    drawn: tuple[tuple[float, float, float, float], ...] = ()
    if not np.isnan(curve.b0):
        at = np.geomspace(x.min(), x.max(), 200)
        band = curve.curve(at)
        drawn = tuple(
            (float(a), float(b), float(c), float(d))
            for a, b, c, d in zip(band.x, band.p, band.low, band.high, strict=True)
        )
    return DetectionPicture(
        unit="lx",
        stimulus="Illuminance at the sign",
        levels=_levels(session),
        observations=tuple((float(v), bool(hit)) for v, hit in zip(x, session.hits, strict=True)),
        curve=drawn,
        level=LEVEL,
        found=curve.a,
        lower=found.lower,
        upper=found.upper,
        required=p.required,
    )


def _counts(session: Session, voids: int, p: DetectionVsIlluminance) -> tuple[tuple[str, str], ...]:
    return (
        ("valid observations of signs", f"{len(session.hits)}, {len(set(session.signs))} signs"),
        ("read correctly", str(int(session.hits.sum()))),
        ("attempts void (the bench's fault), repeated", str(voids)),
        *fault_rows(session.faults),
        ("false calls", calls_told(session.false_calls, session.blanks, "blanks", p.confidence)),
        ("response time, median and largest (wall time)", milliseconds(session.latency)),
    )


def _lack_of_fit(session: Session, found: DetectionResult) -> float | None:
    """The p-value of the test for lack of fit, by nominal level; ``None`` where there is no curve."""
    if SEPARATION in found.curve.flags:
        return None
    return lack_of_fit(found.curve, session.illuminance.value, session.hits, session.signs, session.nominal)


def _data(
    session: Session, found: DetectionResult, told: Told, counts: tuple[tuple[str, str], ...], misfit: float | None
) -> dict[str, Any]:
    curve = found.curve
    return {
        "a90": {"value": told.a, "lower": told.lower, "upper": told.upper, "u": told.u, "unit": "lx"},
        "unrounded": {"a90": curve.a, "lower": found.lower, "upper": found.upper, "u": found.u},
        "reason": curve.reason,
        "fit": dict(fit_rows(curve, misfit, MODEL, "signs")),
        "lack_of_fit": misfit,
        "budget": [{"name": line.name, "u": line.u} for line in found.contributions],
        "levels": _levels_told(session, found),
        "counts": dict(counts),
        "faults_by_kind": fault_kinds(session.faults),
        "repeatability": session.repeatability,
    }
