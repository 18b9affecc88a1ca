"""What a trial's report says: every number is already the string that will be printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..outcome import BudgetTable, Chart, DetectionPicture
from ..results import SummaryTable, Verdict

Provenance = Literal["measured", "simulated", "replayed"]
Recordings = Literal["none", "recorded", "synthetic", "not stated"]
Row = tuple[str, str]

MADE = "report made"
"""The moment at which a page was made; a document has its day of issue instead."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """An instrument that measured: what it is, its serial number, and the certificate that makes it traceable.

    ``certificate`` and ``sha256`` are empty where there is none; the report then says so.
    """

    role: str
    description: str
    manufacturer: str
    model: str
    serial: str
    certificate: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class System:
    """A system under test: its name and version, the SHA-256 of each model file and of the settings, the settings."""

    role: str
    name: str
    version: str
    digests: tuple[Row, ...]
    settings: tuple[Row, ...] = ()


@dataclass(frozen=True)
class ReportData:
    """A trial's report.

    :param identifier: the report's number; the run's identifier is among ``identification``.
    :param provenance: where the values come from; whatever is not measured is marked on every page.
    :param results: name and value with unit; the first is shown largest.
    :param budget: effect, standard uncertainty in ``picture.unit``, share of the variance in %; the last row is the
        combined one.
    :param identification: procedure, bench, operator, times, run, software, the record's chain head.
    :param limitations: what the report does not prove, one sentence each.
    :param notes: deviations and what else qualifies the result; shown under the verdict.
    :param risk: that the verdict's decision rule takes.
    :param tables: what was observed, where ``picture`` is a chart.
    :param recordings: what was replayed, where the values were.
    """

    title: str
    question: str
    identifier: str
    provenance: Provenance
    verdict: Verdict
    picture: DetectionPicture | Chart
    results: tuple[Row, ...]
    budget: tuple[tuple[str, str, str], ...]
    conditions: tuple[Row, ...]
    counts: tuple[Row, ...]
    fit: tuple[Row, ...]
    instruments: tuple[Instrument, ...]
    systems: tuple[System, ...]
    identification: tuple[Row, ...]
    limitations: tuple[str, ...]
    notes: tuple[str, ...] = ()
    risk: str = ""
    tables: tuple[SummaryTable, ...] = ()
    recordings: Recordings = "none"


@dataclass(frozen=True)
class MeasurementReport:
    """A report of measurements; what `ReportData` has too means the same.

    :param verdict: ``None`` where there was no requirement.
    :param tables: the results, as they are told at the end of the run.
    :param picture: drawn above them.
    """

    title: str
    question: str
    identifier: str
    provenance: Provenance
    verdict: Verdict | None
    tables: tuple[SummaryTable, ...]
    budgets: tuple[BudgetTable, ...]
    conditions: tuple[Row, ...]
    instruments: tuple[Instrument, ...]
    identification: tuple[Row, ...]
    limitations: tuple[str, ...]
    picture: Chart | None = None
    systems: tuple[System, ...] = ()
    recordings: Recordings = "none"
