"""``amendments/NNNN.json``: what was changed about a closed run, by whom and why; the original stays as it is.

ISO/IEC 17025:2017, 7.5.2: amendments can be tracked to previous versions or to the original observations; the original
and the amended data are kept, with the date, what was altered, and the persons responsible. Each amendment is a DSSE
envelope; its payload names the SHA-256 of what it amends (the manifest of a sealed run, otherwise ``closed.json``) and
of the amendment before it, so that none can be altered, left out or put in between.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..clock_state import read_clock_state
from ..errors import RecordError, UsageError
from ..record.chainwalk import Finding
from ..record.disk import is_live, sync, sync_directory
from ..record.folder import SEAL, sha256_of
from ..record.rows import json_text
from ..utc import iso
from .envelope import Envelope, enclosed, fault_of, read_envelope, told
from .manifest import MANIFEST, SEALED

if TYPE_CHECKING:
    from .keys import PrivateKey, PublicKey

FOLDER = "amendments"
KIND = "application/vnd.hil-bench.amendment+json"
FORMAT = "hil-amendment/1"
ANCHORS = (f"{SEALED}/{MANIFEST}", SEAL)
_MALFORMED = (ValueError, KeyError, TypeError, OverflowError, RecursionError)
_NAME = re.compile(r"\d{4,}\.json")


@dataclass(frozen=True, slots=True)
class Amendment:
    """One amendment: its number, what, why and who in words, and when, of the system clock.

    ``document`` holds the facts where it is a step of a document: see `hil.sealing.steps`; ``correction`` the data
    where it corrects some: see `hil.micrographs.ledger`.
    """

    number: int
    what: str
    why: str
    who: str
    when: str
    signed: bool
    document: dict[str, Any] | None = None
    correction: dict[str, Any] | None = None


def amend(
    folder: Path,
    *,
    what: str,
    why: str,
    who: str,
    key: PrivateKey | None,
    document: dict[str, Any] | None = None,
    correction: dict[str, Any] | None = None,
) -> Path:
    """Add an amendment to a closed run; nothing else is touched.

    :param key: the laboratory's; without one the amendment is not signed.
    :param document: the facts, where it is a step of a document.
    :param correction: the data that hold from now on, where it corrects some.
    :return: its file.
    :raises UsageError: if the run is not closed, or a text is empty.
    :raises RecordError: if the amendments before do not hold, or the disk fails.
    """
    if is_live(folder) or not (folder / SEAL).is_file():
        raise UsageError("the run is not closed", where=str(folder), remedy="amend it when it has ended")
    words = {"what": what.strip(), "why": why.strip(), "who": who.strip()}
    for name, text in words.items():
        if not text:
            raise UsageError(f"{name} is empty", where="amendment", remedy=f"say {name}")
    _, faults = check_amendments(folder, None) if (folder / FOLDER).exists() else ([], [])
    if faults:
        raise RecordError(f"{faults[0].place} {faults[0].message}", where=str(folder), remedy="run `hil data verify`")
    content = {"format": FORMAT, "run": folder.name, **words, **_place(folder)}
    facts = {"document": document, "correction": correction}
    content |= {name: given for name, given in facts.items() if given is not None}
    content["when"] = iso(time.time_ns(), synchronised=read_clock_state().synchronised)
    json_text(content, "amendment")
    return _write(folder, content, key)


def _place(folder: Path) -> dict[str, Any]:
    """Where an amendment stands in the chain: its number, what is amended, and the amendment before."""
    before = _files(folder)
    anchor = next(name for name in ANCHORS if (folder / name).is_file())
    return {
        "number": len(before) + 1,
        "amends": {"file": anchor, "sha256": sha256_of(folder / anchor)},
        "previous": sha256_of(before[-1]) if before else None,
    }


def _write(folder: Path, content: dict[str, Any], key: PrivateKey | None) -> Path:
    """Whole or not at all, and never over another: it is written outside of the run and linked to its name."""
    path = folder / FOLDER / f"{content['number']:04d}.json"
    whole = folder.with_name(f".{folder.name}-{path.stem}-{os.getpid()}-{secrets.token_hex(4)}")
    text = enclosed(KIND, content, key).text()
    try:
        try:
            whole.write_text(text, encoding="utf-8")
            sync(whole)
            path.parent.mkdir(exist_ok=True)
            path.hardlink_to(whole)
        finally:
            whole.unlink(missing_ok=True)
        sync_directory(path.parent)
        sync_directory(folder)
    except OSError as error:
        raise RecordError(
            f"the amendment cannot be written ({error.strerror})", where=str(path), remedy="look at the disk"
        ) from error
    return path


def _files(folder: Path) -> list[Path]:
    return sorted((folder / FOLDER).glob("*"), key=lambda path: (len(path.name), path.name))


def amendments(folder: Path) -> Iterator[Amendment]:
    """The amendments of a closed run, in order.

    :raises RecordError: if one of them cannot be read.
    """
    for path in _files(folder):
        try:
            yield _amendment(_read(path))
        except (OSError, *_MALFORMED) as error:
            raise RecordError(
                f"is not an amendment ({error})", where=str(path), remedy="run `hil data verify` on the run"
            ) from error


def _read(path: Path) -> Envelope:
    return read_envelope(path.read_text(encoding="utf-8"), KIND)


def _amendment(envelope: Envelope) -> Amendment:
    content = envelope.content()
    if content["format"] != FORMAT:
        raise ValueError(f"it is of the format {content['format']!r}, not {FORMAT!r}")
    what, why, who, when = (str(content[name]) for name in ("what", "why", "who", "when"))
    document, correction = content.get("document"), content.get("correction")
    for name, given in (("document", document), ("correction", correction)):
        if not isinstance(given, dict | None):
            raise TypeError(f"its {name} is no object")
    number, signed = int(content["number"]), bool(envelope.signatures)
    return Amendment(number, what, why, who, when, signed, document, correction)


def check_amendments(folder: Path, key: PublicKey | None) -> tuple[list[str], list[Finding]]:
    """What was checked of the amendments of a run, and what does not hold."""
    checked, findings, previous = list[str](), list[Finding](), None
    ours = [path for path in _files(folder) if _NAME.fullmatch(path.name) and path.is_file() and not path.is_symlink()]
    for number, path in enumerate(ours, 1):
        place = f"{FOLDER}/{path.name}"
        try:
            envelope = _read(path)
            fault = _fault(folder, envelope, number, previous) or fault_of(envelope, key)
            if not fault and key is not None and not envelope.signatures:
                fault = "is not signed"
            checked.append(f"{place}: {told(envelope, key)}")
            previous = sha256_of(path)
        except (OSError, *_MALFORMED) as error:
            fault = f"was altered ({error})"
        if fault:
            findings.append(Finding(place, fault))
    others = (path for path in _files(folder) if path not in ours)
    findings += [Finding(f"{FOLDER}/{path.name}", "is not the file of an amendment") for path in others]
    return checked, findings


def _fault(folder: Path, envelope: Envelope, number: int, previous: str | None) -> str:
    """Why an amendment does not stand where it should; empty if it does."""
    content = envelope.content()
    if _amendment(envelope).number != number:
        return f"is not the amendment {number}: one was removed or put in between"
    if content["run"] != folder.name:
        return f"belongs to the run {content['run']!r}"
    if content["previous"] != previous:
        return "is not chained to the amendment before it"
    file, sha256 = content["amends"]["file"], content["amends"]["sha256"]
    earlier = folder.glob("closed-*.json") if file == SEAL else ()
    if file not in ANCHORS or sha256 not in map(sha256_of, (folder / file, *earlier)):
        return f"amends another {file} than there is"
    return ""
