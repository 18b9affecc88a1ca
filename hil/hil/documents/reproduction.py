"""A document made again from the raw record, and compared with the one that was issued, as strings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lxml import etree

from ..errors import UsageError
from ..record.folder import sha256_of
from ..sealing.steps import DRAFT, FINAL, place
from .comparison import ABSENT, Pair, is_number, json_pairs, xml_pairs
from .details import DETAILS, read_details
from .lifecycle import template_in
from .making import CERTIFICATE, CERTIFICATE_PDF, REPORT_PDF, Made, make
from .source import source_of


@dataclass(frozen=True, slots=True)
class Difference:
    """A place in a document, what stands there, and what the record gives."""

    place: str
    stated: str
    found: str


@dataclass
class Reproduction:
    """What came of it: how many texts and numbers were compared, and what differs.

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
        _compare(found, xml_pairs((stated / CERTIFICATE).read_bytes(), made.xml), CERTIFICATE)
    elif (stated / REPORT_PDF).is_file():
        from hil_calibration.certificate.signing.pades import read_content

        from .reports import content_of

        now = content_of(made.source, details)
        _compare(found, json_pairs(read_content((stated / REPORT_PDF).read_bytes()), now), REPORT_PDF)
    _compare_pdf(found, stated, made)
    return found


def _compare(found: Reproduction, pairs: Iterator[Pair], where: str) -> None:
    try:
        for path, then, now in pairs:
            if is_number(now):
                found.numbers += 1
            else:
                found.texts += 1
            if then != now:
                found.differences.append(Difference(path, then, now))
    except (etree.XMLSyntaxError, ValueError) as error:
        found.differences.append(Difference(where, f"cannot be read ({error})", "the content of the document"))


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
