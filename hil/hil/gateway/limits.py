"""How often a client may ask: token buckets, one for each client of each kind of request. A stop has no limit."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

MOST_KEYS = 4096
"""Clients that are told apart; the one that has asked nothing for longest is forgotten first."""


class Buckets:
    """One bucket for each client.

    :param rate: how much it gains in a second.
    :param holds: how much it holds, and begins with.
    """

    def __init__(self, rate: float, holds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._holds, self._clock = rate, holds, clock
        self._level: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, *keys: str) -> bool:
        """Take one from the bucket of each of ``keys``, if there is one in all of them."""
        now = self._clock()
        levels = {key: self._at(key, now) for key in keys}
        allowed = all(level >= 1.0 for level in levels.values())
        for key, level in levels.items():
            self._keep(key, level - 1.0 if allowed else level, now)
        return allowed

    def _at(self, key: str, now: float) -> float:
        level, then = self._level.get(key, (self._holds, now))
        return min(self._holds, level + (now - then) * self._rate)

    def _keep(self, key: str, level: float, now: float) -> None:
        self._level[key] = level, now
        self._level.move_to_end(key)
        if len(self._level) > MOST_KEYS:
            self._level.popitem(last=False)


class Count:
    """How much of something each client has at a time.

    :param most: of one client.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._has: dict[str, int] = {}

    def take(self, key: str) -> bool:
        """One more, if that is not too many."""
        if self._has.get(key, 0) >= self._most:
            return False
        self._has[key] = self._has.get(key, 0) + 1
        return True

    def give_back(self, key: str) -> None:
        """One less."""
        self._has[key] -= 1
        if not self._has[key]:
            del self._has[key]


class Limits:
    """What each client may, by its token and by its address alike."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.commands = Buckets(20.0, 20.0, clock=clock)
        self.snapshots = Buckets(0.5, 2.0, clock=clock)
        self.history = Buckets(5.0 / 60.0, 5.0, clock=clock)
        self.wrong_tokens = Buckets(5.0 / 60.0, 5.0, clock=clock)
        self.streams = Count(8)
