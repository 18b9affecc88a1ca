"""Corrections of contours on the record of a closed run: each is an amendment, and the last of a picture counts.

Its ``correction`` has ``kind`` ``contours``, the ``picture`` (name, SHA-256, point, attempt), the ``model`` whose
contours were corrected, ``supersedes`` (the number of the correction of this picture before it, or null), ``u_rim`` and
``contours``.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError, VerificationFailed
from ..sealing.amendments import FOLDER, Amendment, amend, amendments, check_amendments
from .corrections import Correction, Sent, changes, parse_correction, recorded
from .source import Entry, Found, Micrographs

if TYPE_CHECKING:
    from ..sealing.keys import PrivateKey

KIND = "contours"


class Outdated(UsageError):
    """A correction was made from another state than that on record."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A correction on record, and the amendment that it is."""

    amendment: Amendment
    correction: Correction


class Ledger:
    """The corrections of the pictures of a run, read again whenever an amendment was added.

    :param key: the laboratory's, to sign with; without one amendments are not signed.
    """

    def __init__(self, micrographs: Micrographs, key: PrivateKey | None = None) -> None:
        self._micrographs, self._key = micrographs, key
        self._seen: tuple[str, ...] = ()
        self._kept: dict[int, list[Kept]] = {}
        self._lock = threading.RLock()

    @property
    def signer(self) -> str:
        """The identifier of the key that signs; empty without one."""
        return "" if self._key is None else self._key.public.identifier

    def corrections(self) -> Mapping[int, list[Kept]]:
        """By the number of the picture, its corrections, the last one last.

        :raises VerificationFailed: if the amendments do not hold, or one corrects what there is not.
        """
        folder = self._micrographs.folder
        with self._lock:
            names = tuple(sorted(path.name for path in (folder / FOLDER).glob("*")))
            if names != self._seen:
                _, faults = check_amendments(folder, None)
                if faults:
                    remedy = "run `hil data verify` on the run"
                    raise VerificationFailed(faults[0].message, where=f"{folder}/{faults[0].place}", remedy=remedy)
                self._kept, self._seen = self._read(), names
            return self._kept

    def last(self, number: int) -> Kept | None:
        """The correction of a picture that counts; ``None`` if it was never corrected."""
        found = self.corrections().get(number)
        return found[-1] if found else None

    def save(self, number: int, sent: Sent) -> Path:
        """Put a correction of picture ``number`` on record.

        :return: the file of the amendment.
        :raises Outdated: if another correction was put on record meanwhile.
        :raises UsageError: if nothing is changed, or the run is not closed.
        :raises RecordError: if the disk fails.
        """
        with self._lock:
            before = self.last(number)
            what = self._what(number, sent, before)
            facts = {
                "kind": KIND,
                "picture": _facts(self._micrographs.entries[number]),
                "model": self._micrographs.model.facts(),
                "supersedes": before.amendment.number if before else None,
                **recorded(sent.correction),
            }
            folder = self._micrographs.folder
            return amend(folder, what=what, why=sent.why, who=sent.who, key=self._key, correction=facts)

    def _what(self, number: int, sent: Sent, before: Kept | None) -> str:
        """What a correction changes, in words."""
        latest = before.amendment.number if before else 0
        if sent.after != latest:
            told = f"amendment {latest} of {before.amendment.who} is the last" if before else "it has no correction"
            raise Outdated(told, where=f"correction after {sent.after}", remedy="load the picture again")
        name, contours = self._micrographs.entries[number].name, self._micrographs.found(number).contours
        told = changes(before.correction.contours if before else contours, sent.correction.contours)
        if not told and before and before.correction.u_rim != sent.correction.u_rim:
            told = "another uncertainty of rims drawn by hand"
        if not told:
            raise UsageError("nothing is changed", where=f"picture {name}", remedy="change a contour first")
        return f"contours of picture {name}: {told}"

    def _read(self) -> dict[int, list[Kept]]:
        kept: dict[int, list[Kept]] = {}
        for one in amendments(self._micrographs.folder):
            if one.correction is None or one.correction.get("kind") != KIND:
                continue
            number = self._number(one, one.correction.get("picture"))
            kept.setdefault(number, []).append(self._one(number, one))
        return kept

    def _number(self, one: Amendment, picture: object) -> int:
        """Of the picture with all of these facts: those of two devices may have one name."""
        entries = self._micrographs.entries
        for number, entry in enumerate(entries):
            if picture == _facts(entry):
                return number
        named = isinstance(picture, dict) and picture.get("name") in [entry.name for entry in entries]
        why = "the picture on record is another one" if named else "there is no such picture"
        raise _odd(self._micrographs.folder, one, why)

    def _one(self, number: int, one: Amendment) -> Kept:
        folder, given = self._micrographs.folder, one.correction or {}
        found: Found = self._micrographs.found(number)
        try:
            correction = parse_correction(given, (found.width, found.height), found.contours)
        except UsageError as error:
            raise _odd(folder, one, f"{error.where}: {error.what}") from None
        return Kept(one, correction)


def _facts(entry: Entry) -> dict[str, str | int]:
    """Of a picture on record."""
    return {"name": entry.name, "sha256": entry.sha256, "point": entry.point, "attempt": entry.attempt}


def _odd(folder: Path, one: Amendment, why: str) -> VerificationFailed:
    where = f"{folder}/{FOLDER}/{one.number:04d}.json"
    return VerificationFailed(f"is no correction of this run: {why}", where=where, remedy="tell who keeps the record")
