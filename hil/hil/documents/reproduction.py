"""A document made again from the raw record, and compared with the one that was issued, as strings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lxml import etree

from ..errors import UsageError
from ..record.folder import sha256_of
from ..sealing.steps import DRAFT, FINAL, place
from .details import DETAILS, read_details
from .lifecycle import template_in
from .making import CERTIFICATE, CERTIFICATE_PDF, REPORT_PDF, Made, make
from .source import source_of

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
ABSENT = "(nothing)"


@dataclass(frozen=True, slots=True)
class Difference:
    """A place in a document, what stands there, and what the record gives."""

    place: str
    stated: str
    found: str


@dataclass
class Reproduction:
    """What came of it: how many texts and numbers of the XML were compared, and what differs.

    :param pdf: whether the PDF is the one that the record gives, byte by byte up to its signature.
    """

    identifier: str
    numbers: int = 0
    texts: int = 0
    pdf: bool = False
    differences: list[Difference] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        """Whether everything agrees."""
        return not self.differences

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {**asdict(self), "agrees": self.agrees}


def reproduce(folder: Path, identifier: str, *, files: Path | None = None) -> Reproduction:
    """Make a document again from the record of its run, and compare it with its files; nothing is written.

    :param files: the folder of the files, by default the final version, or else the draft.
    :raises UsageError: there is no such document, or it cannot be made any more.
    :raises VerificationFailed: the record or the seal of the run does not hold, or its results are not reproduced.
    """
    homes = [place(folder, identifier, part) for part in (FINAL, DRAFT)]
    home = next((each for each in homes if (each / DETAILS).is_file()), None)
    if home is None:
        raise UsageError("the run has no such document", where=identifier, remedy="see `hil certificate list`")
    details = read_details(home / DETAILS)
    made = make(source_of(folder, documents=False), details, template_in(home))
    found = Reproduction(identifier)
    stated = files or home
    if made.certificate is not None:
        _compare_xml(found, (stated / CERTIFICATE).read_bytes(), made.xml)
    _compare_pdf(found, stated, made)
    return found


def _compare_xml(found: Reproduction, stated: bytes, made: bytes) -> None:
    ours = etree.fromstring(made, _parser())
    try:
        theirs = etree.fromstring(stated, _parser())
    except etree.XMLSyntaxError as error:
        found.differences.append(Difference(CERTIFICATE, f"is not well-formed ({error.msg})", ours.tag))
        return
    for signature in theirs.findall(SIGNATURE):
        theirs.remove(signature)
    for path, then, now in _texts(theirs, ours):
        if _is_number(now):
            found.numbers += 1
        else:
            found.texts += 1
        if then != now:
            found.differences.append(Difference(path, then, now))


def _texts(theirs: Element | None, ours: Element | None, path: str = "") -> Iterator[tuple[str, str, str]]:
    """Places where a text or an attribute stands in one of two trees, and what stands there in each."""
    node = ours if ours is not None else theirs
    if node is None:
        return
    here = f"{path}/{etree.QName(node).localname}"
    if theirs is None or ours is None or theirs.tag != ours.tag:
        yield here, _shown(theirs), _shown(ours)
        return
    for name in sorted({*map(str, theirs.attrib), *map(str, ours.attrib)}):
        yield f"{here}/@{etree.QName(name).localname}", theirs.get(name, ABSENT), ours.get(name, ABSENT)
    lists = (theirs.text or "").split(), (ours.text or "").split()
    if len(ours) == 0 and len(theirs) == 0 and len(lists[0]) == len(lists[1]) and all(map(_is_number, lists[1])):
        several = len(lists[1]) > 1
        for place_, (then, now) in enumerate(zip(*lists, strict=True), 1):
            yield f"{here}[{place_}]" if several else here, then, now
    elif (theirs.text or "").strip() or (ours.text or "").strip():
        yield here, (theirs.text or "").strip(), (ours.text or "").strip()
    if (theirs.tail or "").strip() or (ours.tail or "").strip():
        yield f"{here}/following text", (theirs.tail or "").strip(), (ours.tail or "").strip()
    yield from _children(theirs, ours, here)


def _children(theirs: Element, ours: Element, here: str) -> Iterator[tuple[str, str, str]]:
    seen: dict[str, int] = {}
    for index in range(max(len(theirs), len(ours))):
        pair = [tree[index] if index < len(tree) else None for tree in (theirs, ours)]
        node = pair[1] if pair[1] is not None else pair[0]
        name = etree.QName(node).localname if node is not None and isinstance(node.tag, str) else "comment"
        seen[name] = seen.get(name, 0) + 1
        for path, then, now in _texts(pair[0], pair[1]):
            step = f"/{name}"
            yield f"{here}{step}[{seen[name]}]{path.removeprefix(step)}", then, now


def _shown(element: Element | None) -> str:
    return ABSENT if element is None else str(element.tag).rpartition("}")[2]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _compare_pdf(found: Reproduction, home: Path, made: Made) -> None:
    name = CERTIFICATE_PDF if made.certificate else REPORT_PDF
    path, xml = home / name, home / CERTIFICATE
    attached = xml.read_bytes() if made.certificate and xml.is_file() else b""
    if not path.is_file():
        found.differences.append(Difference(name, ABSENT, "the PDF of the document"))
        return
    found.pdf = path.read_bytes().startswith(made.pdf(attached))
    if not found.pdf:
        found.differences.append(Difference(name, f"SHA-256 {sha256_of(path)}", "other pages, from the same record"))


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, huge_tree=False)
