"""The system clock under watch during a run: what it is worth, on record at the start, every 10 s and at the end.

Bench time on a real bench is monotonic, and carried to UTC by one anchor, so that a system clock that is stepped
meanwhile neither reorders readings nor changes their distances. A step is told as an event, and what it leaves
between the run's times and the system clock's enters the bound.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hil_drivers.clock import NANOSECONDS, Anchor, Clock, anchor

from .clock_state import ClockState, read_clock_state
from .errors import RecordError

if TYPE_CHECKING:
    from .record import RecordWriter

STATE, STEP = "clock", "clock step"
"""The kinds of events: the state at first and whenever it changes; a step of the system clock."""

PERIOD = 10.0
"""Wall seconds between looks."""

_RESOLUTION = 1000


@dataclass(frozen=True)
class Look:
    """One look at the system clock: by how much it departs from the run's times in s, and the bound that results.

    ``bound`` is the most by which the run's times can differ from UTC, ``None`` where the clock is not synchronised.
    """

    anchor: Anchor
    state: ClockState
    departure: float
    bound: float | None


class Timekeeper:
    """The watch over the system clock during one run.

    :param simulated: whether bench time is that of a simulation, which owes the system clock nothing.
    :param read: reads the state of the system clock; it may block.
    :param look: reads both clocks of the machine.
    """

    def __init__(
        self,
        clock: Clock,
        record: RecordWriter,
        *,
        simulated: bool,
        read: Callable[[], ClockState] = read_clock_state,
        look: Callable[[], Anchor] = anchor,
    ) -> None:
        self._clock, self._record, self._simulated = clock, record, simulated
        self._read, self._look = read, look
        self._latest: Look | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def u(self) -> float:
        """The standard uncertainty of the run's times as UTC, in s: a rectangle within the bound (GUM 4.3.7).

        It is one effect for the whole run. While the clock is not synchronised UTC is not claimed, and this is 0:
        times are then those of the run's own scale, as they are in a simulation.
        """
        bound = None if self._latest is None else self._latest.bound
        return 0.0 if bound is None or self._simulated else bound / math.sqrt(3)

    async def start(self) -> None:
        """Take the first look, and go on."""
        await self.look()
        self._task = asyncio.create_task(self._watch(), name="timekeeping")

    async def stop(self) -> None:
        """Take the last look."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self.look()

    async def look(self) -> Look:
        """Look now, and put it on record.

        :raises RecordError: if it cannot be recorded.
        """
        state = await asyncio.to_thread(self._read)
        seen = self._look()
        departure = 0.0
        if not self._simulated:
            middle = (seen.before + seen.after) // 2
            departure = (seen.utc - self._clock.utc(middle)) / NANOSECONDS
        bound = None if state.bound is None else state.bound + abs(departure)
        self._keep(Look(seen, state, departure, bound))
        return Look(seen, state, departure, bound)

    def _keep(self, look: Look) -> None:
        before, self._latest = self._latest, look
        seen, state = look.anchor, look.state
        source = state.source if state.synchronised else ""
        self._record.clock(
            seen.before,
            seen.utc,
            seen.after,
            offset=state.offset,
            root_dispersion=state.root_dispersion,
            root_delay=state.root_delay,
            tai_offset=state.tai_offset,
            source=source,
        )
        stepped = look.departure - (0.0 if before is None else before.departure)
        if abs(stepped) > _doubt(seen) + _doubt(seen if before is None else before.anchor):
            self._note(STEP, {"seconds": stepped, "departure": look.departure})
        if before is None or (before.state.synchronised, before.state.leap) != (state.synchronised, state.leap):
            self._note(STATE, {"synchronised": state.synchronised, "leap": state.leap, "told": state.told})

    def _note(self, kind: str, data: dict[str, object]) -> None:
        self._record.event(self._clock.utc(self._clock.now()), kind, data)

    async def _watch(self) -> None:
        """Every ten seconds of wall time, which is the system clock's: this task takes no part in bench time."""
        try:
            while True:
                await asyncio.sleep(PERIOD)
                await self.look()
        except RecordError:
            return  # whoever writes next is told


def _doubt(seen: Anchor) -> float:
    """How far an anchor may be off, in s."""
    return (seen.after - seen.before + _RESOLUTION) / 2 / NANOSECONDS
