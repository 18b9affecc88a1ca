"""The report of a run as a document: the content of its page, with who is responsible for it and when it was issued."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from hil_calibration.certificate import grammar
from hil_calibration.certificate.model import Amendment, Budget, Equipment, Organisation, Person, Reference, Software
from hil_calibration.certificate.report import ReportVerdict, SystemUnderTest, Table, TrialReport
from hil_calibration.certificate.text import NONE

from ..outcome import DetectionPicture
from .model import MADE, Instrument, MeasurementReport, ReportData, Row, System

if TYPE_CHECKING:
    from ..results import SummaryTable, Verdict

_COMBINED = ("Source", "Share of variance / %")


@dataclass(frozen=True)
class ReportFacts:
    """What a report says that is not of its results.

    :param begin: first, :param end: last day and :param issued: day of issue, ISO 8601.
    :param deviations: from the procedure; `none` where there were none.
    """

    laboratory: Organisation
    customer: Organisation
    persons: tuple[Person, ...]
    software: Software
    begin: str
    end: str
    issued: str
    chain_head: str
    languages: tuple[Literal["en", "fr"], ...]
    deviations: str = NONE
    draft: bool = False
    amends: Amendment | None = None


def report_document(data: ReportData | MeasurementReport, facts: ReportFacts) -> TrialReport:
    """The document of a trial or of measurements. Characters that no document may hold are replaced, visibly.

    :raises CertificateError: something that no report may lack, contradict or misname.
    """
    made = TrialReport(
        identifier=data.identifier,
        title=_name(data.title),
        question=_words(data.question),
        laboratory=facts.laboratory,
        customer=facts.customer,
        equipment=tuple(dict.fromkeys(map(_equipment, data.instruments))),
        procedure=_rows(row for row in data.identification if row[0] != MADE),
        persons=facts.persons,
        software=facts.software,
        begin=facts.begin,
        end=facts.end,
        issued=facts.issued,
        provenance=data.provenance,
        recordings=data.recordings,
        deviations=facts.deviations,
        limitations=tuple(map(_words, data.limitations)),
        results=_rows(data.results) if isinstance(data, ReportData) else (),
        tables=() if isinstance(data, ReportData) else tuple(map(_table, data.tables)),
        conditions=_rows(data.conditions),
        budgets=tuple(_budgets(data)),
        chain_head=facts.chain_head,
        languages=facts.languages,
        draft=facts.draft,
        amends=facts.amends,
        verdict=None
        if data.verdict is None
        else _verdict(data.verdict, data.risk if isinstance(data, ReportData) else ""),
    )
    if isinstance(data, MeasurementReport):
        return replace(made, systems=tuple(map(_system, data.systems)))
    return replace(
        made,
        tables=tuple(_observed(data)),
        counts=_rows(data.counts),
        model=_rows(data.fit),
        systems=tuple(map(_system, data.systems)),
        notes=tuple(map(_words, data.notes)),
    )


def document_pdf(data: ReportData | MeasurementReport, facts: ReportFacts, template: Path | None = None) -> bytes:
    """The report as PDF/A-3b, unsigned, its content attached as JSON; the same bytes for the same content.

    :raises CertificateError: as :func:`report_document`, or the page cannot be set.
    """
    from hil_calibration.certificate.report_writer import report_json, report_pdf

    report = report_document(data, facts)
    picture, caption = None, ""
    if data.picture is not None:
        from .charts import caption_of, picture_svg

        failed = data.verdict is not None and data.verdict.outcome == "FAIL"
        picture, caption = picture_svg(data.picture, simulated=False, abnormal=failed), caption_of(data.picture)
    return report_pdf(report, report_json(report), picture=picture, caption=_optional(caption), template=template)


def _verdict(verdict: Verdict, risk: str) -> ReportVerdict:
    return ReportVerdict(
        verdict.outcome, _words(verdict.requirement), _words(verdict.rule), _words(verdict.reason), _optional(risk)
    )


def _equipment(instrument: Instrument) -> Equipment:
    return Equipment(
        name=_name(instrument.description),
        manufacturer=_name(instrument.manufacturer),
        model=_name(instrument.model),
        serial=_name(instrument.serial),
        certificate=Reference(instrument.certificate, instrument.sha256) if instrument.certificate else None,
    )


def _system(system: System) -> SystemUnderTest:
    return SystemUnderTest(
        _name(system.role), _name(system.name), _name(system.version), _rows(system.digests), _rows(system.settings)
    )


def _table(table: SummaryTable) -> Table:
    rows = tuple(tuple(_name(cell) if cell.strip() else "" for cell in row) for row in table.rows)
    return Table(_name(table.title), tuple(map(_name, table.columns)), rows)


def _observed(data: ReportData) -> Iterable[Table]:
    """What was observed; of a detection curve how many of the trials succeeded at each level."""
    picture = data.picture
    if isinstance(picture, DetectionPicture):
        rows = tuple((f"{stimulus:.4g}", str(successes), str(trials)) for stimulus, successes, trials in picture.levels)
        yield Table("Observed", (f"{_name(picture.stimulus)}, mean / {picture.unit}", "successes", "trials"), rows)
    yield from map(_table, data.tables)


def _budgets(data: ReportData | MeasurementReport) -> Iterable[Budget]:
    if isinstance(data, ReportData):
        if data.budget:
            yield _budget("Standard uncertainty of the result", data.picture.unit, data.budget)
        return
    for table in data.budgets:
        if table.rows:
            yield _budget(table.title, table.unit, table.rows)


def _budget(title: str, unit: str, rows: Sequence[tuple[str, str, str]]) -> Budget:
    cells = tuple(tuple(_name(cell) if cell.strip() else "–" for cell in row) for row in rows)
    return Budget(_name(title), (_COMBINED[0], f"u / {unit}", _COMBINED[1]), cells, share=2)


def _rows(rows: Iterable[Row]) -> tuple[Row, ...]:
    return tuple((_name(name), _words(value)) for name, value in rows)


def _name(text: str) -> str:
    return _words(text, grammar.LONGEST_NAME)


def _words(text: str, longest: int = grammar.LONGEST_TEXT) -> str:
    """A text as a document can hold it: control characters by their code, the rest of what is too long left out."""
    shown = grammar.NOT_A_TEXT.sub(lambda found: f"\\u{ord(found[0]):04x}", text.strip()).strip() or "–"
    cut = f" … ({len(shown)} characters)"
    return shown if len(shown) <= longest else shown[: longest - len(cut)].rstrip() + cut


def _optional(text: str) -> str:
    return _words(text) if text.strip() else ""
