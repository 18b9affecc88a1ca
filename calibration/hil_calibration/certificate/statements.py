"""All statements of a certificate as written: fixed ones first, the laboratory's own, those that its fields ask for."""

from __future__ import annotations

from collections.abc import Iterator

from . import model, text
from .labels import LABELS, ROLES
from .model import Certificate, Statement, Text

_ISO = "ISO/IEC 17025:2017"


def all_statements(certificate: Certificate) -> tuple[Statement, ...]:
    """The statements in the order in which they are written and printed; opinions last.

    SIMULATED or REPLAYED, DRAFT and the original that an amended certificate replaces stand before everything else. A
    statement that there is no conformity, or was no adjustment, gives way to its contrary where the results show one.
    """
    return (*_first(certificate), *_own(certificate), *_last(certificate), *opinions(certificate))


def opinions(certificate: Certificate) -> tuple[Statement, ...]:
    """Opinions and interpretations, marked as such (7.8.7)."""
    return tuple(
        Statement(words, name=LABELS["opinions"], norm=_ISO, reference="7.8.7") for words in certificate.opinions
    )


def _own(certificate: Certificate) -> Iterator[Statement]:
    adjusted = any(result.status for result in certificate.results)
    judged = any(column.conformity for result in certificate.results for column in result.columns)
    contraries = {text.NOT_ADJUSTED: (adjusted, text.ADJUSTED), text.NO_DECISION: (judged, text.DECISION)}
    for statement in certificate.statements:
        holds, contrary = contraries.get(statement, (False, statement))
        yield contrary if holds else statement


def _first(certificate: Certificate) -> Iterator[Statement]:
    if certificate.simulated:
        yield text.SIMULATED_ITEM if certificate.kind == "equivalence" else text.SIMULATED
    if certificate.replayed:
        yield text.REPLAYED
    if certificate.draft:
        yield text.DRAFT
    if certificate.amends:
        yield _replaces(certificate.amends)
    if certificate.place_description:
        yield Statement(certificate.place_description, name=LABELS["place"], norm=_ISO, reference="7.8.2.1 c")


def _last(certificate: Certificate) -> Iterator[Statement]:
    supplied = [*(LABELS[field] for field in certificate.item.supplied), *certificate.customer_data]
    if supplied:
        yield _supplied(supplied)
    if certificate.recalibration:
        yield Statement(
            Text(
                "Day by which the item is to be calibrated again, stated at the customer's request.",
                "Jour avant lequel l'objet est à étalonner de nouveau, indiqué à la demande du client.",
            ),
            norm=_ISO,
            reference="7.8.4.3",
            ref_type="basic_recalibration",
            day=certificate.recalibration,
            authority=certificate.customer,
        )
    named = [person for person in certificate.persons if person.role in ROLES and person.role != "operator"]
    if named and not certificate.draft:
        yield Statement(
            _joined([ROLES[person.role] for person in named], [person.name for person in named]),
            norm=_ISO,
            reference="7.8.2.1 o",
        )


def _replaces(amendment: model.Amendment) -> Statement:
    reason = amendment.reason
    en, fr = (reason.en, reason.fr) if isinstance(reason, Text) else (reason, reason)
    what = {"amended": ("amends", "modifie"), "substituted": ("substitutes", "se substitue à")}[amendment.change]
    return Statement(
        Text(
            f"This document {what[0]} and replaces {amendment.identifier} (SHA-256 of its file "
            f"{amendment.sha256}). Reason: {en}",
            f"Ce document {what[1]} et remplace {amendment.identifier} (SHA-256 de son fichier "
            f"{amendment.sha256}). Motif : {fr}",
        ),
        name=LABELS["replaces"],
        norm=_ISO,
        reference="7.8.8",
    )


def _supplied(what: list[model.Words]) -> Statement:
    en, fr = (
        ", ".join(words if isinstance(words, str) else getattr(words, language) for words in what)
        for language in ("en", "fr")
    )
    return Statement(
        Text(
            f"Supplied by the customer, and not for the laboratory to answer for: {en}.",
            f"Fourni par le client, sans que le laboratoire en réponde : {fr}.",
        ),
        norm=_ISO,
        reference="7.8.2.2",
    )


def _joined(roles: list[Text], names: list[str]) -> Text:
    pairs = list(zip(roles, names, strict=True))
    return Text(
        "; ".join(f"{role.en} {name}" for role, name in pairs) + ".",
        " ; ".join(f"{role.fr} {name}" for role, name in pairs) + ".",
    )
