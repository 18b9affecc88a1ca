"""What `hil coverage` found, as a page and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from hil_calibration.unit import symbol

from ..outcome import Chart, Series
from ..report.charts import chart_svg
from ..report.parts import figure, footer, heading, page, pairs, sentences_list, table, verdict_section
from ..results import SummaryTable, Verdict
from .judgement import Coverage, Risk

LIMITATIONS = (
    "The world draws every effect that the bench declares from its stated distribution: what nobody declared is not "
    "tested.",
    "It is shown of this procedure, this bench and these settings alone.",
    "An interval that is not rejected is not proved: the exact interval of each share says what the runs allow.",
)


@dataclass(frozen=True)
class Found:
    """Everything that is told; ``failed`` holds the errors of runs without a result, by seed."""

    procedure: str
    version: str
    bench: str
    seeds: tuple[int, int]
    settings: dict[str, str]
    coverage: Sequence[Coverage]
    consumer_risk: Risk | None
    producer_risk: Risk | None
    verdict: Verdict
    failed: dict[int, str]

    @property
    def risks(self) -> list[Risk]:
        """Those that could be tried."""
        return [risk for risk in (self.consumer_risk, self.producer_risk) if risk is not None]

    def to_json(self) -> dict[str, Any]:
        return {
            "procedure": {"name": self.procedure, "version": self.version},
            "bench": self.bench,
            "provenance": "simulated",
            "seeds": list(self.seeds),
            "settings": self.settings,
            "measurands": [one.to_json() for one in self.coverage],
            "risk": None if self.consumer_risk is None else self.consumer_risk.to_json(),
            "producer_risk": None if self.producer_risk is None else self.producer_risk.to_json(),
            "verdict": asdict(self.verdict),
            "failed": {str(seed): error for seed, error in self.failed.items()},
            "limitations": list(LIMITATIONS),
        }


def summary(found: Found) -> SummaryTable:
    """One row for each measurand."""
    head = (
        "measurand",
        "unit",
        "inside",
        "share",
        "95 % interval",
        "claimed",
        "mean error",
        "its u",
        "rms error/u",
        "finding",
    )
    return SummaryTable("Coverage of the stated intervals", head, tuple(map(_row, found.coverage)))


def _row(one: Coverage) -> tuple[str, ...]:
    low, high = one.interval
    return (
        one.measurand,
        symbol(one.unit),
        f"{one.inside} of {one.runs}",
        f"{one.share:.3f}",
        f"{low:.3f} to {high:.3f}",
        f"{one.claimed:.2f}",
        f"{one.mean_error:.2g}",
        "–" if one.u_mean_error is None else f"{one.u_mean_error:.2g}",
        f"{one.spread:.2f}",
        one.finding,
    )


def risk_sentence(risk: Risk) -> str:
    """What the verdicts were worth."""
    low, high = risk.interval
    items, done = ("do not conform", "passed") if risk.of == "PASS" else ("are acceptable", "failed")
    stated = "" if risk.stated is None else f" The procedure states at most {risk.stated:g}."
    return (
        f"Of {risk.items} items that truly {items}, {risk.wrong} were {done}: a share of "
        f"{risk.wrong / risk.items:.3f}, 95 % interval {low:.3f} to {high:.3f}.{stated}"
    )


def report(found: Found) -> str:
    """The page; its figure shows every error in units of its standard uncertainty."""
    title, identifier = f"Coverage of {found.procedure}", f"seeds {found.seeds[0]} to {found.seeds[1]}"
    question = f"On {found.bench}, do the stated intervals hold the true values as often as they claim?"
    told = [risk_sentence(risk) for risk in found.risks]
    failed = [f"Seed {seed}: {error}." for seed, error in found.failed.items()]
    settings = [("version", found.version), *found.settings.items()]
    body = [
        *heading("Report of coverage", title, question, identifier, "simulated"),
        verdict_section(found.verdict),
        figure(_picture(found.coverage), _CAPTION, marked=True) if found.coverage else "",
        table(summary(found)) if found.coverage else "",
        f"<h2>Risk of the verdicts</h2>{sentences_list(told)}" if told else "",
        f"<h2>Runs without a result</h2>{sentences_list(failed)}" if failed else "",
        f"<h2>Procedure</h2>{pairs(settings)}",
        f"<h2>What this report does not prove</h2>{sentences_list(LIMITATIONS)}",
        footer(identifier, "simulated", "`hil run` with one of the seeds and these settings makes a run again."),
    ]
    return page(title, identifier, body)


_CAPTION = "One mark for each run and measurand: stated value minus true value, over its standard uncertainty."


def _picture(coverage: Sequence[Coverage]) -> bytes:
    x = tuple(float(place) for place, one in enumerate(coverage) for _ in one.ratios)
    y = tuple(ratio for one in coverage for ratio in one.ratios)
    chart = Chart(
        x="measurand, in the order of the table",
        y="error / u",
        series=(Series("runs", x, y),),
        caption=_CAPTION,
        required=(("− 2 u", -2.0), ("+ 2 u", 2.0)),
        labels=tuple(str(place + 1) for place in range(len(coverage))),
    )
    return chart_svg(chart, simulated=True, abnormal=any(one.under_covers for one in coverage))
