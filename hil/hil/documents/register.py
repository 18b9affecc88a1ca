"""``documents.jsonl`` in the folder of runs: every document that was issued, one line each, in the order of issue.

A line is canonical JSON and names the SHA-256 of the line before, so that none can be altered, left out or put in
between without showing. An identifier is issued once, and a run's document once: what follows is an amendment. The
certificates that compare a run with others are beside its own.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import RecordError, UsageError
from ..record.disk import sync_directory

REGISTER = "documents.jsonl"
EQUIVALENCE = "equivalence"
"""The kind of a certificate that compares a run with another one; it does not take the place of the run's own."""

_MALFORMED = (ValueError, KeyError, TypeError, RecursionError)


@dataclass(frozen=True)
class Entry:
    """A document that was issued.

    :param kind: ``certificate``, ``report`` or ``equivalence``.
    :param run: the name of the run's folder.
    :param files: the SHA-256 of each file, by its name.
    :param person: who authorised it.
    :param when: ISO 8601.
    :param amends: the identifier of the document that it replaces, empty for an original.
    :param beside: of a certificate of equivalence, the name of the other run's folder.
    """

    identifier: str
    kind: str
    run: str
    files: dict[str, str]
    person: str
    when: str
    amends: str = ""
    beside: str = ""


class Register:
    """The documents issued for the runs in a folder.

    :param runs: the folder of runs.
    """

    def __init__(self, runs: Path) -> None:
        self.path = runs / REGISTER

    def entries(self) -> list[Entry]:
        """What was issued, the first first.

        :raises RecordError: a line was altered, removed or put in between.
        """
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise RecordError(f"cannot be read ({error.strerror})", where=str(self.path)) from error
        return self._parsed(text)

    def entry(self, identifier: str) -> Entry | None:
        """The document with that identifier, ``None`` if none was issued."""
        return next((entry for entry in self.entries() if entry.identifier == identifier), None)

    def amended_by(self, identifier: str) -> Entry | None:
        """The document that replaces the one with that identifier."""
        return next((entry for entry in self.entries() if entry.amends == identifier), None)

    def require_free(self, entry: Entry) -> None:
        """Refuse what may not be issued beside what was.

        :raises UsageError: the identifier was issued, the run has a document, or the original has an amendment.
        """
        self._require_free(entry, self.entries())

    def enter(self, entry: Entry) -> None:
        """Add a document.

        :raises UsageError: as :meth:`require_free`.
        :raises RecordError: the register does not hold, or the disk fails.
        """
        try:
            with self._locked() as file:
                text = file.read()
                self._require_free(entry, self._parsed(text))
                file.write(_line(entry, text))
                file.flush()
                os.fsync(file.fileno())
            sync_directory(self.path.parent)
        except OSError as error:
            raise RecordError(
                f"cannot be written ({error.strerror})", where=str(self.path), remedy="look at the disk"
            ) from error

    def _require_free(self, entry: Entry, entries: list[Entry]) -> None:
        where = str(self.path)
        for issued in entries:
            if issued.identifier == entry.identifier:
                fault = f"{entry.identifier} was issued already, by {issued.person} at {issued.when}"
                raise UsageError(fault, where=where, remedy="amend it, which makes a new one")
            if issued.amends and issued.amends == entry.amends:
                fault = f"{entry.amends} was amended already, by {issued.identifier}"
                raise UsageError(fault, where=where, remedy=f"amend {issued.identifier}")
            own = EQUIVALENCE not in (issued.kind, entry.kind)
            if own and not entry.amends and issued.run == entry.run:
                fault = f"the run has the document {issued.identifier} already"
                raise UsageError(fault, where=where, remedy="amend it, which makes a new one")

    def _parsed(self, text: bytes) -> list[Entry]:
        found, previous = list[Entry](), None
        for number, line in enumerate(text.splitlines(keepends=True), 1):
            try:
                content = json.loads(line)
                if content.pop("previous") != previous or not line.endswith(b"\n"):
                    raise ValueError("it does not follow the line before")
                entry = Entry(**content)
                if _text(entry, previous) != line:
                    raise ValueError("it is not the text that was written")
            except _MALFORMED as error:
                raise RecordError(
                    f"line {number} was altered ({error})",
                    where=str(self.path),
                    remedy="put the register back from its backup; nothing is issued until then",
                ) from error
            found.append(entry)
            previous = hashlib.sha256(line).hexdigest()
        return found

    @contextmanager
    def _locked(self) -> Iterator[BinaryIO]:
        with self.path.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            yield file


def _line(entry: Entry, before: bytes) -> bytes:
    lines = before.splitlines(keepends=True)
    return _text(entry, hashlib.sha256(lines[-1]).hexdigest() if lines else None)


def _text(entry: Entry, previous: str | None) -> bytes:
    content: dict[str, Any] = {**asdict(entry), "previous": previous}
    if not entry.beside:
        del content["beside"]
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return f"{text}\n".encode()
