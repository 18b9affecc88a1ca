"""The documents of the runs in a folder."""

from __future__ import annotations

from pathlib import Path

from ..errors import RecordError, UsageError
from ..record.folder import run_folders
from ..sealing.steps import FINAL, FOLDER, Step, place, steps
from ..suggest import nearest
from .making import CERTIFICATE
from .register import Register


def listed(runs: Path) -> list[dict[str, str]]:
    """Each document's identifier, kind of state, who took its last step and when, in the order of runs.

    :raises UsageError: there is no such folder.
    :raises RecordError: the register does not hold.
    """
    register = Register(runs)
    issued = {entry.identifier: entry for entry in register.entries()}
    replaced = {entry.amends: entry.identifier for entry in issued.values() if entry.amends}
    found = []
    for folder in run_folders(runs):
        for identifier, step in _last_steps(folder).items():
            entry = issued.get(identifier)
            found.append(
                {
                    "identifier": identifier,
                    "kind": entry.kind if entry else "draft",
                    "state": step.state,
                    "by": step.who,
                    "when": step.when,
                    "amended by": replaced.get(identifier, ""),
                    "run": folder.name,
                }
            )
    return found


def find_document(document: str, runs: Path) -> tuple[Path, str]:
    """The folder of the run of a document, and its identifier.

    :param document: an identifier, a run (then its latest document), a file of it, or ``last``: the latest of all.
    :raises UsageError: there is none.
    """
    path = Path(document)
    if path.is_file() and len(path.resolve().parents) > 3 and path.resolve().parents[2].name == FOLDER:
        return path.resolve().parents[3], path.resolve().parents[1].name
    candidates = [(folder, _last_steps(folder)) for folder in run_folders(runs)]
    for folder, found in candidates:
        if document in found:
            return folder, document
    for folder, found in candidates:
        if document in (folder.name, str(folder)) and found:
            return folder, list(found)[-1]
    if document == "last":
        latest = [(list(found.values())[-1].when, folder, list(found)[-1]) for folder, found in candidates if found]
        if latest:
            return max(latest)[1:]
    known = [identifier for _, found in candidates for identifier in found]
    remedy = nearest(document, known) if known else "draft one with `hil certificate export RUN`"
    raise UsageError(f"there is no document {document!r} in {runs}", remedy=remedy)


def is_calibration(folder: Path) -> bool:
    """Whether a run is a calibration, which yields a certificate."""
    return (folder / "certificate.xml").is_file()


def is_certificate(folder: Path, identifier: str) -> bool:
    """Whether a document that was issued is a certificate, not a report."""
    return (place(folder, identifier, FINAL) / CERTIFICATE).is_file()


def _last_steps(folder: Path) -> dict[str, Step]:
    """By identifier, the last step of each document of a run; nothing of a run whose amendments cannot be read."""
    if not (folder / FOLDER).is_dir():
        return {}
    try:
        return {step.identifier: step for step in steps(folder)}
    except RecordError:
        return {}
