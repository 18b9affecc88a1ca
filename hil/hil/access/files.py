"""Files that only their owner may read, written as a whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from ..errors import ConfigurationError

ROOT = 0


def write_private(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Replace ``path`` by ``content`` at once: a reader sees the old or the new one.

    :raises ConfigurationError: if it cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(file.fileno(), mode)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigurationError(
            f"cannot be written ({reason})", where=str(path), remedy="give another place"
        ) from None


def require_private(path: Path) -> None:
    """Refuse a file with a secret that others than its owner can read or change.

    :raises ConfigurationError: naming it.
    """
    try:
        found = path.stat()
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigurationError(f"cannot be read ({reason})", where=str(path), remedy="make it first") from None
    if not stat.S_ISREG(found.st_mode):
        raise ConfigurationError("is no file", where=str(path), remedy="give a file")
    if found.st_mode & 0o077:
        raise ConfigurationError("others than its owner may use it", where=str(path), remedy=f"chmod 600 {path}")
    if found.st_uid not in (ROOT, os.geteuid()):
        raise ConfigurationError("belongs to another user", where=str(path), remedy="give a file of your own")
