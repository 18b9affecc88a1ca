"""The results of a trial of voice detection: the curve, the ratio at 90 % with its bounds, false calls, the verdict."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Any

import numpy as np

from hil import Record, Results, SummaryTable, Verdict
from hil.evidence import Evidence
from hil.origins import origin_of
from hil.outcome import DetectionPicture, TrialOutcome
from hil_calibration.decisions import decide_bound

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
    spread_notes,
)
from ..faults import fault_kinds, fault_rows
from .curve import Located, Other, at_level, levels, located, misfit, others
from .heard import WINDOW
from .parameters import LEVEL, VoiceDetectionVsSnr
from .session import Session, decibels, read_session

Cell = tuple[float, float | None, int, int]
Cells = list[Cell]

SYNTHETIC, SIMULATED, UNKNOWN = "synthetic speech", "simulated sound", "origin of recordings not stated"
MODEL = (
    "p = ceiling × average over utterances of logistic(b0 + b1·ln x + s), x the ratio of powers, s normal, shared by "
    "what is played of one utterance"
)
LIMITATIONS = (
    "The signal-to-noise ratio is one of powers over the active speech alone. It holds for the noise, the speakers and "
    "the level of this trial: another spectrum of the noise moves the curve.",
    "A voice counts as detected where the system calls it at any time while the utterance lasts. What it calls after "
    "the end counts neither way.",
    "Windows of one sound are not independent: of the two intervals of false calls that of sounds is exact, that of "
    "windows is too narrow where calls come together.",
    "The bounds rest on normally distributed differences between utterances.",
    "No conformity to a standard is claimed.",
)


def results(record: Record, p: VoiceDetectionVsSnr) -> Results:
    """Everything that the report, the record of results and the operator are told."""
    evidence = Evidence(record)
    session, origin = read_session(evidence), _origin(record, evidence)
    found, cells = located(session, p.confidence), levels(session, p.levels)
    fitted, counts = misfit(session, found.fit), _counts(session, _voids(record), p)
    links = others(cells, p.confidence)
    told_of = f"{origin}; says nothing about real speech"
    warning = (f"{told_of.capitalize()}.",) if origin else ()
    doubts = (*misfit_notes(fitted), *spread_notes(found.fit.curve, "utterances"))
    notes = (*warning, *_empty(cells), *_faults(session), *doubts)
    told = Told(found)
    outcome = TrialOutcome(
        title="Voice detection against signal-to-noise ratio" + (f" ({origin})" if origin else ""),
        question="At which signal-to-noise ratio does the system under test hear nine utterances in ten?",
        standards=(evidence.role("snr"),),
        picture=_picture(session, found, cells, p),
        results=_rows(told, p),
        budget=budget_rows(found.parts, found.u),
        conditions=(
            *((("speech", told_of),) if origin else ()),
            ("signal-to-noise ratio, measured", _range(session)),
            ("windows in which false calls are counted", f"{1000 * WINDOW:g} ms"),
        ),
        counts=counts,
        fit=fit_rows(found.fit.curve, fitted, MODEL, "utterances"),
        limitations=(*warning, *LIMITATIONS),
        risk=f"of PASS where the ratio found is above the requirement, and of FAIL where it is not: at most "
        f"{100 * (1 - p.confidence):.3g} % each",
        tables=(_links(links, p),),
    )
    return Results(
        summary=(
            SummaryTable(outcome.title, ("quantity", "value"), (*outcome.results, *counts[3:])),
            _observed(cells),
            _links(links, p),
        ),
        data=_data(found, cells, links, told, session, counts, fitted),
        verdict=judge(found, p),
        document=outcome,
        notes=notes,
    )


class Told:
    """The levels as strings in dB, to a hundredth; the bounds are rounded outwards, so that they still bound."""

    def __init__(self, found: Located) -> None:
        self.u = "none" if found.u is None else f"{two_digits(found.u)} dB"
        self.a90, self.lower, self.upper = (
            "none" if value is None else f"{Decimal(value).quantize(Decimal('0.01'), rounding):f} dB"
            for value, rounding in (
                (found.a90, ROUND_HALF_EVEN),
                (found.lower, ROUND_FLOOR),
                (found.upper, ROUND_CEILING),
            )
        )


def judge(found: Located, p: VoiceDetectionVsSnr) -> Verdict:
    """Whether the ratio is at most what is required, by its one-sided bounds as they are, not as they are printed."""
    decision = decide_bound(
        found.lower, found.upper, requirement=p.required, side="at most", confidence=p.confidence, unit="dB"
    )
    return Verdict(
        OUTCOME[decision.verdict],
        f"nine utterances in ten are heard at a signal-to-noise ratio of at most {p.required:g} dB",
        f"PASS if the one-sided {100 * p.confidence:g} % upper bound of the ratio is at most the requirement, FAIL if "
        f"its one-sided {100 * p.confidence:g} % lower bound is above it, INCONCLUSIVE otherwise",
        f"{f'{found.reason}; ' if found.reason else ''}{decision.reason}",
    )


def _origin(record: Record, evidence: Evidence) -> str:
    """What was heard, where it was made by rule or simulated, or nobody says what it is: then nothing is said of real
    speech; else empty."""
    if origin_of(record) == "not stated":
        return UNKNOWN
    if evidence.calibration(evidence.role("snr")).provenance == "simulated":
        return SYNTHETIC
    return SIMULATED if evidence.run["provenance"] == "simulated" else ""


def _voids(record: Record) -> int:
    return sum(1 for attempt in record.points() if attempt.state == "void")


def _rows(told: Told, p: VoiceDetectionVsSnr) -> tuple[tuple[str, str], ...]:
    side = f"one-sided {100 * p.confidence:g} %"
    return (
        ("signal-to-noise ratio at which 90 % of the utterances are heard", told.a90),
        (f"{side} upper bound of it", told.upper),
        (f"{side} lower bound of it", told.lower),
        ("standard uncertainty of it", told.u),
    )


def _range(session: Session) -> str:
    measured = decibels(session.snr.value)
    return f"{measured.min():.2f} dB to {measured.max():.2f} dB"


def _empty(cells: Cells) -> tuple[str, ...]:
    missing = [f"{level:g} dB" for level, _, _, played in cells if not played]
    return (
        (f"No valid observation at {', '.join(missing)}: the curve goes over an empty cell there.",) if missing else ()
    )


def _faults(session: Session) -> tuple[str, ...]:
    if not session.faults:
        return ()
    kinds = ", ".join(f"{number} of them {kind}" for kind, number in fault_kinds(session.faults).items())
    return (f"The system under test failed {len(session.faults)} times: {kinds}.",)


def _counts(session: Session, voids: int, p: VoiceDetectionVsSnr) -> tuple[tuple[str, str], ...]:
    calls = session.calls
    model = milliseconds(session.inference) if session.inference.size else "not told"
    return (
        ("valid observations of utterances", f"{len(session.hits)}, {len(set(session.utterances))} utterances"),
        ("heard", str(int(session.hits.sum()))),
        ("sounds without a voice", str(session.blanks)),
        ("attempts void (the bench's fault), repeated", str(voids)),
        *fault_rows(session.faults),
        ("false calls, windows before a voice", calls_told(calls.called, calls.windows, "windows", p.confidence)),
        ("false calls, sounds", calls_told(calls.calling, calls.sounds, "sounds", p.confidence)),
        ("response time to a whole sound, median and largest (wall time)", milliseconds(session.latency)),
        ("of it the inference, median and largest", model),
    )


def _picture(session: Session, found: Located, cells: Cells, p: VoiceDetectionVsSnr) -> DetectionPicture:
    x, curve = session.snr.value, found.fit.curve
    drawn: tuple[tuple[float, float, float, float], ...] = ()
    if not np.isnan(curve.b0):
        band = curve.curve(np.geomspace(x.min(), x.max(), 200))
        columns = zip(decibels(band.x), band.p, band.low, band.high, strict=True)
        drawn = tuple((float(a), float(b), float(c), float(d)) for a, b, c, d in columns)
    return DetectionPicture(
        unit="dB",
        stimulus="Signal-to-noise ratio",
        levels=tuple((mean, heard, played) for _, mean, heard, played in cells if mean is not None),
        observations=tuple((float(v), bool(hit)) for v, hit in zip(decibels(x), session.hits, strict=True)),
        curve=drawn,
        level=LEVEL,
        found=found.a90,
        lower=found.lower,
        upper=found.upper,
        required=p.required,
        seen="heard",
        among="utterances",
        logarithmic=False,
    )


def _observed(cells: Cells) -> SummaryTable:
    rows = tuple(
        (f"{level:g}", "none" if mean is None else f"{mean:.2f}", f"{heard} of {played}" if played else "empty")
        for level, mean, heard, played in cells
    )
    return SummaryTable("Utterances heard", ("planned / dB", "measured, mean / dB", "heard"), rows)


def _links(links: list[Other], p: VoiceDetectionVsSnr) -> SummaryTable:
    """How much the number depends on link and method."""
    side = f"{100 * p.confidence:g} %"
    heads = (
        "link",
        "a90 / dB",
        f"{side} bounds, likelihood ratio / dB",
        "upper, delta / dB",
        "deviance (dof)",
        "reason",
    )
    rows = tuple(
        (
            one.link,
            _db(one.a90),
            "none" if one.bounds is None else f"{one.bounds[0]:.2f} and {one.bounds[1]:.2f}",
            _db(one.delta),
            "none" if one.deviance is None else f"{one.deviance:.4g} ({one.dof})",
            one.reason or "-",
        )
        for one in links
    )
    return SummaryTable("By other links, all utterances taken as alike", heads, rows)


def _db(value: float | None) -> str:
    return "none" if value is None else f"{value:.2f}"


def _level_told(cell: Cell, session: Session, found: Located) -> dict[str, Any]:
    """Beside the counts, what the difference of two benches' ratios makes of them."""
    level, mean, heard, played = cell
    told = {"planned": level, "measured": mean, "heard": heard, "played": played}
    if mean is None:
        return {**told, "slope": None, "relative_effects": {}}
    return {
        **told,
        "slope": slope_at(found.fit.curve, 10.0 ** (mean / 10.0)),
        "relative_effects": relative_effects(session.snr, at_level(session, level)),
    }


def _data(
    found: Located,
    cells: Cells,
    links: list[Other],
    told: Told,
    session: Session,
    counts: tuple[tuple[str, str], ...],
    fitted: float | None,
) -> dict[str, Any]:
    calls = session.calls
    return {
        "a90": {"value": told.a90, "lower": told.lower, "upper": told.upper, "u": told.u},
        "unrounded": {"a90": found.a90, "lower": found.lower, "upper": found.upper, "u": found.u, "unit": "dB"},
        "reason": found.reason,
        "fit": dict(fit_rows(found.fit.curve, fitted, MODEL, "utterances")),
        "lack_of_fit": fitted,
        "budget": [{"name": name, "u": u} for name, u in found.parts],
        "levels": [_level_told(cell, session, found) for cell in cells],
        "links": [
            {"link": one.link, "a90": one.a90, "bounds": one.bounds, "deviance": one.deviance, "reason": one.reason}
            for one in links
        ],
        "false_calls": {
            "windows": calls.windows,
            "called": calls.called,
            "sounds": calls.sounds,
            "calling": calls.calling,
        },
        "faults": len(session.faults),
        "faults_by_kind": fault_kinds(session.faults),
        "counts": dict(counts),
    }
