"""The certificate of a service: an authority of its own, which clients trust and nothing else, and the server's.

The authority stays, so that a new certificate of the server changes nothing for clients.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hil_calibration.errors import without_addresses

from ..errors import ConfigurationError, UsageError
from .files import require_private, write_private

CA_FILE, CA_KEY_FILE = "ca.pem", "ca-key.pem"
SERVER_FILE, SERVER_KEY_FILE = "server.pem", "server-key.pem"

CA_VALID = timedelta(days=3650)
SERVER_VALID = timedelta(days=397)
"""Longer is refused by browsers."""

_SKEW = timedelta(minutes=5)
"""By which the clock of a client may be behind."""

_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


@dataclass(frozen=True)
class Made:
    """What `make_certificate` made: ``authority`` goes to the clients, ``key`` stays."""

    authority: Path
    certificate: Path
    key: Path
    fingerprint: str
    """SHA-256 of the authority's certificate, by which a person can compare it."""
    expires: datetime
    new_authority: bool


def make_certificate(folder: Path, hosts: Sequence[str], *, now: datetime | None = None) -> Made:
    """A new certificate of the server for ``hosts``, by the authority in ``folder``; that is made where there is none.

    :param hosts: names and IP addresses by which clients reach the server.
    :param now: from when it is valid; without it, the computer's time.
    :raises UsageError: for a host that is neither.
    :raises ConfigurationError: if files in ``folder`` cannot be used or written.
    """
    begin = (now or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    names = [_general_name(host) for host in dict.fromkeys(hosts)]
    if not names:
        raise UsageError("no host is named", where="certificate", remedy="name the server as clients do")
    new = not (folder / CA_FILE).exists()
    authority, authority_key = _new_authority(folder, begin) if new else _authority(folder)
    if begin >= authority.not_valid_after_utc:
        raise ConfigurationError(
            "the authority has expired",
            where=str(folder / CA_FILE),
            remedy="move it away, and give clients the new one",
        )
    key = ec.generate_private_key(ec.SECP256R1())
    end = min(begin + SERVER_VALID, authority.not_valid_after_utc)
    certificate = (
        _builder(_subject(hosts[0]), authority.subject, key, authority_key, begin, end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage("digital_signature"), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    write_private(folder / SERVER_KEY_FILE, _key_pem(key))
    write_private(folder / SERVER_FILE, certificate.public_bytes(Encoding.PEM), mode=0o644)
    fingerprint = authority.fingerprint(hashes.SHA256()).hex(":").upper()
    files = (folder / CA_FILE, folder / SERVER_FILE, folder / SERVER_KEY_FILE)
    return Made(*files, fingerprint, certificate.not_valid_after_utc, new)


def hosts_of(certificate: Path) -> list[str]:
    """The names and addresses for which ``certificate`` is good.

    :raises ConfigurationError: if it cannot be read, or names none.
    """
    try:
        found = _load(certificate).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        raise ConfigurationError(
            "names no host", where=str(certificate), remedy="make one with hil service certificate"
        ) from None
    names = found.get_values_for_type(x509.DNSName)
    return [*names, *(str(address) for address in found.get_values_for_type(x509.IPAddress))]


def require_valid(certificate: Path, *, now: datetime | None = None) -> None:
    """Refuse a certificate that is not valid now: no client would take it.

    :raises ConfigurationError: saying since when.
    """
    found, moment = _load(certificate), now or datetime.now(UTC)
    if moment >= found.not_valid_after_utc:
        raise ConfigurationError(
            f"has expired on {found.not_valid_after_utc:%Y-%m-%d}",
            where=str(certificate),
            remedy="make a new one with hil service certificate",
        )
    if moment < found.not_valid_before_utc:
        raise ConfigurationError(
            f"is not valid before {found.not_valid_before_utc:%Y-%m-%d}", where=str(certificate), remedy="set the clock"
        )


def _new_authority(folder: Path, begin: datetime) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _subject(f"hil bench authority {begin:%Y-%m-%d}")
    certificate = (
        _builder(name, name, key, key, begin, begin + CA_VALID)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage("key_cert_sign", "crl_sign"), critical=True)
        .sign(key, hashes.SHA256())
    )
    write_private(folder / CA_KEY_FILE, _key_pem(key))
    write_private(folder / CA_FILE, certificate.public_bytes(Encoding.PEM), mode=0o644)
    return certificate, key


def _authority(folder: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    file = folder / CA_KEY_FILE
    require_private(file)
    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise ConfigurationError(
            f"is no private key ({without_addresses(error)})", where=str(file), remedy="restore it"
        ) from None
    certificate = _load(folder / CA_FILE)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise ConfigurationError("is not the key of the authority beside it", where=str(file), remedy="restore it")
    return certificate, key


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    begin: datetime,
    end: datetime,
) -> x509.CertificateBuilder:
    by = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin - _SKEW)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(by, critical=False)
    )


def _usage(*given: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{name: name in given for name in _USAGES})


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        pass
    labels = host.split(".")
    plain = host.isascii() and all(label.replace("-", "").isalnum() and len(label) < 64 for label in labels)
    if not plain or len(host) > 253:
        raise UsageError("is neither a host name nor an address", where=host, remedy="name the server as clients do")
    return x509.DNSName(host.lower())


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _load(file: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(file.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"is no certificate ({without_addresses(error)})",
            where=str(file),
            remedy="make one with hil service certificate",
        ) from None
