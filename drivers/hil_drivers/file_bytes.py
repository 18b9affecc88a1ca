"""The bytes of a file that a user named, as long as they are not too many."""

from __future__ import annotations

import os
from pathlib import Path

from .errors import OptionError

LARGEST = 64 << 20
"""Bytes of a file of a data set at most."""


def whole(path: Path) -> bytes:
    """All of a file.

    :raises OptionError: if it cannot be read, or has more than `LARGEST` bytes.
    """
    data = small(path, LARGEST)
    if data is None:
        raise OptionError(f"has more than {LARGEST >> 20} MiB", where=str(path), remedy="split it")
    return data


def small(path: Path | str, most: int) -> bytes | None:
    """All of a file; ``None``, and nothing is read, where it has more than ``most`` bytes.

    It is one read of as many bytes as there are: a buffer for the most that could come costs several times as much.

    :raises OptionError: if it cannot be read.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            size = os.fstat(file).st_size
            return None if size > most else os.read(file, size)
        finally:
            os.close(file)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OptionError(f"cannot be read: {reason}", where=str(path), remedy="look at the data set") from None
