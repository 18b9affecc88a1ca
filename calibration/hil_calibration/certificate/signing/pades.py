"""PAdES signatures on PDF: certified, no changes allowed, appended to the file (ETSI EN 319 142-1, level B-B)."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ...errors import CertificateError, SignatureFault
from .attached import MAX_BYTES, attached, attached_xml, refuse_bomb, value
from .certificates import MAX_CARRIED, as_utc, strictly
from .identity import Identity
from .signed import Signed, signed_by
from .trust import judge

if TYPE_CHECKING:
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.signers import SimpleSigner
    from pyhanko.sign.validation import EmbeddedPdfSignature

FIELD = "Signature"
_DIGESTS = frozenset({"sha256", "sha384", "sha512"})
_METHODS = frozenset(f"{digest}_{kind}" for digest in _DIGESTS for kind in ("ecdsa", "rsa")) | {
    "rsassa_pkcs1v15",
    "rsassa_pss",
}
_SIGNER = "signing_certificate_v2"
_QUIET = logging.NullHandler()
_COVERS = (
    "Each byte of the PDF outside of the signature is as it was signed: pages, attachments and metadata; "
    "nothing was appended."
)

Result = TypeVar("Result")


def sign_pdf(pdf: bytes, identity: Identity) -> bytes:
    """A PDF with a signature after its last byte: what is signed begins with the bytes of `pdf`.

    :raises SignatureFault: it is signed already, encrypted, or no PDF.
    """
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
    from pyhanko.sign.signers import PdfSignatureMetadata
    from pyhanko.sign.signers import sign_pdf as sign_with_pyhanko

    if _guarded(lambda: len(_reader(pdf).embedded_signatures)):
        raise SignatureFault("it is signed already", remedy="amend it: a document has one signature")
    metadata = PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        name=identity.name,
        certify=True,
        subfilter=SigSeedSubFilter.PADES,
        docmdp_permissions=MDPPerm.NO_CHANGES,
    )

    def signed() -> bytes:
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
        made: io.BytesIO = sign_with_pyhanko(writer, metadata, _signer(identity))
        return made.getvalue()

    return _guarded(signed)


def verify_pdf(data: bytes, trusted: Sequence[bytes] = (), *, at: datetime | None = None) -> Signed:
    """Who signed a PDF, and the certificate or report that is attached to it.

    :param trusted: root certificates as PEM or DER that came by another way. With none, the document's own root is
        taken, and the result says that nothing vouches for it.
    :param at: the time at which the certificates have to be valid; without it, now.
    :returns: its ``content`` is the attached ``certificate.xml`` or ``report.json``, empty if there is none.
    :raises SignatureFault: no signature, several, one that does not cover the whole file, was altered after signing,
        is weak, expired or by the wrong authority; or no PDF that can be read.
    :raises CertificateError: a certificate of `trusted` cannot be read.
    """
    return _guarded(lambda: _verify(data, trusted, as_utc(at)))


def read_attached(data: bytes) -> bytes:
    """The XML that is attached to a PDF of any laboratory, signed or not; no signature is looked at.

    :raises SignatureFault: no PDF that can be read, nothing attached, or several XML files.
    """
    found = _guarded(lambda: attached_xml(_reader(data)))
    if not found:
        raise SignatureFault("no XML is attached to it")
    return found


def read_content(data: bytes) -> bytes:
    """The ``certificate.xml`` or ``report.json`` attached to a PDF, signed or not; empty if there is none.

    :raises SignatureFault: no PDF that can be read, or several of them.
    """
    return _guarded(lambda: attached(_reader(data)))


def _verify(data: bytes, trusted: Sequence[bytes], at: datetime) -> Signed:
    reader = _reader(data)
    signature = _only_signature(reader)
    _refuse_form(signature)
    _refuse_uncovered(signature, data)
    _refuse_altered(signature)
    carried = (signature.signer_cert, *signature.other_embedded_certs)
    if len(carried) > MAX_CARRIED:
        raise SignatureFault(f"it carries more than {MAX_CARRIED} certificates")
    certificates = [_certificate(each) for each in carried]
    signer = judge(certificates, trusted, at)
    if any(each not in signer.way for each in certificates):
        raise SignatureFault("it carries a certificate that does not lead from its signer to a root")
    return signed_by(signer, attached(reader), signature.self_reported_timestamp, covers=_COVERS)


def _reader(data: bytes) -> PdfFileReader:
    from pyhanko.pdf_utils.reader import PdfFileReader

    logging.getLogger("pyhanko").addHandler(_QUIET)  # what it says of a broken file is said by the refusal
    if len(data) > MAX_BYTES:
        raise SignatureFault(f"too large: more than {MAX_BYTES // 1024**2} MiB")
    if not data.startswith(b"%PDF-"):
        raise SignatureFault("no PDF: it does not begin with %PDF-")
    refuse_bomb(data)
    reader = PdfFileReader(io.BytesIO(data))
    if reader.encrypted:
        raise SignatureFault("it is encrypted")
    return reader


def _only_signature(reader: PdfFileReader) -> EmbeddedPdfSignature:
    found: list[EmbeddedPdfSignature] = reader.embedded_signatures
    if not found:
        raise SignatureFault("no signature")
    if len(found) > 1:
        raise SignatureFault(f"several signatures ({len(found)}), and a document of one has another content for each")
    return found[0]


def _refuse_form(signature: EmbeddedPdfSignature) -> None:
    form = value(signature.sig_object, "/SubFilter")
    if form != "/ETSI.CAdES.detached" or signature.sig_object_type != "/Sig":
        raise SignatureFault(f"its signature is not PAdES but {str(form)[:40]!r}")
    if signature.md_algorithm not in _DIGESTS:
        raise SignatureFault(f"a weak or unknown digest algorithm ({signature.md_algorithm[:40]!r})")
    if _SIGNER not in {each["type"].native for each in signature.signer_info["signed_attrs"]}:
        # Without it, the certificate could be replaced by another of the same key: it is not signed itself.
        raise SignatureFault("its signature does not say which certificate it was made with, as PAdES demands")
    algorithm = signature.signer_info["signature_algorithm"]
    name = algorithm["algorithm"].native
    if name not in _METHODS or (name != "rsassa_pkcs1v15" and algorithm.hash_algo not in _DIGESTS):
        raise SignatureFault(f"a weak or unknown signature algorithm ({str(name)[:40]!r})")


def _refuse_uncovered(signature: EmbeddedPdfSignature, data: bytes) -> None:
    """Refuse a signature that leaves out anything but its own hexadecimal digits, padded with zeros."""
    spans = [int(each) for each in signature.byte_range]
    if len(spans) != 4 or spans[0] != 0 or not 0 < spans[1] <= spans[2] or spans[3] < 0:
        raise SignatureFault("the signature does not cover the whole file")
    if spans[2] + spans[3] < len(data):
        raise SignatureFault("something was appended after signing")
    contents = signature.pkcs7_content
    digits = contents.hex().encode()
    if data[spans[1] : spans[2]] not in (b"<" + digits + b">", b"<" + digits.upper() + b">"):
        raise SignatureFault("the signature does not cover the whole file")
    if any(contents[_der_length(contents) :]):
        raise SignatureFault("there is something behind the signature, in the place that is kept for it")


def _der_length(der: bytes) -> int:
    """The length of the first DER element, with its head."""
    if der[1] < 0x80:
        return 2 + der[1]
    size = der[1] & 0x7F
    return 2 + size + int.from_bytes(der[2 : 2 + size], "big")


def _refuse_altered(signature: EmbeddedPdfSignature) -> None:
    """Refuse a digest that is not the file's, and a signature that is not by the signer's key."""
    from pyhanko.sign.validation.errors import SignatureValidationError
    from pyhanko.sign.validation.generic_cms import validate_sig_integrity

    try:
        intact, valid = validate_sig_integrity(
            signature.signer_info, signature.signer_cert, "data", signature.compute_digest()
        )
    except SignatureValidationError as error:
        raise SignatureFault(f"the signature does not hold ({error})") from None
    if not intact:
        raise SignatureFault("a byte of it was altered after signing (digest mismatch)")
    if not valid:
        raise SignatureFault("the signature is not by the key of the signer's certificate")


def _certificate(certificate: Any) -> x509.Certificate:
    return strictly(x509.load_der_x509_certificate, certificate.dump())


def _signer(identity: Identity) -> SimpleSigner:
    from pyhanko.keys import load_certs_from_pemder_data, load_private_key_from_pemder_data
    from pyhanko.sign.signers import SimpleSigner
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    chain = [next(load_certs_from_pemder_data(each.public_bytes(Encoding.DER))) for each in identity.chain]
    secret = identity.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return SimpleSigner(
        signing_cert=chain[0],
        signing_key=load_private_key_from_pemder_data(secret, passphrase=None),
        cert_registry=SimpleCertificateStore.from_certs(chain[1:]),
    )


def _guarded(work: Callable[[], Result]) -> Result:
    """Do what reads a PDF of anybody; the library has no error of its own for each way in which one can be broken."""
    try:
        return work()
    except CertificateError:
        raise
    except Exception as error:  # noqa: BLE001 (its parser raises whatever Python does)
        raise SignatureFault(f"no PDF that can be read ({type(error).__name__}: {str(error)[:200]})") from None
