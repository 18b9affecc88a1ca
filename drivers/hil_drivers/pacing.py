"""Paced sampling: ticks on a grid of absolute times, so that neither work nor lateness makes them drift.

Tick ``i`` is due at ``first + i * period``. A tick that has passed while the work of the one before was under way is
missed, and counted; the latest that is due comes at once, the next at its own time. There is no burst to catch up.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from .clock import NANOSECONDS, Clock
from .errors import OptionError

if TYPE_CHECKING:
    from .transport.supervisor import Supervisor

T = TypeVar("T")

SHORTEST = 1e-6
"""The shortest period, in s."""


@dataclass(frozen=True, slots=True)
class Tick:
    """One tick: its number on the grid, its time on the bench clock in ns, and how many were missed before it."""

    index: int
    due: int
    missed: int


class Pacer(AsyncIterator[Tick]):
    """The ticks of one grid, without end; make it with `paced`. ``taken`` and ``missed`` count them so far."""

    def __init__(self, clock: Clock, period: float, first: int) -> None:
        self._clock, self._period, self._first = clock, period, first
        self._next = 0
        self.taken = self.missed = 0

    async def __anext__(self) -> Tick:
        index = max(self._next, self._latest(self._clock.now()))
        due = self._due(index)
        await self._clock.sleep_until(due)
        tick = Tick(index, due, index - self._next)
        self._next = index + 1
        self.taken += 1
        self.missed += tick.missed
        return tick

    def _due(self, index: int) -> int:
        return self._first + round(index * self._period * NANOSECONDS)

    def _latest(self, now: int) -> int:
        """The latest tick that is due at ``now``; below 0 before the first."""
        index = math.floor((now - self._first) / NANOSECONDS / self._period) + 1
        while self._due(index) > now:
            index -= 1
        return index


def paced(clock: Clock, period: float, *, first: int | None = None) -> Pacer:
    """Ticks every ``period`` seconds of bench time: ``async for tick in paced(clock, 0.02)``.

    :param period: in s, from 1e-6.
    :param first: the bench time of tick 0 in ns; now by default.
    :raises OptionError: for a period that cannot be.
    """
    if not SHORTEST <= period < math.inf:
        raise OptionError(f"a period of {period:g} s cannot be kept", remedy=f"give one from {SHORTEST:g} s")
    return Pacer(clock, period, clock.now() if first is None else first)


class Samples(AsyncIterator[T], Generic[T]):
    """What ``take`` gives at each tick, without end.

    An error of one reading is raised, and ends an ``async for``; iterating on goes on with the next tick. Ticks that
    were missed are counted by the device's supervisor, apart from values that the device sent and that never came.
    """

    def __init__(self, pacer: Pacer, take: Callable[[], Awaitable[T]], supervisor: Supervisor) -> None:
        self._pacer, self._take, self._supervisor = pacer, take, supervisor

    async def __anext__(self) -> T:
        tick = await anext(self._pacer)
        if tick.missed:
            self._supervisor.skipped(tick.missed)
        return await self._take()
