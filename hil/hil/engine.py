"""The engine: runs one procedure on one bench, records it, and always leaves the bench in its safe state."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hil_calibration.errors import CalibrationError
from hil_drivers.capability import Sensor
from hil_drivers.clock import NANOSECONDS, Clock
from hil_drivers.errors import DriverError
from hil_drivers.pacing import Pacer, paced

from .bench.opened import Bench, open_bench
from .binding import Binding
from .clock_state import ClockState, read_clock_state
from .errors import Aborted, BenchFault, HilError, ProcedureFault, exit_code, raised
from .service import Service
from .timekeeping import Timekeeper
from .trial import Points, Trial

if TYPE_CHECKING:
    from .bench.config import BenchConfig
    from .design import Design, PlannedPoint
    from .live import LiveChannel
    from .parameters import Parameters
    from .record import RecordWriter
    from .scripts import Procedure

IDLE_DEADLINE = 3.0
"""Wall seconds that an operation under way may take to end before the safe state is commanded."""

SCRIPT_DEADLINE = 10.0
"""Wall seconds that a script may take to end once it is cancelled, its own clearing up included."""

COMPLETE, FAILED, ABORTED = "complete", "failed", "aborted"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended: its status, and the error that ended it."""

    status: str
    error: BaseException | None = None

    @property
    def exit_code(self) -> int:
        return 0 if self.error is None else exit_code(self.error)


@dataclass(frozen=True)
class Engine:
    """One run of ``procedure`` on the bench that ``config`` describes.

    :param read_clock: reads the state of the system clock.
    """

    procedure: Procedure
    parameters: Parameters
    config: BenchConfig
    design: Design
    planned: list[PlannedPoint]
    record: RecordWriter
    service: Service
    seed: int | None
    speed: float | None
    read_clock: Callable[[], ClockState] = read_clock_state

    async def run(self) -> Ending:
        """Run it. Only a cancellation of the calling task leaves this function as an exception."""
        try:
            async with open_bench(
                self.config,
                seed=self.seed,
                speed=self.speed,
                roles=[*self.procedure.roles, *self.config.ambient_roles],
                items=self.procedure.items,
                calibrated=self._measuring_roles(),
            ) as bench:
                return await self._run_on(bench)
        except (HilError, DriverError, CalibrationError) as error:
            return Ending(FAILED, error)
        except Exception as error:  # noqa: BLE001 (a bug in a driver: the record is closed, and it is told)
            return Ending(FAILED, _bench_fault(self.config.name, error))

    def _measuring_roles(self) -> list[str]:
        return [
            role
            for role, capability in self.procedure.roles.items()
            if capability is Sensor and role not in self.procedure.items
        ]

    async def _run_on(self, bench: Bench) -> Ending:
        binding: Binding | None = None
        simulated = bench.world is not None
        keeper = Timekeeper(bench.clock, self.record, simulated=simulated, read=self.read_clock)
        try:
            binding = Binding(self.procedure, bench, self.record, u_clock=lambda: keeper.u)
            for role, system in binding.systems.items():
                self._note(bench.clock, "system", {"role": role, **_identity(system)})
            await keeper.start()
            self._anchor(bench.clock)
            return await self._script(bench, binding)
        finally:
            await _unbroken(self._wind_up(bench, binding, keeper), bench.clock)

    async def _wind_up(self, bench: Bench, binding: Binding | None, keeper: Timekeeper) -> None:
        try:
            await self._make_safe(bench, binding)
        finally:
            await keeper.stop()
            self._anchor(bench.clock)

    async def _script(self, bench: Bench, binding: Binding) -> Ending:
        clock = bench.clock
        points = Points(
            self.planned,
            self.design.attempts,
            clock=clock,
            record=self.record,
            report=self.service.publish,
        )
        trial = Trial(binding.roles, self.procedure.roles, points, clock=clock, record=self.record)
        background = Background(binding, clock)
        script = asyncio.create_task(self._guarded(trial, background), name=self.procedure.name)
        watch = asyncio.create_task(clock.wait(script), name=f"watch over {self.procedure.name}")
        background.victim = watch
        self.service.attach(watch, points.running)
        interrupted = True
        try:
            await clock.wait(watch)
            interrupted = not script.done()
        finally:
            self.service.detach()
            watch.cancel()
            await _unbroken(self._end(script, background, clock), clock)
            if background.sampled:
                self._note(clock, "sampling", {"channels": background.sampled})
            ending = self._ending(script, background, interrupted=interrupted)
            points.close("" if ending.error is None else str(ending.error))
            if points.left:
                self._note(clock, "points left", {"count": points.left})
                self.service.publish("points left", {"count": points.left})
        return ending

    async def _end(self, script: asyncio.Task[None], background: Background, clock: Clock) -> None:
        """End the script and the sampling; a script that goes on in spite of it is left to itself."""
        script.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(SCRIPT_DEADLINE):
                await clock.wait(script)
        await background.stop()

    async def _guarded(self, trial: Trial, background: Background) -> None:
        await background.start()
        await self.procedure.script(trial, self.parameters)

    def _ending(self, script: asyncio.Task[None], background: Background, *, interrupted: bool) -> Ending:
        if background.failure is not None:
            return Ending(FAILED, background.failure)
        if not script.done():
            fault = f"did not end within {SCRIPT_DEADLINE:g} s of being cancelled"
            remedy = "let asyncio.CancelledError pass"
            return Ending(FAILED, ProcedureFault(fault, where=self.procedure.name, remedy=remedy))
        if interrupted or script.cancelled():
            aborted = self.service.aborted
            reason = aborted.reason if aborted is not None else "interrupted"
            return Ending(ABORTED, Aborted(f"the run was aborted: {reason or 'no reason given'}"))
        error = script.exception()
        if error is None or isinstance(error, HilError | DriverError | CalibrationError):
            return Ending(COMPLETE if error is None else FAILED, error)
        return Ending(FAILED, _procedure_fault(self.procedure.name, error))

    async def _make_safe(self, bench: Bench, binding: Binding | None) -> None:
        if binding is not None:
            binding.close()
            with suppress(TimeoutError):
                async with asyncio.timeout(IDLE_DEADLINE):
                    await binding.idle()
        outcomes = await bench.safe_state()
        for outcome in outcomes:
            data = {"channel": outcome.channel, "value": outcome.value, "error": outcome.error}
            self._note(bench.clock, "safe state", data)
            if outcome.error:
                self.service.publish("safe state failed", data)
        reached = sum(outcome.ok for outcome in outcomes)
        self.service.publish("safe state", {"reached": reached, "of": len(outcomes)})

    def _note(self, clock: Clock, kind: str, data: dict[str, Any]) -> None:
        self.record.event(clock.utc(clock.now()), kind, data)

    def _anchor(self, clock: Clock) -> None:
        """Anchor bench time to the system clock."""
        self._note(clock, "bench clock", {"bench": clock.now(), "wall": time.time_ns()})


class Background:
    """Samples the channels that have a period, from before the script starts until it has ended.

    A reading that takes longer than the period costs the ticks that pass meanwhile: they are counted, not made up for.
    """

    def __init__(self, binding: Binding, clock: Clock) -> None:
        self._binding, self._clock = binding, clock
        self._tasks: list[asyncio.Task[None]] = []
        self._pacers: dict[str, Pacer] = {}
        self.failure: BaseException | None = None
        self.victim: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Measure each once, so that conditions are known before anything else is, and go on by period.

        All count from one time, so that channels of one period are read at the same times.
        """
        for channel, _ in self._periodic():
            await channel.measure()
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
            await channel.measure()

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or task.exception() is None:
            return
        if self.failure is None:
            self.failure = task.exception()
        if self.victim is not None:
            self.victim.cancel()


async def _unbroken(work: Coroutine[Any, Any, None], clock: Clock) -> None:
    """Do ``work`` to its end, whatever cancels the caller meanwhile; such a cancellation is raised afterwards."""
    task, cancelled = asyncio.create_task(work), False
    while not task.done():
        try:
            await clock.wait(task)
        except asyncio.CancelledError:
            cancelled = True
    task.result()
    if cancelled:
        raise asyncio.CancelledError


def _procedure_fault(name: str, error: BaseException) -> ProcedureFault:
    fault = ProcedureFault(raised(error), where=name, remedy="correct the procedure")
    fault.__cause__ = error
    return fault


def _bench_fault(name: str, error: Exception) -> BenchFault:
    fault = BenchFault(raised(error), where=name, remedy="correct the driver that raised it")
    fault.__cause__ = error
    return fault


def _identity(system: Any) -> dict[str, Any]:
    return {
        "name": system.name,
        "version": system.version,
        "digests": system.digests,
        "settings": system.settings,
    }
