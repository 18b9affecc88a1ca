"""The readings of a run in one format, in a folder of the user's."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from ..errors import UsageError
from ..record.reader import open_run
from ..record.verification import verify
from .sealer import files_of, refuse_unless_it_holds


@dataclass(frozen=True)
class Exported:
    """The files that were written, and how many readings they hold."""

    files: tuple[Path, ...]
    readings: int


def export_run(folder: Path, kind: str, out: Path) -> Exported:
    """Verify a record, and write its readings into ``out``.

    :param kind: ``csv``, ``parquet`` or ``mcap``.
    :raises UsageError: if ``out`` cannot be written, is the run's, or holds such a file.
    :raises VerificationFailed: if the record does not hold.
    """
    if out.resolve().is_relative_to(folder.resolve()):
        raise UsageError("is in the folder of the run", where=str(out), remedy="give another folder")
    record = open_run(folder)
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out, prefix=".export-") as part:
            with files_of(record, Path(part), (kind,)) as add:
                found = verify(folder, add)
                refuse_unless_it_holds(folder, found, "is not exported")
            made = tuple(out / f"{folder.name}.{path.name}" for path in sorted(Path(part).iterdir()))
            for path in made:
                if path.exists():
                    raise UsageError("is there already", where=str(path), remedy="move it away, or give another folder")
            for path in made:
                (Path(part) / path.name.removeprefix(f"{folder.name}.")).rename(path)
    except OSError as error:
        raise UsageError(
            f"cannot be written ({error.strerror or error})", where=str(out), remedy="give a folder that can be written"
        ) from error
    return Exported(made, int(found.ends["readings"]))
