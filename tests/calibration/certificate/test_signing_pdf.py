"""PAdES: ours read by pdfsig and pikepdf, and each way to change a signed PDF refused."""

from __future__ import annotations

import datetime as dt
import io
import os
import re
import subprocess
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hil_calibration.certificate import to_pdf, to_xml
from hil_calibration.certificate.model import Certificate
from hil_calibration.certificate.signing import (
    Identity,
    SignatureFault,
    load_identity,
    sign_pdf,
    sign_xml,
    verify_pdf,
    verify_xml,
)
from hil_calibration.certificate.signing.certificates import TEST_SUBJECT
from signing_keys import PERSON, Issued, Keys, issue, make_keys, pem, root, secret_file

REPORT = b'{"report": 1}'


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return make_keys(tmp_path_factory.mktemp("keys"))


def small_pdf(attachments: Mapping[str, bytes]) -> bytes:
    """A page with what is attached to it."""
    made = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        for name, content in attachments.items():
            pdf.attachments[name] = pikepdf.AttachedFileSpec(
                pdf, content, filename=name, description="", mime_type="", creation_date="", mod_date=""
            )
        pdf.save(made, static_id=True, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return made.getvalue()


@pytest.fixture(scope="module")
def small() -> bytes:
    return small_pdf({"report.json": REPORT, "notes.txt": b"notes"})


@pytest.fixture(scope="module")
def signed(small: bytes, keys: Keys) -> bytes:
    return sign_pdf(small, keys.identity)


@pytest.fixture(scope="module")
def xml(simulated: Certificate, keys: Keys) -> bytes:
    return sign_xml(to_xml(simulated), keys.identity)


@pytest.fixture(scope="module")
def page(simulated: Certificate, xml: bytes) -> bytes:
    return to_pdf(simulated, xml)


@pytest.fixture(scope="module")
def certificate_pdf(page: bytes, keys: Keys) -> bytes:
    return sign_pdf(page, keys.identity)


def test_a_signed_pdf_says_who_signed_what(certificate_pdf: bytes, xml: bytes, keys: Keys) -> None:
    found = verify_pdf(certificate_pdf, keys.trusted)

    assert (found.name, found.issuer, found.test, found.trusted) == (PERSON, TEST_SUBJECT, True, True)
    assert dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(found.time) < dt.timedelta(minutes=5)
    assert found.content == xml
    assert verify_xml(found.content, keys.trusted).name == PERSON
    told = " ".join(found.told)
    for needed in ("Each byte of the PDF", "which you trust", "demonstrations only", "claim", "revoked"):
        assert needed in told


def test_the_unsigned_pdf_is_the_beginning_of_the_signed_one(page: bytes, certificate_pdf: bytes) -> None:
    assert certificate_pdf.startswith(page)
    assert len(certificate_pdf) - len(page) < 40_000


def test_pdf_a_and_the_attachment_survive(certificate_pdf: bytes, xml: bytes) -> None:
    with pikepdf.open(io.BytesIO(certificate_pdf)) as pdf:
        assert pdf.open_metadata(set_pikepdf_as_editor=False).pdfa_status == "3B"
        assert bytes(pdf.attachments["certificate.xml"].get_file().read_bytes()) == xml
        assert [str(file.AFRelationship) for file in pdf.Root.AF] == ["/Source"]
        field = pdf.Root.AcroForm.Fields[0]
        permission = field.V.Reference[0].TransformParams.P
        assert (str(field.V.SubFilter), int(permission)) == ("/ETSI.CAdES.detached", 1)
        assert int(field.F) & 4, "PDF/A wants annotations that print"


def test_pdfsig_verifies_ours(certificate_pdf: bytes, tmp_path: Path) -> None:
    told = _pdfsig(certificate_pdf, tmp_path)
    for needed in (
        "Signature is Valid",
        "Total document signed",
        f"Common Name: {PERSON}",
        "SHA-256",
        "ETSI.CAdES.detached",
    ):
        assert needed in told


def test_pdfsig_and_we_refuse_an_altered_byte(certificate_pdf: bytes, keys: Keys, tmp_path: Path) -> None:
    place = certificate_pdf.index(b"stream") + 200
    altered = certificate_pdf[:place] + bytes([certificate_pdf[place] ^ 1]) + certificate_pdf[place + 1 :]
    assert "Digest Mismatch" in _pdfsig(altered, tmp_path)
    with pytest.raises(SignatureFault, match="altered after signing"):
        verify_pdf(altered, keys.trusted)


def _pdfsig(data: bytes, folder: Path) -> str:
    file = folder / "a.pdf"
    file.write_bytes(data)
    environment = {**os.environ, "HOME": str(folder)}
    done = subprocess.run(["pdfsig", str(file)], capture_output=True, text=True, check=False, env=environment)
    return done.stdout


def test_a_report_is_the_content_of_its_pdf(signed: bytes, keys: Keys) -> None:
    assert verify_pdf(signed, keys.trusted).content == REPORT


def test_a_pdf_without_an_attachment_of_ours_has_no_content(keys: Keys) -> None:
    for attachments in ({}, {"notes.txt": b"notes"}):
        assert verify_pdf(sign_pdf(small_pdf(attachments), keys.identity)).content == b""


def test_two_attachments_of_ours_are_refused(keys: Keys) -> None:
    both = sign_pdf(small_pdf({"certificate.xml": b"<a/>", "report.json": REPORT}), keys.identity)
    with pytest.raises(SignatureFault, match="2 attachments"):
        verify_pdf(both, keys.trusted)


def test_without_a_root_nothing_vouches_for_the_name(signed: bytes) -> None:
    found = verify_pdf(signed)
    assert not found.trusted
    assert any(told.startswith("Nothing vouches for the name") for told in found.told)


def test_a_pdf_is_signed_once(signed: bytes, keys: Keys) -> None:
    with pytest.raises(SignatureFault, match="signed already"):
        sign_pdf(signed, keys.identity)


def _revised(signed: bytes) -> bytes:
    """A later revision in which the page has another size: what a viewer shows is no longer what was signed."""
    from pyhanko.pdf_utils.generic import ArrayObject, FloatObject
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(signed))
    page = writer.root["/Pages"]["/Kids"][0]
    page["/MediaBox"] = ArrayObject(FloatObject(number) for number in (0, 0, 10, 10))
    writer.mark_update(page.container_ref)
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


def _byte_range(*replacement: int) -> Callable[[bytes], bytes]:
    def change(signed: bytes) -> bytes:
        found = re.search(rb"/ByteRange \[([\d ]+)\]( *)", signed)
        assert found is not None
        spans = [int(each) for each in found[1].split()]
        new = b" ".join(str(old + by).encode() for old, by in zip(spans, replacement, strict=True))
        return signed.replace(found[0], b"/ByteRange [" + new + b"]" + b" " * (len(found[0]) - len(new) - 13))

    return change


def _contents(old: bytes, new: bytes, *, last: bool) -> Callable[[bytes], bytes]:
    def change(signed: bytes) -> bytes:
        start, end = signed.index(b"/Contents <3") + 11, signed.index(b">", signed.index(b"/Contents <3"))
        digits = signed[start:end]
        place = digits.rindex(old) if last else digits.index(old)
        return signed[:start] + digits[:place] + new + digits[place + len(old) :] + signed[end:]

    return change


def _swapped(signed: bytes, *, in_place: bool) -> bytes:
    """Another report under the name of the one that was signed."""
    from pyhanko.pdf_utils.generic import StreamObject
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(signed))
    names = writer.root["/Names"]["/EmbeddedFiles"]["/Names"]
    place = [str(each) for each in names].index("report.json") + 1
    stream = names[place]["/EF"]["/F"]
    if in_place:
        coded = bytes(stream.encoded_data)
        assert signed.count(coded) == 1
        return signed.replace(coded, coded[:-1] + bytes([coded[-1] ^ 1]))
    writer.objects[(0, stream.container_ref.idnum)] = StreamObject(dict(stream), stream_data=b'{"report": 2}')
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


CHANGES: Mapping[str, tuple[Callable[[bytes], bytes], str]] = {
    "another revision": (_revised, "appended after signing"),
    "a comment behind the end": (lambda data: data + b"\n% more\n", "appended after signing"),
    "a line end behind the end": (lambda data: data + b"\n", "appended after signing"),
    "another name": (lambda data: data.replace(b"notes.txt", b"notes.exe"), "altered after signing"),
    "an attachment in the old one's place": (lambda data: _swapped(data, in_place=True), "altered after signing"),
    "an attachment of a later revision": (lambda data: _swapped(data, in_place=False), "appended after signing"),
    "a gap that is too wide": (_byte_range(0, -1, 0, 0), "does not cover the whole file"),
    "a gap that begins later": (_byte_range(0, 1, 1, -1), "does not cover the whole file"),
    "a range that begins later": (_byte_range(1, -1, 0, 0), "does not cover the whole file"),
    "something behind the signature": (_contents(b"0000", b"00AB", last=True), "behind the signature"),
    "other digits of the same value": (_contents(b"A", b"a", last=False), "does not cover the whole file"),
    "another form": (lambda data: data.replace(b"ETSI.CAdES.detached", b"adbe.pkcs7.detached"), "not PAdES"),
    "the signature before": (lambda data: data[: data.rindex(b"%%EOF", 0, -10) + 5], "no signature"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_changes_are_refused_by_name(signed: bytes, keys: Keys, name: str) -> None:
    change, told = CHANGES[name]
    changed = change(signed)
    assert changed != signed
    with pytest.raises(SignatureFault, match=told):
        verify_pdf(changed, keys.trusted)


def test_a_second_signature_is_refused(signed: bytes, keys: Keys) -> None:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.fields import SigFieldSpec, append_signature_field
    from pyhanko.sign.signers import PdfSignatureMetadata
    from pyhanko.sign.signers import sign_pdf as sign_anyhow

    from hil_calibration.certificate.signing.pades import _signer

    made = io.BytesIO(small_pdf({}))
    for name in ("one", "two"):
        writer = IncrementalPdfFileWriter(made)
        append_signature_field(writer, SigFieldSpec(name))
        made = sign_anyhow(writer, PdfSignatureMetadata(field_name=name), _signer(keys.identity))
    with pytest.raises(SignatureFault, match=r"several signatures \(2\)"):
        verify_pdf(made.getvalue(), keys.trusted)


def _bomb(size: int) -> bytes:
    """A PDF with a stream that inflates to a size."""
    packed = zlib.compress(b"\0" * size, 9)
    return b"%PDF-1.7\n1 0 obj <</Length 9/Filter/FlateDecode>> stream\n" + packed + b"\nendstream endobj\n"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "no PDF"),
        (b"<a/>", "no PDF"),
        (b"%PDF-1.7", "no PDF that can be read"),
        (b"%PDF-1.7\n<</Filter [/FlateDecode /FlateDecode]>>", "compressed twice"),
        (b"%PDF-1.7\ntrailer <</Root 1 0 R/Prev 9>>\nstartxref\n9\n%%EOF", "no PDF that can be read"),
    ],
)
def test_what_is_no_pdf_is_neither_verified_nor_signed(keys: Keys, data: bytes, told: str) -> None:
    with pytest.raises(SignatureFault, match=told):
        verify_pdf(data)
    with pytest.raises(SignatureFault, match=told):
        sign_pdf(data, keys.identity)


def test_what_is_too_large_is_refused_before_it_is_read(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hil_calibration.certificate.signing.attached.MAX_INFLATED", 4 * 1024**2)
    with pytest.raises(SignatureFault, match="inflate to more than 4 MiB"):
        verify_pdf(_bomb(5 * 1024**2))
    with pytest.raises(SignatureFault, match="more than 20000 streams"):
        verify_pdf(b"%PDF-1.7\n" + b"stream\n" * 20_001)
    monkeypatch.setattr("hil_calibration.certificate.signing.pades.MAX_BYTES", 100)
    with pytest.raises(SignatureFault, match="too large: more than"):
        verify_pdf(b"%PDF-" + b" " * 100)


def test_an_attachment_that_is_too_large_is_refused(signed: bytes, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    large = sign_pdf(small_pdf({"certificate.xml": b"<a>" + b" " * 5000 + b"</a>"}), keys.identity)
    monkeypatch.setattr("hil_calibration.certificate.signing.attached.MAX_BYTES", 4000)
    with pytest.raises(SignatureFault, match="too large: its attachment"):
        verify_pdf(large, keys.trusted)


def test_an_encrypted_pdf_is_refused(keys: Keys) -> None:
    made = io.BytesIO()
    with pikepdf.open(io.BytesIO(small_pdf({}))) as pdf:
        pdf.save(made, encryption=pikepdf.Encryption(owner="a", user="", R=6))
    with pytest.raises(SignatureFault, match="encrypted"):
        sign_pdf(made.getvalue(), keys.identity)


@pytest.fixture(scope="module")
def other() -> Issued:
    return root()


def test_the_wrong_authority_is_named(signed: bytes, other: Issued) -> None:
    with pytest.raises(SignatureFault, match="wrong authority"):
        verify_pdf(signed, [pem(other)])


def test_another_authority_is_no_test(small: bytes, other: Issued, tmp_path: Path) -> None:
    signer = issue(PERSON, other, usage="content_commitment")
    identity = load_identity(secret_file(tmp_path / "a.pem", pem(signer.key, signer, other)))
    found = verify_pdf(sign_pdf(small, identity), [pem(other)])
    assert (found.name, found.issuer, found.test, found.trusted) == (PERSON, "Example Authority", False, True)


def test_a_weak_digest_is_refused(small: bytes, keys: Keys) -> None:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.fields import SigSeedSubFilter
    from pyhanko.sign.signers import PdfSignatureMetadata
    from pyhanko.sign.signers import sign_pdf as sign_anyhow

    from hil_calibration.certificate.signing.pades import _signer

    metadata = PdfSignatureMetadata(field_name="a", md_algorithm="sha1", subfilter=SigSeedSubFilter.PADES)
    made = sign_anyhow(IncrementalPdfFileWriter(io.BytesIO(small)), metadata, _signer(keys.identity))
    with pytest.raises(SignatureFault, match=r"weak or unknown digest algorithm \('sha1'"):
        verify_pdf(made.getvalue(), keys.trusted)


@pytest.fixture(scope="module")
def twins(other: Issued, tmp_path_factory: pytest.TempPathFactory) -> tuple[Identity, Issued]:
    """A signer, and another person's certificate of the same key by the same authority."""
    one = issue(PERSON, other)
    file = secret_file(tmp_path_factory.mktemp("twins") / "a.pem", pem(one.key, one, other))
    return load_identity(file), issue("Signer B", other, key=one.key)


def _as_of(signed: bytes, twin: Issued) -> bytes:
    """The signer's certificate replaced by a twin's: neither it nor its number in the signature is signed itself."""
    from asn1crypto import cms
    from asn1crypto import x509 as asn1
    from cryptography.hazmat.primitives.serialization import Encoding

    start, end = signed.index(b"/Contents <3") + 11, signed.index(b">", signed.index(b"/Contents <3"))
    message = cms.ContentInfo.load(bytes.fromhex(signed[start:end].decode()))
    new = asn1.Certificate.load(twin.certificate.public_bytes(Encoding.DER))
    number = cms.IssuerAndSerialNumber({"issuer": new.issuer, "serial_number": new.serial_number})
    message["content"]["certificates"] = cms.CertificateSet([cms.CertificateChoices("certificate", new)])
    message["content"]["signer_infos"][0]["sid"] = cms.SignerIdentifier("issuer_and_serial_number", number)
    digits = bytes(message.dump(force=True)).hex().encode()
    return signed[:start] + digits.ljust(end - start, b"0") + signed[end:]


def test_a_certificate_of_another_person_with_the_same_key_is_refused(
    small: bytes, other: Issued, twins: tuple[Identity, Issued]
) -> None:
    identity, twin = twins
    swapped = _as_of(sign_pdf(small, identity), twin)
    with pytest.raises(SignatureFault, match=r"does not hold .*does not match selected signer's certificate"):
        verify_pdf(swapped, [pem(other)])


def test_a_signature_that_names_no_certificate_is_refused(
    small: bytes, other: Issued, twins: tuple[Identity, Issued], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the signed attribute the library would believe the twin's certificate."""
    from pyhanko.sign.attributes import SigningCertificateV2Provider

    async def nothing(self: object, dry_run: bool = False) -> None:
        return None

    monkeypatch.setattr(SigningCertificateV2Provider, "build_attr_value", nothing)
    identity, twin = twins
    unbound = sign_pdf(small, identity)
    for each in (unbound, _as_of(unbound, twin)):
        with pytest.raises(SignatureFault, match="does not say which certificate"):
            verify_pdf(each, [pem(other)])


def test_a_certificate_that_leads_nowhere_is_refused(small: bytes, other: Issued, keys: Keys, tmp_path: Path) -> None:
    """The certificates in a PDF's signature are not signed themselves: anybody can put one there."""
    from dataclasses import replace

    stranger = replace(keys.identity, chain=(*keys.identity.chain, other.certificate))
    with pytest.raises(SignatureFault, match="does not lead from its signer"):
        verify_pdf(sign_pdf(small, stranger), keys.trusted)


def test_more_certificates_than_a_chain_needs_are_refused(small: bytes, keys: Keys) -> None:
    from dataclasses import replace

    crowd = replace(keys.identity, chain=(*keys.identity.chain, *(root().certificate for _ in range(15))))
    with pytest.raises(SignatureFault, match="more than 16 certificates"):
        verify_pdf(sign_pdf(small, crowd), keys.trusted)


def test_a_certificate_not_valid_at_the_time_is_named(signed: bytes, keys: Keys) -> None:
    with pytest.raises(SignatureFault, match="has expired"):
        verify_pdf(signed, keys.trusted, at=dt.datetime(2040, 1, 1, tzinfo=dt.UTC))


@settings(deadline=None)
@given(data=st.data())
def test_no_mutation_raises_anything_else_or_is_read(keys: Keys, signed: bytes, data: st.DataObject) -> None:
    mutated = bytearray(signed)
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(mutated) - 1))
        end = data.draw(st.integers(start, min(start + 40, len(mutated))))
        piece = bytes(mutated[end : end + 60])
        mutated[start:end] = data.draw(st.sampled_from((b"", b"<", b"(", b"0", b"/", b"endobj", b"\xff", piece)))
    try:
        found = verify_pdf(bytes(mutated), keys.trusted)
    except SignatureFault:
        return
    assert (found.content, found.name) == (REPORT, PERSON)


@settings(deadline=None)
@given(data=st.binary(max_size=200))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    for each in (data, b"%PDF-1.7\n" + data + b"\n%%EOF"):
        with pytest.raises(SignatureFault):
            verify_pdf(each)
