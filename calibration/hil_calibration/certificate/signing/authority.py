"""A test authority: a root and signers for demonstrations and tests, marked as such in each certificate."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from ...errors import CertificateError
from .certificates import TEST_POLICY, TEST_SUBJECT, as_utc

ROOT_FILE = "test-authority.pem"
LIFE = timedelta(days=730)
_MAX_NAME = 64
"""RFC 5280 allows no longer common name or organisation (upper bounds of its appendix A)."""


def make_authority(folder: Path, names: Sequence[str], *, laboratory: str, now: datetime | None = None) -> list[Path]:
    """A new test authority for some people: its root certificate, and a key file for each of them.

    The root's private key is not kept: nobody can add a signer later. Everything is valid for two years.

    :param names: the people, 1 to 64 bytes of UTF-8 each; a file is called after each.
    :param laboratory: the organisation that the certificates name, 1 to 64 bytes.
    :param now: from when the certificates are valid; without it, the computer's time.
    :returns: the root certificate ``test-authority.pem``, then the key files, of mode 0600, in the order of `names`.
    :raises CertificateError: a file is there already or cannot be written, or a name cannot be used. Nothing is
        overwritten.
    """
    _refuse_name(laboratory)
    files = [folder / ROOT_FILE, *(folder / f"{_file_name(name)}.pem" for name in names)]
    if not names:
        raise CertificateError("no person is named", where=str(folder), remedy="name those who sign")
    if len({file.name.casefold() for file in files}) < len(files):
        raise CertificateError("two names give the same file name", where=str(folder), remedy="make them differ")
    for file in files:
        if file.exists():
            raise CertificateError("is there already", where=str(file), remedy="give another folder; keys are kept")
    begin = as_utc(now).replace(microsecond=0)
    root_key = ec.generate_private_key(ec.SECP256R1())
    root = _root(root_key, laboratory, begin)
    contents = [_pem(root), *(_signer(name, laboratory, root, root_key, begin) for name in names)]
    _write(folder, dict(zip(files, contents, strict=True)))
    return files


def _root(key: ec.EllipticCurvePrivateKey, laboratory: str, begin: datetime) -> x509.Certificate:
    name = _subject(TEST_SUBJECT, laboratory)
    builder = _builder(name, name, key.public_key(), key.public_key(), begin)
    return (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )


def _signer(
    name: str, laboratory: str, root: x509.Certificate, root_key: ec.EllipticCurvePrivateKey, begin: datetime
) -> bytes:
    """A key file: private key, certificate, root."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject(name, laboratory, unit=TEST_SUBJECT)
    certificate = (
        _builder(subject, root.subject, key.public_key(), root_key.public_key(), begin)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certificates=False), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return secret + _pem(certificate) + _pem(root)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    own: ec.EllipticCurvePublicKey,
    above: ec.EllipticCurvePublicKey,
    begin: datetime,
) -> x509.CertificateBuilder:
    """What root and signer have in common: names, key, life, key identifiers and the mark of a test."""
    policy = x509.PolicyInformation(TEST_POLICY, [x509.UserNotice(None, TEST_SUBJECT)])
    return (
        x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=own)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + LIFE)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(above), critical=False)
        .add_extension(x509.CertificatePolicies([policy]), critical=False)
    )


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        content_commitment=not certificates,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _subject(name: str, laboratory: str, *, unit: str = "") -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, laboratory)]
    if unit:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit))
    return x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _refuse_name(name: str) -> None:
    if not name.strip() or not name.isprintable() or len(name.encode(errors="replace")) > _MAX_NAME:
        raise CertificateError(
            f"{name[:_MAX_NAME]!r} cannot be a name in a certificate", remedy="1 to 64 bytes, no control characters"
        )


def _file_name(name: str) -> str:
    _refuse_name(name)
    words = "".join(letter.lower() if letter.isalnum() else " " for letter in name).split()
    if not words:
        raise CertificateError(f"{name!r} has no letter or digit for a file name", remedy="give a name")
    return "-".join(words)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def _write(folder: Path, contents: dict[Path, bytes]) -> None:
    """All the files or none: a root whose key is gone is of no use without its signers."""
    written: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, content in contents.items():
            opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644 if file.name == ROOT_FILE else 0o600)
            written.append(file)
            with os.fdopen(opened, "wb") as stream:
                stream.write(content)
    except OSError as error:
        for file in written:
            file.unlink()
        raise CertificateError(f"cannot be written ({error})", where=str(folder)) from None
