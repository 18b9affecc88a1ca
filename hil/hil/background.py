"""Sampling in the background: the conditions of a run, from before its script starts until it has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hil_drivers.clock import NANOSECONDS, Clock
from hil_drivers.errors import DeviceError
from hil_drivers.pacing import Pacer, paced

from .conditions import Conditions
from .gate import is_bench_fault

if TYPE_CHECKING:
    from .binding import Binding
    from .errors import BenchFault
    from .live import LiveChannel


class Background:
    """Samples the channels that have a period.

    A reading that takes longer than the period costs the ticks that pass meanwhile: they are counted, not made up for.
    A device that is lost costs its readings, not the run: that is told once each way, and a gate on its channel does
    not hold meanwhile.

    :param note: puts on record, and tells, what channel is missing or back.
    :param failed: told of an error that ends the run.
    """

    def __init__(
        self,
        binding: Binding,
        clock: Clock,
        conditions: Conditions,
        note: Callable[[str, dict[str, Any]], None],
        failed: Callable[[], None],
    ) -> None:
        self._binding, self._clock, self._conditions = binding, clock, conditions
        self._note, self._failed = note, failed
        self._tasks: list[asyncio.Task[None]] = []
        self._pacers: dict[str, Pacer] = {}
        self._missing: dict[str, int] = {}
        self.failure: BaseException | None = None

    async def start(self) -> None:
        """Measure each once, so that conditions are known before anything else is, and go on by period.

        All count from one time, so that channels of one period are read at the same times.

        :raises DeviceError: if one does not answer now (or BenchFault, if its value may not be used).
        """
        for channel, _ in self._periodic():
            self._conditions.measured(await channel.measure())
        begin = self._clock.now()
        for channel, period in self._periodic():
            self._pacers[channel.name] = paced(self._clock, period, first=begin + round(period * NANOSECONDS))
            task = asyncio.create_task(self._sample(channel), name=f"sampling {channel.name}")
            task.add_done_callback(self._ended)
            self._tasks.append(task)

    async def stop(self) -> None:
        """Stop sampling."""
        for task in self._tasks:
            task.cancel()
        await self._clock.wait(*self._tasks)

    @property
    def sampled(self) -> dict[str, dict[str, int]]:
        """By channel, the ticks on which a reading was begun, and those that were missed."""
        return {name: {"taken": pacer.taken, "missed": pacer.missed} for name, pacer in self._pacers.items()}

    def _periodic(self) -> list[tuple[LiveChannel, float]]:
        return [(channel, channel.period) for channel in self._binding.channels.values() if channel.period is not None]

    async def _sample(self, channel: LiveChannel) -> None:
        async for _ in self._pacers[channel.name]:
            try:
                measurement = await channel.measure()
            except Exception as error:
                if not is_bench_fault(error):
                    raise
                self._lost(channel, error)
            else:
                self._back(channel)
                self._conditions.measured(measurement)

    def _lost(self, channel: LiveChannel, error: BenchFault | DeviceError) -> None:
        before = self._missing.get(channel.name, 0)
        self._missing[channel.name] = before + 1
        channel.unavailable()
        if not before:
            self._note("channel lost", {"channel": channel.name, "reason": str(error)})

    def _back(self, channel: LiveChannel) -> None:
        missed = self._missing.pop(channel.name, 0)
        if missed:
            self._note("channel back", {"channel": channel.name, "missed": missed})

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or task.exception() is None:
            return
        if self.failure is None:
            self.failure = task.exception()
        self._failed()
