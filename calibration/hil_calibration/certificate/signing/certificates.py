"""X.509 certificates of signers: names, key usage, validity, and the way from a signer up to a root."""

from __future__ import annotations

import uuid
import warnings
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

TEST_SUBJECT = "TEST AUTHORITY, NOT FOR REAL CERTIFICATES"
TEST_POLICY = x509.ObjectIdentifier(f"2.25.{uuid.UUID('6f2b1c8e-0f0d-4c53-9a37-5f6a1e0c7d42').int}")
"""The certificate policy of our test authorities, below the arc of UUIDs (ITU-T X.667)."""

MAX_CHAIN = 8
"""Longer ways up to a root are refused."""

MAX_CARRIED = 2 * MAX_CHAIN
"""A document that carries more certificates is refused: each is compared with each other one."""

FOREIGN = (
    ValueError,
    TypeError,
    IndexError,
    x509.DuplicateExtension,
    x509.ExtensionNotFound,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
    UnsupportedAlgorithm,
)
"""What the library raises for certificates that it cannot make sense of."""


Loaded = TypeVar("Loaded")


def strictly(load: Callable[[bytes], Loaded], data: bytes) -> Loaded:
    """What `load` reads; what the library only warns of, as a serial number below zero, is refused.

    :raises ValueError: it warned.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return load(data)
        except Warning as warning:
            raise ValueError(str(warning)) from None


def common_name(name: x509.Name) -> str:
    """The common name of a subject or issuer, or the whole name if it has none."""
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()


def way_up(signer: x509.Certificate, others: Iterable[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    """The signer, who issued its certificate, and so on, as far as `others` lead; a root ends it.

    :raises ValueError: longer than :data:`MAX_CHAIN`.
    """
    pool = [each for each in others if each != signer]
    way = [signer]
    while not issued_by(way[-1], way[-1]):
        above = next((each for each in pool if each not in way and issued_by(way[-1], each)), None)
        if above is None:
            break
        if len(way) == MAX_CHAIN:
            raise ValueError(f"more than {MAX_CHAIN} certificates one above the other")
        way.append(above)
    return tuple(way)


def issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether `issuer` bears the name of the issuer, and its key the signature on `certificate`."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, *FOREIGN):
        return False
    return True


def may_sign(certificate: x509.Certificate) -> bool:
    """Whether its key usage has digitalSignature or contentCommitment (RFC 5280, 4.2.1.3)."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return usage.digital_signature or usage.content_commitment


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether it is a certificate of an authority, which signs certificates and not documents."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def is_weak(certificate: x509.Certificate) -> bool:
    """Whether its key is neither RSA of 2048 bits at least nor on an elliptic curve of 256."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size < 2048
    return not isinstance(key, ec.EllipticCurvePublicKey) or key.key_size < 256


def validity_fault(certificate: x509.Certificate, at: datetime) -> str:
    """Why a certificate is not valid at a time, as a clause; empty if it is."""
    name = common_name(certificate.subject)
    if at < certificate.not_valid_before_utc:
        return f"the certificate of {name!r} is not yet valid: it begins {stamp(certificate.not_valid_before_utc)}"
    if at > certificate.not_valid_after_utc:
        return f"the certificate of {name!r} has expired: it ended {stamp(certificate.not_valid_after_utc)}"
    return ""


def is_test(way: Iterable[x509.Certificate]) -> bool:
    """Whether a certificate on the way up has the policy of test authorities, as :mod:`.authority` marks each.

    The signer's own mark counts: a key file without its root is still one of a test.
    """
    return any(_has_test_policy(each) for each in way)


def _has_test_policy(certificate: x509.Certificate) -> bool:
    try:
        policies = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    except x509.ExtensionNotFound:
        return False
    return any(policy.policy_identifier == TEST_POLICY for policy in policies)


def as_utc(time: datetime | None) -> datetime:
    """A time in UTC: now if there is none; without a zone it is taken as UTC."""
    if time is None:
        return datetime.now(UTC)
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def stamp(time: datetime) -> str:
    """A time as ISO 8601 in UTC, to the second."""
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
