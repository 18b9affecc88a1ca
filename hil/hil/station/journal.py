"""What happened to a service outside of its runs: commands, leases, the queue; one line of JSON each, on disk."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import RecordError
from .disk import Disk


class Journal:
    """The journal of one service; it is only ever appended to.

    :param path: its file.
    :param disk: what writes.
    :raises RecordError: if it cannot be opened.
    """

    def __init__(self, path: Path, disk: Disk) -> None:
        self._path, self._disk = path, disk
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a", encoding="utf-8")
        except OSError as error:
            raise RecordError(f"cannot be opened ({error.strerror})", where=str(path)) from None

    def write(self, utc: int, kind: str, data: dict[str, Any]) -> None:
        """Keep what happened at ``utc``, in nanoseconds; it is on disk once ``disk`` is flushed."""
        self._disk.do(self._write, json.dumps({"utc": utc, "kind": kind, **data}, ensure_ascii=False) + "\n")

    def _write(self, line: str) -> None:
        try:
            self._file.write(line)
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise RecordError(f"cannot be written ({error.strerror})", where=str(self._path)) from None

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def entries(path: Path) -> Iterator[dict[str, Any]]:
    """What a journal holds, the oldest first; a last line that was cut off is left out."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        try:
            document = json.loads(line)
        except ValueError:
            continue
        if isinstance(document, dict) and "kind" in document:
            yield document
