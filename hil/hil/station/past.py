"""What a service has to know of those before it, found in its journal in one pass."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .handover import Handover, followed
from .journal import lines

REMEMBERED = 10_000
"""Commands that are remembered, the latest ones."""

_TELLING = ('"kind": "lease"', '"kind": "handover', '"command_id": "')
"""What a line that matters has in it: the others, most of a long journal, are not read any closer."""


@dataclass
class Past:
    """What was.

    :param epoch: of the last lease.
    :param handover: the last note of a shift, and who has read it.
    :param given: the latest commands.
    """

    epoch: int = 0
    handover: Handover | None = None
    given: deque[Mapping[str, Any]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))


def past(path: Path) -> Past:
    """What the journal at ``path`` says."""
    found = Past()
    for entry in _entries(lines(path)):
        epoch = entry.get("epoch")
        if entry.get("kind") == "lease" and isinstance(epoch, int):
            found.epoch = max(found.epoch, epoch)
        found.handover = followed(found.handover, entry)
        if isinstance(entry.get("command_id"), str) and isinstance(entry.get("request_sha256"), str):
            found.given.append(entry)
    return found


def _entries(told: Iterable[str]) -> Iterable[dict[str, Any]]:
    for line in told:
        if any(mark in line for mark in _TELLING):
            try:
                document = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(document, dict):
                yield document
