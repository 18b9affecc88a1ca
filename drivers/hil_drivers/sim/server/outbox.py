"""What a device sends on one connection, whether asked or not, with the faults of a link and always in order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from ..faults import Faults

_SPLIT_PAUSE = 0.001
_MERGED = 0.02


class Outbox:
    """The way of a stream to the controller: silent, garbage, late, split, merged.

    A fault of the link is a matter of the wire, so its delays are wall time. Nothing overtakes: what was sent while
    a fault was present comes before what is sent after.
    """

    def __init__(self, faults: Faults, write: Callable[[bytes], object]) -> None:
        self._faults, self._write = faults, write
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._last = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def send(self, data: bytes) -> None:
        """Send ``data``, as the present faults allow."""
        if self._faults.present("silent"):
            return
        if self._faults.present("garbage"):
            data = self._faults.garbage(len(data))
        cut = len(data) // 2 if self._faults.present("split") else 0
        for part, pause in ((data[:cut], 0.0), (data[cut:], _SPLIT_PAUSE if cut else 0.0)):
            if part:
                self._post(part, pause)
        self._flush()

    def close(self) -> None:
        """Forget what has not been sent."""
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _post(self, part: bytes, pause: float) -> None:
        now = asyncio.get_running_loop().time()
        late = self._faults.present("late")
        due = now + (late.delay if late else 0.0)
        if self._faults.present("merged"):
            due = (due // _MERGED + 1.0) * _MERGED
        self._last = max(due, self._last + pause)
        self._waiting.append((self._last, part))

    def _flush(self) -> None:
        """Write what is due, in one piece, and come again for the rest."""
        loop = asyncio.get_running_loop()
        now, parts = loop.time(), []
        while self._waiting and self._waiting[0][0] <= now:
            parts.append(self._waiting.popleft()[1])
        if parts:
            self._write(b"".join(parts))
        if self._waiting and self._timer is None:
            self._timer = loop.call_at(self._waiting[0][0], self._again)

    def _again(self) -> None:
        self._timer = None
        self._flush()
