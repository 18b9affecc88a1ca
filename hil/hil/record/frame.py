"""Readings as Arrow columns: the data frame of a run, and what is sealed and exported."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .reader import Record

REALS = ("raw", "value", "u_ind", "u", "u_t")

COLUMNS = ("t", "channel", *REALS, "flags")
"""The columns: a time, the channel's name, numbers in the channel's unit (``u_t`` in s), and flags."""

KEY = b"hil"
"""The key of the schema's metadata under which the run and its channels are described, as JSON."""


def described(record: Record) -> dict[str, Any]:
    """What a reader of the columns must know: run, provenance, and each channel with its unit and calibration."""
    run = record.run
    return {
        "run": record.folder.name,
        "procedure": run.get("procedure"),
        "bench": {key: value for key, value in _mapping(run.get("bench")).items() if key != "file"},
        "provenance": run.get("provenance"),
        "columns": {
            "t": "UTC, ns since 1970-01-01T00:00:00Z",
            "raw": "indication, in the unit of the indication",
            "value": "measured value, in the unit of the channel",
            "u_ind": "standard uncertainty by noise alone, in the unit of the channel",
            "u": "combined standard uncertainty, in the unit of the channel",
            "u_t": "standard uncertainty of t, s",
            "flags": "a sum of flags; 0 is good",
        },
        "channels": record.channels,
    }


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


class Frames:
    """Makes record batches of a run's readings.

    :param record: whose channels the readings are of.
    """

    def __init__(self, record: Record) -> None:
        channels = sorted(record.channels.items(), key=lambda item: int(item[1]["number"]))
        self._names = pa.array([name for name, _ in channels], pa.string())
        types = {"t": pa.timestamp("ns", tz="UTC"), "channel": pa.dictionary(pa.int32(), pa.string())}
        fields = [(name, types.get(name, pa.int64() if name == "flags" else pa.float64())) for name in COLUMNS]
        about = json.dumps(described(record), ensure_ascii=False, sort_keys=True)
        self.schema = pa.schema(fields, metadata={KEY: about.encode()})

    def batch(self, readings: NDArray[np.void]) -> pa.RecordBatch:
        """Readings, shape ``(n,)`` of `hil.record.chain.READING`, as a batch; a missing number is null."""
        t = pa.array(np.ascontiguousarray(readings["t"])).cast(self.schema.field("t").type)
        indices = pa.array((readings["ch"] - 1).astype(np.int32))
        channel = pa.DictionaryArray.from_arrays(indices, self._names)
        reals = [pa.array(np.ascontiguousarray(readings[name]), from_pandas=True) for name in REALS]
        flags = pa.array(np.ascontiguousarray(readings["flags"]))
        return pa.RecordBatch.from_arrays([t, channel, *reals, flags], schema=self.schema)
