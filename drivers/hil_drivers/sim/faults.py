"""Faults by name: which are present at a bench time, and what they do to a reply on the wire."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ..clock import NANOSECONDS
from .noise import Stream
from .world import World
from .world_file import Fault

_HELD = 0.02
"""Seconds for which the rest of a split message, or a merged one, is held back."""


class Faults:
    """The faults of one device.

    :param name: the device's name.
    """

    def __init__(self, name: str, world: World) -> None:
        self._name, self._world = name, world
        self._stream = Stream(world.file.seed, "fault", name)

    def present(self, kind: str) -> Fault | None:
        """The fault of that kind that is present now."""
        if not self._world.faults:
            return None
        t = self._world.time.now() / NANOSECONDS
        mine = (f for f in self._world.faults if f.device == self._name and f.kind == kind)
        return next((f for f in mine if f.start <= t < f.end), None)

    def garbage(self, count: int) -> bytes:
        """Random bytes in place of a reply of ``count`` bytes."""
        return self._stream.octets(max(1, min(64, count)), self._world.time.now())


class Wire:
    """The way of replies to the controller, with the faults of a link: silent, garbage, late, split, merged.

    A fault of the link is a matter of the wire, so its delays are wall time.
    """

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._timers: set[asyncio.TimerHandle] = set()
        self._held: dict[Callable[[bytes], object], bytes] = {}

    def reply(self, data: bytes, write: Callable[[bytes], object]) -> None:
        """Send ``data`` through ``write``, as the present faults allow, after what is held back of earlier data."""
        if not data or self._faults.present("silent"):
            return
        if self._faults.present("garbage"):
            data = self._faults.garbage(len(data))
        if self._faults.present("merged"):
            self._hold(data, write)
            return
        self._release(write)
        late = self._faults.present("late")
        half = len(data) // 2 if self._faults.present("split") else len(data)
        if late:
            self._later(late.delay, data[:half], write)
            self._later(late.delay + _HELD, data[half:], write)
        else:
            write(data[:half])
            self._hold(data[half:], write)

    def _hold(self, data: bytes, write: Callable[[bytes], object]) -> None:
        """Keep ``data`` for a while, and send it in one piece with what is held meanwhile."""
        if not data:
            return
        if write not in self._held:
            self._later(_HELD, b" ", lambda _: self._release(write))
        self._held[write] = self._held.get(write, b"") + data

    def _release(self, write: Callable[[bytes], object]) -> None:
        """Send what is held back."""
        if held := self._held.pop(write, b""):
            write(held)

    def _later(self, pause: float, data: bytes, write: Callable[[bytes], object]) -> None:
        if not data:
            return

        def send() -> None:
            self._timers.discard(timer)
            write(data)

        timer = asyncio.get_running_loop().call_later(pause, send)
        self._timers.add(timer)

    def close(self) -> None:
        """Forget what has not been sent."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self._held.clear()
