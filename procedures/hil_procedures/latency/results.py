"""The results of a measurement of latency, as they are reported."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from hil import Record, Results, SummaryTable, Verdict
from hil.evidence import Evidence
from hil.outcome import Chart, Series, TrialOutcome
from hil.results import Outcome
from hil_calibration.conformity import decide
from hil_calibration.reporting import ReportingPolicy

from ..budget import Budget, Part, budget_table, policy_of, repeatability, stated
from .parameters import SceneToSensorLatency
from .statistics import Array, Percentile, expected_spread, fewest, percentile, period, phase_gap

OUTCOME: dict[str, Outcome] = {"pass": "PASS", "fail": "FAIL", "inconclusive": "INCONCLUSIVE"}
NO_BOUND = "none: too few events"
RISK = 0.025
"""Of PASS, and of FAIL, at the limit: the guard band is U with k = 2 or the factor of 95 %."""
LIMITATIONS = (
    "The latency ends when the picture leaves the camera by its own stamp; transport and processing after it are not "
    "in it. It begins when the command is sent, so that the network and the scene server are.",
    "A scene counts as seen in the first picture whose exposure has had it for half of its time or longer, in the "
    "middle of the wall: higher up it is earlier, lower down later, by up to half of the scan-out.",
    "The picture's numbers are taken to be proportional to light.",
    "No conformity to a standard is claimed.",
)


@dataclass(frozen=True)
class Session:
    """``n`` events, times in ms: latencies from the command, and the wall's own part of each."""

    latency: Array
    drawn: Array
    refresh: float
    pictures: float
    gap: float
    unread: int
    stamped_within: float

    @cached_property
    def delivered(self) -> Array:
        """From the beginning of the wall's frame to the picture."""
        return self.latency - self.drawn


def read_session(evidence: Evidence) -> Session:
    """Read the session from its record."""
    seen = [entry.data for entry in evidence.observations]
    frames, began, numbers, left = (
        np.array([entry[key] for entry in seen], dtype=np.int64) for key in ("frame", "began", "picture", "left")
    )
    refresh, pictures = 1e3 * period(frames, began), 1e3 * period(numbers, left)
    return Session(
        latency=1e3 * np.array([entry["latency"] for entry in seen]),
        drawn=1e3 * np.array([entry["drawn"] for entry in seen]),
        refresh=refresh,
        pictures=pictures,
        gap=phase_gap(pictures / refresh, int(np.ptp(numbers)) + 1),
        unread=sum(1 for entry in seen if entry["ahead"] is None),
        stamped_within=1e3 * max(entry["stamped_within"] for entry in seen),
    )


def results(record: Record, p: SceneToSensorLatency) -> Results:
    """Everything that the report, the record of results and the operator are told."""
    evidence = Evidence(record)
    session, policy = read_session(evidence), policy_of(evidence.run["reporting"])
    systematic = Budget(_systematic(session, p))
    mean = systematic.beside(repeatability("scatter of the events", session.latency))
    found = percentile(session.latency, p.confidence)
    top = systematic.beside(Part("95th percentile from a sample", _u_order(found, p.confidence)))
    told = _told(session, found, (mean, top), policy, p)
    verdict, risk = judge(found, top.u, policy, p)
    voids = sum(1 for attempt in record.points() if attempt.state == "void")
    counts = (
        ("events", str(len(session.latency))),
        ("attempts void (the bench's fault), repeated", str(voids)),
        ("pictures in which the wall's frame could not be read", str(session.unread)),
    )
    return Results(
        summary=(SummaryTable("Latency from scene to sensor", ("quantity", "value"), told),),
        data=_data(session, found, (mean, top), dict(told), dict(counts)),
        verdict=verdict,
        document=TrialOutcome(
            title="Latency from scene to sensor",
            question="How long does it take from a scene that is commanded to a picture in which it is seen?",
            standards=(evidence.role("temperature"),),
            picture=_chart(session, p),
            results=told,
            budget=budget_table("Mean", "ms", mean).rows,
            conditions=(
                (
                    "period of the refresh, period of the pictures",
                    f"{session.refresh:.4f} ms, {session.pictures:.4f} ms",
                ),
                ("largest gap of phases between them", f"{100.0 * session.gap:.2g} % of a refresh"),
                ("the wall's frames are stamped within", f"{session.stamped_within:.2g} ms"),
            ),
            counts=counts,
            fit=(
                ("mean", "of all events"),
                ("95th percentile", "by the order of the events; bounds by the binomial distribution"),
                ("coverage", policy.rule),
            ),
            limitations=LIMITATIONS,
            risk=risk,
            tables=() if found.upper is None else (percentile_table(top),),
        ),
        notes=_notes(session),
    )


def _systematic(session: Session, p: SceneToSensorLatency) -> tuple[Part, ...]:
    """What all events of a run share."""
    phase = session.gap * session.refresh / math.sqrt(12.0)
    return (
        Part("phase of the pictures in the refresh", phase, distribution="rectangular"),
        Part("clock of the camera against that of the bench", 1e3 * p.u_clock),
    )


def _u_order(found: Percentile, confidence: float) -> float:
    """The standard uncertainty of a percentile from its bounds; without an upper one, from the lower: then it is stated
    nowhere, and good for FAIL alone.
    """
    from statistics import NormalDist

    z = NormalDist().inv_cdf(confidence)
    bounds = [bound for bound in (found.lower, found.upper) if bound is not None]
    return max((abs(bound - found.value) / z for bound in bounds), default=math.inf)


def _told(
    session: Session,
    found: Percentile,
    budgets: tuple[Budget, Budget],
    policy: ReportingPolicy,
    p: SceneToSensorLatency,
) -> tuple[tuple[str, str], ...]:
    mean = stated(float(session.latency.mean()), budgets[0], policy)
    top = stated(found.value, budgets[1], policy)
    expanded = f"U {NO_BOUND}" if found.upper is None else f"U = {top.U} ms"
    spread = expected_spread(session.refresh, session.pictures, session.gap)
    percent = f"{100 * p.confidence:g} %"
    return (
        ("mean", f"{mean.value} ms, U = {mean.U} ms"),
        ("95th percentile", f"{top.value} ms, {expanded}"),
        (f"one-sided {percent} bounds of the percentile, phase left out", f"{_ms(found.lower)}, {_ms(found.upper)}"),
        ("jitter: standard deviation", f"{session.latency.std(ddof=1):.2f} ms"),
        ("to be expected of refresh and pictures alone, in these phases", f"{spread:.2f} ms"),
        ("smallest, largest", f"{session.latency.min():.1f} ms, {session.latency.max():.1f} ms"),
        ("of the mean: from the command to the wall's frame", f"{session.drawn.mean():.1f} ms"),
        ("of the mean: from the wall's frame to the picture", f"{session.delivered.mean():.1f} ms"),
    )


def percentile_table(budget: Budget) -> SummaryTable:
    """The budget of the 95th percentile, on which the verdict is."""
    rows = budget_table("", "ms", budget).rows
    return SummaryTable("Budget of the 95th percentile", ("contribution", "u / ms", "share of the variance / %"), rows)


def _ms(value: float | None) -> str:
    return NO_BOUND if value is None else f"{value:.1f} ms"


def judge(found: Percentile, u: float, policy: ReportingPolicy, p: SceneToSensorLatency) -> tuple[Verdict, str]:
    """Whether the percentile is at most what is required, and at which risk.

    :param u: its standard uncertainty in ms. Where it has no upper bound, no number of events shows that it is below
        anything: there is no PASS.
    """
    told = decide(found.value, u, upper=1e3 * p.required, rule="non-binary", policy=policy)
    open_ = told.verdict == "pass" and found.upper is None
    verdict = Verdict(
        "INCONCLUSIVE" if open_ else OUTCOME[told.verdict],
        f"95 % of the events are seen within {1e3 * p.required:g} ms",
        f"on the 95th percentile in ms, {told.definitions['rule']}; inconclusive where it has no upper bound",
        f"{p.events} events give the percentile no upper bound: take {fewest(p.confidence)} or more"
        if open_
        else told.reason,
    )
    return verdict, f"with the guard band w = U, at most {100 * RISK:g} % of a wrong PASS, and of a wrong FAIL"


def _chart(session: Session, p: SceneToSensorLatency) -> Chart:
    ordered, n = np.sort(session.latency), len(session.latency)
    shares = tuple((number + 0.5) / n for number in range(n))
    return Chart(
        x="share of the events",
        y="latency / ms",
        series=(Series("seen within", shares, tuple(map(float, ordered)), style="steps"),),
        caption="Within which time which share of the events was seen.",
        unit="ms",
        required=((f"required of 95 %: {1e3 * p.required:g} ms", 1e3 * p.required),),
    )


def _notes(session: Session) -> tuple[str, ...]:
    if session.gap < 0.1:
        return ()
    return (
        "The pictures meet the refresh in few phases only: the mean of this run depends on them by up to "
        f"{session.gap * session.refresh:.1f} ms, and more events do not help. Another rate of pictures, or a longer "
        "run, does.",
    )


def _data(
    session: Session,
    found: Percentile,
    budgets: tuple[Budget, Budget],
    told: dict[str, str],
    counts: dict[str, str],
) -> dict[str, Any]:
    mean, top = budgets
    return {
        "unit": "ms",
        "told": told,
        "unrounded": {
            "mean": float(session.latency.mean()),
            "u_mean": mean.u,
            "p95": found.value,
            "u_p95": None if found.upper is None else top.u,
            "p95_lower": found.lower,
            "p95_upper": found.upper,
            "jitter": float(session.latency.std(ddof=1)),
            "expected_jitter": expected_spread(session.refresh, session.pictures, session.gap),
        },
        "refresh": session.refresh,
        "pictures": session.pictures,
        "phase_gap": session.gap,
        "budget": mean.to_json(),
        "budget_p95": None if found.upper is None else top.to_json(),
        "latencies": [float(value) for value in session.latency],
        "drawn": [float(value) for value in session.drawn],
        "counts": counts,
        "limitations": list(LIMITATIONS),
    }
