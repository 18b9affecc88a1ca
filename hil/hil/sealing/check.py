"""Does a run hold, with everything that was made of it? The record, the sealed set, and the amendments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import HilError, RecordError
from ..record.chainwalk import DAMAGE, Finding
from ..record.folder import files_below, sha256_of
from ..record.reader import open_run
from ..record.verification import Verification, verify
from .amendments import FOLDER as AMENDMENTS
from .amendments import check_amendments
from .columns import ColumnDigests
from .envelope import fault_of, told
from .manifest import MANIFEST, SEALED, Manifest, read_manifest
from .steps import FOLDER as DOCUMENTS
from .steps import file_faults

if TYPE_CHECKING:
    from .keys import PublicKey

PLACE = f"{SEALED}/{MANIFEST}"
READINGS = f"{SEALED}/readings.parquet"


def verify_run(folder: Path, key: PublicKey | None = None, *, documents: bool = True) -> Verification:
    """Verify a run, its sealed set and its amendments; the first place that does not hold comes first.

    :param key: the laboratory's; without it a signature shows only that nothing was altered since somebody signed.
    :param documents: whether the files of its documents are looked at too.
    :raises UsageError: if there is no run, or one of a later version of this program.
    """
    digests = ColumnDigests()
    sealed = (folder / SEALED).is_dir()
    found = verify(folder, digests.add if sealed else None)
    checked, findings = list(found.checked), list(found.findings)
    if sealed:
        _check_sealed(folder, found, digests, key, checked, findings)
    elif key is not None:
        findings.append(Finding(SEALED, "is missing: the run is not sealed, so that there is no signature"))
    if (folder / AMENDMENTS).exists():
        _check_amendments(folder, key, checked, findings)
    if documents and (folder / DOCUMENTS).exists():
        _check_documents(folder, checked, findings)
    return replace(found, checked=tuple(checked), findings=tuple(findings))


def _check_sealed(
    folder: Path,
    found: Verification,
    digests: ColumnDigests,
    key: PublicKey | None,
    checked: list[str],
    findings: list[Finding],
) -> None:
    try:
        manifest = read_manifest(folder / SEALED / MANIFEST)
    except FileNotFoundError:
        findings.append(Finding(PLACE, "is missing"))
        return
    except (OSError, ValueError, RecursionError) as error:
        findings.append(Finding(PLACE, f"was altered, so that nothing can be held against it ({error})"))
        return
    checked.append(f"{PLACE}: {told(manifest.envelope, key)}")
    if key is not None and not manifest.envelope.signatures:
        findings.append(Finding(PLACE, "is not signed"))
    elif fault := fault_of(manifest.envelope, key):
        findings.append(Finding(PLACE, fault))
    if found.holds:
        findings += _against_record(manifest, found, digests)
    try:
        findings += _differences(manifest.files, dict(_present(folder)))
    except (RecordError, OSError) as error:
        findings.append(Finding(str(folder), f"its files cannot be read ({error})"))
    checked.append(f"{PLACE}: the files {', '.join(sorted(manifest.files))}")
    if found.holds and (folder / READINGS).is_file():
        findings += _parquet(folder, digests)
        checked.append(f"{READINGS}: {digests.rows} readings, column by column against run.db")


def _against_record(manifest: Manifest, found: Verification, digests: ColumnDigests) -> list[Finding]:
    if manifest.head != found.ends["hash"]:
        return [Finding(PLACE, "names another head of the chain than the record has")]
    if (manifest.rows, manifest.columns) != (digests.rows, digests.found()):
        return [Finding(PLACE, "states other readings than the record has")]
    return []


def _present(folder: Path) -> Iterable[tuple[str, str]]:
    for name, path in files_below(folder):
        if name != PLACE and not name.startswith(f"{SEALED}.part/"):
            yield name, sha256_of(path)


def _differences(stated: dict[str, str], present: dict[str, str]) -> list[Finding]:
    found = []
    for name in sorted(stated.keys() | present.keys()):
        if name not in present:
            found.append(Finding(name, "the file is missing that the manifest names"))
        elif name in stated and stated[name] != present[name]:
            found.append(Finding(name, "the file was altered after the run was sealed"))
        elif name not in stated and name.partition("/")[0] not in (AMENDMENTS, DOCUMENTS):
            found.append(Finding(name, "the file was added after the run was sealed"))
    return found


def _parquet(folder: Path, digests: ColumnDigests) -> list[Finding]:
    """Whether the Parquet file holds the readings of the record."""
    import pyarrow as pa

    from .parquet import read_parquet

    held, numbers = ColumnDigests(), {n: int(meta["number"]) for n, meta in open_run(folder).channels.items()}
    try:
        for readings in read_parquet(folder / READINGS, numbers):
            held.add(readings)
    except (pa.ArrowException, OSError, HilError, *DAMAGE) as error:
        return [Finding(READINGS, f"cannot be read ({_line(error)})")]
    if held.rows != digests.rows:
        return [Finding(READINGS, f"holds {held.rows} readings, the record {digests.rows}")]
    expected, found = digests.found(), held.found()
    return [
        Finding(f"{READINGS}: column {name}", "holds other values than the record")
        for name in expected
        if expected[name] != found[name]
    ]


def _check_amendments(folder: Path, key: PublicKey | None, checked: list[str], findings: list[Finding]) -> None:
    lines, faults = check_amendments(folder, key)
    checked += lines
    findings += faults


def _check_documents(folder: Path, checked: list[str], findings: list[Finding]) -> None:
    try:
        findings += [Finding(place, message) for place, message in file_faults(folder)]
    except RecordError as error:
        findings.append(Finding(DOCUMENTS, f"cannot be held against the amendments: {error}"))
    checked.append(f"{DOCUMENTS}/: the files of {len(list((folder / DOCUMENTS).iterdir()))} documents")


def _line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
