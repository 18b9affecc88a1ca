"""Does a document hold? Its signatures; XML and PDF together; the register; its run down to the record."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hil_calibration.certificate.model import REPLAYED_PREFIX, SIMULATED_PREFIX
from hil_calibration.errors import CertificateError, SignatureFault

from ..errors import HilError, UsageError
from ..record.chainwalk import Finding
from ..record.folder import sha256_of
from ..record.reader import open_run
from ..sealing.check import verify_run
from ..sealing.steps import FINAL, place
from .details import DETAILS, read_details
from .making import CERTIFICATE, CERTIFICATE_PDF
from .register import EQUIVALENCE, Entry, Register

if TYPE_CHECKING:
    from hil_calibration.certificate.signing import Signed

    from ..sealing.keys import PublicKey

PDF = b"%PDF-"


@dataclass
class Verification:
    """What was checked, what does not hold, and what is to be known besides."""

    identifier: str = ""
    checked: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        findings = [asdict(finding) for finding in self.findings]
        return {"identifier": self.identifier, "holds": self.holds, "checked": self.checked, "findings": findings} | {
            "notes": self.notes
        }


def verify_document(
    path: Path, runs: Path, *, trusted: Sequence[bytes] = (), key: PublicKey | None = None
) -> Verification:
    """Verify a certificate or a report.

    :param path: its XML or PDF; what stands beside it under the usual name is verified with it.
    :param runs: the folder of runs in whose register it is looked up.
    :param trusted: root certificates, PEM or DER, that are to vouch for the signer.
    :param key: the laboratory's, with which seal and steps must be signed.
    :raises UsageError: the file cannot be read, or is no document.
    """
    found = Verification()
    files = _files(path)
    signed = {name: _signature(found, name, data, trusted) for name, data in files.items()}
    _together(found, files, signed)
    facts = _facts(path, files, signed)
    found.identifier = facts["identifier"]
    simulated = facts["identifier"].startswith(SIMULATED_PREFIX)
    if facts["identifier"].startswith(REPLAYED_PREFIX):
        found.notes.append(
            "Its values were obtained from recordings with reference values made elsewhere; nothing was measured on "
            "its bench."
        )
    for name, one in signed.items():
        if one is not None and one.test and not simulated:
            found.findings.append(Finding(name, "measured values are signed with a key of a test authority"))
    _against_record(found, path, runs, facts, files, key)
    return found


def _files(path: Path) -> dict[str, bytes]:
    try:
        data = path.read_bytes()
        files = {path.name: data}
        other = {CERTIFICATE: CERTIFICATE_PDF, CERTIFICATE_PDF: CERTIFICATE}.get(path.name)
        if other is not None and (path.parent / other).is_file():
            files[other] = (path.parent / other).read_bytes()
    except OSError as error:
        raise UsageError(
            f"cannot be read ({error.strerror})", where=str(path), remedy="name an XML or PDF file"
        ) from None
    return files


def _signature(found: Verification, name: str, data: bytes, trusted: Sequence[bytes]) -> Signed | None:
    from hil_calibration.certificate.signing import verify_pdf, verify_xml

    try:
        signed = (verify_pdf if data.startswith(PDF) else verify_xml)(data, trusted)
    except SignatureFault as error:
        found.findings.append(Finding(name, error.what))
        return None
    found.checked += [f"{name}: signed by {signed.name}{f', at {signed.time}' if signed.time else ''}"]
    found.notes += [sentence for sentence in signed.told if sentence not in found.notes]
    return signed


def _together(found: Verification, files: dict[str, bytes], signed: dict[str, Signed | None]) -> None:
    """Whether the PDF carries the very XML that stands beside it, or XML that holds by itself."""
    pdf, xml = signed.get(CERTIFICATE_PDF), files.get(CERTIFICATE)
    if pdf is None:
        return
    if xml is None and pdf.content:
        _signature(found, f"{CERTIFICATE_PDF}: attached {CERTIFICATE}", pdf.content, ())
    elif xml is not None and pdf.content != xml:
        found.findings.append(Finding(CERTIFICATE_PDF, f"carries another {CERTIFICATE} than the one beside it"))
    elif xml is not None:
        found.checked.append(f"{CERTIFICATE_PDF}: the XML attached to it is {CERTIFICATE}, byte by byte")


def _facts(path: Path, files: dict[str, bytes], signed: dict[str, Signed | None]) -> dict[str, str]:
    """Identifier and chain head: of what is signed, or else as they stand, so that the record can be asked."""
    for name, data in files.items():
        held = signed[name]
        content = held.content if held else data
        try:
            return _stated(content, name)
        except (CertificateError, ValueError, KeyError, TypeError, RecursionError):
            continue
    if path.read_bytes().startswith(PDF):
        from hil_calibration.certificate.signing.pades import read_content

        try:
            return _stated(read_content(path.read_bytes()), path.name)
        except (CertificateError, ValueError, KeyError, TypeError, RecursionError):
            pass
    raise UsageError("is no document of this program", where=str(path), remedy="name a certificate or a report")


def _stated(content: bytes, where: str) -> dict[str, str]:
    if content.lstrip()[:1] == b"{":
        report = json.loads(content)
        return {"identifier": str(report["identifier"]), "chain": str(report["chain_head"])}
    from hil_calibration.certificate import reader

    document = reader.parse(content, where=where)
    return {"identifier": document.identifier, "chain": document.chain_head}


def _against_record(
    found: Verification,
    path: Path,
    runs: Path,
    facts: dict[str, str],
    files: dict[str, bytes],
    key: PublicKey | None,
) -> None:
    entry = Register(runs).entry(facts["identifier"]) if runs.is_dir() else None
    if entry is None:
        found.notes.append(f"The record behind it was not looked at: the register in {runs} does not have it.")
        return
    found.checked.append(f"register: issued at {entry.when}, authorised by {entry.person}")
    issued = True
    for name in files:
        if name in entry.files and entry.files[name] != sha256_of(path.parent / name):
            found.findings.append(Finding(name, "is not the file that was issued: its SHA-256 is not the register's"))
            issued = False
    folder = runs / entry.run
    _run(found, folder, facts["chain"], key)
    if entry.kind == EQUIVALENCE:
        _compared_run(found, folder, entry.identifier, key)
    if not issued:
        _name_differences(found, folder, entry, path)
    if later := Register(runs).amended_by(entry.identifier):
        found.notes.append(f"It was amended: {later.identifier} replaces it.")


def _run(found: Verification, folder: Path, chain: str, key: PublicKey | None) -> None:
    try:
        verification = verify_run(folder, key)
        head = open_run(folder).chain_head
    except HilError as error:
        found.findings.append(Finding(folder.name, error.what))
        return
    found.findings += [Finding(f"{folder.name}: {each.place}", each.message) for each in verification.findings]
    if chain != head:
        found.findings.append(Finding(folder.name, "has another chain head than the document states"))
    elif verification.holds:
        found.checked.append(f"run {folder.name}: manifest, record and steps hold; the document states its chain head")


def _compared_run(found: Verification, folder: Path, identifier: str, key: PublicKey | None) -> None:
    """The other run of a certificate of equivalence."""
    try:
        compares = read_details(place(folder, identifier, FINAL) / DETAILS).compares
    except HilError as error:
        found.findings.append(Finding(DETAILS, error.what))
        return
    if compares is not None:
        _run(found, folder.parent / compares.run, compares.chain_head, key)


def _name_differences(found: Verification, folder: Path, entry: Entry, path: Path) -> None:
    """Name the places in which an altered file departs from what the record gives."""
    from .reproduction import reproduce

    try:
        made = reproduce(folder, entry.identifier, files=path.parent)
    except (HilError, OSError):
        return
    found.findings += [
        Finding(each.place, f"states {each.stated!r}, the record gives {each.found!r}")
        for each in made.differences
        if each.place not in entry.files
    ]
