"""The bench clocks of simulated benches: lockstep, and paced against wall time.

In lockstep, bench time advances only when every participating task sleeps on the clock and no exchange is
under way; the world acknowledges each advance before the sleeper wakes. A task joins when it first sleeps or
starts an exchange, and leaves when it ends. One sleeper is woken at a time, in the order of deadlines and
then of arrival, so that a run is repeatable.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Protocol

from hil_drivers.clock import NANOSECONDS, Clock, all_done

from .errors import BenchFault

Task = asyncio.Task[Any]

STALL_AFTER = 30.0
"""Wall seconds without an advance after which the tasks that hold time up are named."""


@dataclass(frozen=True, order=True, slots=True)
class _Sleeper:
    t: int
    order: int
    task: Task = field(compare=False)
    wake: asyncio.Future[None] = field(compare=False)


class World(Protocol):
    """What a simulated bench must answer: its time has moved to ``t``."""

    async def advance(self, t: int, sent: Mapping[str, int]) -> object:
        """Move bench time to ``t`` nanoseconds, after all bytes counted in ``sent`` have arrived."""
        ...


class LockstepClock:
    """Bench time in lockstep with a simulated world.

    :param world: acknowledges each advance; none where nothing happens by itself, as recordings are replayed.
    :param start_utc: the UTC time, in nanoseconds since the POSIX epoch, of bench time 0.
    :param begin: the bench time, in nanoseconds, at which the world stands.
    :param stall_after: wall seconds without an advance before the run is stopped as stalled.
    """

    def __init__(
        self, world: World | None, start_utc: int, *, begin: int = 0, stall_after: float = STALL_AFTER
    ) -> None:
        self._world, self._start, self._stall_after = world, start_utc, stall_after
        self._now = self._target = begin
        self._known: set[Task] = set()
        self._awake: set[Task] = set()
        self._tokens = self._holds = 0
        self._sleepers: list[_Sleeper] = []
        self._order = itertools.count()
        self._waiting: dict[Task, set[Task]] = {}
        self._sent: Counter[str] = Counter()
        self._advancing: Task | asyncio.Handle | None = None
        self._held_since: float | None = None
        self._stall: asyncio.TimerHandle | None = None

    def now(self) -> int:
        return self._now

    def utc(self, t: int) -> int:
        return t + self._start

    def arrived(self) -> int:
        return self._target

    def sent(self, address: str, count: int) -> None:
        self._sent[address] += count

    async def sleep(self, seconds: float) -> None:
        if seconds > 0:
            await self.sleep_until(self._now + round(seconds * NANOSECONDS))

    async def sleep_until(self, t: int) -> None:
        if t <= self._now:
            return
        task = self._join()
        place = (t, next(self._order))
        if self._world is None and self._is_next(place):
            await asyncio.sleep(0)
            if self._is_next(place):
                self._now = self._target = t
                self._watch(on=False)
                self._watch(on=bool(self._sleepers))
                return
        wake: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        wake.add_done_callback(lambda _: self._rouse(task))
        sleeper = _Sleeper(*place, task, wake)
        heapq.heappush(self._sleepers, sleeper)
        self._rest(task)
        try:
            await wake
        except asyncio.CancelledError:
            if sleeper in self._sleepers:
                self._sleepers.remove(sleeper)
                heapq.heapify(self._sleepers)
            raise

    def _is_next(self, place: tuple[int, int]) -> bool:
        """Whether the one task that is awake would be the next to wake, if it slept now."""
        if self._advancing is not None or self._tokens or len(self._awake) != 1:
            return False
        return not self._sleepers or place < (self._sleepers[0].t, self._sleepers[0].order)

    @contextmanager
    def exchange(self) -> Iterator[None]:
        self._join()
        self._tokens += 1
        try:
            yield
        finally:
            self._tokens -= 1
            self._consider()

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Let bench time stand still for as long as this is held, on purpose: it does not count as a stall."""
        self._holds += 1
        self._watch(on=False)
        try:
            with self.exchange():
                yield
        finally:
            self._holds -= 1
            self._consider()

    async def wait(self, *tasks: Task, until: asyncio.Future[Any] | None = None) -> None:
        pending = {task for task in tasks if not task.done()}
        if not pending:
            return
        task = self._join()
        for other in pending:
            self._adopt(other)
        awaited = until or all_done(frozenset(pending))
        self._waiting[task] = pending
        self._rest(task)
        try:
            await awaited
        finally:
            self._waiting.pop(task, None)
            self._rouse(task)

    def _join(self) -> Task:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("the bench clock is used outside of a task")
        self._adopt(task)
        return task

    def _adopt(self, task: Task) -> None:
        if task not in self._known:
            self._known.add(task)
            self._awake.add(task)
            task.add_done_callback(self._leave)

    def _leave(self, task: Task) -> None:
        self._known.discard(task)
        self._awake.discard(task)
        for waiter, pending in self._waiting.items():
            pending.discard(task)
            if not pending:
                self._rouse(waiter)
        self._consider()

    def _rouse(self, task: Task) -> None:
        if task in self._known:
            self._awake.add(task)

    def _rest(self, task: Task) -> None:
        self._awake.discard(task)
        self._consider()

    def _may_advance(self) -> bool:
        return bool(self._sleepers) and not self._awake and not self._tokens

    def _consider(self) -> None:
        if self._advancing is not None:
            return
        if self._may_advance():
            loop = asyncio.get_running_loop()
            self._advancing = (
                loop.call_soon(self._step)
                if self._world is None
                else loop.create_task(self._advance(self._world), name="lockstep advance")
            )
        else:
            self._watch(on=bool(self._sleepers) and not self._holds)

    def _step(self) -> None:
        self._advancing = None
        if self._may_advance():
            sleeper = self._first()
            if not sleeper.wake.done():
                self._now = self._target = max(self._now, sleeper.t)
                self._wake(sleeper, None)
        self._consider()

    async def _advance(self, world: World) -> None:
        try:
            if self._may_advance():
                await self._wake_first(world)
        finally:
            self._advancing = None
        self._consider()

    async def _wake_first(self, world: World) -> None:
        sleeper = self._first()
        error: Exception | None = None
        if sleeper.t > self._now and not sleeper.wake.done():
            try:
                self._target = sleeper.t
                await world.advance(sleeper.t, self._sent)
                self._now = sleeper.t
            except Exception as failure:  # noqa: BLE001 (raised by the sleeper, in its own task)
                error, self._target = failure, self._now
        if not sleeper.wake.done():
            self._wake(sleeper, error)

    def _first(self) -> _Sleeper:
        self._watch(on=False)
        return heapq.heappop(self._sleepers)

    def _wake(self, sleeper: _Sleeper, error: Exception | None) -> None:
        self._awake.add(sleeper.task)
        if error is None:
            sleeper.wake.set_result(None)
        else:
            sleeper.wake.set_exception(error)

    def _watch(self, *, on: bool) -> None:
        """Watch for a stall, from now on where it was not watched for; the timer is left to run out."""
        if not on:
            self._held_since = None
        elif self._held_since is None:
            loop = asyncio.get_running_loop()
            self._held_since = loop.time()
            if self._stall is None:
                self._stall = loop.call_later(self._stall_after, self._look)

    def _look(self) -> None:
        """End what has held time up for long enough; else look again when it may have."""
        self._stall = None
        if self._held_since is None:
            return
        loop = asyncio.get_running_loop()
        due = self._held_since + self._stall_after
        if loop.time() < due:
            self._stall = loop.call_at(due, self._look)
        else:
            self._stalled()

    def _stalled(self) -> None:
        self._held_since = None
        holders = sorted(task.get_name() for task in self._awake) or [f"{self._tokens} exchange(s)"]
        error = BenchFault(
            f"bench time has stood still for {self._stall_after:g} s, held by {', '.join(holders)}",
            remedy="let a task that waits for anything but the bench clock hold an exchange meanwhile",
        )
        sleepers, self._sleepers = self._sleepers, []
        for sleeper in sleepers:
            if not sleeper.wake.done():
                sleeper.wake.set_exception(error)


def hold(clock: Clock) -> AbstractContextManager[None]:
    """Let the bench time of a simulated world in lockstep stand still, for a pause; other clocks run on."""
    return clock.hold() if isinstance(clock, LockstepClock) else nullcontext()


class PacedClock:
    """Bench time as a multiple of wall time: for watching, not repeatable.

    :param speed: seconds of bench time for each second of wall time, above 0.
    :param start_utc: the UTC time of bench time 0, in nanoseconds since the POSIX epoch.
    :param epoch: the machine's monotonic time of bench time 0, in nanoseconds.
    """

    def __init__(self, speed: float, start_utc: int, *, epoch: int | None = None) -> None:
        self._speed, self._start = speed, start_utc
        self._epoch = time.monotonic_ns() if epoch is None else epoch

    def now(self) -> int:
        return round((time.monotonic_ns() - self._epoch) * self._speed)

    def utc(self, t: int) -> int:
        return t + self._start

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds) / self._speed)

    async def sleep_until(self, t: int) -> None:
        await self.sleep((t - self.now()) / NANOSECONDS)

    def exchange(self) -> AbstractContextManager[None]:
        return nullcontext()

    async def wait(self, *tasks: Task, until: asyncio.Future[Any] | None = None) -> None:
        if pending := [task for task in tasks if not task.done()]:
            await (until or all_done(pending))

    def arrived(self) -> int:
        return self.now()

    def sent(self, address: str, count: int) -> None:
        """Nothing to drain: the world moves by itself."""
