"""Does a record hold? The chain over all tables, SQLite's own integrity, and the hashes of all files.

It works on a copy, so that the original is never touched, and calls a malformed file a finding.
"""

from __future__ import annotations

import tempfile
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import apsw

from ..errors import RecordError
from .chain import genesis
from .chainwalk import DAMAGE, ChainWalk, Finding, Sink
from .disk import copy_database, is_live
from .folder import SEAL, file_hashes, read_seal
from .reader import locate, newer_version
from .schema import APPLICATION_ID, DATABASE, SCRIPTS, VERSION
from .sqlite import read_only

_DEFINITIONS = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name"


@dataclass(frozen=True, slots=True)
class Verification:
    """What was checked, and what does not hold.

    ``ends`` says where the part of the record that holds ends: ``batch``, ``t`` (of its commit, UTC in
    nanoseconds by the machine's clock), ``readings``, ``points`` (committed), ``hash``.
    """

    findings: tuple[Finding, ...]
    checked: tuple[str, ...]
    ends: dict[str, Any]
    status: Literal["closed", "live", "interrupted"]

    @property
    def ending(self) -> str:
        """Where the part of the record that holds ends, in words."""
        if not self.ends["batch"]:
            return "nothing of the record was committed"
        seconds, rest = divmod(self.ends["t"], 1_000_000_000)
        when = f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest // 1_000_000:03d} (machine's clock)"
        counts = f"{self.ends['readings']} readings, {self.ends['points']} points committed"
        holds = "the record ends" if self.holds else "what holds of the record ends"
        return f"{holds} with batch {self.ends['batch']} of {when}: {counts}"

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def verify(path: Path | str, readings: Sink | None = None) -> Verification:
    """Verify a run.

    :param path: the run folder, or its ``run.db``.
    :param readings: is given the readings of each batch that holds, in the order of the record.
    :raises UsageError: if there is no run, or one of a later version of this program.
    """
    folder = Path(path)
    database = folder / DATABASE if (folder / SEAL).is_file() else locate(folder)
    folder, live = database.parent, is_live(database.parent)
    walk, checked = ChainWalk(), list[str]()
    with tempfile.TemporaryDirectory(prefix="hil-verify-") as scratch:
        copy, findings = _copied(database, Path(scratch), live)
        if copy is not None:
            version = _version(copy, folder)
            walk = ChainWalk(version, readings)
            checked = _check_database(copy, walk, version, findings)
    sealed = (folder / SEAL).is_file()
    if not live and (sealed or walk.closed):
        checked += _check_files(folder, walk, findings)
    status: Literal["closed", "live", "interrupted"] = "interrupted"
    if live or sealed or walk.closed:
        status = "live" if live else "closed"
    return Verification(tuple(findings), tuple(checked), walk.ends, status)


def _copied(database: Path, scratch: Path, live: bool) -> tuple[Path | None, list[Finding]]:
    try:
        if not database.exists():
            return None, []
        if not live:
            return copy_database(database, scratch), []
        copy = scratch / database.name
        with closing(read_only(database)) as source, closing(apsw.Connection(str(copy))) as target:
            with target.backup("main", source, "main") as backup:
                backup.step()
            return copy, []
    except (apsw.Error, OSError) as error:
        return None, [Finding(DATABASE, f"cannot be read ({error})")]


def _version(copy: Path, folder: Path) -> int:
    """The version of the record, by its first batch where its header names none that is known.

    :raises UsageError: if both say that it is a later one.
    """
    with suppress(*DAMAGE), closing(apsw.Connection(str(copy), flags=apsw.SQLITE_OPEN_READWRITE)) as db:
        version = db.pragma("user_version")
        if version in SCRIPTS:
            return int(version)
        first = db.execute("SELECT prev FROM batch WHERE seq = 1").fetchone()
        if version > VERSION and first and first[0] not in map(genesis, SCRIPTS):
            raise newer_version(version, str(folder / DATABASE))
    return VERSION


def _check_database(copy: Path, walk: ChainWalk, version: int, findings: list[Finding]) -> list[str]:
    try:
        with closing(apsw.Connection(str(copy), flags=apsw.SQLITE_OPEN_READWRITE)) as db:
            db.pragma("trusted_schema", False)
            finding = walk.run(db)
            findings += [finding] if finding else []
            findings += _schema(db, version)
            findings += _integrity(db)
    except DAMAGE as error:
        findings.append(Finding(DATABASE, f"is malformed ({error})"))
    return [
        f"chain: batches 1 to {walk.batch}, {sum(walk.counts.values())} rows",
        "tables and append-only triggers",
        "SQLite integrity",
    ]


def _schema(db: apsw.Connection, version: int) -> list[Finding]:
    if (db.pragma("application_id"), db.pragma("user_version")) != (APPLICATION_ID, version):
        return [Finding(DATABASE, f"is not a record of version {version}: its header was altered")]
    with closing(apsw.Connection(":memory:")) as fresh:
        fresh.execute(SCRIPTS[version])
        expected = {row[1]: row for row in fresh.execute(_DEFINITIONS)}
    present = {row[1]: row for row in db.execute(_DEFINITIONS)}
    for name in sorted(expected.keys() | present.keys()):
        if expected.get(name) != present.get(name):
            what = "is missing" if name not in present else "was added" if name not in expected else "was altered"
            return [Finding(f"{DATABASE}: {name}", f"this part of the definition of the tables {what}")]
    return []


def _integrity(db: apsw.Connection) -> list[Finding]:
    answer = db.execute("PRAGMA integrity_check(1)").fetchall()
    return [] if answer == [("ok",)] else [Finding(DATABASE, f"SQLite's integrity check says: {answer[0][0]}")]


def _check_files(folder: Path, walk: ChainWalk, findings: list[Finding]) -> list[str]:
    try:
        content = read_seal(folder)
    except FileNotFoundError:
        findings.append(Finding(SEAL, "is missing: the run was closed, but nothing lists its files"))
        return []
    except (OSError, RecordError, *DAMAGE) as error:
        findings.append(Finding(SEAL, f"was altered, so that no other file can be held against it ({error})"))
        return [SEAL]
    if walk.complete and content.get("chain") != walk.head:
        findings.append(Finding(SEAL, "names another head of the chain than the record has"))
    try:
        findings += _differences(content["files"], file_hashes(folder))
    except (RecordError, OSError) as error:
        findings.append(Finding(str(folder), f"its files cannot be read ({error})"))
    return [f"{SEAL}: the files {', '.join(sorted(content['files']))}"]


def _differences(sealed: dict[str, Any], present: dict[str, Any]) -> list[Finding]:
    found = []
    for name in sorted(sealed.keys() | present.keys()):
        if name not in present:
            found.append(Finding(name, "the file is missing"))
        elif name not in sealed:
            found.append(Finding(name, "the file was added after the run was closed"))
        elif sealed[name] != present[name]:
            found.append(Finding(name, "the file was altered after the run was closed"))
    return found
