"""The laboratory's key: Ed25519 (RFC 8032), a private key in a PEM file (PKCS #8) that its owner alone may read."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)

from hil_calibration.errors import without_addresses

from ..errors import UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

_REFUSED = (ValueError, TypeError, UnsupportedAlgorithm)


@dataclass(frozen=True)
class PublicKey:
    """A key to verify with; ``identifier`` is the SHA-256 of ``der``, its SubjectPublicKeyInfo (RFC 8410)."""

    der: bytes

    @property
    def identifier(self) -> str:
        return hashlib.sha256(self.der).hexdigest()

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """Whether ``signature`` is one of ``data`` by this key."""
        key = load_der_public_key(self.der)
        if not isinstance(key, Ed25519PublicKey):
            return False
        try:
            key.verify(signature, data)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class PrivateKey:
    """A key to sign with."""

    _key: Ed25519PrivateKey

    def sign(self, data: bytes) -> bytes:
        """The signature of ``data``, 64 bytes."""
        return self._key.sign(data)

    @property
    def public(self) -> PublicKey:
        """What verifies its signatures."""
        return _public(self._key.public_key())


def _public(key: Ed25519PublicKey) -> PublicKey:
    return PublicKey(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def new_key(path: Path) -> Path:
    """Write a new private key to ``path`` and its public key beside it, as ``.pub.pem``.

    :raises UsageError: if one of them is there already, or cannot be written.
    """
    public = path.with_name(f"{path.stem}.pub.pem")
    key = Ed25519PrivateKey.generate()
    if public.exists():
        raise UsageError("is there already", where=str(public), remedy="give another name")
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secret)
        public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    except FileExistsError as error:
        raise UsageError("is there already", where=str(path), remedy="give another name; keys are kept") from error
    except OSError as error:
        raise _unusable(path, f"cannot be written ({error.strerror})") from error
    return public


def load_private(path: Path) -> PrivateKey:
    """Read a private key.

    :raises UsageError: if it is none of Ed25519, has a pass phrase, or others may read it.
    """
    data = _read(path, secret=True)
    try:
        key: PrivateKeyTypes = load_pem_private_key(data, None)
    except _REFUSED as error:
        raise _unusable(path, f"is not a private key without pass phrase ({_first_line(error)})") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _unusable(path, "is a private key, but not one of Ed25519")
    return PrivateKey(key)


def load_public(path: Path) -> PublicKey:
    """Read a public key, or the public part of a private one.

    :raises UsageError: if it is none of Ed25519.
    """
    data = _read(path, secret=False)
    if b"PRIVATE KEY" in data:
        return load_private(path).public
    try:
        key: PublicKeyTypes = load_pem_public_key(data)
    except _REFUSED as error:
        raise _unusable(path, f"is not a public key ({_first_line(error)})") from error
    if not isinstance(key, Ed25519PublicKey):
        raise _unusable(path, "is a public key, but not one of Ed25519")
    return _public(key)


def public_of(der: bytes) -> PublicKey:
    """The public key with the SubjectPublicKeyInfo ``der``.

    :raises ValueError: if it is none of Ed25519.
    """
    try:
        key = load_der_public_key(der)
    except _REFUSED as error:
        raise ValueError(f"is not a public key ({_first_line(error)})") from error
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("is a public key, but not one of Ed25519")  # noqa: TRY004 (it is data, not an argument)
    return _public(key)


def _read(path: Path, *, secret: bool) -> bytes:
    try:
        with path.open("rb") as file:
            data, mode = file.read(), stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if secret and b"PUBLIC KEY" in data:
                remedy = f"give the private key that belongs to it, which `hil data keys new` wrote beside {path.name}"
                raise UsageError("is a public key, not a private one", where=str(path), remedy=remedy)
            if secret and mode & 0o077:
                raise UsageError(
                    f"others than its owner may use this key (its mode is {mode:04o})",
                    where=str(path),
                    remedy=f"chmod 600 {path}, and make a new key if somebody could have read it",
                )
            return data
    except OSError as error:
        raise _unusable(path, f"cannot be read ({error.strerror})") from error


def _unusable(path: Path, what: str) -> UsageError:
    return UsageError(what, where=str(path), remedy="make a key with `hil data keys new FILE`")


def _first_line(error: Exception) -> str:
    return (without_addresses(error).splitlines() or [type(error).__name__])[0][:100].rstrip(".")
