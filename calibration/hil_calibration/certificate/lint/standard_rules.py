"""Rules on the measurement standards that the results rest on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .. import grammar, namespace
from ..namespace import Element
from .finding import Fault
from .registry import rule
from .subject import Subject, is_true, roles, text

_STANDARD_ROLES = {"basic_normalUsed", "basic_standardUsed"}
_EQUIPMENT = f"{{{namespace.DCC}}}measuringEquipment"


@rule("standards")
def standards(subject: Subject) -> Iterator[Fault]:
    """Results name the equipment that they rest on."""
    for measurement in subject.measurements:
        parent = measurement.getparent()
        beside = [] if parent is None else parent.findall("dcc:measuringEquipments", namespace.MAP)
        if not beside and next(measurement.iter(_EQUIPMENT), None) is None:
            yield Fault(measurement, "no measuring equipment is named, hence no traceability")


@rule("standard-validity")
def standard_validity(subject: Subject) -> Iterator[Fault]:
    """No standard was used outside the validity of its calibration."""
    for certificate in _certificates(subject):
        stated = certificate.find("dcc:inValidityRange", namespace.MAP)
        if is_true(stated) is False:
            yield Fault(stated, "a standard was outside the validity of its calibration")
        traceable = certificate.find("dcc:traceable", namespace.MAP)
        if is_true(traceable) is False:
            yield Fault(traceable, "the calibration of a standard is not traceable", "warning")


@rule("standard-certificate", "warning")
def standard_certificate(subject: Subject) -> Iterator[Fault]:
    """A standard's certificate is identified by its number and the SHA-256 of its file."""
    for equipment in subject.root.iter(_EQUIPMENT):
        certificate = equipment.find("dcc:certificate", namespace.MAP)
        if certificate is None:
            if _STANDARD_ROLES & set(roles(equipment)):
                yield Fault(equipment, "a standard without its certificate")
            continue
        if not text(certificate, "dcc:referralID"):
            yield Fault(certificate, "the certificate of a standard has no number")
        yield from _hash(certificate)


def _hash(certificate: Element) -> Iterator[Fault]:
    value = text(certificate, "dcc:value").lower()
    procedure = re.sub("[-_ ]", "", text(certificate, "dcc:procedure")).upper()
    if procedure != "SHA256" or not grammar.SHA256.fullmatch(value):
        yield Fault(certificate, "the certificate of a standard is not identified by its SHA-256")
    elif not value.strip("0"):
        yield Fault(certificate, "the SHA-256 of a standard's certificate is all zeros", "info")


def _certificates(subject: Subject) -> Iterator[Element]:
    for equipment in subject.root.iter(_EQUIPMENT):
        yield from equipment.iterfind("dcc:certificate", namespace.MAP)
