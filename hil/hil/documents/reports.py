"""The test report of a run as PDF: of a trial, or of measurements; never called a certificate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hil_calibration.certificate import model

from ..errors import UsageError
from ..outcome import MeasurementOutcome, TrialOutcome
from ..report import MeasurementReport, ReportData, measurement_html, report_html
from ..report.document import ReportFacts, document_pdf, report_document
from ..trial_report import measurement_report, report_data
from .certificates import SOFTWARE, amendment, days, deviations, organisation, persons

if TYPE_CHECKING:
    from .details import Details
    from .source import Source


def report_of(source: Source, details: Details, template: Path | None) -> bytes:
    """The report, unsigned; its content is attached as JSON.

    :raises CertificateError: something that no report may lack, contradict or misname.
    """
    return document_pdf(_data(source, details), _facts(source, details), template)


def content_of(source: Source, details: Details) -> bytes:
    """The report's content as JSON, as it is attached to its PDF."""
    from hil_calibration.certificate.report_writer import report_json

    return report_json(report_document(_data(source, details), _facts(source, details)))


def report_page(source: Source, details: Details) -> str:
    """The report as one HTML page."""
    data = _data(source, details)
    return report_html(data) if isinstance(data, ReportData) else measurement_html(data)


def _data(source: Source, details: Details) -> ReportData | MeasurementReport:
    outcome, of_run = source.outcome, (source.folder, source.record, source.results)
    if isinstance(outcome, TrialOutcome):
        return report_data(*of_run, outcome, details.identifier)
    if isinstance(outcome, MeasurementOutcome):
        return measurement_report(*of_run, outcome, details.identifier)
    raise UsageError("a calibration yields a certificate, not a report", where=details.identifier)


def _facts(source: Source, details: Details) -> ReportFacts:
    begin, end = days(source.record)
    return ReportFacts(
        laboratory=organisation(details.laboratory),
        customer=organisation(details.customer),
        persons=tuple(persons(details)),
        software=model.Software(SOFTWARE, f"v{details.software}"),
        begin=begin.isoformat(),
        end=end.isoformat(),
        issued=max(end.isoformat(), details.issued),
        chain_head=source.record.chain_head,
        languages=details.reporting.languages,
        deviations=deviations(source.record, details),
        draft=not details.final,
        amends=amendment(details),
    )
