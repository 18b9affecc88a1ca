"""The content of a test report: what a trial or a series of measurements found. It is never a certificate.

ISO/IEC 17025:2017, 7.8.2 and 7.8.3. Every number is the string that will be printed; a part that no report may hold is
refused when it is made, with :class:`~hil_calibration.errors.CertificateError`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..errors import CertificateError
from . import grammar, words
from .model import REPLAYED_PREFIX, SIMULATED_PREFIX, Amendment, Budget, Equipment, Organisation, Person, Software
from .words import Text, Words

Provenance = Literal["measured", "simulated", "replayed"]
Recordings = Literal["none", "recorded", "synthetic", "not stated"]
Outcome = Literal["PASS", "FAIL", "INCONCLUSIVE"]
Row = tuple[str, str]
"""A name and what belongs to it."""


@dataclass(frozen=True)
class ReportVerdict:
    """Whether a requirement is met (7.8.6.2).

    :param rule: the decision rule, :param risk: which risk it takes, empty where the rule says it.
    :param reason: what was found.
    """

    outcome: Outcome
    requirement: str
    rule: str
    reason: str
    risk: str = ""

    def __post_init__(self) -> None:
        for what in ("requirement", "rule", "reason"):
            grammar.words(getattr(self, what), f"{what} of the verdict")
        words.optional(self.risk, "risk of the verdict")


@dataclass(frozen=True)
class SystemUnderTest:
    """A system under test: its name and version, the SHA-256 of each of its files, its settings."""

    role: str
    name: str
    version: str
    digests: tuple[Row, ...] = ()
    settings: tuple[Row, ...] = ()

    def __post_init__(self) -> None:
        for what in ("role", "name", "version"):
            grammar.name(getattr(self, what), f"{what} of the system under test")
        _rows((*self.digests, *self.settings), f"system {self.name!r}")


@dataclass(frozen=True)
class Table:
    """A table of results: heads with their units, rows of strings of the same length; cells may be empty."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        grammar.name(self.title, "title of a table")
        where = f"table {self.title!r}"
        for head in self.header:
            grammar.name(head, f"head of {where}")
        for row in self.rows:
            grammar.same_length(len(self.header), (len(row), "cells in a row"), where)
            for cell in filter(None, row):
                grammar.name(cell, f"cell of {where}")


@dataclass(frozen=True)
class TrialReport:
    """A test report.

    :param identifier: unique; starts with `REC-` if the values were replayed from recordings of something real, with
        `SIM-` if they were not measured otherwise.
    :param title: what was done, :param question: what it was to find out.
    :param results: name and value with unit and uncertainty, the first most important.
    :param tables: further results.
    :param counts: observations, faults of the system under test and of the bench.
    :param model: of a fitted model: its form and parameters.
    :param procedure: procedure, bench, times, seed and what else identifies the run.
    :param limitations: what the report does not prove, one sentence each.
    :param notes: what qualifies the results; printed beside the verdict.
    :param begin: first, :param end: last day and :param issued: day of issue, ISO 8601.
    :param deviations: from the procedure; `none` where there were none (7.8.2.1 n).
    :param chain_head: SHA-256 of the head of the record's hash chain.
    :param languages: of the fixed texts; the first is the mandatory one.
    :param draft: neither reviewed nor authorised; it says so.
    :param amends: the report that it replaces.
    :param recordings: of replayed values: what was replayed.
    :raises CertificateError: something that no report may lack, contradict or misname.
    """

    identifier: str
    title: str
    question: str
    laboratory: Organisation
    customer: Organisation
    equipment: tuple[Equipment, ...]
    procedure: tuple[Row, ...]
    persons: tuple[Person, ...]
    software: Software
    begin: str
    end: str
    issued: str
    provenance: Provenance
    deviations: Words
    limitations: tuple[str, ...]
    verdict: ReportVerdict | None = None
    results: tuple[Row, ...] = ()
    tables: tuple[Table, ...] = ()
    budgets: tuple[Budget, ...] = ()
    conditions: tuple[Row, ...] = ()
    counts: tuple[Row, ...] = ()
    model: tuple[Row, ...] = ()
    systems: tuple[SystemUnderTest, ...] = ()
    notes: tuple[str, ...] = ()
    opinions: tuple[Text, ...] = ()
    chain_head: str = ""
    languages: tuple[Literal["en", "fr"], ...] = ("en", "fr")
    draft: bool = False
    amends: Amendment | None = None
    recordings: Recordings = "none"

    def __post_init__(self) -> None:
        grammar.identifier(self.identifier, "identifier")
        grammar.name(self.title, "title")
        grammar.words(self.question, "question")
        self._check_provenance()
        grammar.in_order((("begin", self.begin), ("end", self.end), ("issue date", self.issued)), where=self.identifier)
        for what in ("procedure", "conditions", "results", "counts", "model"):
            _rows(getattr(self, what), what)
        for sentence in (*self.limitations, *self.notes):
            grammar.words(sentence, "sentence of the report")
        grammar.words(words.label(self.deviations), "deviations from the procedure")
        if not self.results and not self.tables:
            raise CertificateError("no results", where=self.identifier)
        if not any(person.main_signer for person in self.persons):
            raise CertificateError("nobody signs", where=self.identifier, remedy="name a main signer")
        if self.chain_head:
            grammar.matches(grammar.SHA256, self.chain_head, "head of the record's hash chain")
        if self.amends and self.amends.identifier == self.identifier:
            raise CertificateError("it amends itself", where=self.identifier, remedy="give it an identifier of its own")

    def _check_provenance(self) -> None:
        if (self.recordings == "none") == (self.provenance == "replayed"):
            raise CertificateError(f"{self.provenance} values of {self.recordings} recordings", where=self.identifier)
        real = "" if self.provenance == "measured" else REPLAYED_PREFIX if self.recordings == "recorded" else None
        wanted = SIMULATED_PREFIX if real is None else real
        found = next((each for each in (SIMULATED_PREFIX, REPLAYED_PREFIX) if self.identifier.startswith(each)), "")
        if found != wanted:
            raise CertificateError(
                f"an identifier that does not fit {self.provenance} values",
                where=self.identifier,
                remedy=f"begin it with {SIMULATED_PREFIX} where nothing real was measured, with {REPLAYED_PREFIX} on "
                "real recordings, and only there",
            )


def _rows(rows: tuple[Row, ...], where: str) -> None:
    for name, value in rows:
        grammar.name(name, f"name in {where}")
        grammar.words(value, f"value of {name!r} in {where}")
