"""Makes the sealed set of a run: Parquet, MCAP, CSV with its sidecar, and the manifest over everything."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import RecordError, UsageError, VerificationFailed
from ..record.disk import is_live, sync, sync_directory
from ..record.folder import SEAL, files_below, sha256_of
from ..record.frame import Frames
from ..record.reader import open_run
from ..record.verification import verify
from .columns import ColumnDigests
from .csv_file import CsvFile
from .manifest import MANIFEST, SEALED, sealed_manifest, statement
from .mcap_run import RunMcap
from .parquet import ParquetFile

if TYPE_CHECKING:
    from ..record import Record, Verification
    from .keys import PrivateKey

PART = "sealed.part"
FORMATS = ("parquet", "mcap", "csv")
Sink = Callable[[NDArray[np.void]], None]


@dataclass(frozen=True)
class Sealed:
    """What was made: the files, how many readings they hold, and whether the manifest is signed."""

    files: tuple[Path, ...]
    readings: int
    signed: bool
    keyid: str = ""


def seal_run(folder: Path, key: PrivateKey | None) -> Sealed:
    """Verify the record of a closed run, and make ``sealed/`` from the very readings that were verified.

    :param key: the laboratory's; without one the manifest is not signed.
    :raises UsageError: if the run is not closed, or is sealed already.
    :raises VerificationFailed: if the record does not hold.
    :raises RecordError: if the disk fails.
    """
    _check_closed(folder)
    part = folder / PART
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        record, digests = open_run(folder), ColumnDigests()
        with files_of(record, part, FORMATS) as add:
            found = verify(folder, _both(digests.add, add))
            refuse_unless_it_holds(folder, found, "is not sealed")
        return _finished(folder, part, record, found, digests, key)
    except OSError as error:
        raise RecordError(
            f"the sealed set cannot be written ({error.strerror or error})", where=str(part), remedy="look at the disk"
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _both(first: Sink, second: Sink) -> Sink:
    def add(readings: NDArray[np.void]) -> None:
        first(readings)
        second(readings)

    return add


def _check_closed(folder: Path) -> None:
    if is_live(folder):
        raise UsageError("the run is under way", where=str(folder), remedy="seal it when it has ended")
    if not (folder / SEAL).is_file():
        raise UsageError(
            "the run was not closed",
            where=str(folder),
            remedy="go on with it by `hil run … --resume`, or keep it as it is",
        )
    if (folder / SEALED).exists():
        raise UsageError(
            "the run is sealed already",
            where=str(folder),
            remedy="amend it, or move its folder sealed away to seal again",
        )


def _finished(
    folder: Path, part: Path, record: Record, found: Verification, digests: ColumnDigests, key: PrivateKey | None
) -> Sealed:
    files = {name.replace(f"{PART}/", f"{SEALED}/"): sha256_of(path) for name, path in files_below(folder)}
    envelope = sealed_manifest(statement(record, found, digests, files), key)
    (part / MANIFEST).write_text(envelope.text(), encoding="utf-8")
    for path in part.iterdir():
        sync(path)
    sync_directory(part)
    part.rename(folder / SEALED)
    sync_directory(folder)
    made = tuple(sorted((folder / SEALED).iterdir()))
    return Sealed(made, digests.rows, key is not None, "" if key is None else key.public.identifier)


@contextmanager
def files_of(record: Record, into: Path, formats: tuple[str, ...]) -> Iterator[Sink]:
    """Open a file of each of ``formats``; what is passed to the result goes into all of them."""
    with ExitStack() as opened:
        sinks: list[Sink] = []

        def open_all() -> None:
            frames = Frames(record)
            if "parquet" in formats:
                sinks.append(opened.enter_context(ParquetFile(into / "readings.parquet", frames)).add)
            if "mcap" in formats:
                sinks.append(opened.enter_context(RunMcap(into / "run.mcap", record)).add)
            if "csv" in formats:
                sinks.append(opened.enter_context(CsvFile(into / "readings.csv", frames, record)).add)

        def add(readings: NDArray[np.void]) -> None:
            if not sinks:  # only now: a live run may have declared channels since it was looked at
                open_all()
            for sink in sinks:
                sink(readings)

        yield add
        if not sinks:
            open_all()


def refuse_unless_it_holds(folder: Path, found: Verification, what: str) -> None:
    """Refuse a record that does not verify.

    :raises VerificationFailed: naming the first place that does not hold.
    """
    if not found.holds:
        first = found.findings[0]
        raise VerificationFailed(
            f"{what}: its record does not hold: {first.place}: {first.message}",
            where=str(folder),
            remedy="run `hil data verify` on it",
        )
