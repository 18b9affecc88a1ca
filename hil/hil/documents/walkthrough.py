"""The demonstration of a certificate's life: sealed, issued, checked, verified, reproduced, altered, amended."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import VerificationFailed
from ..record.folder import SEAL
from ..sealing.keys import load_private, load_public, new_key
from ..sealing.manifest import SEALED
from ..sealing.sealer import seal_run
from ..sealing.steps import FINAL, place
from .amendment import amend
from .lifecycle import Document, authorise, draft, review
from .making import CERTIFICATE, CERTIFICATE_PDF
from .reproduction import reproduce
from .verification import verify_document

if TYPE_CHECKING:
    from hil_calibration.certificate.signing import Identity

    from ..bench.laboratory import Laboratory
    from ..sealing.keys import PrivateKey

REASON = "A demonstration of an amendment: nothing is changed."
_LIST = re.compile(r"(<si:valueExpandedMUXMLList>[^<]*?)(\d)(</si:valueExpandedMUXMLList>)")


@dataclass(frozen=True)
class Walkthrough:
    """What the demonstration showed: the certificate, and a line for each step."""

    certificate: Path
    steps: tuple[tuple[str, str], ...]


def walk_through(folder: Path, laboratory: Laboratory, out: Path) -> Walkthrough:
    """Seal a calibration, issue its certificate with test keys, and show what it withstands.

    :param out: gets the folders ``keys`` and ``altered``.
    :raises VerificationFailed: something does not hold, or an alteration is not noticed.
    """
    key, trusted, identity = _keys(out / "keys", laboratory)
    if not (folder / SEALED).is_dir() and (folder / SEAL).is_file():
        seal_run(folder, key)
    issued = _issued(folder, draft(folder, laboratory, key=key), laboratory, identity, key)
    steps = [("issued", f"reviewed by {issued.details.reviewer}, authorised by {issued.details.authoriser}, signed")]
    steps.append(("checked", _checked(issued)))
    path = issued.home / CERTIFICATE
    found = verify_document(path, folder.parent, trusted=[trusted], key=key.public)
    if not found.holds:
        raise VerificationFailed(f"{found.findings[0].place}: {found.findings[0].message}", where=str(path))
    steps.append(("verified", "signatures, XML and PDF together, register, manifest, record"))
    again = reproduce(folder, issued.details.identifier)
    if not again.agrees:
        raise VerificationFailed(f"is not reproduced: {again.differences[0].place}", where=str(path))
    same = f"{again.numbers} numbers and {again.texts} texts from the raw record, the PDF byte by byte"
    steps.append(("reproduced", same))
    steps.append(("altered", _altered(issued, folder.parent, out / "altered", trusted)))
    replaced = amend(folder, issued.details.identifier, REASON, laboratory, {}, key=key)
    later = _issued(folder, replaced, laboratory, identity, key)
    steps.append(("amended", f"{later.details.identifier} replaces it, and names it with its SHA-256"))
    return Walkthrough(place(folder, issued.details.identifier, FINAL) / CERTIFICATE, tuple(steps))


def _keys(folder: Path, laboratory: Laboratory) -> tuple[PrivateKey, bytes, Identity]:
    """The laboratory's key, the root of the test authority, and the authorising person; made where they are not."""
    from hil_calibration.certificate.signing import load_identity, make_authority

    person = laboratory.persons_with("authoriser")[0]
    seal = folder / "laboratory.key"
    if not seal.exists():
        folder.mkdir(parents=True, exist_ok=True)
        new_key(seal)
    signers = sorted(path for path in folder.glob("*.pem") if path.name not in ("laboratory.pub.pem", _ROOT))
    if not signers:
        signers = make_authority(folder, [person], laboratory=laboratory.laboratory.name)[1:]
    load_public(folder / "laboratory.pub.pem")
    return load_private(seal), (folder / _ROOT).read_bytes(), load_identity(signers[0])


_ROOT = "test-authority.pem"


def _issued(folder: Path, drafted: Document, laboratory: Laboratory, identity: Identity, key: PrivateKey) -> Document:
    identifier = drafted.details.identifier
    reviewer = laboratory.persons_with("reviewer")[0]
    review(folder, identifier, reviewer, laboratory, remark="a demonstration", key=key)
    return authorise(folder, identifier, identity.name, laboratory, identity, key=key)


def _checked(document: Document) -> str:
    from hil_calibration.certificate.lint import check

    found = check((document.home / CERTIFICATE).read_bytes())
    count = {severity: sum(each.severity == severity for each in found) for severity in ("error", "warning")}
    return f"{count['error']} errors, {count['warning']} warnings"


def _altered(document: Document, runs: Path, folder: Path, trusted: bytes) -> str:
    """One digit of an uncertainty altered in a copy: the sentence that names it.

    :raises VerificationFailed: nobody notices.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    text = (document.home / CERTIFICATE).read_text(encoding="utf-8")
    altered = _LIST.sub(lambda found: f"{found[1]}{(int(found[2]) + 1) % 10}{found[3]}", text, count=1)
    (folder / CERTIFICATE).write_text(altered, encoding="utf-8")
    shutil.copyfile(document.home / CERTIFICATE_PDF, folder / CERTIFICATE_PDF)
    findings = verify_document(folder / CERTIFICATE, runs, trusted=[trusted]).findings
    named = next((each for each in findings if "states" in each.message), None)
    if named is None:
        raise VerificationFailed("an altered digit was not named", where=str(folder))
    return f"one digit in a copy: it does not hold, for {named.place.rpartition('/')[2]} {named.message}"
