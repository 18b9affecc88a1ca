"""The calibration certificate of a run: results from the analysis, everything else from the record and the details."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from hil_calibration.certificate import model, text
from hil_drivers.clock import NANOSECONDS

from ..capability import capabilities, require_capability
from ..origins import REAL, Origin, origin_of
from ..utc import time_claim

if TYPE_CHECKING:
    from ..bench.laboratory import OrganisationSection
    from ..bench.register import EquipmentRegister
    from ..outcome import CalibrationOutcome
    from ..record import Record
    from .details import Details

SOFTWARE = "hil-bench"

_RECORDINGS: dict[Origin, tuple[model.Statement, ...]] = {
    "synthetic": (text.SYNTHETIC,),
    "not stated": (text.NOT_STATED,),
}
"""What is said of recordings that are not known to be real."""


def certificate_of(
    record: Record, outcome: CalibrationOutcome, details: Details, register: EquipmentRegister
) -> model.Certificate:
    """The certificate of a calibration.

    :raises UsageError: a U is below the laboratory's capability.
    :raises CertificateError: something that no certificate may lack, contradict or misname.
    """
    require_capability(outcome.results, register)
    begin, end = days(record)
    claim = time_claim(record)
    origin = origin_of(record)
    simulated, replayed = origin not in REAL, origin == "recorded"
    return model.Certificate(
        identifier=details.identifier,
        laboratory=organisation(details.laboratory),
        customer=organisation(details.customer),
        item=_item(record, outcome.item, details),
        equipment=tuple(equipment_of(record.channels[name]) for name in outcome.standards),
        methods=(*outcome.methods, text.UNCERTAINTY),
        conditions=outcome.conditions,
        results=tuple(_with_capability(result, register) for result in outcome.results),
        statements=(
            *([text.CLOCK_NOT_SYNCHRONISED] if origin == "measured" and not claim.synchronised else []),
            *_RECORDINGS.get(origin, ()),
            *text.standard_statements(
                simulated=simulated,
                replayed=replayed,
                deviations=deviations(record, details),
                rounding=details.reporting.rounding,
                coverage=details.reporting.coverage,
                adjusted=any(result.status for result in outcome.results),
                accredited=bool(details.laboratory.accreditation),
            ),
            *outcome.statements,
        ),
        persons=tuple(persons(details)),
        software=model.Software(SOFTWARE, f"v{details.software}"),
        begin=begin.isoformat(),
        end=end.isoformat(),
        issued=max(end.isoformat(), details.issued),
        simulated=simulated,
        replayed=replayed,
        world=record.run.get("world", ""),
        chain_head=record.chain_head,
        function=outcome.function,
        budgets=outcome.budgets,
        languages=details.reporting.languages,
        draft=not details.final,
        amends=amendment(details),
        recalibration=details.recalibration,
    )


def days(record: Record) -> tuple[date, date]:
    """The first and the last day of the run on the bench clock, in UTC."""
    times = [event.t for event in record.events("bench clock")]
    first, last = (datetime.fromtimestamp(t // NANOSECONDS, UTC).date() for t in (times[0], times[-1]))
    return first, last


def deviations(record: Record, details: Details) -> str:
    """Those that were stated, and each departure that the run has on record."""
    departures = [
        f"{row['target'].removeprefix('run ')} changed during the run ({row['why']})"
        for row in record.table("amend")
        if row["target"].startswith("run ")
    ]
    stated = [] if departures and details.deviations == text.NONE else [details.deviations]
    return "; ".join([*stated, *departures])


def amendment(details: Details) -> model.Amendment | None:
    """What the document replaces, if anything."""
    amends = details.amends
    return model.Amendment(amends.identifier, amends.sha256, amends.reason) if amends else None


def persons(details: Details) -> Iterator[model.Person]:
    """Who answers for the document: of a draft the operator."""
    for operator in details.operators:
        yield model.Person(operator, "operator", main_signer=not details.final)
    if details.reviewer:
        yield model.Person(details.reviewer, "reviewer")
    if details.authoriser:
        yield model.Person(details.authoriser, "authoriser", main_signer=True)


def organisation(section: OrganisationSection) -> model.Organisation:
    """A laboratory or a customer, as a document names it."""
    return model.Organisation(**section.model_dump())


def _item(record: Record, item: str | model.Item, details: Details) -> model.Item:
    if isinstance(item, model.Item):
        return replace(item, condition=details.condition, received=details.received)
    instrument = record.channels[item]["instrument"]
    return model.Item(
        description=model.Text(**instrument["description"]),
        manufacturer=instrument["manufacturer"],
        model=instrument["model"],
        serial=instrument["serial"],
        condition=details.condition,
        received=details.received,
    )


def equipment_of(channel: dict[str, Any]) -> model.Equipment:
    """What measured, with the certificate that makes it traceable; ``channel`` as the record keeps it."""
    instrument, calibration = channel["instrument"], channel["calibration"]
    if instrument is None:
        return _stimuli(calibration)
    return model.Equipment(
        name=model.Text(**instrument["description"]),
        manufacturer=instrument["manufacturer"],
        model=instrument["model"],
        serial=instrument["serial"],
        certificate=model.Reference(calibration["identifier"], channel["certificate_sha256"]),
    )


def _stimuli(calibration: dict[str, Any]) -> model.Equipment:
    """A data set in the place of equipment: its index stands for a certificate."""
    instrument = calibration["instrument"]
    return model.Equipment(
        name=model.Text("Data set of reference values", "Jeu de données de référence"),
        manufacturer=instrument["manufacturer"],
        model=instrument["model"],
        serial=instrument["serial"],
        certificate=model.Reference(calibration["identifier"], calibration["certificates"]["index"]),
    )


def _with_capability(result: model.Result, register: EquipmentRegister) -> model.Result:
    """The table with a statement for each U whether it lies within the laboratory's capability, where one is stated."""
    within = capabilities(result, register)
    columns = (
        replace(column, in_cmc=within[place]) if place in within else column
        for place, column in enumerate(result.columns)
    )
    return replace(result, columns=tuple(columns))
