"""Pauses: the script of a run holds before its next point, or before its next operation.

A pause is a state, not an exception: the script does not see it. In lockstep bench time stands still meanwhile; on a
real bench it goes on, and so does the sampling in the background. `Pausing.held` is what a time limit must not count.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum

from hil_drivers.clock import Clock

from .clock import hold


class PauseState(StrEnum):
    """Whether the script goes on."""

    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"


class Pausing:
    """The pauses of one run.

    :param changed: told each change of state.
    """

    def __init__(self, clock: Clock, changed: Callable[[PauseState], object] | None = None) -> None:
        self._clock, self._changed = clock, changed
        self._running = asyncio.Event()
        self._running.set()
        self._now = False
        self.state = PauseState.RUNNING
        self.held = 0

    def request(self, *, now: bool) -> None:
        """Hold before the next point, or with ``now`` before the next operation of the script."""
        self._now = self._now or now
        self._running.clear()
        if self.state is PauseState.RUNNING:
            self._to(PauseState.PAUSING)

    def release(self) -> None:
        """Go on."""
        self._now = False
        self._running.set()
        self._to(PauseState.RUNNING)

    async def at_point(self) -> None:
        """Called by the script between two points."""
        if not self._running.is_set():
            await self._hold()

    async def at_operation(self) -> None:
        """Called by the script before it uses the bench."""
        if self._now and not self._running.is_set():
            await self._hold()

    async def _hold(self) -> None:
        begun = self._clock.now()
        self._to(PauseState.PAUSED)
        with hold(self._clock):
            await self._running.wait()
        self.held += self._clock.now() - begun

    def _to(self, state: PauseState) -> None:
        if state is not self.state:
            self.state = state
            if self._changed is not None:
                self._changed(state)


_OF_THE_SCRIPT: ContextVar[Pausing | None] = ContextVar("pausing", default=None)
"""Set in the task of a script and in those that it starts; sampling in the background is never paused."""


@contextmanager
def pausable(pausing: Pausing) -> Iterator[None]:
    """What runs inside, and the tasks that it starts, can be paused."""
    token = _OF_THE_SCRIPT.set(pausing)
    try:
        yield
    finally:
        _OF_THE_SCRIPT.reset(token)


def of_the_script() -> bool:
    """Whether the present task is the script's, or one that the script started."""
    return _OF_THE_SCRIPT.get() is not None


async def checkpoint() -> None:
    """Hold here while the script is paused "now"; anything but a script goes on."""
    pausing = _OF_THE_SCRIPT.get()
    if pausing is not None:
        await pausing.at_operation()


def held() -> int:
    """Nanoseconds of bench time for which the script was held so far."""
    pausing = _OF_THE_SCRIPT.get()
    return 0 if pausing is None else pausing.held
