"""Waiting for a time on the machine's monotonic clock, more finely than the event loop's own timers.

The selector loop rounds its time-outs up to whole milliseconds. On Linux a ``timerfd`` wakes it on the absolute
time instead; all that wait in one loop share one, which is open only while anybody waits. Elsewhere, and where no
descriptor is to be had, the loop's own timers serve.
"""

from __future__ import annotations

import asyncio
import ctypes
import heapq
import itertools
import os
import sys
import time
from weakref import WeakKeyDictionary

_SECOND = 1_000_000_000
_MONOTONIC = 1
_ABSOLUTE = 1
_FLAGS = os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0)
_EXPIRATIONS = 8


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _Timer(ctypes.Structure):
    _fields_ = (("interval", _Timespec), ("value", _Timespec))


async def wait_until(t: int) -> None:
    """Return no earlier than ``t``, in ns of ``time.monotonic_ns``; other tasks run at least once meanwhile."""
    if t <= time.monotonic_ns():
        await asyncio.sleep(0)
    elif (alarm := _alarm()) is not None:
        await alarm.wait(t)
    else:
        while (left := t - time.monotonic_ns()) > 0:  # noqa: ASYNC110 (the clock itself is waited for)
            await asyncio.sleep(left / _SECOND)


class Alarm:
    """One timerfd in the running loop, for any number of tasks; it closes itself soon after the last one has left.

    :raises OSError: if the system gives no timer.
    """

    def __init__(self, libc: ctypes.CDLL) -> None:
        self._libc = libc
        self._fd = libc.timerfd_create(_MONOTONIC, _FLAGS)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._armed: int | None = None
        self._setting = _Timer(_Timespec(0, 0), _Timespec(0, 0))
        self._pointer = ctypes.byref(self._setting)
        asyncio.get_running_loop().add_reader(self._fd, self._expired)

    async def wait(self, t: int) -> None:
        """Wait until ``t`` on the monotonic clock, in ns."""
        entry = (t, next(self._order), asyncio.get_running_loop().create_future())
        heapq.heappush(self._waiting, entry)
        self._arm()
        try:
            await entry[2]
        finally:
            self._leave(entry)

    def _leave(self, entry: tuple[int, int, asyncio.Future[None]]) -> None:
        if entry in self._waiting:
            self._waiting.remove(entry)
            heapq.heapify(self._waiting)
        if not self._waiting and self._fd >= 0:
            loop = entry[2].get_loop()
            if loop.is_closed():
                self._close_unless_wanted(loop)
            else:
                loop.call_soon(self._close_unless_wanted, loop)

    def _close_unless_wanted(self, loop: asyncio.AbstractEventLoop) -> None:
        """Close it, unless who waited last waits again at once, as whoever works in a rhythm does."""
        if self._waiting or self._fd < 0:
            return
        _alarms.pop(loop, None)
        loop.remove_reader(self._fd)
        os.close(self._fd)
        self._fd = -1

    def _arm(self) -> None:
        """Set the timer to the earliest time that is waited for."""
        t = self._waiting[0][0]
        if t == self._armed:
            return
        value = self._setting.value
        value.seconds, value.nanoseconds = divmod(t, _SECOND)
        if self._libc.timerfd_settime(self._fd, _ABSOLUTE, self._pointer, None) < 0:
            raise OSError(ctypes.get_errno(), "timerfd_settime")
        self._armed = t

    def _expired(self) -> None:
        try:
            os.read(self._fd, _EXPIRATIONS)
        except BlockingIOError:
            return
        self._armed = None
        now = time.monotonic_ns()
        while self._waiting and self._waiting[0][0] <= now:
            future = heapq.heappop(self._waiting)[2]
            if not future.done():
                future.set_result(None)
        if self._waiting:
            self._arm()


_alarms: WeakKeyDictionary[asyncio.AbstractEventLoop, Alarm] = WeakKeyDictionary()
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform.startswith("linux") else None


def _alarm() -> Alarm | None:
    """The alarm of the running loop, or ``None`` where there can be none."""
    loop = asyncio.get_running_loop()
    found = _alarms.get(loop)
    if found is None and _libc is not None:
        try:
            found = _alarms[loop] = Alarm(_libc)
        except (OSError, AttributeError, NotImplementedError):
            return None
    return found
