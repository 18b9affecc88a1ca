"""Where the values of a run come from, as its record tells: measured, simulated, or replayed from which recordings.

A run on a bench of the kind ``dataset`` replays recordings. Whether these are of something real is what their data set
says of itself (``origin`` in its ``dataset.toml``), which is on record. What nothing is said of is not taken for real.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from hil_calibration.certificate.model import REPLAYED_PREFIX, SIMULATED_PREFIX

if TYPE_CHECKING:
    from .record import Record
    from .report.model import Recordings

Origin = Literal["measured", "simulated", "recorded", "synthetic", "not stated"]

REAL: tuple[Origin, ...] = ("measured", "recorded")
"""Values behind which there was a measurement, here or elsewhere."""

EVENT = "data set"
"""Event: what a device replays, with its ``origin``."""


def origin_of(record: Record) -> Origin:
    """Where the values of a run come from; of several data sets the one that says least decides."""
    provenance = record.run["provenance"]
    if provenance != "replayed":
        return "measured" if provenance == "measured" else "simulated"
    stated = {str(event.data.get("origin")) for event in record.events(EVENT)}
    if "rendered" in stated:
        return "synthetic"
    return "recorded" if stated == {"recorded"} else "not stated"


def prefix_of(record: Record) -> str:
    """How the identifier of a document of the run begins; empty where its values were measured."""
    origin = origin_of(record)
    if origin in REAL:
        return "" if origin == "measured" else REPLAYED_PREFIX
    return SIMULATED_PREFIX


def recordings_of(record: Record) -> Recordings:
    """What was replayed, as a report tells it."""
    origin = origin_of(record)
    return "none" if origin == "measured" or origin == "simulated" else origin
