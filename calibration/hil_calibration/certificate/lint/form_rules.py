"""Rules on the form of the file: schema, languages, references, names of roles, empty elements."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from .. import namespace
from ..namespace import Element
from ..schema import validate_tree
from .finding import Fault, Severity
from .ref_types import judged
from .registry import rule
from .series import local
from .subject import Subject, text

_OLDEST, _NEWEST = (2, 3), (3, 3)
_RELEASE = re.compile(r"v[0-9]+\.[0-9]+\.[0-9]+")
_PTB_RELEASE = re.compile(r"[a-zA-Z] ?([0-9]{1,3}\.){0,3}[0-9]{1,3}")
_NAMESPACES = (f"{{{namespace.DCC}}}", f"{{{namespace.SI}}}")
_CONTENT = f"{{{namespace.DCC}}}content"


@rule("version")
def version(subject: Subject) -> Iterator[Fault]:
    """The version of the DCC is 2.3 to 3.3."""
    if not _OLDEST <= subject.version <= _NEWEST:
        stated = subject.root.get("schemaVersion", "")
        yield Fault(subject.root, f"the version of the DCC is {stated[:40]!r}; the checks are made for 2.3 to 3.3")


@rule("schema", clause="XSD of the DCC")
def schema(subject: Subject) -> Iterator[Fault]:
    """The file is valid against the schema of its version, where a directory of schemas is given."""
    found = validate_tree(subject.root, subject.schemas)
    if not found.validated:
        yield Fault(None, found.message.replace("the DCC schema", "XSD"), "info")
    for violation in found.violations:
        yield Fault(None, violation.message, place=violation.place, line=violation.line)


@rule("empty-element", "warning")
def empty_element(subject: Subject) -> Iterator[Fault]:
    """No element is empty."""
    for element in subject.root.iter(*(f"{space}*" for space in _NAMESPACES)):
        if not len(element) and not (element.text or "").strip() and not element.attrib:
            yield Fault(element, f"the element {local(element)} is empty")


@rule("translation")
def translation(subject: Subject) -> Iterator[Fault]:
    """A text in several languages is there in each language that the certificate declares."""
    declared = _declared(subject)
    mandatory = text(subject.core, "dcc:mandatoryLangCodeISO639_1")
    if mandatory and mandatory not in declared:
        yield Fault(subject.core, f"the mandatory language {mandatory!r} is not among those used")
    by_parent: dict[Element, list[str]] = {}
    for content in subject.root.iter(_CONTENT):
        parent = content.getparent()
        if parent is not None and content.get("lang"):
            by_parent.setdefault(parent, []).append(content.get("lang", ""))
    for parent, languages in by_parent.items():
        yield from _languages(parent, Counter(languages), declared)


def _languages(parent: Element, found: Counter[str], declared: list[str]) -> Iterator[Fault]:
    missing = [language for language in declared if language not in found]
    undeclared = sorted(set(found) - set(declared))
    if missing:
        yield Fault(parent, f"{local(parent)} has no text in {', '.join(missing)[:60]}")
    if undeclared:
        yield Fault(parent, f"{local(parent)} has a text in {', '.join(undeclared)[:60]}, which is not declared")
    if missing or undeclared:
        return
    if len(set(found.values())) > 1:
        told = ", ".join(f"{count} in {language}" for language, count in sorted(found.items()))
        yield Fault(parent, f"{local(parent)} has more texts in one language than in another ({told})")
    elif max(found.values()) > 1:
        several = f"{local(parent)} has several texts in each language"
        yield Fault(parent, f"{several}; PTB's business rules ask for one", "info")


def _declared(subject: Subject) -> list[str]:
    found = [] if subject.core is None else subject.core.findall("dcc:usedLangCodeISO639_1", namespace.MAP)
    return list(dict.fromkeys((language.text or "").strip() for language in found))


@rule("software-release")
def software_release(subject: Subject) -> Iterator[Fault]:
    """The release of a software is written vX.Y.Z."""
    for release in subject.root.iter(f"{{{namespace.DCC}}}release"):
        stated = (release.text or "").strip()
        if _RELEASE.fullmatch(stated):
            continue
        severity: Severity | None = "info" if _PTB_RELEASE.fullmatch(stated) else None
        yield Fault(release, f"the release {stated[:60]!r} of a software is not of the form v1.2.3", severity)


@rule("dangling-reference")
def dangling_reference(subject: Subject) -> Iterator[Fault]:
    """What a refId refers to is in the file."""
    known = {element.get("id") for element in subject.root.iter("*")}
    for element in subject.root.iter("*"):
        for name in element.get("refId", "").split():
            if name not in known:
                yield Fault(element, f"nothing in the file has the id {name[:60]!r} that is referred to")


@rule("duplicate-id")
def duplicate_id(subject: Subject) -> Iterator[Fault]:
    """An id stands on one element."""
    seen = set[str]()
    for element in subject.root.iter(*(f"{space}*" for space in _NAMESPACES)):
        name = element.get("id")
        if name is None:
            continue
        if name in seen:
            yield Fault(element, f"another element has the id {name[:60]!r}, too")
        seen.add(name)


@rule("ref-type")
def ref_type(subject: Subject) -> Iterator[Fault]:
    """A refType is a name that PTB's certificates and database use."""
    for element in subject.root.iter("*"):
        for name in element.get("refType", "").split():
            found = judged(name)
            if found:
                yield Fault(element, found[1], found[0])
