"""``readings.parquet``: all readings of a run, in the order of the record, compressed by column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ..record.chain import READING, normalise
from ..record.frame import REALS, Frames

ROW_GROUP = 500_000
"""Readings in one row group; a reader needs memory for one of them."""


class ParquetFile:
    """Writes ``path``, array by array: t by its differences, numbers by their bytes, all of it zstd."""

    def __init__(self, path: Path, frames: Frames) -> None:
        self._frames, self._waiting, self._count = frames, list[pa.RecordBatch](), 0
        self._writer = pq.ParquetWriter(
            path,
            frames.schema,
            compression="zstd",
            use_dictionary=["channel", "flags"],
            column_encoding={"t": "DELTA_BINARY_PACKED"} | dict.fromkeys(REALS, "BYTE_STREAM_SPLIT"),
        )

    def add(self, readings: NDArray[np.void]) -> None:
        """Append readings."""
        for start in range(0, len(readings), ROW_GROUP):
            part = readings[start : start + ROW_GROUP]
            self._waiting.append(self._frames.batch(part))
            self._count += len(part)
            if self._count >= ROW_GROUP:
                self._write()

    def _write(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.Table.from_batches(self._waiting), row_group_size=2 * ROW_GROUP)
        self._waiting, self._count = [], 0

    def __enter__(self) -> ParquetFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._write()
        self._writer.close()


def read_parquet(path: Path, numbers: Mapping[str, int]) -> Iterator[NDArray[np.void]]:
    """The readings of ``path`` as arrays of `READING`, row group by row group.

    :param numbers: the number of each channel by its name.
    :raises KeyError: for a channel that is not among ``numbers`` (pyarrow.ArrowException for a damaged file).
    """
    with pq.ParquetFile(path, read_dictionary=["channel"]) as file:
        for group in range(file.num_row_groups):
            for batch in file.read_row_group(group).to_batches():
                yield _readings(batch, numbers)


def _readings(batch: pa.RecordBatch, numbers: Mapping[str, int]) -> NDArray[np.void]:
    found = np.empty(batch.num_rows, READING)
    channel = batch.column("channel")
    known = np.array([numbers[name] for name in channel.dictionary.to_pylist()], np.int64)
    found["ch"] = known[channel.indices.to_numpy()] if len(known) else 0
    found["t"] = batch.column("t").cast(pa.int64()).to_numpy()
    found["flags"] = batch.column("flags").to_numpy()
    for name in REALS:
        found[name] = batch.column(name).to_numpy(zero_copy_only=False)
    normalise(found)
    return found
