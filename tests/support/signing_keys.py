"""Keys and certificates of signers, good and bad, made anew for each test module."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from hil_calibration.certificate.signing import Identity, load_identity, make_authority

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
LABORATORY = "Example Laboratory"
PERSON = "Signer A"


@dataclass(frozen=True)
class Keys:
    """A test authority with one signer."""

    root: Path
    signer: Path

    @property
    def trusted(self) -> list[bytes]:
        return [self.root.read_bytes()]

    @property
    def identity(self) -> Identity:
        return load_identity(self.signer)


def make_keys(folder: Path) -> Keys:
    root, signer = make_authority(folder, [PERSON], laboratory=LABORATORY)
    return Keys(root, signer)


@dataclass(frozen=True)
class Issued:
    """A certificate of another authority than ours, and its key."""

    key: Key
    certificate: x509.Certificate


def issue(
    name: str,
    by: Issued | None = None,
    *,
    key: Key | None = None,
    authority: bool = False,
    usage: str = "digital_signature",
    begin: dt.datetime | None = None,
    days: float = 30,
) -> Issued:
    """A certificate with what a test wants wrong with it; without an issuer it is its own."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = begin or dt.datetime.now(dt.UTC).replace(microsecond=0)
    issuer = by.certificate.subject if by else subject
    signing = by.key if by else key
    builder = (
        x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
    )
    if usage:
        builder = builder.add_extension(_usage({usage}), critical=True)
    return Issued(key, builder.sign(signing, hashes.SHA256()))


def _usage(allowed: set[str]) -> x509.KeyUsage:
    names = (
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
    return x509.KeyUsage(**{name: name in allowed for name in names})


def root(name: str = "Example Authority") -> Issued:
    return issue(name, authority=True, usage="key_cert_sign", days=3650)


def pem(*parts: Key | Issued | x509.Certificate) -> bytes:
    """Keys and certificates one after the other; of an issued one the certificate alone."""
    return b"".join(_pem(part) for part in parts)


def _pem(part: Key | Issued | x509.Certificate) -> bytes:
    if isinstance(part, Issued):
        part = part.certificate
    if isinstance(part, x509.Certificate):
        return part.public_bytes(Encoding.PEM)
    return part.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def secret_file(path: Path, content: bytes, mode: int = 0o600) -> Path:
    path.touch(mode)
    path.chmod(mode)
    path.write_bytes(content)
    return path
