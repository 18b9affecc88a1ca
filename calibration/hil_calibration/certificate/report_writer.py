"""A test report for people: PDF/A-3b with its content as JSON attached, the same bytes for the same content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..errors import CertificateError
from . import report_text
from .grammar import is_number
from .labels import REPORT_LABELS
from .printing import cells, printed, qr
from .report import Row, SystemUnderTest, Table, TrialReport
from .typesetting import typeset
from .view import View

FORMAT = "hil-test-report/1"
TEMPLATE = "report.typ"
ATTACHMENT = "report.json"


def report_json(report: TrialReport) -> bytes:
    """The content of a report for machines, UTF-8; deterministic."""
    content = {"format": FORMAT, **asdict(report)}
    return (json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def report_pdf(
    report: TrialReport,
    attachment: bytes,
    *,
    picture: bytes | None = None,
    caption: str = "",
    template: Path | None = None,
) -> bytes:
    """A report as PDF/A-3b, ``attachment`` attached as ``report.json``.

    :param attachment: the report as :func:`report_json` writes it.
    :param picture: of the results, as SVG; its text as outlines, or in the fonts of the page.
    :param caption: of the picture.
    :param template: a typst file in place of the shipped one; see :mod:`.typesetting`.
    :raises CertificateError: the template does not compile, or the page cannot be set.
    """
    try:
        data = _ReportView(report).page(attachment.decode(), picture.decode() if picture else "", caption)
    except UnicodeDecodeError as error:
        raise CertificateError(f"the PDF cannot be made ({error})", where=report.identifier) from None
    return typeset(template or TEMPLATE, data, day=report.issued, where=report.identifier)


class _ReportView(View):
    """What the template prints of a report."""

    def __init__(self, report: TrialReport) -> None:
        super().__init__(report.languages)
        self._report = report

    def page(self, attachment: str, picture: str, caption: str) -> dict[str, Any]:
        report = self._report
        digest = hashlib.sha256(attachment.encode()).hexdigest()
        return {
            "identifier": report.identifier,
            "issued": [int(part) for part in report.issued.split("-")],
            "language": self.languages[0],
            "marks": self.marks(
                simulated=report.provenance == "simulated",
                replayed=report.provenance == "replayed",
                draft=report.draft,
            ),
            "labels": {**self.labels(), **{name: self.text(words) for name, words in REPORT_LABELS.items()}},
            "head": self.head(report.laboratory.name),
            "title": report.title,
            "question": report.question,
            "laboratory": self.organisation(report.laboratory),
            "customer": self.organisation(report.customer),
            "dates": self._dates(),
            "verdict": self._verdict(),
            "notes": list(report.notes),
            "results": self._rows(report.results),
            "tables": [self._table(table) for table in report.tables],
            "charts": [picture] if picture else [],
            "caption": caption,
            "counts": self._rows(report.counts),
            "conditions": self._rows(report.conditions),
            "systems": [self._system(system) for system in report.systems],
            "equipment": [self.equipment(equipment) for equipment in report.equipment],
            "budgets": [self.budget(budget) for budget in report.budgets],
            "model": self._rows(report.model),
            "procedure": self._rows(report.procedure),
            "limitations": [[sentence] for sentence in report.limitations],
            "warnings": [self.text(words) for words in report_text.warnings(report)],
            "statements": [self.text(words) for words in report_text.statements(report)],
            "opinions": [self.text(words) for words in report.opinions],
            "in_full": self.text(report_text.IN_FULL)[0],
            "persons": self.persons(report.persons),
            "software": f"{report.software.name} {report.software.release}",
            "chain_head": report.chain_head,
            "digest": digest,
            "qr": qr(f"{report.identifier} sha256:{digest}"),
            "attachment": self.attachment(ATTACHMENT, "application/json", "Test report (JSON)", attachment),
        }

    def _dates(self) -> list[dict[str, Any]]:
        report = self._report
        days = self.span(report.begin, report.end)
        return [
            {"label": self.text(REPORT_LABELS["performed"]), "value": [days], "note": []},
            *self.pair("drafted" if report.draft else "issued", report.issued),
            *self.pair("replaces", report.amends.identifier if report.amends else ""),
        ]

    def _verdict(self) -> dict[str, Any] | None:
        verdict = self._report.verdict
        if verdict is None:
            return None
        names = ("requirement", "reason", "rule", "risk")
        said = ((name, getattr(verdict, name)) for name in names)
        return {
            "outcome": verdict.outcome,
            "rows": [
                {"label": self.text(REPORT_LABELS[name]), "value": [words], "note": []} for name, words in said if words
            ],
        }

    def _rows(self, rows: Iterable[Row]) -> list[dict[str, Any]]:
        return [{"label": [name], "value": [_printed_text(value)], "note": []} for name, value in rows]

    def _table(self, table: Table) -> dict[str, Any]:
        columns = list(zip(*table.rows, strict=True)) if table.rows else [() for _ in table.header]
        made = [
            {"head": [head], "note": "", **cells(column)} for head, column in zip(table.header, columns, strict=True)
        ]
        return {"title": [table.title], "columns": made}

    def _system(self, system: SystemUnderTest) -> dict[str, Any]:
        role = self.text(REPORT_LABELS["role"])
        rows = [{"label": role, "value": [system.role], "note": []}, *self._rows(system.settings)]
        return {
            "name": f"{system.name}, {system.version}",
            "rows": rows,
            "digests": [{"name": name, "digest": digest} for name, digest in system.digests],
        }


def _printed_text(value: str) -> str:
    """A value with its unit as printed: numbers among its words get the true minus."""
    return " ".join(printed(word) if _number(word) else word for word in value.split(" "))


def _number(word: str) -> bool:
    return word.startswith("-") and is_number(word.rstrip(",;"))
