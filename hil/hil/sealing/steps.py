"""The steps of a document on its run's record: drafted, reviewed, authorised; each is a signed, chained amendment.

Each step names the SHA-256 of every file of the document as it then was. The files of the last step must be there as
they were; nothing else may stand in the folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from ..errors import RecordError
from ..record.folder import sha256_of
from .amendments import Amendment, amend, amendments

if TYPE_CHECKING:
    from .keys import PrivateKey

FOLDER = "documents"
DRAFT, FINAL, PART = "draft", "final", "part"

State = Literal["drafted", "reviewed", "authorised"]
STATES: tuple[State, ...] = ("drafted", "reviewed", "authorised")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a document: who did it, when, and the SHA-256 of each file by its path in the run's folder."""

    identifier: str
    state: State
    who: str
    when: str
    why: str
    files: dict[str, str]
    signed: bool


def steps(folder: Path, identifier: str | None = None) -> list[Step]:
    """The steps of the documents of a run, or of one of them, in order.

    :raises RecordError: an amendment cannot be read.
    """
    found = [_step(one, folder) for one in amendments(folder) if one.document is not None]
    return [step for step in found if identifier in (None, step.identifier)]


def last_step(folder: Path, identifier: str) -> Step | None:
    """The last step of a document, ``None`` if there is no such document."""
    found = steps(folder, identifier)
    return found[-1] if found else None


def take(
    folder: Path, identifier: str, state: State, *, who: str, why: str, files: dict[str, str], key: PrivateKey | None
) -> None:
    """Put a step on record.

    :param files: SHA-256 by path in the run's folder.
    :param key: of the laboratory (Ed25519), or ``None``.
    :raises RecordError: the amendments before do not hold, or the disk fails.
    """
    facts = {"identifier": identifier, "state": state, "files": files}
    amend(folder, what=f"document {identifier}: {state}", why=why, who=who, key=key, document=facts)


def place(folder: Path, identifier: str, part: str) -> Path:
    """Where the files of a document stand: its draft, or its final version."""
    return folder / FOLDER / identifier / part


def files_of(folder: Path, identifier: str, part: str, *, under: str | None = None) -> dict[str, str]:
    """SHA-256 of the files of a document, by their path in the run's folder.

    :param under: the part of the path that is told, where the files do not stand there yet.
    """
    home = place(folder, identifier, part)
    told = f"{FOLDER}/{identifier}/{under or part}"
    return {f"{told}/{path.name}": sha256_of(path) for path in sorted(home.iterdir()) if path.is_file()}


def file_faults(folder: Path) -> Iterator[tuple[str, str]]:
    """What does not hold of the documents of a run: the place, and what is the matter with it.

    :raises RecordError: an amendment cannot be read.
    """
    by_document: dict[str, dict[str, str]] = {}
    for step in steps(folder):
        earlier = {} if step.state == "drafted" else by_document.get(step.identifier, {})
        by_document[step.identifier] = {**earlier, **step.files}
    stated = {name: sha256 for files in by_document.values() for name, sha256 in files.items()}
    present = {
        path.relative_to(folder).as_posix(): path for path in sorted((folder / FOLDER).rglob("*")) if not path.is_dir()
    }
    for name in sorted(stated.keys() | present.keys()):
        path = present.get(name)
        if path is None:
            yield name, "the file is missing that the amendments name"
        elif path.is_symlink() or name not in stated:
            yield name, "no amendment names this file"
        elif sha256_of(path) != stated[name]:
            yield name, "the file was altered after it went on record"


def _step(one: Amendment, folder: Path) -> Step:
    facts = cast("dict[str, Any]", one.document)
    try:
        state = facts["state"]
        if state not in STATES:
            raise ValueError(f"it has no state {state!r}")
        files = {str(name): str(sha256) for name, sha256 in facts["files"].items()}
        return Step(str(facts["identifier"]), state, one.who, one.when, one.why, files, one.signed)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise RecordError(
            f"amendment {one.number} names no step of a document ({error})",
            where=str(folder),
            remedy="run `hil data verify` on the run",
        ) from error
