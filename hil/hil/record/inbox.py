"""The bounded queue between the event loop and the writer's thread."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import RecordError
from .rows import Scalar, json_text

ROWS_AT_MOST = 200_000
"""Rows of other tables than ``reading`` that may wait; a disk that far behind has failed."""


@dataclass
class Parcel:
    """What one commit writes: readings, rows by table, and how many appends that makes in all."""

    readings: list[Scalar | NDArray[np.void]] = field(default_factory=list)
    rows: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    appended: int = 0


@dataclass
class _Gap:
    channels: dict[str, int]
    first: int
    last: int

    def row(self) -> tuple[int, str, str]:
        data = {
            "lost": sum(self.channels.values()),
            "channels": self.channels,
            "first": self.first,
            "last": self.last,
            "reason": "the record's queue was full",
        }
        return self.last, "gap", json_text(data, "gap")


class Inbox:
    """Filled in the event loop, emptied by the writer's thread, one parcel per commit.

    An event ``backpressure`` says when half of the room for readings was taken, and when it was free again.

    :param capacity: readings that may wait; what comes on top is counted and recorded as an event ``gap``.
    :param window: seconds for which a commit waits for company.
    """

    def __init__(self, capacity: int, window: float) -> None:
        self._capacity, self._window = capacity, window
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._parcel = Parcel()
        self._waiting = self._rows = self._appended = 0
        self._gap: _Gap | None = None
        self._pressed = False
        self._latest = 0
        self._hurry = self._closed = self._idle = False

    @property
    def appended(self) -> int:
        """How many times something was appended so far."""
        return self._appended

    def put_readings(self, item: Scalar | NDArray[np.void], count: int) -> bool:
        """Queue ``count`` readings; ``False`` if there is no room for them."""
        with self._lock:
            if self._waiting + count > self._capacity:
                return False
            self._parcel.readings.append(item)
            self._waiting += count
            self._latest = item[0] if isinstance(item, tuple) else int(item["t"][-1])
            if not self._pressed and 2 * self._waiting > self._capacity:
                self._pressed = True
                self._note_pressure("half full")
            self._count()
        return True

    def _note_pressure(self, state: str) -> None:
        """Record how full the queue is, at the time of its latest reading."""
        data = json_text({"state": state, "waiting": self._waiting, "capacity": self._capacity}, "backpressure")
        self._parcel.rows.setdefault("event", []).append((self._latest, "backpressure", data))

    def put(self, table: str, row: tuple[Any, ...]) -> None:
        """Queue a row of another table than ``reading``.

        :raises RecordError: if the disk is so far behind that the queue is full.
        """
        with self._lock:
            if self._rows >= ROWS_AT_MOST:
                raise RecordError(
                    f"{self._rows} rows wait to be written", where=table, remedy="look at the disk: it does not keep up"
                )
            self._parcel.rows.setdefault(table, []).append(row)
            self._rows += 1
            self._count()

    def _count(self) -> None:
        self._appended += 1
        self._parcel.appended = self._appended
        if self._idle:
            self._changed.notify()

    def lose(self, channels: Mapping[str, int], first: int, last: int) -> None:
        """Note readings that found no room: how many by channel, and between which times."""
        with self._changed:
            gap = self._gap = self._gap or _Gap({}, first, last)
            for name, count in channels.items():
                gap.channels[name] = gap.channels.get(name, 0) + count
            gap.first, gap.last = min(gap.first, first), max(gap.last, last)
            self._changed.notify()

    def hurry(self) -> None:
        """End the present window now."""
        with self._changed:
            self._hurry = True
            self._changed.notify()

    def close(self) -> None:
        """Let `take` return what is left, then ``None``."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _drained(self) -> bool:
        """Whether the writer has caught up since the queue was half full: this parcel holds less."""
        return 2 * self._waiting <= self._capacity

    def take(self) -> Parcel | None:
        """Wait for rows and for the window to pass; what was queued, or ``None`` once closed and empty."""
        with self._changed:
            self._idle = True
            self._changed.wait_for(lambda: self._waiting or self._rows or self._gap or self._closed or self._pressed)
            self._idle = False
            self._changed.wait_for(lambda: self._hurry or self._closed, self._window)
            if self._pressed and self._drained():
                self._pressed = False
                self._note_pressure("drained")
            parcel, self._parcel = self._parcel, Parcel(appended=self._appended)
            if self._gap is not None:
                parcel.rows.setdefault("event", []).append(self._gap.row())
            empty = not (parcel.readings or parcel.rows)
            self._waiting = self._rows = 0
            self._hurry, self._gap = False, None
        return None if empty else parcel
