"""Appends to the record of a run from the event loop; a thread of its own writes, so that the loop never waits."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, SupportsIndex

import apsw
import numpy as np
from numpy.typing import NDArray

from ..errors import RecordError
from .inbox import Inbox, Parcel
from .rows import block_of_readings, integer, integers, json_text, real, scalar_reading, text
from .schema import DATABASE, STATES, VERSION
from .sqlite import record_error, settle
from .store import Committed, Store

if TYPE_CHECKING:
    from .media import MediaWriter

WINDOW = 0.2
CAPACITY = 1_000_000
RESERVED = ("backpressure", "closed", "gap", "resumed")

Reals = float | None | Sequence[float | None] | NDArray[np.floating[Any]]
Integers = SupportsIndex | Sequence[int] | NDArray[np.integer[Any]]

_FAILURES = (apsw.Error, OSError, ValueError, TypeError, OverflowError, MemoryError)


_SCALARS = frozenset({int, float, type(None)})
_BLOCKS = (np.ndarray, list, tuple)


class RecordWriter:
    """The writing side of one run's record; make it with `create`, or with `resume`.

    Call it from the event loop in which it was created. Every method but `flush` and `close` returns at once;
    what was appended is on disk once a `Committed` with ``appended`` at least as large is announced. After a
    failure of the disk every call raises RecordError, and what was committed stays.
    """

    def __init__(self, path: Path, inbox: Inbox, loop: asyncio.AbstractEventLoop) -> None:
        self._path, self._inbox, self._loop = path, inbox, loop
        self._channels: list[str] = []
        self._factors: tuple[object, str] = None, ""
        """The factors of the latest point, and as they are written: the states of an attempt share them."""
        self._declared: dict[str, str] = {}
        self._after: Committed | None = None
        self._readings = self._lost = 0
        self._cameras: dict[str, int | None] = {}
        self._media: MediaWriter | None = None
        self._committed: Committed | None = None
        self._error: RecordError | None = None
        self._ended: tuple[str, int, str] | None = None
        self._subscribers: list[Callable[[Committed], None]] = []
        self._waiters: list[tuple[int, asyncio.Future[Committed]]] = []
        self._end: asyncio.Future[None] = loop.create_future()
        self._thread = threading.Thread(target=self._work, name="record", daemon=True)
        self.on_failure: Callable[[RecordError], None] | None = None
        """Told in the event loop, once, that nothing more can be written."""

    @classmethod
    def create(
        cls, folder: Path, run: dict[str, Any], *, window: float = WINDOW, capacity: int = CAPACITY
    ) -> RecordWriter:
        """Begin the record ``folder``/run.db.

        :param folder: the run folder; made if absent.
        :param run: facts about the run, each of which JSON can carry.
        :param window: seconds for which a commit waits for company (group commit).
        :param capacity: readings that may wait for the disk; more are lost, counted and recorded as a gap.
        :raises RecordError: if the folder cannot be made or holds a record already; other failures of the disk
            surface at the next call.
        """
        path = folder / DATABASE
        if path.exists():
            raise RecordError("there is a record already", where=str(path), remedy="begin a run in a new folder")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise record_error(error, folder) from error
        writer = cls(path, Inbox(capacity, window), asyncio.get_running_loop())
        for key, value in {"record_version": VERSION, **run}.items():
            writer._append("run", (text(key, "run"), json_text(value, f"run {key}")))
        writer._thread.start()
        return writer

    @classmethod
    def resume(
        cls, folder: Path, t: int, facts: dict[str, Any], *, window: float = WINDOW, capacity: int = CAPACITY
    ) -> RecordWriter:
        """Go on with the record of a run that ended before its plan was complete.

        Its chain goes on with an event ``resumed``; an attempt that was under way becomes void.

        :param t: when it is resumed, UTC in nanoseconds.
        :param facts: who resumes it, with which deviations, as JSON can carry them.
        :raises VerificationFailed: if what is on record does not hold.
        :raises RecordError: if it is being written, or cannot be.
        """
        from .continuation import Continuation

        before = Continuation.of(folder)
        writer = cls(before.path, Inbox(capacity, window), asyncio.get_running_loop())
        writer._channels, writer._declared = list(before.channels), dict(before.channels)
        writer._readings, writer._after = before.ends.readings, before.ends
        before.set_seal_aside()
        writer._append("event", (integer(t, "resume t"), "resumed", json_text(facts, "resumed")))
        for row in before.interrupted(t):
            writer._append("point", row)
        writer._thread.start()
        return writer

    @property
    def folder(self) -> Path:
        """The run's folder."""
        return self._path.parent

    @property
    def appended(self) -> int:
        """How many times something was appended; compare it with `Committed.appended`."""
        return self._inbox.appended

    @property
    def lost(self) -> int:
        """Readings, and pictures, that found no room in their queue."""
        return self._lost

    @property
    def committed(self) -> Committed | None:
        """Where the record on disk ends; ``None`` before the first commit."""
        return self._committed

    @property
    def failure(self) -> RecordError | None:
        """Why nothing more can be written; ``None`` as long as it can."""
        return self._error

    @property
    def chain_head(self) -> str:
        """The hash of the last batch on disk; empty before the first commit."""
        return self._committed.hash if self._committed else ""

    def channel(self, name: str, **meta: Any) -> int:
        """Declare a channel; the number by which readings refer to it.

        :param meta: its unit, calibration, provenance and so on, as JSON can carry them.
        :raises RecordError: if the name is taken, or a run that is resumed had declared it otherwise.
        """
        if name in self._declared:
            return self._declared_before(name, json_text(meta, name))
        if name in self._channels:
            raise RecordError("the channel is declared already", where=name, remedy="declare it once")
        number = len(self._channels) + 1
        self._append("channel", (number, text(name, "channel"), json_text(meta, name)))
        self._channels.append(name)
        return number

    def _declared_before(self, name: str, meta: str) -> int:
        if self._declared.pop(name) != meta:
            raise RecordError(
                "the channel is not what it was when the run began: its instrument, calibration or effects changed",
                where=name,
                remedy="begin a new run",
            )
        return self._channels.index(name) + 1

    def readings(
        self,
        ch: Integers,
        t: Integers,
        raw: Reals,
        value: Reals,
        u_ind: Reals,
        u: Reals,
        u_t: Reals,
        flags: Integers,
    ) -> range:
        """Append one reading, or a block of readings: scalars, or arrays of shape (n,); scalars are repeated.

        A missing number is ``None`` or NaN; a reading with neither ``raw`` nor ``value`` is flagged as not
        available. The arrays are copied.

        :param t: UTC in integer nanoseconds.
        :param raw: the indication, in the instrument's unit.
        :param value: the measured value, ``u_ind`` and ``u`` its uncertainties, in the channel's unit.
        :param u_t: standard uncertainty of ``t`` in seconds.
        :return: the numbers of their rows; empty if the queue was full (they are counted, and a gap recorded).
        :raises RecordError: for an unknown channel, unequal lengths, or times that are not integers.
        """
        self._check()
        reals = (raw, value, u_ind, u, u_t)
        items = (ch, t, *reals, flags)
        if not _SCALARS.issuperset(map(type, items)) and any(isinstance(item, _BLOCKS) for item in items):
            return self._block(ch, t, reals, flags)
        number = integer(ch, "reading ch")
        self._check_channels(number, number)
        reading = scalar_reading(number, t, reals, flags)
        if not self._inbox.put_readings(reading, 1):
            return self._lose({self._channels[number - 1]: 1}, reading[0], reading[0])
        return self._numbers(1)

    def _block(self, ch: Any, t: Any, reals: tuple[Any, ...], flags: Any) -> range:
        block = block_of_readings(ch, t, reals, flags)
        if not len(block):
            return range(0)
        self._check_channels(int(block["ch"].min()), int(block["ch"].max()))
        if not self._inbox.put_readings(block, len(block)):
            numbers, counts = np.unique(block["ch"], return_counts=True)
            lost = {self._channels[n - 1]: int(count) for n, count in zip(numbers, counts, strict=True)}
            return self._lose(lost, int(block["t"].min()), int(block["t"].max()))
        return self._numbers(len(block))

    def _numbers(self, count: int) -> range:
        self._readings += count
        return range(self._readings - count + 1, self._readings + 1)

    def _lose(self, channels: dict[str, int], first: int, last: int) -> range:
        self._lost += sum(channels.values())
        self._inbox.lose(channels, first, last)
        return range(0)

    def _check_channels(self, lowest: int, highest: int) -> None:
        if lowest < 1 or highest > len(self._channels):
            wrong = lowest if lowest < 1 else highest
            raise RecordError(f"there is no channel {wrong}", where="readings", remedy="declare it with channel()")

    def event(self, t: int, kind: str, data: dict[str, Any]) -> None:
        """Append an event at ``t``, UTC in nanoseconds.

        :raises RecordError: for the kinds ``closed`` and ``gap``, which the record writes itself.
        """
        if kind in RESERVED:
            raise RecordError("the record writes this kind of event itself", where=kind, remedy="name it otherwise")
        self._append("event", (integer(t, "event t"), text(kind, "event"), json_text(data, f"event {kind}")))

    def point(self, index: int, attempt: int, state: str, t: int, data: dict[str, Any], reason: str = "") -> None:
        """Append a state of an attempt at a point.

        :param data: its factors; not to be changed afterwards.
        :param state: one of `hil.record.schema.STATES`.
        :raises RecordError: for a state that does not exist.
        """
        where = f"point {index} attempt {attempt}"
        if state not in STATES:
            raise RecordError(f"there is no state {state!r}", where=where, remedy=f"use {', '.join(STATES)}")
        row = *integers(where, t, index, attempt), state
        if data is not self._factors[0]:
            self._factors = data, json_text(data, where)
        self._append("point", (*row, self._factors[1], text(reason, where)))

    def observation(self, point: int, attempt: int, t: int, data: dict[str, Any], links: dict[str, Any]) -> None:
        """Append what an attempt observed.

        :param links: the readings that belong to it, by name, for example row numbers or windows of time.
        """
        where = f"observation of point {point} attempt {attempt}"
        row = integers(where, t, point, attempt)
        self._append("observation", (*row, json_text(data, where), json_text(links, where)))

    def clock(
        self,
        mono_before: int,
        utc: int,
        mono_after: int,
        *,
        offset: float | None = None,
        root_dispersion: float | None = None,
        root_delay: float | None = None,
        tai_offset: int | None = None,
        source: str = "",
    ) -> None:
        """Append an anchor of the monotonic clock in UTC, both in nanoseconds, and the clock's state in seconds.

        :param source: what disciplines the system clock, and how; empty if nothing does.
        """
        anchor = (integer(mono_before, "clock"), integer(utc, "clock"), integer(mono_after, "clock"))
        state = (real(offset, "clock"), real(root_dispersion, "clock"), real(root_delay, "clock"))
        tai = None if tai_offset is None else integer(tai_offset, "clock")
        self._append("clock", (*anchor, *state, tai, text(source, "clock")))

    def frame(self, ch: int, t: int, file: str, seq: int, length: int, sha256: str) -> None:
        """Append a camera frame: ``length`` bytes of pixels, the ``seq``-th picture of ``file`` in the run folder.

        Sync the file to the disk first: a frame on record must exist.
        """
        self._check_channels(ch, ch)
        row = (integer(t, file), ch, text(file, "frame"), integer(seq, file), integer(length, file))
        self._append("frame", (*row, text(sha256, "frame")))

    def keep_pictures_of(self, cameras: Iterable[str]) -> None:
        """Have `picture` keep those of ``cameras``, by the names of their devices."""
        self._cameras.update(dict.fromkeys(cameras))

    def picture(self, camera: str, t: int, image: NDArray[np.uint8]) -> None:
        """Keep a picture under ``media/`` (see `hil.record.media`), if those of ``camera`` are kept.

        It is on record, as a row of the table ``frame`` of a channel of its own, once it has reached the disk.

        :param t: UTC in nanoseconds.
        :param image: shape ``(height, width)``, or ``(height, width, 3)`` in the order blue, green, red; copied.
        :raises RecordError: if the disk failed.
        """
        if camera not in self._cameras:
            return
        self._check()
        from .media import FRAMES, MediaWriter

        name, number = f"{camera}.{FRAMES}", self._cameras[camera]
        if number is None:
            number = self._cameras[camera] = self.channel(name, unit="1", device=camera, kind=FRAMES)
        if self._media is None:
            self._media = MediaWriter(self._path.parent, lambda row: self._inbox.put("frame", row))
        if not self._media.put(number, name, integer(t, name), image):
            self._lose({name: 1}, t, t)

    def amend(self, t: int, who: str, why: str, target: str, old: object, new: object) -> None:
        """Append an amendment; the original stays (ISO/IEC 17025:2017, 7.5.2)."""
        names = (text(who, "amend"), text(why, "amend"), text(target, "amend"))
        self._append("amend", (integer(t, "amend"), *names, json_text(old, "amend"), json_text(new, "amend")))

    def _append(self, table: str, row: tuple[Any, ...]) -> None:
        self._check()
        self._inbox.put(table, row)

    def _check(self) -> None:
        if self._error is not None:
            error = self._error
            raise RecordError(error.what, where=error.where, remedy=error.remedy) from error
        if self._ended is not None:
            raise RecordError("the record is closed", where=str(self._path), remedy="append before close()")

    def subscribe(self, on_commit: Callable[[Committed], None]) -> Callable[[], None]:
        """Have ``on_commit`` called in the event loop after each commit; the result ends it."""
        self._subscribers.append(on_commit)
        return lambda: self._subscribers.remove(on_commit)

    async def flush(self) -> Committed:
        """Wait until everything appended before is on disk.

        :raises RecordError: if the disk failed.
        """
        self._check()
        if self._committed is not None and self._committed.appended >= self.appended:
            return self._committed
        waiter: asyncio.Future[Committed] = self._loop.create_future()
        self._waiters.append((self.appended, waiter))
        self._inbox.hurry()
        return await waiter

    async def close(self, status: str, t: int | None = None, *, reason: str = "") -> None:
        """End the record: everything is on disk, the last event is ``closed``, and run.db is one plain file.

        :param status: how the run ended.
        :param t: the time of that event, UTC in nanoseconds; the machine's clock unless given.
        :param reason: why it ended before its plan was complete.
        :raises RecordError: if the disk failed, or another program holds run.db open.
        """
        self._check()
        at = time.time_ns() if t is None else integer(t, "close t")
        ended = text(status, "status"), at, text(reason, "reason")
        failure = await self._close_media()
        self._ended = ended
        self._inbox.close()
        await self._end
        self._thread.join()
        if failure is not None:
            raise failure

    async def _close_media(self) -> RecordError | None:
        """End the pictures, before the record that names them; what went wrong with them."""
        try:
            if self._media is not None:
                await self._media.close()
        except RecordError as error:
            return error
        return None

    def _work(self) -> None:
        try:
            self._write(Store(self._path, self._after))
            settle(self._path)
        except RecordError as error:
            self._error = error
        except _FAILURES as error:
            self._error = record_error(error, self._path)
        finally:
            if self._ended is None and self._error is None:
                self._error = RecordError("the writer ended unexpectedly", where=str(self._path))
            self._call(self._finish)

    def _write(self, store: Store) -> None:
        try:
            while (parcel := self._inbox.take()) is not None:
                self._call(self._announce, store.commit(parcel))
            self._call(self._announce, store.commit(self._closing(store)))
        finally:
            store.release()

    def _closing(self, store: Store) -> Parcel:
        status, t, reason = self._ended or ("", 0, "")
        data: dict[str, Any] = {"status": status, "batch": store.batch, "chain": store.head}
        if reason:
            data["reason"] = reason
        return Parcel(rows={"event": [(t, "closed", json_text(data, "closed"))]}, appended=self._inbox.appended)

    def _call(self, function: Callable[..., None], *arguments: Any) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody is left to be told
            self._loop.call_soon_threadsafe(function, *arguments)

    def _announce(self, committed: Committed) -> None:
        self._committed = committed
        for needed, waiter in self._waiters:
            if committed.appended >= needed and not waiter.done():
                waiter.set_result(committed)
        self._waiters = [(needed, waiter) for needed, waiter in self._waiters if not waiter.done()]
        for subscriber in tuple(self._subscribers):
            self._loop.call_soon(subscriber, committed)

    def _finish(self) -> None:
        for _, waiter in self._waiters:
            if not waiter.done():
                waiter.set_exception(self._error or RecordError("the record is closed", where=str(self._path)))
        self._waiters.clear()
        if self._error is not None and self._ended is None and self.on_failure is not None:
            self.on_failure(self._error)
        if self._end.done():
            return
        if self._error is None:
            self._end.set_result(None)
        elif self._ended is not None:
            self._end.set_exception(self._error)
