"""What certificates and reports print alike: labels and texts as one string per language, numbers as printed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from . import model
from .labels import LABELS, ROLES
from .printing import aligned, cells, printed, texts

_HEADER_CHARACTERS = 60
"""What a page's head has room for."""


class View:
    """The common parts of a page's data, in the languages of a document."""

    def __init__(self, languages: Sequence[str]) -> None:
        self.languages = tuple(languages)

    def text(self, words: model.Words) -> list[str]:
        """A text once in each language."""
        return texts(words, self.languages)

    def label(self, name: str) -> list[str]:
        """A label by its name in :data:`.labels.LABELS`."""
        return self.text(LABELS[name])

    def labels(self) -> dict[str, list[str]]:
        """All labels."""
        return {name: self.label(name) for name in LABELS}

    def pair(self, name: str, value: model.Words, *, note: str = "") -> list[dict[str, Any]]:
        """A label and its value, nothing where there is no value.

        :param note: a label that qualifies the value.
        """
        if not value:
            return []
        return [{"label": self.label(name), "value": self.text(value), "note": self.label(note) if note else []}]

    def head(self, name: str) -> str:
        """A name as the head of a page has room for it."""
        return name if len(name) <= _HEADER_CHARACTERS else f"{name[: _HEADER_CHARACTERS - 1].rstrip()}…"

    def organisation(self, organisation: model.Organisation) -> dict[str, Any]:
        """A name and the lines of an address."""
        lines = [
            organisation.street,
            f"{organisation.post_code} {organisation.city} ({organisation.country})",
            organisation.email,
            organisation.phone,
        ]
        accreditation = self.text(organisation.accreditation) if organisation.accreditation else []
        return {"name": organisation.name, "lines": [*filter(None, lines), *accreditation]}

    def equipment(self, equipment: model.Equipment) -> dict[str, Any]:
        """Equipment with the certificate that makes it traceable."""
        standard = equipment.certificate
        return {
            "name": self.text(equipment.name),
            "model": f"{equipment.manufacturer}, {equipment.model}",
            "serial": equipment.serial,
            "certificate": standard.identifier if standard else "–",
            "sha256": standard.sha256 if standard else "",
        }

    def persons(self, persons: Iterable[model.Person]) -> list[dict[str, Any]]:
        """Persons with what they are responsible for."""
        return [
            {
                "name": person.name,
                "role": self.text(ROLES.get(person.role, person.role)),
                "signs": person.main_signer,
            }
            for person in persons
        ]

    def budget(self, budget: model.Budget) -> dict[str, Any]:
        """A budget by its columns; the shares of the variance are drawn as bars too."""
        columns = list(zip(*budget.rows, strict=True)) if budget.rows else [() for _ in budget.header]
        return {
            "title": self.text(budget.title),
            "columns": [
                {"head": self.text(head), "note": "", **cells(column)}
                for head, column in zip(budget.header, columns, strict=True)
            ],
            "bars": [] if budget.share is None else _bars(columns[budget.share]),
        }

    def numbers(self, head: list[str], note: str, values: Sequence[str]) -> dict[str, Any]:
        """A column of numbers."""
        return {"head": head, "note": note, **aligned(values)}

    def words(self, head: list[str], values: Sequence[str]) -> dict[str, Any]:
        """A column of words."""
        return {"head": head, "note": "", "numeric": False, "cells": list(values)}

    def marks(self, *, simulated: bool, draft: bool, replayed: bool = False) -> list[str]:
        """What stands across each page and in its head."""
        marks = (("SIMULATED", simulated), ("REPLAYED", replayed), ("DRAFT", draft))
        return [word for word, holds in marks if holds]

    def attachment(self, name: str, kind: str, description: str, content: str) -> dict[str, str]:
        """The file that every page carries: the document for machines."""
        return {"name": name, "type": kind, "description": description, "content": content}

    def span(self, begin: str, end: str) -> str:
        """One day, or the first and the last."""
        return begin if begin == end else f"{begin} – {end}"


def _bars(shares: Sequence[str]) -> list[float]:
    """Lengths from 0 to 1; the last row is the combined uncertainty, which is no part of itself."""
    lengths = []
    for share in shares:
        try:
            lengths.append(min(1.0, max(0.0, float(share) / 100.0)))
        except ValueError:
            lengths.append(0.0)
    return [*lengths[:-1], 0.0] if lengths else []


def limits(lower: str, upper: str, unit: str) -> str:
    """A pair of limits in words, either of them perhaps absent."""
    if lower and upper:
        return f"{printed(lower)} … {printed(upper)} {unit}"
    return f"≥ {printed(lower)} {unit}" if lower else f"≤ {printed(upper)} {unit}"
