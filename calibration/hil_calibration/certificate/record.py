"""Our calibration record in the comment of a DCC: what the standard's tables have no place for.

`hil:record` holds the head of the raw record's hash chain, whether the values are simulated or replayed, the
calibration function with the covariance of its coefficients and the shared effects, and the uncertainty budgets. No
element is empty.
"""

from __future__ import annotations

from ..errors import CertificateError
from . import model, namespace
from .namespace import Element, Maker

OWN = Maker(namespace.OWN, {"hil": namespace.OWN})

_EFFECT = {
    "name": "name",
    "kind": "kind",
    "distribution": "distribution",
    "u": "standardUncertainty",
    "half_width": "halfWidth",
    "reference": "reference",
    "source": "source",
    "dof": "degreesOfFreedom",
}


def to_element(certificate: model.Certificate) -> Element | None:
    """The record of a certificate, None if there is nothing to say beyond the tables."""
    parts = []
    if certificate.chain_head:
        parts.append(OWN.chainHead({"algorithm": "SHA-256"}, certificate.chain_head))
    if certificate.function:
        parts.append(_function(certificate.function))
    parts.extend(_budget(budget) for budget in certificate.budgets)
    if not parts and not certificate.simulated and not certificate.replayed:
        return None
    told = {"world": certificate.world} if certificate.world else {}
    told |= {"replayed": "true"} if certificate.replayed else {}
    return OWN.record(OWN.simulated(told, str(certificate.simulated).lower()), *parts)


def _function(function: model.Function) -> Element:
    return OWN.calibration(
        OWN.function(function.kind),
        OWN.indicationUnit(function.indication_unit),
        OWN.unit(function.unit),
        OWN.indicationMin(function.minimum),
        OWN.indicationMax(function.maximum),
        OWN.coefficients(" ".join(function.coefficients)),
        OWN.covariance(*(OWN.row(" ".join(row)) for row in function.covariance)),
        *map(_effect, function.effects),
    )


def _effect(effect: model.SharedEffect) -> Element:
    fields = ((tag, getattr(effect, name)) for name, tag in _EFFECT.items())
    return OWN.effect(*(OWN(tag, value) for tag, value in fields if value))


def _budget(budget: model.Budget) -> Element:
    header = OWN.header(*(OWN.cell(model.label(cell)) for cell in budget.header))
    rows = (OWN.row(*map(OWN.cell, row)) for row in budget.rows)
    return OWN.budget(OWN.title(model.label(budget.title)), header, *rows)


def read_function(element: Element) -> model.Function:
    """The calibration function in a `hil:record`.

    :raises CertificateError: there is none, or it is not complete.
    """
    calibration = element.find(f"{{{namespace.OWN}}}calibration")
    if calibration is None:
        raise CertificateError("no calibration function is embedded")
    rows = calibration.findall(f"{{{namespace.OWN}}}covariance/{{{namespace.OWN}}}row")
    return model.Function(
        kind=_text(calibration, "function"),
        indication_unit=_text(calibration, "indicationUnit"),
        unit=_text(calibration, "unit"),
        minimum=_text(calibration, "indicationMin"),
        maximum=_text(calibration, "indicationMax"),
        coefficients=tuple(_text(calibration, "coefficients").split()),
        covariance=tuple(tuple((row.text or "").split()) for row in rows),
        effects=tuple(map(_read_effect, calibration.findall(f"{{{namespace.OWN}}}effect"))),
    )


def _read_effect(element: Element) -> model.SharedEffect:
    return model.SharedEffect(**{name: _text(element, tag) for name, tag in _EFFECT.items()})


def _text(element: Element, tag: str) -> str:
    return (element.findtext(f"{{{namespace.OWN}}}{tag}") or "").strip()
