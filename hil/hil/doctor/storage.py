"""Where the records go: room, how long the disk takes to keep a promise, and SQLite."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from statistics import median

from ..errors import RecordError
from .finding import Finding

LEAST, LOW = 1 << 30, 10 << 30
"""Free bytes below which no run should start, and below which to make room soon."""

SLOW = 0.1
"""Seconds that a small write may take until it is on the disk: the window of the record's commits is 0.2 s."""

NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "ceph", "glusterfs", "afs"})
"""Kinds of file systems on which a live record must not lie: SQLite's log needs a local disk."""

_SYNCS = 15


def disk(out: Path) -> Iterator[Finding]:
    """Room and speed of the folder of runs, or of the nearest folder above that exists."""
    folder = nearest_folder(out)
    kind = file_system(folder)
    if kind in NETWORK:
        yield Finding("runs folder", "fail", f"{folder} is on a network share ({kind})", "give --out on a local disk")
    free = shutil.disk_usage(folder).free
    room = f"{free / (1 << 30):.1f} GiB free in {folder}"
    if free < LOW:
        yield Finding("disk space", "fail" if free < LEAST else "warn", room, "make room, or give another --out")
    else:
        yield Finding("disk space", "ok", room)
    try:
        seconds = sync_time(folder)
    except OSError as error:
        told = f"{folder} cannot be written ({error.strerror})"
        yield Finding("runs folder", "fail", told, "correct its permissions, or give another --out")
        return
    told = f"{seconds * 1e3:.2g} ms until a small write is on the disk (median of {_SYNCS})"
    if seconds > SLOW:
        yield Finding("disk speed", "warn", told, "use a faster disk: records are acknowledged later")
    else:
        yield Finding("disk speed", "ok", told)


def permissions(out: Path) -> Iterator[Finding]:
    """Whether this user may write where runs and the claims on devices go."""
    from ..safety.claims import runtime_directory

    places = {"runs": nearest_folder(out), "claims on devices": nearest_folder(runtime_directory())}
    refused = {what: folder for what, folder in places.items() if not os.access(folder, os.W_OK | os.X_OK)}
    for what, folder in refused.items():
        told = f"{folder} may not be written, where {what} go"
        remedy = "give another --out" if what == "runs" else "correct its permissions, or XDG_RUNTIME_DIR"
        yield Finding("permissions", "fail", told, remedy)
    if not refused:
        yield Finding("permissions", "ok", f"{' and '.join(map(str, places.values()))} may be written")


def sqlite(out: Path) -> Iterator[Finding]:
    """Whether SQLite is one that keeps what it commits, and its write-ahead log works where the runs go."""
    import apsw

    from ..record.sqlite import check_version

    version = f"SQLite {apsw.sqlite_lib_version()} in apsw {apsw.apsw_version()}"
    try:
        check_version()
        with tempfile.TemporaryDirectory(prefix=".hil-doctor-", dir=nearest_folder(out)) as folder:
            mode = _write_and_read(Path(folder) / "probe.db")
    except RecordError as error:
        yield Finding("SQLite", "fail", error.what, error.remedy)
        return
    except (apsw.Error, OSError) as error:
        yield Finding("SQLite", "fail", f"{version} cannot write here ({error})", "give --out on another disk")
        return
    if mode == "wal":
        yield Finding("SQLite", "ok", f"{version}; its write-ahead log works")
    else:
        yield Finding("SQLite", "fail", f"{version}: no write-ahead log here ({mode})", "give --out on another disk")


def _write_and_read(path: Path) -> str:
    """Commit a row, and read it by a second connection while the first is open; the journal's mode."""
    import apsw

    with closing(apsw.Connection(str(path))) as writer:
        mode = str(writer.pragma("journal_mode", "wal"))
        writer.execute("PRAGMA synchronous=FULL; CREATE TABLE probe(value); INSERT INTO probe VALUES (1)")
        with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)) as reader:
            rows = reader.execute("SELECT value FROM probe").fetchall()
    return mode if rows == [(1,)] else f"{mode}, and what was committed cannot be read"


def nearest_folder(path: Path) -> Path:
    """``path``, or the nearest folder above it that exists."""
    return next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.is_dir())


def sync_time(folder: Path) -> float:
    """The median time in s until 4 kB more are on the disk.

    :raises OSError: if they cannot be written.
    """
    taken = []
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        for _ in range(_SYNCS):
            begun = time.perf_counter()
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - begun)
    return median(taken)


def file_system(folder: Path, table: Path = Path("/proc/self/mountinfo")) -> str:
    """The kind of file system that holds ``folder``; empty where it cannot be told."""
    found, longest = "", -1
    try:
        lines = table.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    for line in lines:
        head, _, tail = line.partition(" - ")
        fields = head.split()
        if len(fields) < 5 or not tail:
            continue
        mounted = Path(fields[4].replace("\\040", " "))
        if len(mounted.parts) >= longest and folder.resolve().is_relative_to(mounted):
            found, longest = tail.split()[0], len(mounted.parts)
    return found
