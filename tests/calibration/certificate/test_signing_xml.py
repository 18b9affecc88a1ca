"""XAdES: ours verified by xmlsec1, and each way to change a document or to wrap its signature refused by name."""

from __future__ import annotations

import base64
import copy
import datetime as dt
import re
import subprocess
import sys
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from hil_calibration.certificate import read, to_xml, validate
from hil_calibration.certificate.model import Certificate
from hil_calibration.certificate.signing import SignatureFault, load_identity, sign_xml, verify_xml
from hil_calibration.certificate.signing.certificates import TEST_SUBJECT
from hil_calibration.certificate.signing.trust import judge
from hil_calibration.errors import CertificateError
from signing_keys import PERSON, Issued, Keys, issue, make_keys, pem, root, secret_file

DS = "{http://www.w3.org/2000/09/xmldsig#}"
XADES = "{http://uri.etsi.org/01903/v1.3.2#}"
PLAIN = b"""<?xml version='1.0' encoding='UTF-8'?>
<!-- beside the root --><c:doc xmlns:c="urn:example" id="first">
  <c:value unit="lx">0.022</c:value><!-- said -->
  <c:value unit="lx">5.1 &lt; \xc2\xb0C</c:value>
</c:doc>
"""


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def signed(keys: Keys) -> bytes:
    return sign_xml(PLAIN, keys.identity)


@pytest.fixture(scope="module")
def certificate_xml(simulated: Certificate, keys: Keys) -> bytes:
    return sign_xml(to_xml(simulated), keys.identity)


def test_a_signed_document_says_who_signed_what(signed: bytes, keys: Keys) -> None:
    found = verify_xml(signed, keys.trusted)

    assert (found.name, found.issuer, found.test, found.trusted) == (PERSON, TEST_SUBJECT, True, True)
    assert dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(found.time) < dt.timedelta(minutes=5)
    assert found.content == etree.tostring(etree.fromstring(PLAIN), method="c14n", with_comments=False)
    told = " ".join(found.told)
    for needed in ("which you trust", "demonstrations only", "claim", "revoked", "Comments are not signed"):
        assert needed in told


def test_without_a_root_nothing_vouches_for_the_name(signed: bytes) -> None:
    found = verify_xml(signed)
    assert (found.name, found.trusted) == (PERSON, False)
    assert any(told.startswith("Nothing vouches for the name") for told in found.told)


def test_roots_are_read_as_pem_or_der(signed: bytes, keys: Keys) -> None:
    der = base64.b64decode("".join(keys.root.read_text().splitlines()[1:-1]))
    assert verify_xml(signed, [der]).trusted
    with pytest.raises(CertificateError, match="trusted certificate 2 cannot be read"):
        verify_xml(signed, [der, b"nothing"])
    with pytest.raises(CertificateError, match=r"Unable to load PEM file\. \w+\); give the certificate of a root"):
        verify_xml(signed, [b"-----BEGIN PUBLIC KEY-----"])


def test_the_signature_is_the_last_child_and_nothing_else_changes(signed: bytes) -> None:
    tree = etree.fromstring(signed)
    assert tree[-1].tag == f"{DS}Signature"
    algorithms = {each.get("Algorithm", "") for each in tree[-1].iter() if isinstance(each.tag, str)}
    assert "http://www.w3.org/2006/12/xml-c14n11" in algorithms
    assert "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256" in algorithms
    before, after = re.split(rb"<ds:Signature .*</ds:Signature>", signed, flags=re.DOTALL)
    assert before + after == PLAIN.rstrip()


def test_xmlsec1_verifies_ours(certificate_xml: bytes, keys: Keys, tmp_path: Path) -> None:
    done = _xmlsec1(certificate_xml, keys, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "SignedInfo References (ok/all): 3/3" in done.stdout + done.stderr


def test_xmlsec1_and_we_refuse_an_altered_digit(certificate_xml: bytes, keys: Keys, tmp_path: Path) -> None:
    altered = certificate_xml.replace(b"0.022", b"0.021", 1)
    assert altered != certificate_xml
    assert _xmlsec1(altered, keys, tmp_path).returncode != 0
    with pytest.raises(SignatureFault, match=r"altered after signing: the document .*reference 1\b"):
        verify_xml(altered, keys.trusted)


def test_xmlsec1_without_our_root_refuses(signed: bytes, tmp_path: Path) -> None:
    stranger = secret_file(tmp_path / "root.pem", pem(root()))
    assert _xmlsec1(signed, Keys(stranger, stranger), tmp_path).returncode != 0


def _xmlsec1(data: bytes, keys: Keys, folder: Path) -> subprocess.CompletedProcess[str]:
    file = folder / "signed.xml"
    file.write_bytes(data)
    identifiers = ["--id-attr:Id", "KeyInfo", "--id-attr:Id", f"{XADES[1:-1]}:SignedProperties"]
    command = ["xmlsec1", "--verify", "--enabled-key-data", "x509", *identifiers, "--trusted-pem", str(keys.root)]
    return subprocess.run([*command, str(file)], capture_output=True, text=True, check=False)


def test_other_line_ends_comments_and_attribute_order_do_not_matter(signed: bytes, keys: Keys) -> None:
    content = verify_xml(signed, keys.trusted).content
    for same in (
        signed.replace(b"\n", b"\r\n"),
        signed.replace(b"<!-- said -->", b"<!-- else -->"),
        signed.replace(b' unit="lx"', b"\t unit='lx' "),
        signed.decode().replace("encoding='UTF-8'", "encoding='UTF-16'").encode("utf-16"),
    ):
        assert same != signed
        assert verify_xml(same, keys.trusted).content == content


def test_indenting_anew_breaks_the_signature(signed: bytes, keys: Keys) -> None:
    tree = etree.fromstring(signed, etree.XMLParser(remove_blank_text=True))
    etree.indent(tree, "    ")
    with pytest.raises(SignatureFault):
        verify_xml(etree.tostring(tree), keys.trusted)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"0.022", b"0.021"),
        (b'unit="lx"', b'unit="ly"'),
        (b"</c:doc>", b"<c:more/></c:doc>"),
        (b"  <c:value", b" <c:value"),
        (b'id="first"', b'id="second"'),
        (b"<!-- said -->", b"<?said?>"),
    ],
)
def test_a_change_of_the_document_is_named(signed: bytes, keys: Keys, old: bytes, new: bytes) -> None:
    altered = signed.replace(old, new, 1)
    if altered.find(b"<c:more/></c:doc>") > 0:  # the signature stays last
        altered = signed.replace(b"<ds:Signature", b"<c:more/><ds:Signature", 1)
    with pytest.raises(SignatureFault, match="altered after signing: the document"):
        verify_xml(altered, keys.trusted)


def test_changes_of_what_else_is_signed_are_named(signed: bytes, keys: Keys) -> None:
    time = re.search(rb"SigningTime>(\d{4})", signed)
    assert time is not None
    earlier = signed.replace(time[0], b"SigningTime>2020")
    with pytest.raises(SignatureFault, match="altered after signing: the signed properties"):
        verify_xml(earlier, keys.trusted)
    doubled = re.sub(rb"(<ds:X509Data>.*</ds:X509Data>)", rb"\1\1", signed, flags=re.DOTALL)
    with pytest.raises(SignatureFault, match="altered after signing: the key information"):
        verify_xml(doubled, keys.trusted)
    value = re.sub(rb"SignatureValue>..", b"SignatureValue>AA", signed, count=1)
    spaced = signed.replace(b"urn:example", b"urn:another")  # every digest has the namespaces above it in it
    for broken in (value, spaced):
        with pytest.raises(SignatureFault, match="the signature does not hold"):
            verify_xml(broken, keys.trusted)


# Wrapping: a signature that holds, over another document than the one that is read.


def _tree(signed: bytes) -> tuple[etree._Element, etree._Element]:
    tree = etree.fromstring(signed)
    return tree, tree[-1]


def _original_inside(signed: bytes) -> etree._Element:
    """Another root around the one that was signed, which keeps its signature."""
    evil = etree.fromstring(b'<c:doc xmlns:c="urn:example"><c:value unit="lx">9</c:value></c:doc>')
    evil.append(etree.fromstring(signed))
    return evil


def _original_in_object(signed: bytes) -> etree._Element:
    """The document that was signed within the signature, as an object of it, and another around."""
    tree, signature = _tree(signed)
    original = copy.deepcopy(tree)
    original.remove(original[-1])
    etree.SubElement(signature, f"{DS}Object").append(original)
    tree[0].text = "9"
    return tree


def _reference_by_identifier(signed: bytes) -> etree._Element:
    tree, signature = _tree(signed)
    original = copy.deepcopy(tree)
    original.remove(original[-1])
    tree[0].text = "9"
    tree.insert(1, original)
    signature.find(f".//{DS}Reference[@URI='']").set("URI", "#first")  # type: ignore[union-attr]
    tree.set("id", "other")
    return tree


def _second_identifier(signed: bytes) -> etree._Element:
    """Two elements with the identifier of the signed properties."""
    tree, signature = _tree(signed)
    properties = signature.find(f".//{XADES}SignedProperties")
    assert properties is not None
    tree[0].set("Id", properties.get("Id", ""))
    return tree


def _other_properties(signed: bytes) -> etree._Element:
    """Other qualifying properties before those that were signed."""
    tree, signature = _tree(signed)
    properties = signature.find(f"{DS}Object/{XADES}QualifyingProperties")
    assert properties is not None
    other = copy.deepcopy(properties)
    other[0].set("Id", "other")
    parent = properties.getparent()
    assert parent is not None
    parent.insert(0, other)
    return tree


def _reference(uri: str) -> Callable[[bytes], etree._Element]:
    def change(signed: bytes) -> etree._Element:
        tree, signature = _tree(signed)
        signature.find(f".//{DS}Reference[@URI='']").set("URI", uri)  # type: ignore[union-attr]
        return tree

    return change


def _moved(place: int) -> Callable[[bytes], etree._Element]:
    def change(signed: bytes) -> etree._Element:
        tree, signature = _tree(signed)
        tree.insert(place, signature)
        return tree

    return change


def _nested(signed: bytes) -> etree._Element:
    tree, signature = _tree(signed)
    tree[0].append(signature)
    return tree


def _twice(signed: bytes) -> etree._Element:
    tree, signature = _tree(signed)
    tree.append(copy.deepcopy(signature))
    return tree


def _without(name: str) -> Callable[[bytes], etree._Element]:
    def change(signed: bytes) -> etree._Element:
        tree, signature = _tree(signed)
        element = next(signature.iter(name))
        parent = element.getparent()
        assert parent is not None
        parent.remove(element)
        return tree

    return change


def _reference_again(signed: bytes) -> etree._Element:
    tree, signature = _tree(signed)
    signature[0].append(copy.deepcopy(signature[0][-1]))
    return tree


def _algorithm(element: str, algorithm: str) -> Callable[[bytes], etree._Element]:
    def change(signed: bytes) -> etree._Element:
        tree, signature = _tree(signed)
        next(signature.iter(f"{DS}{element}")).set("Algorithm", algorithm)
        return tree

    return change


def _target(signed: bytes) -> etree._Element:
    tree, signature = _tree(signed)
    next(signature.iter(f"{XADES}QualifyingProperties")).set("Target", "#other")
    return tree


def _only_signature(signed: bytes) -> etree._Element:
    return _tree(signed)[1]


_C14N_11 = "http://www.w3.org/2006/12/xml-c14n11"
_EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
_SHA1 = "http://www.w3.org/2000/09/xmldsig#sha1"
_XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
FORGERIES: Mapping[str, tuple[Callable[[bytes], etree._Element], str]] = {
    "the original inside another root": (_original_inside, "wrapped signature: it is not a child of the root"),
    "the original in an object": (_original_in_object, "2 elements Object"),
    "a reference to the original by identifier": (_reference_by_identifier, "reference to elsewhere"),
    "an identifier twice": (_second_identifier, "wrapped signature: 2 elements bear the identifier"),
    "other properties first": (_other_properties, "2 elements QualifyingProperties"),
    "properties of another signature": (_target, "meant for another signature"),
    "a reference to a file": (_reference("file:///etc/hostname"), "reference to elsewhere"),
    "a reference to the network": (_reference("http://example.org/a"), "reference to elsewhere"),
    "a reference by XPointer": (_reference("#xpointer(/)"), "reference to elsewhere"),
    "a signature that is not last": (_moved(0), "wrapped signature: elements follow it"),
    "a signature deeper down": (_nested, "wrapped signature: it is not a child of the root"),
    "a signature as the root": (_only_signature, "wrapped signature: it is not a child of the root"),
    "two signatures": (_twice, "several signatures .2."),
    "no signature": (_without(f"{DS}SignedInfo"), "0 elements SignedInfo"),
    "no certificate": (_without(f"{DS}KeyInfo"), "0 elements KeyInfo"),
    "no certificate in its place": (_without(f"{DS}X509Data"), "altered|not carry"),
    "a reference too many": (_reference_again, "4 references"),
    "no reference": (_without(f"{DS}Reference"), "0 references to the document"),
    "exclusive canonicalisation": (_algorithm("CanonicalizationMethod", _EXCLUSIVE), "exclusive canonicalisation"),
    "comments signed": (
        _algorithm("CanonicalizationMethod", "http://www.w3.org/2006/12/xml-c14n11#WithComments"),
        "not inclusive C14N",
    ),
    "RSA with SHA-1": (_algorithm("SignatureMethod", f"{DS[1:-1]}rsa-sha1"), "weak or unknown signature algorithm"),
    "HMAC": (_algorithm("SignatureMethod", f"{_MORE}hmac-sha256"), "weak or unknown signature algorithm"),
    "SHA-1": (_algorithm("DigestMethod", _SHA1), "weak or unknown digest algorithm"),
    "XPath instead of the signature's removal": (_algorithm("Transform", _XPATH), "does not leave out just"),
    "RSA for an ECDSA key": (_algorithm("SignatureMethod", f"{_MORE}rsa-sha256"), "does not hold"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_forgeries_are_refused_by_name(signed: bytes, keys: Keys, name: str) -> None:
    forge, told = FORGERIES[name]
    with pytest.raises(SignatureFault, match=told):
        verify_xml(etree.tostring(forge(signed)), keys.trusted)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (PLAIN, "no signature"),
        (b"", "not well-formed"),
        (b"<a>", "not well-formed"),
        (b"<a/><a/>", "a second root"),
        (b"<a/>text", "a second root"),
        (b"<!DOCTYPE a><a/>", "document type declaration"),
        (b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]><a>&e;</a>', "document type declaration"),
        (b'<!DOCTYPE a [<!ENTITY b "xx"><!ENTITY c "&b;&b;">]><a>&c;</a>', "document type declaration"),
        (b'<?xml-stylesheet href="a.xsl"?><a/>', "processing instruction outside of the root"),
        (b'<a xml:lang="en"/>', "xml: attribute"),
        (b"<a>" * 100_000, "not well-formed"),
        (b"\x1f\x8b" + zlib.compress(b"a"), "not well-formed"),
    ],
)
def test_what_is_not_plain_xml_is_neither_verified_nor_signed(keys: Keys, data: bytes, told: str) -> None:
    with pytest.raises(SignatureFault, match=told):
        verify_xml(data)
    if data != PLAIN:
        with pytest.raises(SignatureFault, match=told):
            sign_xml(data, keys.identity)


def test_a_second_root_behind_a_signed_document_is_refused(signed: bytes, keys: Keys) -> None:
    with pytest.raises(SignatureFault, match="a second root"):
        verify_xml(signed + b"\n" + b"<doc/>", keys.trusted)


def test_what_is_too_large_is_refused_before_it_is_read(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hil_calibration.certificate.signing.shape.MAX_BYTES", 100)
    with pytest.raises(SignatureFault, match="too large"):
        verify_xml(b"<a>" + b" " * 100)


def test_many_small_elements_are_refused_before_they_take_memory() -> None:
    with pytest.raises(SignatureFault, match="more than 1000000 tags"):
        verify_xml(b"<a>" + b"<b/>" * 1_000_000 + b"</a>")


def test_a_document_is_signed_once(signed: bytes, keys: Keys) -> None:
    with pytest.raises(SignatureFault, match="signed already"):
        sign_xml(signed, keys.identity)


# Who signed.


@pytest.fixture(scope="module")
def other() -> Issued:
    return root()


def _signed_by(folder: Path, *parts: Issued) -> bytes:
    file = secret_file(folder / f"{len(list(folder.iterdir()))}.pem", pem(parts[0].key, *parts))
    return sign_xml(PLAIN, load_identity(file))


def test_the_wrong_authority_is_named(signed: bytes, other: Issued, keys: Keys, tmp_path: Path) -> None:
    with pytest.raises(SignatureFault, match=f"wrong authority: '{TEST_SUBJECT}' is none of those trusted"):
        verify_xml(signed, [pem(other)])
    forged = _signed_by(tmp_path, issue(PERSON, root(TEST_SUBJECT)))
    with pytest.raises(SignatureFault, match="wrong authority"):
        verify_xml(forged, keys.trusted)


def test_an_authority_of_the_same_name_does_not_pass_for_ours(keys: Keys, tmp_path: Path) -> None:
    other = make_keys(tmp_path / "other")
    data = sign_xml(PLAIN, other.identity)
    with pytest.raises(SignatureFault, match="wrong authority"):
        verify_xml(data, keys.trusted)
    assert verify_xml(data, [*keys.trusted, *other.trusted]).trusted


def test_another_authority_signs_as_well_as_ours_and_is_no_test(other: Issued, tmp_path: Path) -> None:
    middle = issue("Department", other, authority=True, usage="key_cert_sign")
    data = _signed_by(tmp_path, issue(PERSON, middle), middle, other)
    for trusted in ([pem(other)], [pem(middle)], []):
        found = verify_xml(data, trusted)
        assert (found.name, found.issuer, found.test, found.trusted) == (PERSON, "Department", False, bool(trusted))


@pytest.mark.parametrize(
    ("key", "method", "c14n"),
    [
        (rsa.generate_private_key(65537, 2048), "rsa-sha512", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
        (ec.generate_private_key(ec.SECP384R1()), "ecdsa-sha384", _C14N_11),
    ],
)
def test_other_strong_keys_and_c14n_1_0_of_other_programs_are_verified(
    other: Issued, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, method: str, c14n: str
) -> None:
    signed = _signed_by_library(issue(PERSON, other, key=key), method, c14n)
    found = verify_xml(signed, [pem(other)])
    assert (found.name, found.trusted) == (PERSON, True)
    with pytest.raises(SignatureFault, match="altered after signing: the document"):
        verify_xml(signed.replace(b"0.022", b"0.021"), [pem(other)])


def test_a_document_signed_with_exclusive_canonicalisation_is_refused(other: Issued) -> None:
    signed = _signed_by_library(issue(PERSON, other), "ecdsa-sha256", _EXCLUSIVE)
    with pytest.raises(SignatureFault, match="exclusive canonicalisation"):
        verify_xml(signed, [pem(other)])


def test_key_information_of_another_kind_of_key_is_refused(other: Issued) -> None:
    """The library has no error of its own for it."""

    def another(signature: etree._Element, **_: object) -> None:
        key = rsa.generate_private_key(65537, 2048).public_key()
        der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        where = signature.find(f"{DS}KeyInfo")
        assert where is not None
        etree.SubElement(where, "{http://www.w3.org/2009/xmldsig11#}DEREncodedKeyValue").text = base64.b64encode(
            der
        ).decode()

    signed = _signed_by_library(issue(PERSON, other), "ecdsa-sha256", _C14N_11, another)
    with pytest.raises(SignatureFault, match=r"does not hold \(NotImplementedError\)"):
        verify_xml(signed, [pem(other)])


def test_a_certificate_with_a_serial_number_below_zero_is_refused(signed: bytes, keys: Keys) -> None:
    """The library only warns of it."""
    old = next(etree.fromstring(signed).iter(f"{DS}X509Certificate")).text
    assert old is not None
    der = bytearray(base64.b64decode(old))
    place = der.index(b"\xa0\x03\x02\x01\x02\x02") + 7  # after the version: tag and length of the serial number
    der[place] |= 0x80
    lines = old.encode(), base64.b64encode(der)
    with pytest.raises(SignatureFault, match="serial number"):
        verify_xml(signed.replace(*lines), keys.trusted)
    with pytest.raises(CertificateError, match="trusted certificate 1 cannot be read"):
        verify_xml(signed, [bytes(der)])


def test_more_certificates_than_a_chain_needs_are_refused(other: Issued) -> None:
    def more(signature: etree._Element, **_: object) -> None:
        where = signature.find(f"{DS}KeyInfo/{DS}X509Data")
        assert where is not None
        for _again in range(16):
            where.append(copy.deepcopy(where[0]))

    signed = _signed_by_library(issue(PERSON, other), "ecdsa-sha256", _C14N_11, more)
    with pytest.raises(SignatureFault, match="more than 16 certificates"):
        verify_xml(signed, [pem(other)])


def _signed_by_library(
    signer: Issued, method: str, c14n: str, annotate: Callable[..., None] = lambda *_, **__: None
) -> bytes:
    """Signed as another program might do it, with choices that ours does not make."""
    from signxml.xades.xades import XAdESSigner

    library = XAdESSigner(signature_algorithm=f"{_MORE}{method}", c14n_algorithm=c14n)
    library.signature_annotators.insert(1, annotate)
    root = etree.fromstring(PLAIN.replace(b' id="first"', b""))
    return etree.tostring(library.sign(root, key=pem(signer.key), cert=pem(signer).decode()))


def test_a_chain_without_its_root_needs_it_given(other: Issued, tmp_path: Path) -> None:
    data = _signed_by(tmp_path, issue(PERSON, other))
    with pytest.raises(SignatureFault, match="does not carry the certificate of 'Example Authority'"):
        verify_xml(data)
    assert verify_xml(data, [pem(other)]).trusted


def test_a_person_who_issues_certificates_is_no_authority(other: Issued, tmp_path: Path) -> None:
    person = issue("Signer B", other)
    data = _signed_by(tmp_path, issue(PERSON, person), person, other)
    with pytest.raises(SignatureFault, match="chain of its signer does not hold"):
        verify_xml(data, [pem(other)])


@pytest.mark.parametrize("key", [rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP192R1())])
def test_a_weak_key_is_refused(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> None:
    """A signer that is its own authority, whom a reader trusts: no chain of certificates is there to be judged."""
    signer = issue(PERSON, key=key)
    with pytest.raises(SignatureFault, match="key of 'Signer A' is weak"):
        judge([signer.certificate], [pem(signer)], dt.datetime.now(dt.UTC))


def test_a_certificate_not_valid_at_the_time_is_named(signed: bytes, keys: Keys) -> None:
    now = dt.datetime.now(dt.UTC)
    with pytest.raises(SignatureFault, match="has expired: it ended"):
        verify_xml(signed, keys.trusted, at=now + dt.timedelta(days=1000))
    with pytest.raises(SignatureFault, match="not yet valid"):
        verify_xml(signed, keys.trusted, at=now - dt.timedelta(days=1000))
    assert verify_xml(signed, keys.trusted, at=(now + dt.timedelta(days=100)).replace(tzinfo=None)).trusted


def test_an_expired_certificate_is_named_on_a_later_day(signed: bytes, keys: Keys, tmp_path: Path) -> None:
    """The computer's own clock, in a process of its own."""
    (tmp_path / "a.xml").write_bytes(signed)
    script = "import pathlib, sys; from hil_calibration.certificate.signing import verify_xml\n"
    command = [sys.executable, "-c", f"{script}verify_xml(pathlib.Path(sys.argv[1]).read_bytes())"]
    done = subprocess.run(
        ["faketime", "2031-01-01", *command, str(tmp_path / "a.xml")], capture_output=True, text=True, check=False
    )
    assert f"SignatureFault: the certificate of '{PERSON}' has expired" in done.stderr


def test_a_time_of_signing_outside_of_the_certificate_is_refused(keys: Keys, tmp_path: Path) -> None:
    """Signed tomorrow with a certificate of today: faketime moves the signer's clock."""
    (tmp_path / "a.xml").write_bytes(PLAIN)
    script = (
        "import datetime as dt, pathlib, sys; from hil_calibration.certificate.signing import load_identity, sign_xml\n"
        "identity = load_identity(pathlib.Path(sys.argv[1]), now=dt.datetime.fromisoformat(sys.argv[2]))\n"
        "sys.stdout.buffer.write(sign_xml(pathlib.Path(sys.argv[3]).read_bytes(), identity))"
    )
    now = dt.datetime.now(dt.UTC).isoformat()
    command = [sys.executable, "-c", script, str(keys.signer), now, str(tmp_path / "a.xml")]
    done = subprocess.run(["faketime", "2031-01-01", *command], capture_output=True, check=True)
    with pytest.raises(SignatureFault, match=r"claims to be signed at 2031-01-01.*has expired"):
        verify_xml(done.stdout, keys.trusted)


@settings(deadline=None)
@given(data=st.data())
def test_no_mutation_raises_anything_else_or_changes_what_is_read(
    keys: Keys, signed: bytes, data: st.DataObject
) -> None:
    """A mutation is refused, or the content is what was signed."""
    mutated = bytearray(signed)
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(mutated) - 1))
        end = data.draw(st.integers(start, min(start + 40, len(mutated))))
        piece = bytes(mutated[end : end + 60])
        mutated[start:end] = data.draw(st.sampled_from((b"", b"<", b"&", b'"', b"0", b"#", b"\xff", piece)))
    try:
        found = verify_xml(bytes(mutated), keys.trusted)
    except SignatureFault:
        return
    assert found.content == verify_xml(signed, keys.trusted).content
    assert found.name == PERSON


@settings(deadline=None)
@given(data=st.binary(max_size=200) | st.text(alphabet="<>/a!?[]\"'=& xmlns:ds#", max_size=80).map(str.encode))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    with pytest.raises(SignatureFault):
        verify_xml(data)


def test_a_signed_certificate_keeps_to_the_schema_and_is_read(
    certificate_xml: bytes, simulated: Certificate, schemas: Path, tmp_path: Path
) -> None:
    (tmp_path / "a.xml").write_bytes(certificate_xml)
    assert validate(certificate_xml, schemas) == validate(to_xml(simulated), schemas)
    assert read(tmp_path / "a.xml").identifier == simulated.identifier
