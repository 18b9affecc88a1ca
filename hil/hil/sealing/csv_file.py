"""``readings.csv`` and its sidecar ``readings.json``: for people and for programs that know nothing else.

Times are ISO 8601 with nine digits of the second and ``Z``, made from integer nanoseconds; a missing number is empty.
What the columns mean, units, calibrations and provenance stand in the sidecar.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
from numpy.typing import NDArray

from ..record.frame import COLUMNS, Frames, described
from ..utc import time_claim

if TYPE_CHECKING:
    from ..record import Record

_SECOND = 1_000_000_000
_WIDTH = len("2026-06-01T08:00:00.123456789Z")
_AT_ONCE = 200_000


def iso_times(t: NDArray[np.int64]) -> pa.Array:
    """Times in UTC nanoseconds as text, shape ``(n,)``.

    >>> iso_times(np.array([1_780_300_800_000_000_007])).to_pylist()
    ['2026-06-01T08:00:00.000000007Z']
    """
    seconds, nanoseconds = np.divmod(t, _SECOND)
    unique, which = np.unique(seconds, return_inverse=True)
    stems = [f"{datetime.fromtimestamp(int(second), UTC):%Y-%m-%dT%H:%M:%S}." for second in unique]
    text = np.empty((len(t), _WIDTH), np.uint8)
    text[:, :20] = np.frombuffer("".join(stems).encode(), np.uint8).reshape(-1, 20)[which]
    for place in range(9):
        text[:, 28 - place] = nanoseconds % 10 + ord("0")
        nanoseconds = nanoseconds // 10
    text[:, 29] = ord("Z")
    offsets = np.arange(0, (len(t) + 1) * _WIDTH, _WIDTH, dtype=np.int32)
    return pa.StringArray.from_buffers(len(t), pa.py_buffer(offsets), pa.py_buffer(text))


class CsvFile:
    """Writes ``path``, array by array, and its sidecar beside it."""

    def __init__(self, path: Path, frames: Frames, record: Record) -> None:
        self._frames, self._record, self._path = frames, record, path
        self._schema = pa.schema([("time", pa.string()), *((n, frames.schema.field(n).type) for n in COLUMNS[1:])])
        self._writer = pc.CSVWriter(path, self._schema, write_options=pc.WriteOptions(quoting_style="needed"))

    def add(self, readings: NDArray[np.void]) -> None:
        """Append readings."""
        for start in range(0, len(readings), _AT_ONCE):
            part = readings[start : start + _AT_ONCE]
            columns = self._frames.batch(part).columns
            times = iso_times(np.ascontiguousarray(part["t"]))
            self._writer.write_batch(pa.RecordBatch.from_arrays([times, *columns[1:]], schema=self._schema))

    def __enter__(self) -> CsvFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
        if kind is None:
            about = described(self._record)
            about["columns"] = {"time": "UTC, ISO 8601", **{k: v for k, v in about["columns"].items() if k != "t"}}
            about["clock"] = time_claim(self._record).told
            text = json.dumps(about, indent=1, ensure_ascii=False, sort_keys=True)
            self._path.with_suffix(".json").write_text(f"{text}\n", encoding="utf-8")
