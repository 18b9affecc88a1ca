"""Writes MCAP files chunk by chunk from arrays of messages of one length, so that ten million take seconds.

The records are those of the `mcap` package; only a chunk's content, messages one after the other, is laid out here
(https://mcap.dev/spec, "Message", "Chunk" and "Message Index"). Messages of different lengths go through `message`.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import numpy as np
import zstandard
from mcap.data_stream import RecordBuilder
from mcap.opcode import Opcode
from mcap.records import (
    Channel,
    Chunk,
    ChunkIndex,
    DataEnd,
    Footer,
    Header,
    McapRecord,
    Message,
    Schema,
    Statistics,
    SummaryOffset,
)
from numpy.typing import NDArray

MAGIC = b"\x89MCAP0\r\n"
CHUNK = 4 << 20
"""Bytes after which a chunk of single messages is written."""

_HEAD = (("opcode", "u1"), ("length", "<u8"), ("channel", "<u2"), ("sequence", "<u4"), ("log", "<u8"), ("pub", "<u8"))


@dataclass
class _Chunk:
    """Messages that wait to be written: their bytes, and the channel, time and offset of each."""

    content: list[bytes] = field(default_factory=list)
    size: int = 0
    channels: list[NDArray[np.uint16]] = field(default_factory=list)
    times: list[NDArray[np.uint64]] = field(default_factory=list)
    offsets: list[NDArray[np.uint64]] = field(default_factory=list)

    def add(
        self, content: bytes, channels: NDArray[np.uint16], times: NDArray[np.uint64], offsets: NDArray[np.uint64]
    ) -> None:
        self.content.append(content)
        self.channels.append(channels)
        self.times.append(times)
        self.offsets.append(offsets + np.uint64(self.size))
        self.size += len(content)


class McapFile:
    """Writes ``path``; leave the context to finish it."""

    def __init__(self, path: Path, *, profile: str = "", library: str = "hil-bench") -> None:
        self._stream = path.open("wb")
        self._at = 0
        self._schemas: list[Schema] = []
        self._channels: list[Channel] = []
        self._indexes: list[ChunkIndex] = []
        self._counts: dict[int, int] = {}
        self._span: tuple[int, int] | None = None
        self._waiting = _Chunk()
        self._compressor = zstandard.ZstdCompressor(level=1)
        self._write(MAGIC)
        self._write(_encoded(Header(profile=profile, library=library)))

    def schema(self, name: str, encoding: str, data: bytes) -> int:
        """Declare a schema; its number."""
        self._schemas.append(Schema(id=len(self._schemas) + 1, data=data, encoding=encoding, name=name))
        self._write(_encoded(self._schemas[-1]))
        return len(self._schemas)

    def channel(self, topic: str, encoding: str, schema: int, metadata: Mapping[str, str]) -> int:
        """Declare a channel; its number."""
        number = len(self._channels) + 1
        made = Channel(id=number, topic=topic, message_encoding=encoding, metadata=dict(metadata), schema_id=schema)
        self._channels.append(made)
        self._write(_encoded(made))
        return number

    def messages(
        self,
        channels: NDArray[np.integer],
        sequence: NDArray[np.integer],
        times: NDArray[np.integer],
        payloads: NDArray[np.void],
    ) -> None:
        """Append messages as a chunk of their own.

        :param channels: the number of each message's channel, shape ``(n,)``.
        :param times: UTC in nanoseconds, shape ``(n,)``.
        :param payloads: their data, a packed structure, shape ``(n,)``.
        """
        self._flush()
        if not len(times):
            return
        layout = np.dtype([*_HEAD, ("data", payloads.dtype)])
        packed = np.empty(len(times), layout)
        packed["opcode"], packed["length"] = Opcode.MESSAGE, layout.itemsize - 9
        packed["channel"], packed["sequence"] = channels, sequence
        packed["log"] = packed["pub"] = times
        packed["data"] = payloads
        offsets = np.arange(len(times), dtype=np.uint64) * np.uint64(layout.itemsize)
        self._waiting.add(packed.tobytes(), channels.astype(np.uint16), times.astype(np.uint64), offsets)
        self._flush()

    def message(self, channel: int, sequence: int, time: int, data: bytes) -> None:
        """Append one message."""
        made = Message(channel_id=channel, log_time=time, data=data, publish_time=time, sequence=sequence)
        one = np.array([channel], np.uint16), np.array([time], np.uint64), np.zeros(1, np.uint64)
        self._waiting.add(_encoded(made), *one)
        if self._waiting.size >= CHUNK:
            self._flush()

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, _Chunk()
        if not waiting.size:
            return
        channels, times = np.concatenate(waiting.channels), np.concatenate(waiting.times)
        offsets = np.concatenate(waiting.offsets)
        start, end = int(times.min()), int(times.max())
        self._span = (start, end) if self._span is None else (min(start, self._span[0]), max(end, self._span[1]))
        content = b"".join(waiting.content)
        data = self._compressor.compress(content)
        chunk = Chunk(
            compression="zstd",
            data=data,
            message_start_time=start,
            message_end_time=end,
            uncompressed_crc=zlib.crc32(content),
            uncompressed_size=len(content),
        )
        chunk_at = self._at
        self._write(_encoded(chunk))
        index_at, places = self._at, self._message_indexes(channels, times, offsets)
        self._indexes.append(
            ChunkIndex(
                chunk_length=index_at - chunk_at,
                chunk_start_offset=chunk_at,
                compression="zstd",
                compressed_size=len(data),
                message_start_time=start,
                message_end_time=end,
                message_index_length=self._at - index_at,
                message_index_offsets=places,
                uncompressed_size=len(content),
            )
        )

    def _message_indexes(
        self, channels: NDArray[np.uint16], times: NDArray[np.uint64], offsets: NDArray[np.uint64]
    ) -> dict[int, int]:
        """Write the index of each channel of a chunk; where they stand."""
        order = np.argsort(channels, kind="stable")
        pairs = np.stack([times[order], offsets[order]], axis=1).astype("<u8")
        numbers, firsts = np.unique(channels[order], return_index=True)
        places = {}
        for number, part in zip(numbers.tolist(), np.split(pairs, firsts[1:]), strict=True):
            places[number] = self._at
            self._counts[number] = self._counts.get(number, 0) + len(part)
            self._write(struct.pack("<BQHI", Opcode.MESSAGE_INDEX, 6 + part.nbytes, number, part.nbytes))
            self._write(part.tobytes())
        return places

    def _write(self, data: bytes) -> None:
        self._stream.write(data)
        self._at += len(data)

    def __enter__(self) -> McapFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._stream:
            if kind is None:
                self._finish()

    def _finish(self) -> None:
        self._flush()
        self._write(_encoded(DataEnd(data_section_crc=0)))
        start, summary, groups = self._at, b"", list[SummaryOffset]()
        parts: tuple[tuple[Opcode, Iterable[McapRecord]], ...] = (
            (Opcode.SCHEMA, self._schemas),
            (Opcode.CHANNEL, self._channels),
            (Opcode.STATISTICS, [self._statistics()]),
            (Opcode.CHUNK_INDEX, self._indexes),
        )
        for opcode, records in parts:
            encoded = b"".join(map(_encoded, records))
            groups.append(SummaryOffset(opcode, start + len(summary), len(encoded)))
            summary += encoded
        offsets_at = start + len(summary)
        summary += b"".join(map(_encoded, groups))
        crc = zlib.crc32(summary + struct.pack("<BQQQ", Opcode.FOOTER, 20, start, offsets_at))
        self._write(summary)
        self._write(_encoded(Footer(summary_start=start, summary_offset_start=offsets_at, summary_crc=crc)))
        self._write(MAGIC)

    def _statistics(self) -> Statistics:
        start, end = self._span or (0, 0)
        return Statistics(
            attachment_count=0,
            channel_count=len(self._channels),
            channel_message_counts=self._counts,
            chunk_count=len(self._indexes),
            message_count=sum(self._counts.values()),
            message_start_time=start,
            message_end_time=end,
            metadata_count=0,
            schema_count=len(self._schemas),
        )


def _encoded(record: McapRecord) -> bytes:
    builder = RecordBuilder()
    record.write(builder)
    return bytes(builder.end())
