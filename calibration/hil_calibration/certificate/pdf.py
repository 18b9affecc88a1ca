"""A certificate for people: PDF/A-3b with the XML attached as its source, the same bytes for the same content.

Everything printed comes from the certificate's strings; they reach the template as JSON, never as markup.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from ..errors import CertificateError
from . import model, text
from .function_view import printed_function
from .labels import EQUIVALENCE_LABELS, LABELS
from .namespace import VERSION
from .plots import result_charts
from .printing import printed, qr, unit
from .statements import all_statements, opinions
from .tables import result_tables
from .typesetting import typeset
from .view import View

__all__ = ["printed", "to_pdf"]

TEMPLATE = "cert.typ"
ATTACHMENT = "certificate.xml"


def to_pdf(certificate: model.Certificate, xml: bytes, *, template: Path | None = None) -> bytes:
    """A certificate as PDF/A-3b, `xml` attached as `certificate.xml`.

    :param xml: the certificate as written by :func:`.writer.to_xml`, signed or not; UTF-8.
    :param template: a typst file in place of the shipped one; see :mod:`.typesetting`.
    :raises CertificateError: the XML is not UTF-8, the template does not compile, or the page cannot be set.
    """
    try:
        data = _CertificateView(certificate).page(xml.decode())
    except UnicodeDecodeError as error:
        raise CertificateError(f"the PDF cannot be made ({error})", where=certificate.identifier) from None
    return typeset(template or TEMPLATE, data, day=certificate.issued, where=certificate.identifier)


class _CertificateView(View):
    """What the template prints of a certificate."""

    def __init__(self, certificate: model.Certificate) -> None:
        super().__init__(certificate.languages)
        self._certificate = certificate
        self._own = EQUIVALENCE_LABELS if certificate.kind == "equivalence" else {}

    def label(self, name: str) -> list[str]:
        return self.text(self._own.get(name) or LABELS[name])

    def page(self, xml: str) -> dict[str, Any]:
        certificate = self._certificate
        digest = hashlib.sha256(xml.encode()).hexdigest()
        return {
            "identifier": certificate.identifier,
            "issued": [int(part) for part in certificate.issued.split("-")],
            "language": self.languages[0],
            "marks": self.marks(
                simulated=certificate.simulated, replayed=certificate.replayed, draft=certificate.draft
            ),
            "labels": self.labels(),
            "head": self.head(certificate.laboratory.name),
            "laboratory": self.organisation(certificate.laboratory),
            "customer": self.organisation(certificate.customer),
            "item": self._item(),
            "dates": self._dates(),
            "equipment": [self.equipment(equipment) for equipment in certificate.equipment],
            "methods": [self._method(method) for method in certificate.methods],
            "conditions": self._conditions(),
            "results": result_tables(self, certificate.results),
            "charts": result_charts(certificate.results, self.languages),
            "function": printed_function(self, certificate.function) if certificate.function else None,
            "budgets": [self.budget(budget) for budget in certificate.budgets],
            **self._statements(),
            "in_full": self.text(text.IN_FULL.declaration)[0],
            "persons": self.persons(certificate.persons),
            "software": f"{certificate.software.name} {certificate.software.release}",
            "chain_head": certificate.chain_head,
            "digest": digest,
            "qr": qr(f"{certificate.identifier} sha256:{digest}"),
            "attachment": self.attachment(
                ATTACHMENT, "application/xml", f"Digital Calibration Certificate (DCC {VERSION})", xml
            ),
        }

    def _statements(self) -> dict[str, list[list[str]]]:
        """The warnings that stand on the first page, the other statements, and opinions apart."""
        certificate = self._certificate
        said = [self.text(statement.declaration) for statement in all_statements(certificate)]
        first = certificate.simulated + certificate.replayed + certificate.draft
        last = len(said) - len(opinions(certificate))
        return {"warnings": said[:first], "statements": said[first:last], "opinions": said[last:]}

    def _item(self) -> list[dict[str, Any]]:
        item = self._certificate.item
        fields = ("description", "manufacturer", "model", "serial", "condition")
        pairs = [
            self.pair(field, getattr(item, field), note="by_customer" if field in item.supplied else "")
            for field in fields
        ]
        return [*(pair for each in pairs for pair in each), *self.pair("customer_id", item.customer_id)]

    def _dates(self) -> list[dict[str, Any]]:
        certificate = self._certificate
        return [
            *self.pair("received", certificate.item.received),
            *self.pair("performed", self.span(certificate.begin, certificate.end)),
            *self.pair("drafted" if certificate.draft else "issued", certificate.issued),
            *self.pair("recalibration", certificate.recalibration),
            *self.pair("place", certificate.place_description or self._own.get("laboratory") or LABELS["laboratory"]),
            *self.pair("replaces", certificate.amends.identifier if certificate.amends else ""),
        ]

    def _method(self, method: model.Method) -> dict[str, Any]:
        norm = ", ".join(filter(None, (method.norm, method.reference)))
        return {"name": self.text(method.name), "norm": norm, "description": self.text(method.description)}

    def _conditions(self) -> list[dict[str, Any]]:
        """A table of words, means with their U, and ranges as measured."""
        rows = []
        for condition in self._certificate.conditions:
            symbol = unit(condition.unit)
            mean = printed(condition.value) if condition.value else "–"
            if condition.U:
                mean = f"({mean} ± {printed(condition.U)})"
            rows.append(
                {
                    "name": self.text(condition.name),
                    "mean": f"{mean} {symbol}" if condition.value else mean,
                    "k": f"k = {condition.k}" if condition.U else "",
                    "minimum": f"{printed(condition.minimum)} {symbol}",
                    "maximum": f"{printed(condition.maximum)} {symbol}",
                }
            )
        return rows
