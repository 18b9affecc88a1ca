"""The durable record of a run: written on the bench, hash-chained, read back, verified.

One run, one folder, one ``run.db``. `RecordWriter` appends to it from the event loop, `open_run` reads it (live,
closed or interrupted), `seal` writes ``closed.json`` when everything else is written, `verify` finds the first
place that does not hold.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .chainwalk import Finding
    from .folder import create_run_folder, seal
    from .reader import Observation, PointAttempt, Readings, Record, RecordedEvent, open_run
    from .store import Committed
    from .verification import Verification, verify
    from .writer import RecordWriter

__all__ = [
    "Committed",
    "Finding",
    "Observation",
    "PointAttempt",
    "Readings",
    "Record",
    "RecordWriter",
    "RecordedEvent",
    "Verification",
    "create_run_folder",
    "open_run",
    "seal",
    "verify",
]

_MODULES = {
    "Committed": "store",
    "Finding": "chainwalk",
    "Observation": "reader",
    "PointAttempt": "reader",
    "Readings": "reader",
    "Record": "reader",
    "RecordWriter": "writer",
    "RecordedEvent": "reader",
    "Verification": "verification",
    "create_run_folder": "folder",
    "open_run": "reader",
    "seal": "folder",
    "verify": "verification",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)
