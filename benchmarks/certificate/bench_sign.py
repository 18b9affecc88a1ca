"""Signing and verifying a certificate of 100 points: XML and PDF, beside the libraries' own calls and the key's.

No target of its own; the whole chain has one second. Run: python benchmarks/certificate/bench_sign.py
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lxml import etree

from hil_calibration.certificate import to_pdf, to_xml
from hil_calibration.certificate.signing import (
    load_identity,
    make_authority,
    sign_pdf,
    sign_xml,
    verify_pdf,
    verify_xml,
)

if TYPE_CHECKING:
    from hil_calibration.certificate.signing import Identity

ROUNDS = 15
ROOT = Path(__file__).resolve().parents[2]


def milliseconds(work: Callable[[], object]) -> tuple[float, float, float]:
    """Time of the first call, and median and greatest time of those after it."""
    taken = []
    for _ in range(ROUNDS + 1):
        begun = perf_counter()
        work()
        taken.append(1e3 * (perf_counter() - begun))
    return taken[0], median(taken[1:]), max(taken[1:])


def bare(identity: Identity, xml: bytes, signed: bytes, page: bytes, sealed: bytes) -> dict[str, Callable[[], object]]:
    """The same work by the libraries alone, as their manuals have it."""
    from asn1crypto.keys import PrivateKeyInfo
    from asn1crypto.x509 import Certificate
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.fields import SigSeedSubFilter
    from pyhanko.sign.signers import PdfSignatureMetadata, SimpleSigner
    from pyhanko.sign.signers import sign_pdf as pyhanko_sign
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext
    from pyhanko_certvalidator.registry import SimpleCertificateStore
    from signxml.xades.xades import XAdESSigner, XAdESVerifier

    chain = [Certificate.load(each.public_bytes(Encoding.DER)) for each in identity.chain]
    pem = [each.public_bytes(Encoding.PEM).decode() for each in identity.chain]
    secret = identity.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    key = PrivateKeyInfo.load(identity.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
    signer = SimpleSigner(chain[0], key, SimpleCertificateStore.from_certs(chain[1:]))
    form = PdfSignatureMetadata(field_name="Signature", certify=True, subfilter=SigSeedSubFilter.PADES)

    def verify_page() -> object:
        context = ValidationContext(trust_roots=[chain[-1]], allow_fetching=False)
        return validate_pdf_signature(PdfFileReader(BytesIO(sealed)).embedded_signatures[0], context)

    return {
        "XAdES sign": lambda: etree.tostring(
            XAdESSigner(signature_algorithm="ecdsa-sha256").sign(etree.fromstring(xml), key=secret, cert=pem)
        ),
        "XAdES verify": lambda: XAdESVerifier().verify(signed, x509_cert=identity.certificate),
        "PAdES sign": lambda: pyhanko_sign(IncrementalPdfFileWriter(BytesIO(page)), form, signer),
        "PAdES verify": verify_page,
    }


def main() -> int:
    sys.path.insert(0, str(ROOT / "tests" / "support"))
    from certificate_defects import good

    certificate = good(100)
    with tempfile.TemporaryDirectory() as folder:
        root, signer = make_authority(Path(folder) / "keys", ["Signer A"], laboratory="Example Laboratory")
        identity, trusted = load_identity(signer), [root.read_bytes()]
        loaded = milliseconds(lambda: load_identity(signer))
    xml = to_xml(certificate)
    signed = sign_xml(xml, identity)
    page = to_pdf(certificate, signed)
    sealed = sign_pdf(page, identity)
    works: dict[str, Callable[[], object]] = {
        "bare ECDSA of the XML": lambda: identity.key.sign(xml, ec.ECDSA(hashes.SHA256())),
        "XAdES sign": lambda: sign_xml(xml, identity),
        "XAdES verify": lambda: verify_xml(signed, trusted),
        "PAdES sign": lambda: sign_pdf(page, identity),
        "PAdES verify": lambda: verify_pdf(sealed, trusted),
    }
    libraries = bare(identity, xml, signed, page, sealed)
    print(f"XML {len(xml)} -> {len(signed)} bytes, PDF {len(page)} -> {len(sealed)} bytes")
    print(f"load average {os.getloadavg()[0]:.1f}; {ROUNDS} rounds: first, median, max; median of the library alone")
    for name, (first, middle, worst) in {
        "load identity": loaded,
        **{name: milliseconds(work) for name, work in works.items()},
    }.items():
        peer = f"{milliseconds(libraries[name])[1]:8.1f} ms" if name in libraries else ""
        print(f"{name:24}{first:8.1f} ms{middle:8.1f} ms{worst:8.1f} ms{peer}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
