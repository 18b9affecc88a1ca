"""Folders and files on the disk: synced, and marked while they are being written."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import weakref
from pathlib import Path


def lock_folder(folder: Path) -> int:
    """A file descriptor that marks ``folder`` as being written, as long as this process lives and keeps it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def is_live(folder: Path) -> bool:
    """Whether a writer has ``folder`` open at this moment, as far as can be seen."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def sync(path: Path) -> None:
    """Have the operating system write ``path`` to the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sync_directory(folder: Path) -> None:
    """Have the operating system write the entries of ``folder`` to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Scratch:
    """A folder of its own, which is gone when nobody holds this any more."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="hil-run-"))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


def copy_database(database: Path, into: Path) -> Path:
    """Copy a SQLite file that nobody writes, with its log, byte by byte; the copy."""
    for suffix in ("", "-wal", "-journal"):
        source = database.with_name(database.name + suffix)
        if source.exists():
            shutil.copyfile(source, into / source.name)
    return into / database.name
