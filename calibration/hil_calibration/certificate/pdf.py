"""A certificate for people: PDF/A-3b with the XML attached as its source, the same bytes for the same content.

Everything printed comes from the certificate's strings; they reach the template `cert.typ` as JSON, never as markup.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from importlib.resources import files
from io import BytesIO
from typing import Any

from ..errors import CertificateError
from ..unit import symbol
from . import grammar, model, text
from .labels import LABELS
from .statements import all_statements

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_EXPONENT = re.compile(r"[Ee]\+?(-?)0*(\d+)$")
_COEFFICIENT_NAMES = "abcdefgh"


def to_pdf(certificate: model.Certificate, xml: bytes, *, plot: bytes | None = None) -> bytes:
    """A certificate as PDF/A-3b, `xml` attached as `certificate.xml`.

    :param xml: the certificate as written by :func:`.writer.to_xml`, signed or not; UTF-8.
    :param plot: a drawing of the errors with their uncertainties as SVG.
    :raises CertificateError: the XML is not UTF-8, or the page cannot be set.
    """
    import typst

    try:
        data = json.dumps(_View(certificate).page(xml, plot), ensure_ascii=False)
        pdf = typst.compile(
            files(__package__).joinpath("cert.typ").read_bytes(),
            format="pdf",
            sys_inputs={"data": data},
            pdf_standards=["a-3b"],
            ignore_system_fonts=True,
            timestamp=datetime.strptime(certificate.issued, "%Y-%m-%d").replace(tzinfo=UTC),
        )
    except (UnicodeDecodeError, typst.TypstError) as error:
        raise CertificateError(f"the PDF cannot be made ({error})", where=certificate.identifier) from None
    if not isinstance(pdf, bytes):
        raise CertificateError("the PDF cannot be made", where=certificate.identifier)
    return pdf


def printed(number: str) -> str:
    """A decimal string as printed: the true minus, a power of ten instead of an exponent."""
    exponent = _EXPONENT.search(number)
    if exponent:
        power = "".join(exponent.groups()).translate(_SUPERSCRIPT)
        number = f"{number[: exponent.start()]} × 10{power}"
    return number.replace("-", "−")


class _View:
    """What the template prints: labels and texts as one string per language, numbers as printed."""

    def __init__(self, certificate: model.Certificate) -> None:
        self._certificate = certificate

    def _text(self, words: model.Words) -> list[str]:
        if isinstance(words, model.Text):
            return list(dict.fromkeys(getattr(words, language) for language in self._certificate.languages))
        return [words]

    def _label(self, name: str) -> list[str]:
        return self._text(LABELS[name])

    def _pair(self, name: str, value: model.Words) -> list[dict[str, Any]]:
        return [{"label": self._label(name), "value": self._text(value)}] if value else []

    def page(self, xml: bytes, plot: bytes | None) -> dict[str, Any]:
        certificate = self._certificate
        digest = hashlib.sha256(xml).hexdigest()
        return {
            "identifier": certificate.identifier,
            "issued": [int(part) for part in certificate.issued.split("-")],
            "language": certificate.languages[0],
            "simulated": certificate.simulated,
            "watermark": "SIMULATED" if certificate.simulated else "",
            "labels": {name: self._label(name) for name in LABELS},
            "laboratory": self._organisation(certificate.laboratory),
            "customer": self._organisation(certificate.customer),
            "item": self._item(),
            "dates": self._dates(),
            "equipment": [self._equipment(equipment) for equipment in certificate.equipment],
            "methods": [self._method(method) for method in certificate.methods],
            "conditions": self._conditions(),
            "results": [self._result(result) for result in certificate.results],
            "function": self._function(certificate.function) if certificate.function else None,
            "budgets": [self._budget(budget) for budget in certificate.budgets],
            "statements": [self._text(statement.declaration) for statement in all_statements(certificate)],
            "in_full": self._text(text.IN_FULL.declaration)[0],
            "persons": [
                {"name": person.name, "role": person.role, "signs": person.main_signer}
                for person in certificate.persons
            ],
            "software": f"{certificate.software.name} {certificate.software.release}",
            "chain_head": certificate.chain_head,
            "digest": digest,
            "qr": _qr(f"{certificate.identifier} sha256:{digest}"),
            "plot": plot.decode() if plot else "",
            "xml": xml.decode(),
        }

    def _organisation(self, organisation: model.Organisation) -> dict[str, Any]:
        lines = [
            organisation.street,
            f"{organisation.post_code} {organisation.city} ({organisation.country})",
            organisation.email,
            organisation.phone,
        ]
        accreditation = self._text(organisation.accreditation) if organisation.accreditation else []
        return {"name": organisation.name, "lines": [*filter(None, lines), *accreditation]}

    def _item(self) -> list[dict[str, Any]]:
        item = self._certificate.item
        return [
            *self._pair("description", item.description),
            *self._pair("manufacturer", item.manufacturer),
            *self._pair("model", item.model),
            *self._pair("serial", item.serial),
            *self._pair("condition", item.condition),
        ]

    def _dates(self) -> list[dict[str, Any]]:
        certificate = self._certificate
        days = certificate.begin if certificate.begin == certificate.end else f"{certificate.begin} – {certificate.end}"
        return [
            *self._pair("received", certificate.item.received),
            *self._pair("performed", days),
            *self._pair("issued", certificate.issued),
            *self._pair("place", certificate.place_description or LABELS["laboratory"]),
        ]

    def _equipment(self, equipment: model.Equipment) -> dict[str, Any]:
        standard = equipment.certificate
        return {
            "name": self._text(equipment.name),
            "model": f"{equipment.manufacturer}, {equipment.model}",
            "serial": equipment.serial,
            "certificate": standard.identifier if standard else "–",
            "sha256": standard.sha256 if standard else "",
        }

    def _method(self, method: model.Method) -> dict[str, Any]:
        norm = ", ".join(filter(None, (method.norm, method.reference)))
        return {"name": self._text(method.name), "norm": norm, "description": self._text(method.description)}

    def _conditions(self) -> list[dict[str, Any]]:
        """A table of words, means with their U, and ranges as measured."""
        rows = []
        for condition in self._certificate.conditions:
            unit = _unit(condition.unit)
            mean = printed(condition.value) if condition.value else "–"
            if condition.U:
                mean = f"({mean} ± {printed(condition.U)})"
            rows.append(
                {
                    "name": self._text(condition.name),
                    "mean": f"{mean} {unit}" if condition.value else mean,
                    "k": f"k = {condition.k}" if condition.U else "",
                    "minimum": f"{printed(condition.minimum)} {unit}",
                    "maximum": f"{printed(condition.maximum)} {unit}",
                }
            )
        return rows

    def _result(self, result: model.Result) -> dict[str, Any]:
        return {
            "name": self._text(result.name),
            "status": self._status(result.status),
            "description": self._text(result.description) if result.description else [],
            "columns": [printed_column for column in result.columns for printed_column in self._columns(column)],
        }

    def _status(self, status: model.Status) -> list[str]:
        if not status:
            return []
        return self._label("as_found" if status.startswith("before") else "as_left")

    def _columns(self, column: model.Column) -> list[dict[str, Any]]:
        """The values, and beside them U and, if it varies, k."""
        unit = _unit(column.unit)
        made = [self._numbers(self._text(column.name), unit, column.values)]
        if column.U:
            one_k = len(column.k.split()) == 1
            note = ", ".join([*filter(None, [symbol(column.unit)]), *([f"k = {column.k}"] if one_k else [])])
            made.append(self._numbers(self._label("uncertainty"), note, column.U))
            if not one_k:
                made.append(self._numbers(["k"], "", tuple(column.k.split())))
        return made

    def _numbers(self, head: list[str], note: str, values: tuple[str, ...]) -> dict[str, Any]:
        return {"head": head, "note": note, **_aligned(values)}

    def _function(self, function: model.Function) -> dict[str, Any]:
        unit = _unit(function.indication_unit)
        return {
            "formula": _formula(function),
            "meaning": [words.format(x=unit, y=_unit(function.unit)) for words in self._label("function_variables")],
            "range": [f"{printed(limit)} {unit}" for limit in (function.minimum, function.maximum)],
            "names": list(_COEFFICIENT_NAMES[: len(function.coefficients)]),
            "coefficients": [printed(coefficient) for coefficient in function.coefficients],
            "covariance": [[printed(element) for element in row] for row in function.covariance],
            "effects": [
                {
                    "name": effect.name,
                    "kind": effect.kind,
                    "distribution": effect.distribution,
                    "u": f"± {printed(effect.half_width)}" if effect.half_width else f"u = {printed(effect.u)}",
                    "source": effect.source,
                }
                for effect in function.effects
            ],
        }

    def _budget(self, budget: model.Budget) -> dict[str, Any]:
        columns = zip(*budget.rows, strict=True) if budget.rows else [() for _ in budget.header]
        return {
            "title": self._text(budget.title),
            "columns": [
                {"head": self._text(head), "note": "", **_cells(cells)}
                for head, cells in zip(budget.header, columns, strict=True)
            ],
        }


def _cells(cells: tuple[str, ...]) -> dict[str, Any]:
    """A column of a budget: aligned if it holds numbers only."""
    if all(grammar.is_number(cell) or cell == "–" for cell in cells):
        return _aligned(cells)
    return {"numeric": False, "cells": [printed(cell) if grammar.is_number(cell) else cell for cell in cells]}


def _aligned(numbers: tuple[str, ...]) -> dict[str, Any]:
    """Numbers split before their decimal point, and the longest of either part."""
    cells = [_halves(printed(number)) for number in numbers]
    widest = [max(part, key=len, default="") for part in zip(*cells, strict=True)]
    return {"numeric": True, "cells": cells, "widest": widest}


def _halves(number: str) -> tuple[str, str]:
    whole, point, rest = number.partition(".")
    return whole, point + rest


def _unit(ucum: str) -> str:
    return symbol(ucum) or "1"


def _formula(function: model.Function) -> str:
    if function.kind == "table":
        return "straight lines between the points"
    powers = ("", " · x", *(f" · x{str(n).translate(_SUPERSCRIPT)}" for n in range(2, len(function.coefficients))))
    terms = zip(_COEFFICIENT_NAMES, powers[: len(function.coefficients)], strict=False)
    return "y = " + " + ".join(f"{name}{power}" for name, power in terms)


def _qr(content: str) -> str:
    import segno

    buffer = BytesIO()
    segno.make(content, error="m").save(buffer, kind="svg", xmldecl=False, border=0)
    return buffer.getvalue().decode()
