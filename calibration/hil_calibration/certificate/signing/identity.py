"""Who signs: a person's private key, the certificate with the person's name, and the chain up to a root."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12

from ...errors import CertificateError, without_addresses
from .certificates import (
    FOREIGN,
    as_utc,
    common_name,
    is_authority,
    is_test,
    may_sign,
    strictly,
    validity_fault,
    way_up,
)

PASS_PHRASE = "HIL_PASS_PHRASE"
"""The environment variable with the pass phrase of a key file."""

MAX_BYTES = 1024 * 1024
_PEM_KEY = b"PRIVATE KEY-----"


@dataclass(frozen=True)
class Identity:
    """Somebody who can sign documents.

    :param name: the person, as the certificate's subject has it (its common name).
    :param test: whether a certificate of the chain is marked as a test authority's; such keys sign no measured values.
    :param key: ECDSA on the curve P-256.
    :param chain: the signer's certificate first, then upwards, a root last if the file has it.
    """

    name: str
    test: bool
    key: ec.EllipticCurvePrivateKey = field(repr=False)
    chain: tuple[x509.Certificate, ...] = field(repr=False)

    @property
    def certificate(self) -> x509.Certificate:
        """The signer's own certificate."""
        return self.chain[0]


def load_identity(path: Path, *, pass_file: Path | None = None, now: datetime | None = None) -> Identity:
    """The identity in a PEM file of mode 0600 (key, certificate, chain) or in a PKCS #12 file.

    :param pass_file: a file of mode 0600 whose first line is the pass phrase; else the environment's
        ``HIL_PASS_PHRASE`` is taken.
    :param now: the time at which the certificate has to be valid; without it, the computer's.
    :raises CertificateError: the file cannot be read, others may read it, the pass phrase does not open it; or its key
        is absent, of another kind, or of another certificate; or the certificate does not allow documents to be
        signed, or not now.
    """
    try:
        data = _read(path)
        phrase, private = _pass_phrase(pass_file), _PEM_KEY in data
        key, certificates = (_from_pem if private else _from_pkcs12)(data, phrase)
        if private or phrase is None:
            _refuse_if_shared(path)
        return _identity(key, certificates, as_utc(now))
    except CertificateError as error:
        raise CertificateError(error.what, where=error.where or str(path), remedy=error.remedy) from None
    except FOREIGN as error:
        raise CertificateError(
            f"a certificate in it cannot be read ({without_addresses(error)})", where=str(path)
        ) from None


def _identity(key: object, certificates: list[x509.Certificate], now: datetime) -> Identity:
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise CertificateError("its key is not ECDSA on the curve P-256", remedy="sign with such a key")
    if not certificates:
        raise CertificateError("it has no certificate", remedy="append the signer's certificate and its chain")
    signer = next((each for each in certificates if each.public_key() == key.public_key()), None)
    if signer is None:
        raise CertificateError("its key does not match a certificate in it", remedy="use the key of the certificate")
    name = common_name(signer.subject)
    if is_authority(signer):
        raise CertificateError(f"{name!r} is an authority, which signs no documents", remedy="use a person's key")
    if not may_sign(signer):
        raise CertificateError(
            f"the key usage of {name!r} has neither digitalSignature nor contentCommitment",
            remedy="ask the authority for a certificate with which documents are signed",
        )
    way = way_up(signer, certificates)
    for each in way:
        if fault := validity_fault(each, now):
            raise CertificateError(fault, remedy="use a certificate that is valid today")
    return Identity(name, is_test(way), key, way)


def _from_pem(data: bytes, phrase: bytes | None) -> tuple[object, list[x509.Certificate]]:
    try:
        key = load_pem_private_key(data, phrase if b"ENCRYPTED" in data else None)
    except TypeError:
        raise _no_phrase() from None
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CertificateError(f"no PEM that can be read ({without_addresses(error)})") from None
    found = strictly(x509.load_pem_x509_certificates, data) if b"BEGIN CERTIFICATE" in data else []
    return key, found


def _from_pkcs12(data: bytes, phrase: bytes | None) -> tuple[object, list[x509.Certificate]]:
    if b"-----BEGIN" in data:
        raise CertificateError("it has no private key", remedy="give the file with the key and the certificate")
    try:
        key, certificate, others = strictly(lambda each: pkcs12.load_key_and_certificates(each, phrase), data)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        if phrase is None:
            raise _no_phrase() from None
        raise CertificateError(
            f"neither PEM, nor PKCS #12 that the pass phrase opens ({error})", remedy="check file and pass phrase"
        ) from None
    if key is None:
        raise CertificateError("it has no private key", remedy="give the file with the key and the certificate")
    return key, [each for each in (certificate, *others) if each is not None]


def _no_phrase() -> CertificateError:
    return CertificateError(
        "neither PEM with a plain key, nor a file that opens without a pass phrase",
        remedy=f"give the pass phrase by --pass-file or {PASS_PHRASE}",
    )


def _pass_phrase(file: Path | None) -> bytes | None:
    if file is None:
        phrase = os.environ.get(PASS_PHRASE)
        return phrase.encode(errors="surrogateescape") if phrase else None
    lines = _read(file).splitlines()
    _refuse_if_shared(file)
    if not lines or not lines[0]:
        raise CertificateError("it has no pass phrase in its first line", where=str(file))
    return lines[0]


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise CertificateError(f"cannot be read ({error})", where=str(path)) from None
    if len(data) > MAX_BYTES:
        raise CertificateError("larger than 1 MiB, so no key file", where=str(path))
    return data


def _refuse_if_shared(path: Path) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise CertificateError(f"others may read it (mode {mode:04o})", where=str(path), remedy=f"chmod 600 {path}")
