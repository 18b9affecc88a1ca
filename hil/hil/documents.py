"""The documents of a run: certificates of calibrations, reports of trials, made from the record alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from hil_drivers.clock import NANOSECONDS

from .bench.world import world_name
from .capability import require_capability
from .outcome import CalibrationOutcome, MeasurementOutcome, TrialOutcome
from .traceability import not_traceable
from .utc import time_claim

if TYPE_CHECKING:
    from hil_calibration.certificate import model

    from .bench.config import BenchConfig
    from .bench.laboratory import OrganisationSection
    from .record import Record
    from .report.document import ReportFacts
    from .report.model import MeasurementReport, ReportData
    from .results import Results

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
    if isinstance(results.document, CalibrationOutcome):
        if not_traceable(record):
            return Documents()
        return _write_certificate(folder, record, results.document, config)
    if isinstance(results.document, TrialOutcome):
        return _write_report(folder, record, results, results.document, config)
    if isinstance(results.document, MeasurementOutcome):
        return _write_measurements(folder, record, results, results.document, config)
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
    """The identifier of a run's document: ``SIM-`` first where the values were not measured."""
    prefix = "" if record.run["provenance"] == "measured" else "SIM-"
    return f"{prefix}{folder.name.rpartition('_')[2]}"


def days(record: Record) -> tuple[date, date]:
    """The first and the last day of the run on the bench clock, in UTC."""
    times = [event.t for event in record.events("bench clock")]
    first, last = (datetime.fromtimestamp(t // NANOSECONDS, UTC).date() for t in (times[0], times[-1]))
    return first, last


def _write_certificate(folder: Path, record: Record, outcome: CalibrationOutcome, config: BenchConfig) -> Documents:
    from hil_calibration.certificate.pdf import to_pdf
    from hil_calibration.certificate.writer import to_xml

    certificate = _certificate(folder, record, outcome, config)
    xml = to_xml(certificate)
    paths = (folder / "certificate.xml", folder / "certificate.pdf")
    paths[0].write_bytes(xml)
    paths[1].write_bytes(to_pdf(certificate, xml, template=_template(config, "template")))
    return Documents(certificate.identifier, paths)


def _certificate(folder: Path, record: Record, outcome: CalibrationOutcome, config: BenchConfig) -> model.Certificate:
    from hil_calibration.certificate import model, text

    run, channels, laboratory = record.run, record.channels, config.laboratory
    require_capability(outcome.results, config.equipment)
    begin, end = days(record)
    claim = time_claim(record)
    simulated = claim.simulated
    return model.Certificate(
        identifier=identifier(record, folder),
        laboratory=_organisation(laboratory.laboratory),
        customer=_organisation(laboratory.customer),
        item=_item(channels[outcome.item]),
        equipment=tuple(_equipment(channels[name]) for name in outcome.standards),
        methods=(*outcome.methods, text.UNCERTAINTY),
        conditions=outcome.conditions,
        results=outcome.results,
        statements=(
            *([] if simulated or claim.synchronised else [text.CLOCK_NOT_SYNCHRONISED]),
            *text.standard_statements(
                simulated=simulated, deviations=text.NONE, rounding=laboratory.reporting.rounding
            ),
            *outcome.statements,
        ),
        persons=(model.Person(run["operator"], "operator", main_signer=True),),
        software=model.Software(SOFTWARE, f"v{version(SOFTWARE)}"),
        begin=begin.isoformat(),
        end=end.isoformat(),
        issued=max(end, datetime.now(UTC).date()).isoformat(),
        simulated=simulated,
        world=world_name(config, run["seed"]) if simulated else "",
        chain_head=record.chain_head,
        function=outcome.function,
        budgets=outcome.budgets,
        languages=laboratory.reporting.languages,
        draft=True,
    )


def _organisation(section: OrganisationSection) -> model.Organisation:
    from hil_calibration.certificate import model

    return model.Organisation(**section.model_dump())


def _item(channel: dict[str, Any]) -> model.Item:
    from hil_calibration.certificate import model

    instrument = channel["instrument"]
    return model.Item(
        description=model.Text(**instrument["description"]),
        manufacturer=instrument["manufacturer"],
        model=instrument["model"],
        serial=instrument["serial"],
    )


def _equipment(channel: dict[str, Any]) -> model.Equipment:
    from hil_calibration.certificate import model

    instrument, calibration = channel["instrument"], channel["calibration"]
    return model.Equipment(
        name=model.Text(**instrument["description"]),
        manufacturer=instrument["manufacturer"],
        model=instrument["model"],
        serial=instrument["serial"],
        certificate=model.Reference(calibration["identifier"], channel["certificate_sha256"]),
    )


def _write_report(
    folder: Path, record: Record, results: Results, outcome: TrialOutcome, config: BenchConfig
) -> Documents:
    from .report import report_html
    from .trial_report import report_data

    data = report_data(folder, record, results, outcome, identifier(record, folder))
    return _written(folder, data, report_html(data), record, config)


def _write_measurements(
    folder: Path, record: Record, results: Results, outcome: MeasurementOutcome, config: BenchConfig
) -> Documents:
    from .report import measurement_html
    from .trial_report import measurement_report

    data = measurement_report(folder, record, results, outcome, identifier(record, folder))
    return _written(folder, data, measurement_html(data), record, config)


def _written(
    folder: Path, data: ReportData | MeasurementReport, page: str, record: Record, config: BenchConfig
) -> Documents:
    from .report.document import document_pdf

    paths = (folder / "report.html", folder / "report.pdf")
    pdf = document_pdf(data, _facts(record, config), _template(config, "report_template"))
    paths[0].write_text(page, encoding="utf-8")
    paths[1].write_bytes(pdf)
    return Documents(data.identifier, paths)


def _facts(record: Record, config: BenchConfig) -> ReportFacts:
    """Of a draft, which the operator answers for."""
    from hil_calibration.certificate import model

    from .report.document import ReportFacts

    begin, end = days(record)
    return ReportFacts(
        laboratory=_organisation(config.laboratory.laboratory),
        customer=_organisation(config.laboratory.customer),
        persons=(model.Person(record.run["operator"], "operator", main_signer=True),),
        software=model.Software(SOFTWARE, f"v{version(SOFTWARE)}"),
        begin=begin.isoformat(),
        end=end.isoformat(),
        issued=max(end, datetime.now(UTC).date()).isoformat(),
        chain_head=record.chain_head,
        languages=config.laboratory.reporting.languages,
        draft=True,
    )


def _template(config: BenchConfig, key: str) -> Path | None:
    """The laboratory's own template, ``None`` for the shipped one."""
    named = getattr(config.laboratory.reporting, key)
    return None if named is None else config.registers["laboratory"].parent / named
