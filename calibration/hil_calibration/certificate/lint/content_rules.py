"""Rules on what a certificate must say beside its numbers: parties, item, signer, statements, methods, conditions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .. import namespace
from ..model import SIMULATED_PREFIX
from ..namespace import Element
from .finding import Fault
from .registry import rule
from .series import local
from .subject import Subject, Table, contents, is_true, roles, text

_ISO = "ISO/IEC 17025:2017, 7.8.2.1"
_ADMINISTRATIVE = "dcc:administrativeData"
_ITEMS_ONLY = re.compile(
    r"(relates?|refers?|apply|applies|pertains?)( only| exclusively| solely)|rapportent qu|"
    r"(beziehen sich|gelten) (nur|ausschließlich)",
    re.IGNORECASE,
)
_CLAUSE_L = re.compile(r"7\.8\.2\.1\s*[,(]?\s*l\b")


@rule("identifier", clause=f"{_ISO} d")
def identifier(subject: Subject) -> Iterator[Fault]:
    """The certificate has an identifier."""
    if not text(subject.core, "dcc:uniqueIdentifier"):
        yield Fault(subject.root if subject.core is None else subject.core, "no unique identifier")


@rule("parties", clause=f"{_ISO} b, e")
def parties(subject: Subject) -> Iterator[Fault]:
    """Laboratory and customer are named."""
    for path, who in (("calibrationLaboratory/dcc:contact", "laboratory"), ("customer", "customer")):
        element = subject.root.find(f"{_ADMINISTRATIVE}/dcc:{path}", namespace.MAP)
        if not contents(element):
            yield Fault(subject.root if element is None else element, f"the {who} has no name")


@rule("serial-number", clause=f"{_ISO} g")
def serial_number(subject: Subject) -> Iterator[Fault]:
    """An item is identified, and no number that identifies something is empty."""
    for identification in subject.root.iter(f"{{{namespace.DCC}}}identification"):
        if not text(identification, "dcc:value"):
            yield Fault(identification, "an identification (serial number) without a value")
    items = subject.root.findall(f"{_ADMINISTRATIVE}/dcc:items/dcc:item", namespace.MAP)
    if not items:
        yield Fault(subject.root, "no item is described")
    for item in items:
        if item.find("dcc:identifications/dcc:identification", namespace.MAP) is None:
            yield Fault(item, "an item without any identification")


@rule("main-signer", clause=f"{_ISO} o")
def main_signer(subject: Subject) -> Iterator[Fault]:
    """One of the persons responsible is the main signer."""
    persons = subject.root.find(f"{_ADMINISTRATIVE}/dcc:respPersons", namespace.MAP)
    found = [] if persons is None else persons.findall("dcc:respPerson/dcc:mainSigner", namespace.MAP)
    if not any(is_true(element) for element in found):
        yield Fault(subject.root if persons is None else persons, "nobody is the main signer")


@rule("statements", clause=f"{_ISO} l")
def statements(subject: Subject) -> Iterator[Fault]:
    """There are statements, and one says that the results relate only to the items."""
    if not subject.statements:
        element = subject.root.find(_ADMINISTRATIVE, namespace.MAP)
        yield Fault(subject.root if element is None else element, "no statements")
    elif not any(_only_items(statement) for statement in subject.statements):
        parent = subject.statements[0].getparent()
        yield Fault(parent, "no statement that the results relate only to the items", "warning")


def _only_items(statement: Element) -> bool:
    if _CLAUSE_L.search(text(statement, "dcc:reference")):
        return True
    return any(_ITEMS_ONLY.search(words) for words in contents(statement, "dcc:declaration"))


@rule("recalibration")
def recalibration(subject: Subject) -> Iterator[Fault]:
    """A date for recalibration is stated only on the customer's word."""
    customer = contents(subject.root.find(f"{_ADMINISTRATIVE}/dcc:customer", namespace.MAP))
    for statement in subject.statements:
        dated = [element for element in statement if local(element) in ("date", "period")]
        asked = "basic_recalibration" in roles(statement) or "7.8.4.3" in text(statement, "dcc:reference")
        authority = contents(statement.find("dcc:respAuthority", namespace.MAP))
        if dated and asked and not set(authority) & set(customer):
            yield Fault(dated[0], "a date for recalibration that is not on the customer's word (respAuthority)")


@rule("methods", clause=f"{_ISO} f")
def methods(subject: Subject) -> Iterator[Fault]:
    """Every result names a method."""
    yield from _missing(subject, "usedMethods", "usedMethod", "no method is named")


@rule("conditions")
def conditions(subject: Subject) -> Iterator[Fault]:
    """Every result names the conditions that influence it."""
    yield from _missing(subject, "influenceConditions", "influenceCondition", "no influence condition is given")


def _missing(subject: Subject, group: str, one: str, message: str) -> Iterator[Fault]:
    """Results for which something stands neither on them, nor on what they are part of, nor on each of their parts."""
    for measurement in subject.measurements:
        parent = measurement.getparent()
        if measurement.find(f"dcc:{group}/dcc:{one}", namespace.MAP) is not None:
            continue
        if parent is not None and parent.find(f"dcc:{group}", namespace.MAP) is not None:
            continue
        tables = subject.tables_by_measurement.get(measurement, [])
        if not tables or not all(_within(table, group) for table in tables):
            yield Fault(measurement, message)


def _within(table: Table, group: str) -> bool:
    """Whether it stands on a table, on a list around it, or on each of its quantities."""
    around = [table.element, *table.element.iterancestors()]
    if any(each.find(f"dcc:{group}", namespace.MAP) is not None for each in around):
        return True
    return all(quantity.element.find(f"dcc:{group}", namespace.MAP) is not None for quantity in table.quantities)


@rule("simulated", "info")
def simulated(subject: Subject) -> Iterator[Fault]:
    """Whether the values come from a simulated bench is told, where the certificate says so."""
    own = subject.root.find("dcc:comment/hil:record/hil:simulated", namespace.MAP)
    if text(subject.core, "dcc:uniqueIdentifier").startswith(SIMULATED_PREFIX) or is_true(own):
        yield Fault(subject.core, "the values are simulated: it proves nothing of a physical item")


@rule("signature", "info")
def signature(subject: Subject) -> Iterator[Fault]:
    """Whether the file is signed is told; that the signature holds is verified elsewhere."""
    found = subject.root.findall("{http://www.w3.org/2000/09/xmldsig#}Signature")
    if found:
        count = f"{len(found)} signature{'s' if len(found) > 1 else ''}"
        yield Fault(found[0], f"signed ({count}), which this check does not verify: see `hil certificate verify`")
    else:
        yield Fault(None, "not signed")
