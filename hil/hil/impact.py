"""What rests on an instrument: the runs that used it, and those that used certificates which came of such runs.

A run holds the serial number of each instrument and the SHA-256 of each certificate that it used; so certificates that
our own runs issued, drafts and final versions alike, lead on to later runs. What others did with our certificates
cannot be seen.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .documents.register import Entry, Register
from .errors import RecordError, UsageError
from .record import open_run
from .record.folder import SEAL, read_seal, run_folders
from .suggest import nearest

if TYPE_CHECKING:
    from .bench.register import InstrumentEntry

CERTIFICATE = "certificate.xml"
DOCUMENTS = (CERTIFICATE, "certificate.pdf", "report.html", "report.pdf", "results.json")


@dataclass(frozen=True, order=True)
class Identity:
    """Which instrument; ``name`` is that of the register, empty where the record does not know it."""

    serial: str
    manufacturer: str
    model: str
    name: str = ""

    @property
    def told(self) -> str:
        """The instrument in words."""
        name = f" ({self.name})" if self.name else ""
        return f"{self.manufacturer} {self.model}, serial {self.serial}{name}"


@dataclass(frozen=True)
class Issued:
    """A document that was issued: by whom, when, and which one replaced it, empty for the valid one."""

    identifier: str
    kind: str
    person: str
    when: str
    replaced_by: str


@dataclass(frozen=True)
class Use:
    """A run that rests on the instrument.

    :param role: what the instrument, or the one calibrated with it, did in the run.
    :param through: the certificates between the instrument and this run, the first first; none for direct use.
    :param document: the identifier of the document that the run made at its end, a draft.
    :param issued: the documents that were issued of it, amendments last.
    """

    run: str
    date: str
    procedure: str
    provenance: str
    status: str
    role: str
    through: tuple[str, ...]
    verdict: str
    document: str
    issued: tuple[Issued, ...]
    files: tuple[str, ...]


@dataclass(frozen=True)
class Impact:
    """Everything that rests on an instrument since a day, and the runs that could not be read."""

    instruments: tuple[Identity, ...]
    since: date
    uses: tuple[Use, ...]
    unread: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The whole answer as one document."""
        return {
            "instruments": [asdict(each) for each in self.instruments],
            "since": self.since.isoformat(),
            "runs": [asdict(use) for use in self.uses],
            "unread": list(self.unread),
        }


def impact(instrument: str, since: date, runs: Path, register: Mapping[str, InstrumentEntry] | None = None) -> Impact:
    """The runs in ``runs`` that rest on ``instrument`` and took place on or after ``since``.

    :param instrument: its name in the register, or its serial number.
    :param register: instruments that are known though no run used them.
    :raises UsageError: if neither a run nor the register knows it, or there is no such folder.
    """
    found: list[_Run] = []
    unread = []
    entries: list[Entry] = []
    try:
        entries = Register(runs).entries()
    except RecordError as error:
        unread.append(str(error))
    for folder in run_folders(runs):
        try:
            run = _Run(folder, [entry for entry in entries if folder.name in (entry.run, entry.beside)])
            _ = run.day
            found.append(run)
        except (RecordError, UsageError, KeyError, TypeError, ValueError, OSError) as error:
            unread.append(f"{folder.name}: {error}")
    wanted = _wanted(instrument, found, register or {})
    return Impact(wanted, since, tuple(_uses(wanted, since, found)), tuple(unread))


class _Run:
    """What a run's folder says of instruments and certificates."""

    def __init__(self, folder: Path, entries: Sequence[Entry]) -> None:
        self.folder, self._entries = folder, entries
        self._record = open_run(folder)
        self.facts, self.channels = self._record.run, self._record.channels
        self.instruments = {channel: _identity(meta) for channel, meta in self.channels.items()}

    @cached_property
    def status(self) -> str:
        return self._record.status

    @cached_property
    def day(self) -> date:
        """Its last day, on the bench clock where that was recorded."""
        day = self._record.day
        if day is None:
            raise RecordError("its day is not on record", where=str(self.folder))
        return day

    @cached_property
    def results(self) -> dict[str, Any]:
        try:
            found = json.loads((self.folder / "results.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def document(self) -> str:
        return str(self.results.get("document", ""))

    @cached_property
    def certificates(self) -> set[str]:
        """SHA-256 of its certificates: of the files that are there, and of those that were sealed or issued."""
        paths = [self.folder / CERTIFICATE, *self._final()]
        hashes = {hashlib.sha256(path.read_bytes()).hexdigest() for path in paths if path.is_file()}
        hashes |= {sha256 for entry in self._entries for sha256 in entry.files.values()}
        try:
            sealed = read_seal(self.folder)["files"].get(CERTIFICATE) if (self.folder / SEAL).is_file() else None
        except (OSError, ValueError):
            sealed = None
        return hashes | ({str(sealed.get("sha256"))} if isinstance(sealed, dict) else set())

    @property
    def identifiers(self) -> set[str]:
        """The identifiers of its documents."""
        return {each for each in (self.document, *(entry.identifier for entry in self._entries)) if each}

    def _final(self) -> list[Path]:
        return sorted((self.folder / "documents").glob("*/final/*"))

    def _issued(self) -> Iterator[Issued]:
        replaced = {entry.amends: entry.identifier for entry in self._entries if entry.amends}
        for entry in self._entries:
            yield Issued(entry.identifier, entry.kind, entry.person, entry.when, replaced.get(entry.identifier, ""))

    def role(self, channel: str) -> str:
        played = [role for role, target in self.facts.get("roles", {}).items() if target == channel]
        told = [f"{role} (under calibration)" if role in self.facts.get("items", ()) else role for role in played]
        return ", ".join(told) or f"{channel} (recorded throughout)"

    def use(self, channels: Sequence[str], through: tuple[str, ...]) -> Use:
        procedure, verdict = self.facts.get("procedure", {}), self.results.get("verdict") or {}
        return Use(
            run=self.folder.name,
            date=self.day.isoformat(),
            procedure=str(procedure.get("name", "")),
            provenance=str(self.facts.get("provenance", "")),
            status=self.status,
            role=", ".join(dict.fromkeys(map(self.role, channels))),
            through=through,
            verdict=str(verdict.get("outcome", "")),
            document=self.document,
            issued=tuple(self._issued()),
            files=tuple(
                str(path) for path in (*(self.folder / name for name in DOCUMENTS), *self._final()) if path.is_file()
            ),
        )


def _identity(meta: Mapping[str, Any]) -> Identity | None:
    stated = meta.get("instrument")
    if not stated:
        return None
    return Identity(stated["serial"], stated["manufacturer"], stated["model"], str(meta.get("register") or ""))


def _wanted(instrument: str, runs: Sequence[_Run], register: Mapping[str, InstrumentEntry]) -> tuple[Identity, ...]:
    """The instruments of that name or serial number: several if a number is not unique, or a name was given anew."""
    known = {each for run in runs for each in run.instruments.values() if each is not None}
    known |= {Identity(entry.serial, entry.manufacturer, entry.model, name) for name, entry in register.items()}
    asked = sorted(each for each in known if instrument in (each.name, each.serial))
    wanted = {(each.serial, each.manufacturer, each.model): each for each in asked}.values()  # the named one, if any
    if not wanted:
        names = {text for each in known for text in (each.name, each.serial) if text}
        raise UsageError(
            f"no run and no register knows an instrument {instrument!r}", remedy=nearest(instrument, names)
        )
    return tuple(wanted)


def _uses(wanted: Sequence[Identity], since: date, runs: Sequence[_Run]) -> Iterator[Use]:
    same = {(each.serial, each.manufacturer, each.model) for each in wanted}
    direct = {
        run.folder: [c for c, i in run.instruments.items() if i and (i.serial, i.manufacturer, i.model) in same]
        for run in runs
        if run.day >= since
    }
    through: dict[Path, tuple[str, ...]] = {folder: () for folder, channels in direct.items() if channels}
    led = {folder: channels for folder, channels in direct.items() if channels}
    grown = True
    while grown:
        grown = False
        for run in runs:
            if run.folder in through:
                continue
            if found := _through(run, [other for other in runs if other.folder in through]):
                other, led[run.folder] = found
                through[run.folder] = (*through[other.folder], other.document or other.folder.name)
                grown = True
    for run in runs:
        if run.folder in through:
            yield run.use(led[run.folder], through[run.folder])


def _through(run: _Run, affected: Sequence[_Run]) -> tuple[_Run, list[str]] | None:
    """The first affected run whose certificate ``run`` used, and the channels that used it."""
    for other in affected:
        channels = [
            channel
            for channel, meta in run.channels.items()
            if meta.get("certificate_sha256") in other.certificates
            or (meta.get("calibration") or {}).get("identifier") in other.identifiers
        ]
        if other.certificates and channels:
            return other, channels
    return None
