"""The documents that a run writes at its end, into its own folder: drafts, made from the record alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ..origins import prefix_of
from ..outcome import CalibrationOutcome, MeasurementOutcome, TrialOutcome
from ..traceability import not_traceable
from .details import Details
from .source import Source

if TYPE_CHECKING:
    from ..bench.config import BenchConfig
    from ..record import Record
    from ..results import Results

SOFTWARE = "hil-bench"

TEMPLATES: dict[str, Literal["certificate", "report"]] = {"template": "certificate", "report_template": "report"}
"""The keys of `[reporting]` that name a template, and of which document."""


@dataclass(frozen=True)
class Documents:
    """What was written: the document's identifier, empty where there is none, and the paths of its files."""

    identifier: str = ""
    paths: tuple[Path, ...] = ()


def write_documents(folder: Path, record: Record, results: Results, config: BenchConfig) -> Documents:
    """Write the documents of a run into its folder."""
    outcome = results.document
    if isinstance(outcome, CalibrationOutcome):
        return Documents() if not_traceable(record) else _write_certificate(folder, record, outcome, config)
    if isinstance(outcome, TrialOutcome | MeasurementOutcome):
        return _write_report(Source(folder, record, results, outcome), config)
    return Documents()


def require_templates(config: BenchConfig) -> None:
    """Try the laboratory's own templates on a specimen, so that no run ends without its documents.

    :raises CertificateError: one of them cannot be used.
    """
    for key, kind in TEMPLATES.items():
        template = _template(config, key)
        if template is not None:
            from hil_calibration.certificate.specimen import try_template

            try_template(template, kind)


def identifier(record: Record, folder: Path) -> str:
    """The identifier of a run's first document, which tells where its values come from unless they were measured."""
    return f"{prefix_of(record)}{folder.name.rpartition('_')[2]}"


def _write_certificate(folder: Path, record: Record, outcome: CalibrationOutcome, config: BenchConfig) -> Documents:
    from hil_calibration.certificate.pdf import to_pdf
    from hil_calibration.certificate.writer import to_xml

    from .certificates import certificate_of
    from .making import CERTIFICATE, CERTIFICATE_PDF

    details = _details(folder, record, config, "certificate")
    certificate = certificate_of(record, outcome, details, config.equipment)
    xml = to_xml(certificate)
    paths = (folder / CERTIFICATE, folder / CERTIFICATE_PDF)
    paths[0].write_bytes(xml)
    paths[1].write_bytes(to_pdf(certificate, xml, template=_template(config, "template")))
    return Documents(details.identifier, paths)


def _write_report(source: Source, config: BenchConfig) -> Documents:
    from .making import REPORT_PDF
    from .reports import report_of, report_page

    details = _details(source.folder, source.record, config, "report")
    paths = (source.folder / "report.html", source.folder / REPORT_PDF)
    pdf = report_of(source, details, _template(config, "report_template"))
    paths[0].write_text(report_page(source, details), encoding="utf-8")
    paths[1].write_bytes(pdf)
    return Documents(details.identifier, paths)


def _details(folder: Path, record: Record, config: BenchConfig, kind: Literal["certificate", "report"]) -> Details:
    """Of a draft, which the operator answers for."""
    return Details(
        kind=kind,
        identifier=identifier(record, folder),
        run=folder.name,
        chain_head=record.chain_head,
        laboratory=config.laboratory.laboratory,
        customer=config.laboratory.customer,
        reporting=config.laboratory.reporting,
        operator=record.run["operator"],
        issued=datetime.now(UTC).date().isoformat(),
        software=version(SOFTWARE),
    )


def _template(config: BenchConfig, key: str) -> Path | None:
    """The laboratory's own template, ``None`` for the shipped one."""
    named = getattr(config.laboratory.reporting, key)
    return None if named is None else config.registers["laboratory"].parent / named
