"""Validation of a certificate against the DCC schema, when a directory of schemas is given.

The schemas are PTB's (LGPL-3) and not part of this package. A directory holds `dcc/v3.3.0/dcc.xsd` and what it imports
by relative paths; nothing is fetched.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from ..errors import CertificateError
from .namespace import Element


@dataclass(frozen=True)
class SchemaCheck:
    """Whether a certificate was validated, and what was found.

    :param validated: the schema was applied; if not, nothing is known of its validity.
    :param message: what was done, one sentence.
    :param findings: violations, with their line; none for a valid certificate.
    """

    validated: bool
    message: str
    findings: tuple[str, ...] = ()

    @property
    def valid(self) -> bool:
        """Validated and without findings."""
        return self.validated and not self.findings


def validate(xml: bytes, schemas: Path | None) -> SchemaCheck:
    """Validate a certificate against the schema of its own version.

    :param schemas: directory of schemas, None if there is none.
    :raises CertificateError: not XML, or the directory's schema cannot be read.
    """
    if schemas is None:
        return SchemaCheck(False, "not validated against the DCC schema: no schema directory is given")
    root = _parse(xml)
    version = root.get("schemaVersion", "")
    path = schemas / "dcc" / f"v{version}" / "dcc.xsd"
    if not version.replace(".", "").isdigit() or not path.is_file():
        return SchemaCheck(False, f"not validated: no schema of DCC {version!r} in {schemas}")
    schema = _schema(path)
    schema.validate(root)
    found = tuple(f"line {entry.line}: {entry.message}" for entry in schema.error_log)  # type: ignore[attr-defined]
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
