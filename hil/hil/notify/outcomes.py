"""What the child tells the core, one JSON object in a line.

    {"outcome": "ready", "waiting": 2}                 it has begun; so many messages wait from before
    {"outcome": "taken", "number": 17}                 the line with this number is on disk
    {"outcome": "delivered", ...}                      a server has taken a message, which is not yet read
    {"outcome": "failed", ..., "why": ..., "next": t}  it has not, and is tried again at t (UTC in ns)
    {"outcome": "refused", ..., "why": ...}            it never will
    {"outcome": "gave up", ..., "why": ...}            it has not within a day
    {"outcome": "unreached", "alarm": ..., "episode": ..., "run": ...}   nobody at any level could be told of it
    {"outcome": "watcher", "state": "told" | "not told" | "unreachable", "why": ...}   when it changes
    {"outcome": "not understood", "why": ...}          a line that is none
    {"outcome": "stopped", "why": ...}                 it cannot go on
    {"outcome": "ended", "waiting": 0}                 the last line

A message is named by ``id``, ``channel``, ``to``, ``level``, ``tries`` and its ``alarms``, each with ``alarm``,
``episode``, ``run`` and ``step``.
"""

from __future__ import annotations

import json
import os
import queue
import threading
from typing import Any, Protocol

from .outbox import Message

KEPT = 10_000
"""Lines that wait for the core to read them; more are lost, and nobody waits for it."""


class Say(Protocol):
    """Tells the core."""

    def __call__(self, outcome: str, **more: Any) -> None:
        """One outcome."""
        ...


class Voice:
    """Writes outcomes to a descriptor from a thread of its own: one who does not read holds nothing up."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lines: queue.Queue[bytes | None] = queue.Queue(KEPT)
        self._thread = threading.Thread(target=self._write, name="outcomes", daemon=True)
        self._thread.start()

    def say(self, outcome: str, **more: Any) -> None:
        """One outcome."""
        line = json.dumps({"outcome": outcome, **more}, allow_nan=False)
        try:
            self._lines.put_nowait(line.encode() + b"\n")
        except queue.Full:
            return

    def end(self, within: float) -> None:
        """Write what waits, for ``within`` seconds at most."""
        try:
            self._lines.put(None, timeout=within)
        except queue.Full:
            return
        self._thread.join(within)

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                while line:
                    line = line[os.write(self._descriptor, line) :]
            except OSError:
                continue


def named(message: Message) -> dict[str, Any]:
    """A message in an outcome."""
    return {
        "id": message.name,
        "channel": message.channel,
        "to": message.target,
        "level": message.about.level + 1,
        "tries": message.tries + 1,
        "test": message.about.drill,
        "alarms": [
            {
                "alarm": telling.line.alarm,
                "episode": telling.line.episode,
                "run": telling.line.run,
                "step": str(telling.step),
            }
            for telling in message.about.tellings
        ],
    }
