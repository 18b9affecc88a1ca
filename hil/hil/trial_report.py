"""From a run's record and its results to the data of its report."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .clock_state import read_clock_state
from .errors import ProcedureFault
from .origins import recordings_of
from .replay import served_again
from .report.model import MADE, Instrument, MeasurementReport, ReportData, System
from .traceability import not_traceable
from .utc import machine_instant, time_claim

if TYPE_CHECKING:
    from .outcome import MeasurementOutcome, TrialOutcome
    from .record import Record
    from .results import Results


def report_data(folder: Path, record: Record, results: Results, outcome: TrialOutcome, identifier: str) -> ReportData:
    """What the report of a trial says.

    :raises ProcedureFault: if the trial has no verdict.
    """
    if results.verdict is None:
        raise ProcedureFault("a report needs a verdict", where=folder.name, remedy="state one in the analysis")
    run, channels = record.run, record.channels
    return ReportData(
        title=outcome.title,
        question=outcome.question,
        identifier=identifier,
        provenance=run["provenance"],
        recordings=recordings_of(record),
        verdict=results.verdict,
        picture=outcome.picture,
        results=outcome.results,
        budget=outcome.budget,
        conditions=outcome.conditions,
        counts=outcome.counts,
        fit=outcome.fit,
        instruments=tuple(_instrument(name, channels[name]) for name in outcome.standards),
        systems=tuple(_system(event.data) for event in record.events("system")),
        identification=_identification(folder, record, run),
        limitations=(*_untraceable(record), *served_again(record), *outcome.limitations),
        notes=results.notes,
        risk=outcome.risk,
        tables=outcome.tables,
    )


def measurement_report(
    folder: Path, record: Record, results: Results, outcome: MeasurementOutcome, identifier: str
) -> MeasurementReport:
    """What the report of measurements says."""
    run, channels = record.run, record.channels
    return MeasurementReport(
        title=outcome.title,
        question=outcome.question,
        identifier=identifier,
        provenance=run["provenance"],
        recordings=recordings_of(record),
        verdict=results.verdict,
        tables=results.summary,
        budgets=outcome.budgets,
        conditions=outcome.conditions,
        instruments=tuple(_instrument(name, channels[name]) for name in outcome.standards),
        identification=_identification(folder, record, run),
        limitations=(*_untraceable(record), *served_again(record), *outcome.limitations),
        picture=outcome.picture,
        systems=tuple(_system(event.data) for event in record.events("system")),
    )


def _untraceable(record: Record) -> list[str]:
    return [f"Not metrologically traceable: {reason}." for reason in not_traceable(record)]


def _instrument(name: str, channel: dict[str, Any]) -> Instrument:
    instrument, calibration = channel["instrument"], channel["calibration"]
    if instrument is None:
        return _data_set(name, calibration)
    return Instrument(
        role=name,
        description=instrument["description"]["en"],
        manufacturer=instrument["manufacturer"],
        model=instrument["model"],
        serial=instrument["serial"],
        certificate=calibration["identifier"],
        sha256=channel["certificate_sha256"],
    )


def _data_set(name: str, calibration: dict[str, Any]) -> Instrument:
    """Recorded reference values in place of an instrument: the data set, and the SHA-256 of its index."""
    source = calibration["instrument"]
    return Instrument(
        role=name,
        description="recorded reference values",
        manufacturer="data set",
        model=source["model"],
        serial=source["serial"],
        certificate=calibration["identifier"],
        sha256=calibration["certificates"]["index"],
    )


def _system(identity: dict[str, Any]) -> System:
    return System(
        role=identity["role"],
        name=identity["name"],
        version=identity["version"],
        digests=tuple(sorted(identity["digests"].items())),
        settings=tuple((name, shown_setting(name, value)) for name, value in sorted(identity["settings"].items())),
    )


_UNITS = {"deadline": "s", **dict.fromkeys(("width", "height", "smallest", "largest", "step"), "pixels")}
"""In what the settings of our drivers are that are no mere numbers."""


def shown_setting(name: str, value: Any) -> str:
    """A setting in words, with its unit; one that is empty, such as a domain that nobody declared, is "none".

    Bounds are from ... to: the quantities of a domain are named with their unit.
    """
    if name == "domain" and isinstance(value, dict):
        return ", ".join(f"{each} {_shown(low)} to {_shown(high)}" for each, (low, high) in value.items()) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{each} {shown_setting(each, inner)}" for each, inner in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(map(_shown, value)) or "none"
    unit = _UNITS.get(name, "") if isinstance(value, int | float) else ""
    return f"{_shown(value)} {unit}".strip()


def _shown(value: Any) -> str:
    """A value by itself: a whole number without a point."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "none" if value in (None, "") else str(value)


def _identification(folder: Path, record: Record, run: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    clock = [event.t for event in record.events("bench clock")]
    claim = time_claim(record)
    codecs = sorted({event.data["codec"] for event in record.events("frame")})
    return (
        ("procedure", f"{run['procedure']['name']}, version {run['procedure']['version']}"),
        ("bench", f"{run['bench']['name']} ({run['bench']['kind']})"),
        ("laboratory", run["laboratory"]),
        ("customer", run["customer"]),
        ("operator", run["operator"]),
        ("begun, bench clock", claim.instant(clock[0])),
        ("ended, bench clock", claim.instant(clock[-1])),
        ("system clock", claim.told),
        (MADE, machine_instant(time.time_ns(), read_clock_state())),
        ("order of points, seed", f"{run['plan']['order']}, {run['seed']}"),
        ("codec of the camera's pictures", ", ".join(codecs) or "none"),
        ("run", folder.name),
        ("software", f"hil-bench {run['software']['hil-bench']}"),
        ("head of the record's hash chain", record.chain_head),
    )
