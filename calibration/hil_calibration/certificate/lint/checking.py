"""All rules applied to the bytes of a certificate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from ...errors import CertificateError
from ..parsing import parsed_root
from . import (  # noqa: F401  (each enters its rules)
    conformity_rules,
    content_rules,
    date_rules,
    form_rules,
    list_rules,
    relation_rules,
    standard_rules,
    uncertainty_rules,
)
from .finding import SEVERITIES, Capability, Fault, Finding
from .registry import RULES, Rule
from .subject import Subject

MOST = 50
"""Findings of one rule that are listed; a file that breaks a rule a million times is told so once."""

LONGEST = 500
"""Characters of a message."""


def check(
    data: bytes, *, schemas: Path | None = None, where: str = "", capabilities: Sequence[Capability] = ()
) -> tuple[Finding, ...]:
    """What is to be said of a certificate: DCC 2.3 to 3.3 of any laboratory, whatever its bytes.

    :param schemas: directory of DCC schemas; without one the schema is not checked, which is told.
    :param where: what to call the file, in the one finding on a file that is no DCC.
    :param capabilities: the calibration and measurement capabilities of the laboratory, where they are known.
    :returns: errors first, then warnings, then facts, each in the order of the file.
    :raises CertificateError: the schemas cannot be read.
    """
    try:
        root = parsed_root(data)
    except CertificateError as error:
        told = f"{where}: {error}" if where else str(error)
        return (Finding("document", "error", "", 0, told),)
    subject = Subject(root, schemas, capabilities)
    found = [finding for each in RULES.values() for finding in _findings(each, subject)]
    return tuple(sorted(found, key=lambda finding: (SEVERITIES.index(finding.severity), finding.line)))


def _findings(rule: Rule, subject: Subject) -> Iterator[Finding]:
    faults = rule.check(subject)
    for fault in islice(faults, MOST):
        place, line = _place(fault, subject)
        yield Finding(rule.name, fault.severity or rule.severity, place, line, fault.message[:LONGEST], rule.clause)
    if next(faults, None) is not None:
        yield Finding(rule.name, rule.severity, "", 0, f"more than {MOST} findings of this rule; the first are listed")


def _place(fault: Fault, subject: Subject) -> tuple[str, int]:
    if fault.element is None:
        return fault.place, fault.line
    line = fault.element.sourceline
    return subject.place(fault.element), line if isinstance(line, int) else 0
