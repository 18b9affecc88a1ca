"""The one form of XML signature that is accepted: what it covers must be seen before any of it is believed.

One ``ds:Signature``, last child of the root; one reference to the whole document, one to the XAdES signed properties,
and perhaps one to the key information, both within the signature; no other transform than the removal of the signature
and inclusive canonicalisation. Whatever else XML Signature allows is how signatures are wrapped.
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.parsers import expat

from lxml import etree

from ...errors import SignatureFault
from ..namespace import Element
from .certificates import MAX_CARRIED

MAX_BYTES = 64 * 1024 * 1024
MAX_TAGS = 1_000_000
"""More of the byte ``<`` are refused: an element takes thirty times the memory of its text."""
DS = "http://www.w3.org/2000/09/xmldsig#"
XADES = "http://uri.etsi.org/01903/v1.3.2#"
ENVELOPED = f"{DS}enveloped-signature"
INCLUSIVE = frozenset({"http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "http://www.w3.org/2006/12/xml-c14n11"})
_EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
METHODS = frozenset(
    f"http://www.w3.org/2001/04/xmldsig-more#{kind}-sha{size}" for kind in ("ecdsa", "rsa") for size in (256, 384, 512)
)
DIGESTS = frozenset(
    {
        "http://www.w3.org/2001/04/xmlenc#sha256",
        "http://www.w3.org/2001/04/xmldsig-more#sha384",
        "http://www.w3.org/2001/04/xmlenc#sha512",
    }
)
_XML = "{http://www.w3.org/XML/1998/namespace}"
_MAX_IDENTIFIER = 256
_MAX_REFERENCES = 3


@dataclass(frozen=True)
class Shape:
    """An XML signature of the accepted form, not yet verified.

    :param references: what each reference covers, in order: ``document``, ``signed properties``, ``key information``.
    :param certificates: the certificates in it, base64.
    """

    references: tuple[str, ...]
    certificates: tuple[str, ...]


def parsed(data: bytes) -> Element:
    """The root of an XML document that declares no document type and has nothing but comments beside its root.

    The root has no attribute of ``xml:`` either.

    :raises SignatureFault: it is not that, too large, or not well-formed.
    """
    if len(data) > MAX_BYTES:
        raise SignatureFault(f"too large: more than {MAX_BYTES // 1024**2} MiB")
    if data.count(b"<") > MAX_TAGS:
        raise SignatureFault(f"too large: more than {MAX_TAGS} tags")
    _scan(data)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise SignatureFault(f"not well-formed XML ({error})") from None
    for beside in (*root.itersiblings(preceding=True), *root.itersiblings()):
        if beside.tag is not etree.Comment:
            raise SignatureFault("a processing instruction outside of the root is not signed", remedy="remove it")
    if any(str(name).startswith(_XML) for name in root.attrib):
        # C14N 1.0 and 1.1, and programs among themselves, do not agree on what of these the signature inherits.
        raise SignatureFault("its root has an xml: attribute, which signatures do not cover alike", remedy="remove it")
    return root


def _scan(data: bytes) -> None:
    """Stop at a document type, before an entity of it could be used, and at a second root."""

    def refuse(*_: object) -> None:
        raise SignatureFault("it has a document type declaration (DTD, entities)", remedy="remove it")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        if error.code == expat.errors.codes[expat.errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT]:
            raise SignatureFault(f"a second root, or text after the root, in line {error.lineno}") from None
        raise SignatureFault(f"not well-formed XML ({error})") from None
    except (ValueError, LookupError) as error:
        raise SignatureFault(f"not well-formed XML ({error})") from None


def signatures(root: Element) -> list[Element]:
    """All signatures in a document, wherever they stand."""
    return list(root.iter(f"{{{DS}}}Signature"))


def shape_of(root: Element) -> Shape:
    """The form of a document's only signature.

    :raises SignatureFault: there is none, or more than one, or it is of another form than the accepted one.
    """
    found = signatures(root)
    if not found:
        raise SignatureFault("no signature")
    if len(found) > 1:
        raise SignatureFault(f"several signatures ({len(found)}), of which none can be taken for the document's")
    signature = found[0]
    if signature.getparent() is not root:
        raise SignatureFault("a wrapped signature: it is not a child of the root, so another document was signed")
    if any(isinstance(after.tag, str) for after in signature.itersiblings()):
        raise SignatureFault("a wrapped signature: elements follow it, and it has to be the last one")
    info = _only(signature, "SignedInfo")
    _refuse_algorithms(info)
    found = info.findall(f"{{{DS}}}Reference")
    if len(found) > _MAX_REFERENCES:
        raise SignatureFault(f"{len(found)} references, of which at most {_MAX_REFERENCES} have a meaning")
    references = tuple(_covered(root, signature, each) for each in found)
    for needed in ("document", "signed properties"):
        if references.count(needed) != 1:
            raise SignatureFault(f"{references.count(needed)} references to the {needed}; one is needed")
    keys = _only(signature, "KeyInfo")
    certificates = tuple(each.text or "" for each in keys.iterfind(f"{{{DS}}}X509Data/{{{DS}}}X509Certificate"))
    if not certificates:
        raise SignatureFault("it does not carry the signer's certificate")
    named = len(signature.findall(f".//{{{XADES}}}CertDigest"))
    if max(len(certificates), named) > MAX_CARRIED:
        raise SignatureFault(f"it carries or names more than {MAX_CARRIED} certificates")
    return Shape(references, certificates)


def _only(parent: Element, name: str, space: str = DS) -> Element:
    found = parent.findall(f"{{{space}}}{name}")
    if len(found) != 1:
        raise SignatureFault(f"{len(found)} elements {name} in the signature; one is needed")
    return found[0]


def _refuse_algorithms(info: Element) -> None:
    _refuse_canonicalisation(_only(info, "CanonicalizationMethod").get("Algorithm", ""))
    method = _only(info, "SignatureMethod").get("Algorithm", "")
    if method not in METHODS:
        raise SignatureFault(f"a weak or unknown signature algorithm ({_shown(method)})")


def _refuse_canonicalisation(algorithm: str) -> None:
    if algorithm.startswith(_EXCLUSIVE):
        raise SignatureFault(
            "exclusive canonicalisation, under which the signed properties are digested in more ways than one",
            remedy="sign with inclusive C14N 1.0 or 1.1",
        )
    if algorithm not in INCLUSIVE:
        raise SignatureFault(f"a canonicalisation that is not inclusive C14N 1.0 or 1.1 ({_shown(algorithm)})")


def _covered(root: Element, signature: Element, reference: Element) -> str:
    """What a reference covers; refused if that is nothing of the document's own."""
    digest = _only(reference, "DigestMethod").get("Algorithm", "")
    if digest not in DIGESTS:
        raise SignatureFault(f"a weak or unknown digest algorithm ({_shown(digest)})")
    transforms = [each.get("Algorithm", "") for each in reference.iterfind(f"{{{DS}}}Transforms/{{{DS}}}Transform")]
    uri = reference.get("URI")
    if uri:
        covered = _within(root, signature, uri)
    elif uri is None or transforms[:1] != [ENVELOPED]:
        raise SignatureFault("the reference to the document does not leave out just the signature")
    else:
        covered = "document"
        del transforms[0]
    for transform in transforms:
        _refuse_canonicalisation(transform)
    return covered


def _within(root: Element, signature: Element, uri: str) -> str:
    """Which part of the signature bears an identifier, that nothing else in the document may bear."""
    identifier = uri.removeprefix("#")
    if identifier == uri:
        raise SignatureFault(f"a reference to elsewhere ({_shown(uri)})")
    bearers = [each for each in root.iter(etree.Element) if identifier in _identifiers(each)]
    if len(bearers) > 1:
        raise SignatureFault(f"a wrapped signature: {len(bearers)} elements bear the identifier {_shown(identifier)}")
    if bearers and bearers[0] is _only(signature, "KeyInfo"):
        return "key information"
    if bearers and bearers[0] is _signed_properties(signature):
        return "signed properties"
    raise SignatureFault(f"a reference to elsewhere ({_shown(uri)} is no part of the signature)")


def _signed_properties(signature: Element) -> Element:
    """The XAdES signed properties: those of the only object, and meant for this signature."""
    properties = _only(_only(signature, "Object"), "QualifyingProperties", XADES)
    if properties.get("Target") != f"#{signature.get('Id')}":
        raise SignatureFault("its signed properties are meant for another signature")
    return _only(properties, "SignedProperties", XADES)


def _identifiers(element: Element) -> list[str]:
    return [str(value) for name, value in element.attrib.items() if etree.QName(name).localname.lower() == "id"]


def _shown(text: str) -> str:
    return repr(text[:_MAX_IDENTIFIER])
