"""Where the sockets of runs are: a directory of the user's own, mode 0700, searched to find what is running.

Each socket has a name that nobody else uses, and beside it a lock that its process holds: where the lock is free, the
process is gone, and what it left is removed.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from ..errors import UsageError

LONGEST_ADDRESS = 107
"""Bytes of the path of a unix socket on Linux (``sun_path`` without its end)."""

Kind = Literal["sock", "http"]
"""How the name of a control socket ends, and that of a gateway's."""

_LONGEST_NAME = 32
_WAITING = 64
"""Connections that may wait to be accepted."""


def directories() -> list[Path]:
    """Where runs of this user may be, the preferred place first.

    ``HIL_RUNTIME_DIR`` is the only one where it is set, as in the unit of a service.
    """
    given, runtime = os.environ.get("HIL_RUNTIME_DIR"), os.environ.get("XDG_RUNTIME_DIR")
    if given:
        return [Path(given) / "runs"]
    uid = os.getuid()
    places = [Path(runtime) / "hil"] if runtime else []
    places += [Path(f"/run/user/{uid}/hil"), Path(f"/tmp/hil-{uid}")]
    return [place / "runs" for place in dict.fromkeys(places)]


def control_sockets() -> list[Path]:
    """The control sockets of the runs under way."""
    found = []
    for directory in directories():
        if _ours(directory):
            _sweep(directory)
            found += sorted(directory.glob("*.sock"))
    return found


@contextmanager
def listening(kind: Kind) -> Iterator[tuple[socket.socket, Path]]:
    """A socket of mode 0600 that listens, and its path; it is gone afterwards.

    Call it while no other thread creates files: the mode is by the umask, which is the process's.

    :raises UsageError: if there is no place for it.
    """
    directory = _usable()
    _sweep(directory)
    path = directory / f"{os.getpid()}-{secrets.token_hex(4)}.{kind}"
    lock = path.with_suffix(".lock")
    descriptor = _locked(lock)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            _bind(listener, path)
            listener.listen(_WAITING)
            listener.setblocking(False)
            yield listener, path
    finally:
        path.unlink(missing_ok=True)
        lock.unlink(missing_ok=True)
        os.close(descriptor)


def _locked(lock: Path) -> int:
    """The descriptor of ``lock``, held: one that was swept away before it was held is made again."""
    while True:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if lock.stat().st_ino == os.fstat(descriptor).st_ino:
                return descriptor
        os.close(descriptor)


def _sweep(directory: Path) -> None:
    """Remove what processes that are gone have left."""
    for lock in directory.glob("*.lock"):
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for path in (lock.with_suffix(".sock"), lock.with_suffix(".http"), lock):
                path.unlink(missing_ok=True)
        except BlockingIOError:
            pass
        finally:
            os.close(descriptor)


def _bind(listener: socket.socket, path: Path) -> None:
    before = os.umask(0o177)
    try:
        listener.bind(os.fspath(path))
    finally:
        os.umask(before)


def _usable() -> Path:
    """The first place in which a socket can be made."""
    faults = []
    for directory in directories():
        fault = _prepare(directory)
        if not fault:
            return directory
        faults.append(f"{directory}: {fault}")
    raise UsageError(
        f"there is no place for the control socket ({'; '.join(faults)})",
        remedy="set HIL_RUNTIME_DIR to a short path to a directory of your own",
    )


def _prepare(directory: Path) -> str:
    """Make ``directory``; why it cannot be used, if it cannot."""
    if len(os.fsencode(directory)) + 1 + _LONGEST_NAME > LONGEST_ADDRESS:
        return "the path is too long for a socket"
    try:
        for place in (directory.parent, directory):
            with suppress(FileExistsError):
                place.mkdir(mode=0o700)
        if _belongs(directory):
            directory.chmod(0o700)
    except OSError as error:
        return error.strerror or str(error)
    return "" if _ours(directory) else "it is not the user's own"


def _belongs(place: Path) -> bool:
    found = place.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()


def _ours(directory: Path) -> bool:
    """Whether nobody but the user can put anything into ``directory``, and not everybody can take it away."""
    try:
        private = _belongs(directory) and not directory.stat().st_mode & 0o077
        return private and _belongs(directory.parent) and not directory.parent.stat().st_mode & 0o002
    except OSError:
        return False
