"""Camera frames of a run: ``media/CAMERA-NNNN.mcap``, segments of 256 MB that viewers open as they are.

A thread of its own writes them, uncompressed. A frame gets its row in ``run.db`` only after its bytes have reached the
disk; so a frame on record exists, also after ``kill -9``, which can leave a segment without its end and its index.
`frames_in` reads such a segment up to where it was torn.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import RecordError
from .disk import sync_directory
from .names import plain

FOLDER = "media"

FRAMES = "frames"
"""The ``kind`` in the description of a channel whose readings are pictures."""

SEGMENT = 256 << 20
CAPACITY = 256 << 20
"""Bytes of pictures that may wait for the disk; what comes on top is lost, counted, and a gap on record."""

Row = tuple[int, int, str, int, int, str]
"""A row of the table ``frame``."""


@dataclass(frozen=True, slots=True)
class _Picture:
    channel: int
    camera: str
    t: int
    image: NDArray[np.uint8]


class _Segment:
    """One file: opened, written, synced, ended."""

    def __init__(self, folder: Path, camera: str) -> None:
        from mcap.writer import CompressionType, Writer

        from .image_message import DEFINITION, SCHEMA

        number = 0
        while (path := folder / f"{plain(camera)}-{number:04d}.mcap").exists():
            number += 1
        self.name, self.size, self.count = f"{FOLDER}/{path.name}", 0, 0
        self._file = path.open("xb")
        self._writer = Writer(self._file, compression=CompressionType.NONE)
        self._writer.start()
        schema = self._writer.register_schema(SCHEMA, "ros2msg", DEFINITION.encode())
        self._channel = self._writer.register_channel(camera, "cdr", schema)
        sync_directory(folder)

    def add(self, picture: _Picture) -> Row:
        from .image_message import image_message

        message = image_message(picture.t, picture.camera, picture.image)
        at, length = max(picture.t, 0), picture.image.nbytes
        self._writer.add_message(self._channel, at, message, at, self.count)
        digest = hashlib.sha256(memoryview(message)[len(message) - length :]).hexdigest()
        row = (picture.t, picture.channel, self.name, self.count, length, digest)
        self.count, self.size = self.count + 1, self.size + len(message)
        return row

    def sync(self) -> None:
        if not self._file.closed:
            self._writer.flush()
            os.fdatasync(self._file.fileno())

    def end(self) -> None:
        with self._file:
            self._writer.finish()
            self._file.flush()
            os.fdatasync(self._file.fileno())

    def drop(self) -> None:
        """Let go of the file as it is."""
        with suppress(OSError):
            self._file.close()


class MediaWriter:
    """Writes the pictures of one run.

    :param folder: the run folder.
    :param commit: told, in the writer's thread, of the row of each frame once its bytes are on the disk.
    :param capacity: bytes of pictures that may wait.
    :param segment: bytes after which a file is ended and the next one begun.
    """

    def __init__(
        self,
        folder: Path,
        commit: Callable[[Row], None],
        *,
        capacity: int = CAPACITY,
        segment: int = SEGMENT,
    ) -> None:
        self._folder, self._commit, self._capacity, self._segment = folder / FOLDER, commit, capacity, segment
        self._changed = threading.Condition()
        self._waiting: list[_Picture] = []
        self._bytes = 0
        self._closed = False
        self._segments: dict[str, _Segment] = {}
        self._error: RecordError | None = None
        self._loop = asyncio.get_running_loop()
        self._end: asyncio.Future[None] = self._loop.create_future()
        self._thread = threading.Thread(target=self._work, name="media", daemon=True)
        self._thread.start()

    def put(self, channel: int, camera: str, t: int, image: NDArray[np.uint8]) -> bool:
        """Queue a picture, which is copied; ``False`` if there is no room for it.

        :raises RecordError: if the disk failed.
        """
        if self._error is not None:
            raise RecordError(self._error.what, where=self._error.where, remedy=self._error.remedy) from self._error
        with self._changed:
            if self._bytes + image.nbytes > self._capacity:
                return False
            self._waiting.append(_Picture(channel, camera, t, image.copy()))
            self._bytes += image.nbytes
            self._changed.notify()
        return True

    async def close(self) -> None:
        """Wait until everything is on the disk, and end each file.

        :raises RecordError: if the disk failed.
        """
        with self._changed:
            self._closed = True
            self._changed.notify()
        await self._end
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        try:
            while pictures := self._take():
                self._write(pictures)
            for segment in self._segments.values():
                segment.end()
        except RecordError as error:
            self._error = error
        except (OSError, ValueError) as error:
            what = f"pictures cannot be written ({getattr(error, 'strerror', None) or error})"
            self._error = RecordError(what, where=str(self._folder), remedy="look at the disk; what is on record stays")
        finally:
            for segment in self._segments.values():
                segment.drop()
            with suppress(RuntimeError):  # the loop is closed: nobody is left to be told
                self._loop.call_soon_threadsafe(self._finish)

    def _take(self) -> list[_Picture]:
        """Wait for pictures; none once closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            taken, self._waiting = self._waiting, []
        return taken

    def _write(self, pictures: list[_Picture]) -> None:
        rows, touched = list[Row](), dict[int, _Segment]()
        for picture in pictures:
            segment = self._segment_for(picture)
            rows.append(segment.add(picture))
            touched[id(segment)] = segment
        for segment in touched.values():
            segment.sync()
        for row in rows:
            self._commit(row)
        with self._changed:
            self._bytes -= sum(picture.image.nbytes for picture in pictures)

    def _segment_for(self, picture: _Picture) -> _Segment:
        segment = self._segments.get(picture.camera)
        if segment is not None and segment.size and segment.size + picture.image.nbytes > self._segment:
            segment.end()
            segment = None
        if segment is None:
            self._folder.mkdir(exist_ok=True)
            segment = self._segments[picture.camera] = _Segment(self._folder, picture.camera)
        return segment

    def _finish(self) -> None:
        if not self._end.done():
            self._end.set_result(None)


def frames_in(path: Path) -> Iterator[tuple[int, bytes]]:
    """The pictures of a segment in order, each as its time (UTC in ns) and its message, up to where the file was torn.

    :raises RecordError: if it is no segment, or a part that is there was altered.
    """
    from mcap.exceptions import EndOfFile, McapError
    from mcap.records import Message
    from mcap.stream_reader import StreamReader

    with path.open("rb") as file:
        try:
            for record in StreamReader(file, validate_crcs=True).records:
                if isinstance(record, Message):
                    yield record.log_time, record.data
        except (EndOfFile, struct.error):
            return
        except (McapError, ValueError, MemoryError, OverflowError) as error:
            raise RecordError(f"is not a segment of pictures ({error})", where=str(path)) from error


def read_frame(folder: Path, file: str, seq: int) -> bytes:
    """The pixels of the ``seq``-th picture of ``file`` in a run folder, counted from 0.

    :raises RecordError: if it is not there.
    """
    from .image_message import pixels

    for number, (_, message) in enumerate(frames_in(folder / file)):
        if number == seq:
            return pixels(message)
    raise RecordError(f"holds no picture {seq}", where=str(folder / file), remedy="run `hil data verify` on the run")
