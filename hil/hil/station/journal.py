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
            self._file = path.open("a", encoding="utf-8", errors="backslashreplace")
            if not _ends_a_line(path):  # else the next line would be lost with the one that was cut off
                self._file.write("\n")
        except OSError as error:
            raise RecordError(f"cannot be opened ({error.strerror})", where=str(path), remedy=_REMEDY) from None

    def write(self, utc: int, kind: str, data: dict[str, Any]) -> None:
        """Keep what happened at ``utc``, in nanoseconds; it is on disk once ``disk`` is flushed."""
        self._disk.do(self._write, json.dumps({"utc": utc, "kind": kind, **data}, ensure_ascii=False) + "\n")

    def keep(self) -> None:
        """Write what could not be written before, as far as it is still known."""
        self._disk.do(self._write, "")

    def _write(self, line: str) -> None:
        try:
            self._file.write(line)
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._unwritten(error) from None

    def close(self) -> None:
        """Close the file.

        :raises RecordError: if what it is to hold cannot be written.
        """
        try:
            self._file.close()
        except OSError as error:
            raise self._unwritten(error) from None

    def _unwritten(self, error: OSError) -> RecordError:
        return RecordError(f"cannot be written ({error.strerror})", where=str(self._path), remedy=_REMEDY)


def entries(path: Path) -> Iterator[dict[str, Any]]:
    """What a journal holds, the oldest first; a line that was cut off, or is none of its own, is left out."""
    for line in lines(path):
        try:
            document = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(document, dict) and "kind" in document:
            yield document


def lines(path: Path) -> Iterator[str]:
    """One line after the other: a journal of years does not fit into memory."""
    try:
        with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
            yield from file
    except FileNotFoundError:
        return


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        if not file.seek(0, os.SEEK_END):
            return True
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"


_REMEDY = "make room on that disk, and let this account write there"
