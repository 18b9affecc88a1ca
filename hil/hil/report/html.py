"""Reports, each as one self-contained HTML page: that of a trial, and that of measurements."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from ..outcome import Chart, DetectionPicture
from .charts import caption_of, picture_svg
from .model import MeasurementReport, ReportData, Row, System
from .parts import (
    budget_section,
    equipment,
    figure,
    footer,
    heading,
    notes_section,
    page,
    pairs,
    sentences_list,
    table,
    verdict_section,
)


def report_html(data: ReportData) -> str:
    """The report as a page. All text is escaped; numbers appear exactly as given."""
    body = [
        *heading("Test report", data.title, data.question, data.identifier, data.provenance, data.recordings),
        verdict_section(data.verdict, data.risk),
        notes_section(data.notes),
        _key(data.results),
        _figure(data, data.picture),
        *map(table, data.tables),
        budget_section("Uncertainty budget", data.picture.unit, data.budget),
        '<div class="columns">',
        f"<section><h2>Counts</h2>{pairs(data.counts)}</section>",
        f"<section><h2>Conditions</h2>{pairs(data.conditions)}</section>",
        "</div>",
        _systems(data.systems),
        f"<h2>Equipment</h2>{equipment(data.instruments)}",
        f"<h2>Fitted model</h2>{pairs(data.fit)}" if data.fit else "",
        f"<h2>Procedure and record</h2>{pairs(data.identification, code=True)}",
        f"<h2>What this report does not prove</h2>{sentences_list(data.limitations)}",
        footer(data.identifier, data.provenance),
    ]
    return page(data.title, data.identifier, body)


def measurement_html(data: MeasurementReport) -> str:
    """The report of measurements as a page."""
    body = [
        *heading(
            "Report of measurements", data.title, data.question, data.identifier, data.provenance, data.recordings
        ),
        "" if data.verdict is None else verdict_section(data.verdict),
        "" if data.picture is None else _figure(data, data.picture),
        *map(table, data.tables),
        *(budget_section(budget.title, budget.unit, budget.rows) for budget in data.budgets),
        f"<h2>Conditions</h2>{pairs(data.conditions)}",
        _systems(data.systems),
        f"<h2>Equipment</h2>{equipment(data.instruments)}",
        f"<h2>Procedure and record</h2>{pairs(data.identification, code=True)}",
        f"<h2>What this report does not prove</h2>{sentences_list(data.limitations)}",
        footer(data.identifier, data.provenance),
    ]
    return page(data.title, data.identifier, body)


def _key(results: Iterable[Row]) -> str:
    cells = "".join(
        f'<div><span class="name">{escape(name)}</span><span class="value">{escape(value)}</span></div>'
        for name, value in results
    )
    return f'<section class="key">{cells}</section>'


def _figure(data: ReportData | MeasurementReport, drawn: DetectionPicture | Chart) -> str:
    failed = data.verdict is not None and data.verdict.outcome == "FAIL"
    picture = picture_svg(drawn, simulated=data.provenance == "simulated", abnormal=failed)
    return figure(picture, caption_of(drawn), marked=data.provenance == "simulated")


def _systems(systems: Iterable[System]) -> str:
    told = "".join(_system(system) for system in systems)
    return f"<h2>System under test</h2>{told}" if told else ""


def _system(system: System) -> str:
    rows = [("role", system.role), ("name, version", f"{system.name}, {system.version}"), *system.settings]
    digests = [(f"SHA-256 of {name}", digest) for name, digest in system.digests]
    return pairs([*rows, *digests], code=True)
