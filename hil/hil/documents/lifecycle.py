"""Draft, review, authorise: each by a named person with the right to, each on record; only the last one signs.

A draft stands in ``documents/IDENTIFIER/draft``, the final version in ``documents/IDENTIFIER/final``. The final files
are written whole into ``part``; then they go on record, then into the register, then their folder gets its name. What
was cut off in between is finished by the next call.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import RecordError, UsageError, VerificationFailed
from ..record.disk import sync, sync_directory
from ..sealing.steps import DRAFT, FINAL, FOLDER, PART, State, Step, files_of, last_step, place, take
from .details import DETAILS, Amends, Compares, Details, read_details
from .drafts import identifier as identifier_of
from .equivalence import equivalence_identifier, for_test_keys
from .making import CERTIFICATE, REPORT_PDF, TEMPLATE, make
from .refusals import refuse_findings, require_key
from .register import EQUIVALENCE, Entry, Register
from .source import source_of

if TYPE_CHECKING:
    from hil_calibration.certificate.signing import Identity

    from ..bench.laboratory import Laboratory
    from ..sealing.keys import PrivateKey

SOFTWARE = "hil-bench"


@dataclass(frozen=True)
class Wishes:
    """What whoever drafts a document adds to what is on record; see :class:`Details`."""

    condition: str = ""
    received: str = ""
    deviations: str = "none"
    recalibration: str = ""


@dataclass(frozen=True)
class Document:
    """A document of a run: what it says beside the record, and where its files are."""

    folder: Path
    details: Details
    home: Path

    @property
    def paths(self) -> tuple[Path, ...]:
        """Its files but those that it was made with."""
        return tuple(path for path in sorted(self.home.iterdir()) if path.name not in (DETAILS, TEMPLATE))


def draft(
    folder: Path,
    laboratory: Laboratory,
    wishes: Wishes = Wishes(),
    *,
    template: Path | None = None,
    amends: Amends | None = None,
    compares: Compares | None = None,
    key: PrivateKey | None = None,
    today: date | None = None,
) -> Document:
    """Draft the document of a sealed run; an earlier draft gives way.

    :param template: the laboratory's own, a typst file, which is kept with the document.
    :param amends: the document that it replaces.
    :param compares: for a certificate of equivalence, the other run.
    :param key: the laboratory's, for the step on record.
    :raises UsageError: the run yields no document, or has one that was issued.
    """
    _sweep(folder)
    source = source_of(folder)
    if amends is not None:
        identifier = amended_identifier(amends.identifier)
    elif compares is not None:
        identifier = equivalence_identifier(source, compares)
    else:
        identifier = identifier_of(source.record, folder)
    run = source.record.run
    details = Details(
        kind=source.kind if compares is None else "certificate",
        identifier=identifier,
        run=folder.name,
        chain_head=source.record.chain_head,
        laboratory=laboratory.laboratory,
        customer=laboratory.customer,
        reporting=laboratory.reporting,
        operator=run["operator"],
        issued=_day(today),
        software=version(SOFTWARE),
        amends=amends,
        compares=compares,
        condition=wishes.condition,
        received=wishes.received,
        deviations=wishes.deviations,
        recalibration=wishes.recalibration,
    )
    Register(folder.parent).require_free(_entry(details, {}, ""))
    own = {} if template is None else {TEMPLATE: template.read_bytes()}
    made = make(source, details, template)
    _write(place(folder, identifier, PART), {**made.files(), **own, DETAILS: details.text().encode()})
    _replace(folder, identifier, DRAFT)
    files = files_of(folder, identifier, DRAFT)
    take(folder, identifier, "drafted", who=details.operator, why="drafted from the record", files=files, key=key)
    return Document(folder, details, place(folder, identifier, DRAFT))


def review(
    folder: Path, identifier: str, person: str, laboratory: Laboratory, *, remark: str, key: PrivateKey | None = None
) -> Document:
    """Put on record that ``person`` reviewed the draft.

    :param remark: what was looked at.
    :raises UsageError: there is no draft, or the person may not review it.
    :raises VerificationFailed: the draft has findings, or is not the one on record.
    """
    laboratory.require_role(person, "reviewer")
    details, _ = _draft(folder, identifier, ("drafted", "reviewed"))
    if person in details.operators:
        raise UsageError(f"{person} carried the run out", where=identifier, remedy="let somebody else review it")
    document = Document(folder, details, place(folder, identifier, DRAFT))
    refuse_findings(document.home)
    take(folder, identifier, "reviewed", who=person, why=remark, files=files_of(folder, identifier, DRAFT), key=key)
    return document


def authorise(
    folder: Path,
    identifier: str,
    person: str,
    laboratory: Laboratory,
    identity: Identity,
    *,
    key: PrivateKey | None = None,
    today: date | None = None,
) -> Document:
    """Issue a reviewed draft: sign it as final, put it on record, and enter it into the register.

    :param identity: the signer's, which must be the person's.
    :param key: the laboratory's, for the step on record.
    :raises UsageError: it was not reviewed, the person may not authorise it, or the key is not for it.
    """
    laboratory.require_role(person, "authoriser")
    if finished := _finish(folder, identifier):
        return finished
    _sweep(folder)
    details, step = _draft(folder, identifier, ("drafted", "reviewed", "authorised"))
    if step.state != "reviewed":
        raise UsageError("nobody has reviewed this draft", where=identifier, remedy="run `hil certificate review`")
    source = source_of(folder)
    require_key(identity, person, simulated=for_test_keys(source, details))
    final = details.but(reviewer=step.who, authoriser=person, issued=_day(today))
    register = Register(folder.parent)
    register.require_free(_entry(final, {}, ""))
    template = template_in(place(folder, identifier, DRAFT))
    own = {} if template is None else {TEMPLATE: template.read_bytes()}
    signed = make(source, final, template).files(identity)
    _write(place(folder, identifier, PART), {**signed, **own, DETAILS: final.text().encode()})
    files = files_of(folder, identifier, PART, under=FINAL)
    take(folder, identifier, "authorised", who=person, why="authorised for issue", files=files, key=key)
    document = _finish(folder, identifier)
    if document is None:
        raise RecordError("was altered while it was issued", where=identifier, remedy="authorise it again")
    return document


def _sweep(folder: Path) -> None:
    """Remove what was written but never went on record."""
    for part in (folder / FOLDER).glob(f"*/{PART}"):
        step = last_step(folder, part.parent.name)
        on_record = step is not None and step.state == "authorised"
        if step is None or not on_record or files_of(folder, step.identifier, PART, under=FINAL) != step.files:
            shutil.rmtree(part)
        if not any(part.parent.iterdir()):
            part.parent.rmdir()


def _finish(folder: Path, identifier: str) -> Document | None:
    """Finish an issue that is on record but was cut off; ``None`` if there is none."""
    step = last_step(folder, identifier)
    part, final = place(folder, identifier, PART), place(folder, identifier, FINAL)
    if step is None or step.state != "authorised" or not part.is_dir():
        return None
    if files_of(folder, identifier, PART, under=FINAL) != step.files:
        return None
    details = read_details(part / DETAILS)
    register = Register(folder.parent)
    if register.entry(identifier) is None:
        named = {Path(name).name: sha256 for name, sha256 in step.files.items()}
        hashes = {name: sha256 for name, sha256 in named.items() if name not in (DETAILS, TEMPLATE)}
        register.enter(_entry(details, hashes, step.when))
    part.rename(final)
    sync_directory(final.parent)
    return Document(folder, details, final)


def amended_identifier(identifier: str) -> str:
    """The identifier of what replaces a document: ``-A1`` behind it, then ``-A2``.

    >>> amended_identifier("SIM-01M8"), amended_identifier("SIM-01M8-A1")
    ('SIM-01M8-A1', 'SIM-01M8-A2')
    """
    stem, dash, number = identifier.rpartition("-A")
    return f"{stem}-A{int(number) + 1}" if dash and number.isdecimal() else f"{identifier}-A1"


def _draft(folder: Path, identifier: str, states: tuple[State, ...]) -> tuple[Details, Step]:
    """What a draft says, and its last step."""
    step = last_step(folder, identifier)
    if step is None:
        raise UsageError("there is no such draft", where=identifier, remedy="make it with `hil certificate export`")
    if step.state not in states or place(folder, identifier, FINAL).exists():
        raise UsageError("it was issued", where=identifier, remedy="amend it, which makes a new one")
    if files_of(folder, identifier, DRAFT) != step.files and step.state != "authorised":
        raise VerificationFailed(
            "its draft was altered", where=identifier, remedy="make it anew with `hil certificate export`"
        )
    return read_details(place(folder, identifier, DRAFT) / DETAILS), step


def _entry(details: Details, files: Mapping[str, str], when: str) -> Entry:
    return Entry(
        identifier=details.identifier,
        kind=EQUIVALENCE if details.compares else details.kind,
        run=details.run,
        files=dict(files),
        person=details.authoriser,
        when=when,
        amends=details.amends.identifier if details.amends else "",
        beside=details.compares.run if details.compares else "",
    )


def _day(today: date | None) -> str:
    return (today or datetime.now(UTC).date()).isoformat()


def _write(part: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a folder that is made anew.

    :raises RecordError: the disk fails; nothing of it is left.
    """
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        for name, data in files.items():
            (part / name).write_bytes(data)
            sync(part / name)
        sync_directory(part)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise RecordError(
            f"the document cannot be written ({error.strerror})", where=str(part), remedy="look at the disk"
        ) from error


def _replace(folder: Path, identifier: str, part: str) -> None:
    home = place(folder, identifier, part)
    shutil.rmtree(home, ignore_errors=True)
    place(folder, identifier, PART).rename(home)
    sync_directory(home.parent)


def template_in(home: Path) -> Path | None:
    """The laboratory's own template that a document was made with, if any."""
    path = home / TEMPLATE
    return path if path.is_file() else None


def main_file(home: Path) -> Path:
    """The file that stands for a document: its XML, or its PDF where it has none.

    :raises RecordError: it is not there.
    """
    for name in (CERTIFICATE, REPORT_PDF):
        if (home / name).is_file():
            return home / name
    raise RecordError("the document has no file", where=str(home), remedy="run `hil data verify` on the run")
