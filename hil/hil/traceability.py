"""Whether what comes of a run is metrologically traceable: not if it began unfit by an authorised deviation."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .record import Record


def not_traceable(record: Record) -> list[str]:
    """Why nothing of a run is traceable, one sentence each; empty where nothing speaks against it."""
    begun = list(record.run.get("not_traceable", []))
    resumed = [fault for event in record.events("resumed") for fault in event.data.get("not_traceable", [])]
    return list(dict.fromkeys([*begun, *resumed]))
