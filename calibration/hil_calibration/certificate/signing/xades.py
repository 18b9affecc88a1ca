"""XAdES signatures on XML: enveloped, inclusive C14N 1.1, ECDSA with SHA-256 (ETSI EN 319 132-1, level B-B)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lxml import etree

from ...errors import SignatureFault
from ..namespace import Element
from .certificates import FOREIGN, as_utc, is_authority, strictly
from .identity import Identity
from .shape import XADES, Shape, parsed, shape_of, signatures
from .signed import Signed, signed_by
from .trust import judge

_COVERS = (
    "The XML document is as it was signed: no element, attribute or text was changed, added or removed. "
    "Comments are not signed."
)

_LIBRARY = (AssertionError, AttributeError, KeyError, NotImplementedError)
"""What `signxml` raises, beside its own errors, for elements that it did not expect."""


def sign_xml(xml: bytes, identity: Identity) -> bytes:
    """An XML document with a signature as the last child of its root; nothing else in it changes.

    Indenting the result anew breaks the signature; other line ends do not.

    :raises SignatureFault: it is signed already, has a document type, or is not well-formed or too large.
    """
    from signxml.algorithms import (
        CanonicalizationMethod,
        DigestAlgorithm,
        SignatureConstructionMethod,
        SignatureMethod,
    )
    from signxml.xades.xades import XAdESDataObjectFormat, XAdESSigner

    root = parsed(xml)
    if signatures(root):
        raise SignatureFault("it is signed already", remedy="amend it: a document has one signature")
    signer = XAdESSigner(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=SignatureMethod.ECDSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.CANONICAL_XML_1_1,
        data_object_format=XAdESDataObjectFormat("The signed document", "text/xml"),
    )
    signed = signer.sign(
        etree.fromstring(etree.tostring(root)),
        key=identity.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        cert=[each.public_bytes(Encoding.PEM).decode() for each in identity.chain],
        always_add_key_value=False,
    )
    root.append(signed[-1])
    return etree.tostring(root.getroottree(), xml_declaration=True, encoding="UTF-8")


def verify_xml(data: bytes, trusted: Sequence[bytes] = (), *, at: datetime | None = None) -> Signed:
    """Who signed an XML document, and what was signed.

    :param trusted: root certificates as PEM or DER that came by another way. With none, the document's own root is
        taken, and the result says that nothing vouches for it.
    :param at: the time at which the certificates have to be valid; without it, now.
    :raises SignatureFault: no signature, several, or one that is wrapped, broken, weak, of another form than
        :mod:`.shape` says, expired or by the wrong authority.
    :raises CertificateError: a certificate of `trusted` cannot be read.
    """
    shape = shape_of(parsed(data))
    certificates = _certificates(shape)
    content, properties = _verified(data, shape, certificates[0])
    signer = judge(certificates, trusted, as_utc(at))
    return signed_by(signer, content, _claimed(properties), covers=_COVERS)


def _certificates(shape: Shape) -> list[x509.Certificate]:
    """The certificates in a signature, the signer's first."""
    try:
        found = [strictly(x509.load_der_x509_certificate, base64.b64decode(each)) for each in shape.certificates]
        return sorted(found, key=is_authority)
    except (binascii.Error, *FOREIGN) as error:
        raise SignatureFault(f"a certificate in the signature cannot be read ({error})") from None


def _verified(data: bytes, shape: Shape, signer: x509.Certificate) -> tuple[bytes, Element]:
    """The document as it was signed, canonical, and the signed properties."""
    from cryptography.exceptions import InvalidSignature as CryptographyFault
    from signxml.exceptions import InvalidDigest, SignXMLException
    from signxml.xades.xades import XAdESSignatureConfiguration, XAdESVerifier

    configuration = XAdESSignatureConfiguration(
        location="./",
        expect_references=len(shape.references),
        verification_time=signer.not_valid_before_utc,
    )
    try:
        results = XAdESVerifier().verify(data, x509_cert=signer, expect_config=configuration)
    except InvalidDigest as error:
        raise SignatureFault(_digest_fault(str(error), shape)) from None
    except (SignXMLException, CryptographyFault, etree.LxmlError, *_LIBRARY, *FOREIGN) as error:
        raise SignatureFault(f"the signature does not hold ({str(error) or type(error).__name__})") from None
    by_reference = dict(zip(shape.references, results, strict=True))
    properties = by_reference["signed properties"].signed_xml
    if properties is None:
        raise SignatureFault("its signed properties cannot be read")
    return by_reference["document"].signed_data, properties


def _digest_fault(message: str, shape: Shape) -> str:
    """Which reference does not agree with what it refers to."""
    number = re.search(r"reference (\d+)", message)
    if number is None:
        return f"the signer's certificate is not the one that was signed with ({message})"
    what = shape.references[int(number[1])]
    return f"altered after signing: the {what} (digest mismatch, reference {int(number[1]) + 1})"


def _claimed(properties: Element) -> datetime | None:
    text = properties.findtext(f".//{{{XADES}}}SigningTime")
    if not text:
        return None
    try:
        return as_utc(datetime.fromisoformat(text.strip()))
    except (ValueError, OverflowError):
        raise SignatureFault(f"its time of signing is no time ({text[:40]!r})") from None
