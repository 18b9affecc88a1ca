"""Whether a signer's certificate leads up to a root that is trusted, and was made for signing documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from ...errors import CertificateError, SignatureFault, without_addresses
from .certificates import (
    FOREIGN,
    common_name,
    is_authority,
    is_test,
    is_weak,
    issued_by,
    may_sign,
    strictly,
    validity_fault,
    way_up,
)


@dataclass(frozen=True)
class Signer:
    """The certificate that signed, and what is above it.

    :param way: the signer's certificate first, the root or the one that is trusted last.
    :param trusted: whether the last one was given as trusted.
    :param at: the time at which the certificates were judged.
    """

    way: tuple[x509.Certificate, ...]
    trusted: bool
    test: bool
    at: datetime

    @property
    def name(self) -> str:
        """The common name of the signer."""
        return common_name(self.way[0].subject)

    @property
    def issuer(self) -> str:
        """The common name of who issued the signer's certificate."""
        return common_name(self.way[0].issuer)


def roots(trusted: Sequence[bytes]) -> list[x509.Certificate]:
    """The certificates in files of PEM or DER.

    :raises CertificateError: one of them cannot be read.
    """
    found = []
    for number, data in enumerate(trusted, 1):
        try:
            pem = b"-----BEGIN" in data
            found += strictly(x509.load_pem_x509_certificates if pem else _load_der, data)
        except FOREIGN as error:
            raise CertificateError(
                f"trusted certificate {number} cannot be read ({without_addresses(error)})",
                remedy="give the certificate of a root authority, as PEM or DER",
            ) from None
    return found


def _load_der(data: bytes) -> list[x509.Certificate]:
    return [x509.load_der_x509_certificate(data)]


def judge(certificates: Sequence[x509.Certificate], trusted: Sequence[bytes], at: datetime) -> Signer:
    """Who signed, if the certificate of a document's signer holds at a time.

    :param certificates: those in the document, the signer's first.
    :param trusted: roots as PEM or DER; with none of them, the document's own root is taken.
    :raises SignatureFault: the authority is not one of `trusted`, a certificate is not valid at that time, or is not
        for signing documents, or the way up breaks a rule of RFC 5280.
    """
    anchors = roots(trusted)
    try:
        full = way_up(certificates[0], [*certificates[1:], *anchors])
        way = _up_to_trusted(full, anchors) if anchors else _up_to_root(full)
        _refuse_purpose(way[0])
        for each in way:
            if fault := validity_fault(each, at):
                raise SignatureFault(fault, remedy="judge it at a time at which it is known to have existed")
        _refuse_path(way, at)
        return Signer(way, bool(anchors), is_test(full), at)
    except FOREIGN as error:
        raise SignatureFault(f"a certificate of its signer cannot be read ({error})") from None


def _up_to_trusted(way: tuple[x509.Certificate, ...], anchors: list[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    for place, each in enumerate(way):
        if each in anchors:
            return way[: place + 1]
    raise SignatureFault(
        f"the certificate of {common_name(way[0].subject)!r} is by the wrong authority: "
        f"{common_name(way[-1].issuer)!r} is none of those trusted",
        remedy="trust it only if its root came to you by another way than this document",
    )


def _up_to_root(way: tuple[x509.Certificate, ...]) -> tuple[x509.Certificate, ...]:
    if not issued_by(way[-1], way[-1]):
        raise SignatureFault(
            f"it does not carry the certificate of {common_name(way[-1].issuer)!r}", remedy="give it as trusted"
        )
    return way


def _refuse_purpose(signer: x509.Certificate) -> None:
    name = common_name(signer.subject)
    if is_authority(signer):
        raise SignatureFault(f"it is signed by an authority, {name!r}, and not by a person")
    if is_weak(signer):
        raise SignatureFault(f"the key of {name!r} is weak: less than RSA of 2048 bits or a curve of 256")
    if not may_sign(signer):
        raise SignatureFault(f"the key usage of {name!r} has neither digitalSignature nor contentCommitment")


def _refuse_path(way: tuple[x509.Certificate, ...], at: datetime) -> None:
    """Let RFC 5280 judge what lies between signer and root."""
    if len(way) == 1:
        return
    # The library refuses a signer without a subject alternative name, which a person's certificate need not have.
    signer = ExtensionPolicy.permit_all().require_present(x509.KeyUsage, Criticality.AGNOSTIC, None)
    builder = PolicyBuilder().store(Store([way[-1]])).time(at.replace(tzinfo=None)).max_chain_depth(len(way))
    verifier = builder.extension_policies(
        ee_policy=signer, ca_policy=ExtensionPolicy.webpki_defaults_ca()
    ).build_client_verifier()
    try:
        verifier.verify(way[0], list(way[1:-1]))
    except VerificationError as error:
        raise SignatureFault(f"the chain of its signer does not hold ({error})") from None
