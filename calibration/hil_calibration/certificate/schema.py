"""Validation of a certificate against the DCC schema, when a directory of schemas is given.

The schemas are PTB's (LGPL-3) and not part of this package. A directory holds `dcc/v3.3.0/dcc.xsd` and what it imports
by relative paths; nothing is fetched.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from ..errors import CertificateError
from .namespace import Element

_VERSION = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){2}")


@dataclass(frozen=True)
class Violation:
    """One violation of the schema: its line, the XPath of the element, and what the validator says."""

    line: int
    place: str
    message: str


@dataclass(frozen=True)
class SchemaCheck:
    """Whether a certificate was validated, and what was found.

    :param validated: the schema was applied; if not, nothing is known of its validity.
    :param message: what was done, one sentence.
    :param violations: none for a valid certificate.
    """

    validated: bool
    message: str
    violations: tuple[Violation, ...] = ()

    @property
    def findings(self) -> tuple[str, ...]:
        """The violations as sentences, with their line."""
        return tuple(f"line {violation.line}: {violation.message}" for violation in self.violations)

    @property
    def valid(self) -> bool:
        """Validated and without violations."""
        return self.validated and not self.violations


_NONE_GIVEN = SchemaCheck(False, "not validated against the DCC schema: no schema directory is given")


def validate(xml: bytes, schemas: Path | None) -> SchemaCheck:
    """Validate a certificate against the schema of its own version.

    :param schemas: directory of schemas, None if there is none.
    :raises CertificateError: not XML, or the directory's schema cannot be read.
    """
    return _NONE_GIVEN if schemas is None else validate_tree(_parse(xml), schemas)


def validate_tree(root: Element, schemas: Path | None) -> SchemaCheck:
    """As :func:`validate`, of a tree.

    :raises CertificateError: the directory's schema cannot be read.
    """
    if schemas is None:
        return _NONE_GIVEN
    version = root.get("schemaVersion", "")
    path = schemas / "dcc" / f"v{version}" / "dcc.xsd"
    if not _VERSION.fullmatch(version) or not path.is_file():
        return SchemaCheck(False, f"not validated: no schema of DCC {version!r} in {schemas}")
    schema = _schema(path)
    schema.validate(root)
    log = schema.error_log
    found = tuple(Violation(entry.line, entry.path or "", entry.message) for entry in log)  # type: ignore[attr-defined]
    verdict = f"{len(found)} violations" if found else "valid"
    return SchemaCheck(True, f"validated against the schema of DCC {version}: {verdict}", found)


def _parse(xml: bytes) -> Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return etree.fromstring(xml, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise CertificateError(f"not well-formed XML ({error})") from None


def _schema(path: Path) -> etree.XMLSchema:
    try:
        return etree.XMLSchema(etree.parse(path, etree.XMLParser(no_network=True)))
    except (OSError, etree.XMLSyntaxError, etree.XMLSchemaParseError) as error:
        raise CertificateError(f"the schema cannot be used ({error})", where=str(path)) from None
