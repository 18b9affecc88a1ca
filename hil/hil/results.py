"""What an analysis returns: numbers as they will be reported, the verdict, and what documents need."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Outcome = Literal["PASS", "FAIL", "INCONCLUSIVE"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a requirement is met: the requirement, the decision rule, the outcome and its reason, in words."""

    outcome: Outcome
    requirement: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class SummaryTable:
    """A table for people: a title, column heads with units, and rows of text."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Results:
    """The results of a run.

    :param summary: the tables shown at the end of a run.
    :param data: everything for ``results.json``; reported numbers are strings, as documents print them.
    :param verdict: for a trial with a requirement.
    :param document: what the document of this run is made of: a ``CalibrationOutcome``, a ``TrialOutcome``
        or a ``MeasurementOutcome``.
    """

    summary: tuple[SummaryTable, ...]
    data: dict[str, Any]
    verdict: Verdict | None = None
    document: Any = None
    notes: tuple[str, ...] = field(default=())
