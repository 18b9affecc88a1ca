"""``sealed/manifest.json``: an in-toto statement about every file of a run, in a signed envelope.

The statement (https://github.com/in-toto/attestation, Statement v1) names each file with its SHA-256 as a subject; its
predicate says which run it is, the head of the record's chain, and the digests of all readings by column, by which
``readings.parquet`` can be held against ``run.db``.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..clock_state import read_clock_state
from ..utc import iso, time_claim
from .columns import ColumnDigests
from .envelope import Envelope, enclosed, read_envelope

if TYPE_CHECKING:
    from ..record import Record, Verification
    from .keys import PrivateKey

SEALED = "sealed"
MANIFEST = "manifest.json"
KIND = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "urn:hil-bench:sealed-run:1"
SOFTWARE = ("hil-bench", "apsw", "mcap", "numpy", "pyarrow")


def statement(record: Record, found: Verification, digests: ColumnDigests, files: dict[str, str]) -> dict[str, Any]:
    """What is stated of a run.

    :param found: its verification, which held.
    :param files: the SHA-256 of every file, by its path in the run folder.
    """
    run = record.run
    return {
        "_type": STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": sha256}} for name, sha256 in sorted(files.items())],
        "predicateType": PREDICATE,
        "predicate": {
            "run": record.folder.name,
            "record_version": run.get("record_version"),
            "status": record.status,
            "provenance": run.get("provenance"),
            "procedure": run.get("procedure"),
            "chain": {"batches": found.ends["batch"], "head": found.ends["hash"]},
            "readings": {"rows": digests.rows, "columns": digests.found()},
            "clock": time_claim(record).told,
            "sealed": iso(time.time_ns(), synchronised=read_clock_state().synchronised),
            "software": {name: version(name) for name in SOFTWARE},
        },
    }


def sealed_manifest(content: dict[str, Any], key: PrivateKey | None) -> Envelope:
    """The statement in its envelope."""
    return enclosed(KIND, content, key)


@dataclass(frozen=True)
class Manifest:
    """A manifest that was read; its content is of the right form, whoever wrote it."""

    envelope: Envelope
    files: dict[str, str]
    head: str
    rows: int
    columns: dict[str, str]


def read_manifest(path: Path) -> Manifest:
    """Read a manifest.

    :raises ValueError: if it is none (OSError if it cannot be read).
    """
    envelope = read_envelope(path.read_text(encoding="utf-8"), KIND)
    content = envelope.content()
    try:
        if (content["_type"], content["predicateType"]) != (STATEMENT, PREDICATE):
            raise ValueError(f"it states {content['predicateType']!r}, which this program does not know")
        files = {str(one["name"]): str(one["digest"]["sha256"]) for one in content["subject"]}
        predicate = content["predicate"]
        readings = predicate["readings"]
        columns = {str(name): str(digest) for name, digest in readings["columns"].items()}
        return Manifest(envelope, files, str(predicate["chain"]["head"]), int(readings["rows"]), columns)
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"its statement is not complete ({type(error).__name__}: {error})") from error
