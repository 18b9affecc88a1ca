"""The folder of a run: its name, and the seal that is set when everything in it is written.

``closed.json`` is one line of canonical JSON: the SHA-256 and size of every other file of the folder, the head of
the record's chain, and the SHA-256 of this document without that entry; so a flipped byte anywhere shows.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..errors import RecordError, UsageError
from .disk import sync, sync_directory
from .names import plain
from .reader import open_run
from .rows import json_text
from .schema import DATABASE
from .sqlite import settle

SEAL = "closed.json"
FORMAT = "hil-closed/1"

LATER = ("sealed", "sealed.part", "amendments", "documents")
"""Folders that may be added after a run was closed; `hil.sealing` verifies them."""

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def create_run_folder(runs: Path, procedure: str, bench: str, utc: int) -> Path:
    """Make ``<UTC>_<procedure>_<bench>_<ulid>`` in ``runs``.

    :param utc: when the run begins, nanoseconds since the POSIX epoch.
    :raises UsageError: if it cannot be made.
    """
    folder = runs / f"{_stamp(utc)}_{plain(procedure)}_{plain(bench)}_{_ulid(utc)}"
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise UsageError(
            f"cannot be made ({error.strerror})", where=str(folder), remedy="give a folder that can be written"
        ) from error
    return folder


def _stamp(utc: int) -> str:
    return datetime.fromtimestamp(utc // 1_000_000_000, UTC).strftime("%Y%m%dT%H%M%SZ")


def _ulid(utc: int) -> str:
    number = (utc // 1_000_000 % (1 << 48)) << 80 | secrets.randbits(80)
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


def seal(folder: Path) -> Path:
    """Write ``closed.json`` over everything in ``folder``; nothing may be added or changed afterwards but `LATER`.

    :raises RecordError: if the run is not closed, is sealed already, or the disk fails.
    """
    path = folder / SEAL
    record = open_run(folder)
    if record.status in ("live", "interrupted"):
        raise RecordError(f"the run is {record.status}", where=str(folder), remedy="close its record first")
    if path.exists():
        raise RecordError("the run is sealed already", where=str(folder), remedy="amend it instead")
    head = record.chain_head
    settle(folder / DATABASE)
    try:
        content: dict[str, Any] = {"format": FORMAT, "chain": head, "files": file_hashes(folder)}
        text = json_text({**content, "digest": content_digest(content)}, SEAL) + "\n"
        _write_whole(path, text)
    except OSError as error:
        raise RecordError(
            f"the seal cannot be written ({error.strerror})", where=str(path), remedy="look at the disk"
        ) from error
    return path


def _write_whole(path: Path, text: str) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, encoding="utf-8")
    sync(part)
    part.replace(path)
    sync_directory(path.parent)


def content_digest(content: dict[str, Any]) -> str:
    """The SHA-256 of a seal's content without its digest."""
    return hashlib.sha256(json_text(content, SEAL).encode()).hexdigest()


def file_hashes(folder: Path) -> dict[str, dict[str, Any]]:
    """The SHA-256 and size of every file that a seal covers, by its path with ``/``: all but itself and `LATER`.

    :raises RecordError: for a link, which could point anywhere.
    """
    return {
        name: {"sha256": sha256_of(path), "size": path.stat().st_size}
        for name, path in files_below(folder)
        if name != SEAL and name.partition("/")[0] not in LATER
    }


def files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file below ``folder``, by its path with ``/``, sorted.

    :raises RecordError: for a link, which could point anywhere.
    """
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            raise RecordError("is a link", where=str(path), remedy="put the file itself there")
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_seal(folder: Path) -> dict[str, Any]:
    """The content of ``closed.json``, held against its own digest.

    :raises ValueError: if any byte of it was changed.
    """
    text = (folder / SEAL).read_text(encoding="utf-8")
    content = json.loads(text)
    if not isinstance(content, dict) or json_text(content, SEAL) + "\n" != text:
        raise ValueError("it is not the canonical text that was written")
    if content.pop("digest", None) != content_digest(content):
        raise ValueError("its digest does not belong to it")
    if content.get("format") != FORMAT or not isinstance(content.get("files"), dict):
        raise ValueError(f"it is not of the format {FORMAT}")
    return content


def run_folders(out: Path) -> list[Path]:
    """The folders of runs in ``out``, the oldest first.

    :raises UsageError: if there is no such folder.
    """
    if not out.is_dir():
        raise UsageError("there is no such folder", where=str(out), remedy="name the folder of runs with --out")
    return sorted(path.parent for path in out.glob("*/run.db"))
