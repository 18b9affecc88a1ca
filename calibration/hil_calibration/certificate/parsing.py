"""A DCC's bytes as a tree: no document type (hence no entities), nothing fetched, no comments."""

from __future__ import annotations

from xml.parsers import expat

from lxml import etree

from ..errors import CertificateError
from . import namespace
from .namespace import Element

MAX_BYTES = 64 * 1024 * 1024
"""Larger files are refused."""


def parsed_root(data: bytes) -> Element:
    """The root of a digital calibration certificate.

    :raises CertificateError: too large, a document type, not well-formed or nested too deeply, or another root.
    """
    if len(data) > MAX_BYTES:
        raise CertificateError(f"larger than {MAX_BYTES // 1024**2} MiB")
    _refuse_document_type(data)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise CertificateError(f"not well-formed XML ({error})") from None
    if root.tag != f"{{{namespace.DCC}}}digitalCalibrationCertificate":
        raise CertificateError(f"not a digital calibration certificate (its root is {root.tag})")
    return root


def _refuse_document_type(data: bytes) -> None:
    """Stop at a document type declaration, before any entity of it could be used."""

    def refuse(*_: object) -> None:
        raise CertificateError("it has a document type declaration", remedy="remove it")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise CertificateError(f"not well-formed XML ({error})") from None
