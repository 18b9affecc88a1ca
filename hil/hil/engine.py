"""The engine: runs one procedure on one bench, records it, and always leaves the bench in its safe state."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hil_calibration.errors import CalibrationError
from hil_drivers.capability import Sensor
from hil_drivers.clock import Clock
from hil_drivers.errors import DriverError

from .bench.opened import Bench, open_bench
from .binding import Binding
from .clock_state import ClockState, read_clock_state
from .ending import FAILED, TRIPPED, Ending
from .errors import BenchFault, HilError, InterlockTripped, NotFit, raised
from .execution import Execution, unbroken
from .progress import Progress
from .safety.latches import Latches
from .service import Service
from .signals import show_ending
from .timekeeping import Timekeeper

if TYPE_CHECKING:
    from .bench.config import BenchConfig
    from .design import AdaptiveDesign, Design, Plan
    from .parameters import Parameters
    from .record import RecordWriter
    from .safety.supervisor import Supervisor
    from .scripts import Procedure
    from .shared import Shared


@dataclass(frozen=True)
class Engine:
    """One run of ``procedure`` on the bench that ``config`` describes.

    :param read_clock: reads the state of the system clock.
    :param progress: what is on record already, where a run is resumed.
    :param excused: an authorised deviation lets it begin although a calibration is overdue or a check failed.
    """

    procedure: Procedure
    parameters: Parameters
    config: BenchConfig
    design: Design | AdaptiveDesign
    plan: Plan
    record: RecordWriter
    service: Service
    seed: int | None
    speed: float | None
    read_clock: Callable[[], ClockState] = read_clock_state
    progress: Progress = field(default_factory=Progress)
    excused: bool = False

    async def run(self) -> Ending:
        """Run it. Only a cancellation of the calling task leaves this function as an exception."""
        try:
            if self.config.replays:
                from .lanes import Lanes

                return await Lanes(self).run()
            async with self.open_bench() as bench:
                return await self._run_on(bench)
        except (HilError, DriverError, CalibrationError) as error:
            return Ending(FAILED, error)
        except Exception as error:  # noqa: BLE001 (a bug in a driver: the record is closed, and it is told)
            return Ending(FAILED, _bench_fault(self.config.name, error))

    @property
    def roles(self) -> list[str]:
        """The roles of the bench that the procedure needs."""
        return [*self.procedure.roles, *self.config.ambient_roles]

    def open_bench(self, shared: Mapping[str, Shared] | None = None) -> AbstractAsyncContextManager[Bench]:
        """The bench, with what the procedure needs of it; ``shared`` is open already."""
        return open_bench(
            self.config,
            shared=shared,
            seed=self.seed,
            speed=self.speed,
            roles=self.roles,
            items=self.procedure.items,
            calibrated=self._measuring_roles(),
            since=self.progress.bench_time,
            excused=self.excused,
        )

    def _measuring_roles(self) -> list[str]:
        return [
            role
            for role, capability in self.procedure.roles.items()
            if capability is Sensor and role not in self.procedure.items
        ]

    async def _run_on(self, bench: Bench) -> Ending:
        supervisor: Supervisor | None = None
        ending = Ending(FAILED)
        simulated = bench.world is not None
        keeper = Timekeeper(bench.clock, self.record, simulated=simulated, read=self.read_clock)
        try:
            binding = Binding(self.procedure, bench, self.record, u_clock=lambda: keeper.u)
            supervisor = self.supervisor(bench, binding)
            self.show(bench, binding, supervisor)
            self.identify(bench.clock, binding)
            await keeper.start()
            self.anchor(bench.clock)
            await supervisor.arm()
            ending = await self._execute(bench, binding, supervisor)
        except InterlockTripped as error:
            ending = Ending(TRIPPED, error)
        finally:
            supervisor = supervisor or self.supervisor(bench, None)
            await unbroken(self.wind_up(bench, supervisor, keeper, ending.status), bench.clock)
            if self.service.overview is not None:
                self.service.overview.let_go()
        return ending

    def show(self, bench: Bench, binding: Binding, supervisor: Supervisor) -> None:
        """Let screens see what is measured, how the links do, and what is tripped."""
        self.service.channels = binding.channels
        self.service.cameras = binding.cameras
        self.service.bench_time = lambda: bench.clock.utc(bench.clock.now())
        if self.service.overview is not None:
            devices = bench.devices.items()
            self.service.overview.links = lambda: [(name, device.supervisor.status) for name, device in devices]
            self.service.overview.tripped = lambda: supervisor.tripped

    def supervisor(self, bench: Bench, binding: Binding | None) -> Supervisor:
        """The safety supervisor; one without a binding knows the safe state, and nothing else."""
        from .safety.supervisor import Supervisor

        folder = self.record.folder
        return Supervisor(
            bench,
            {} if binding is None else binding.watched(),
            record=self.record,
            publish=self.service.publish,
            close_queues=(lambda: None) if binding is None else binding.close,
            idle=None if binding is None else binding.idle,
            cut=None if binding is None else binding.cut,
            free=None if binding is None else binding.free,
            leave_alone=(lambda: None) if binding is None else binding.leave_alone,
            latches=Latches.of(folder.parent, self.config.name, folder.name),
        )

    def identify(self, clock: Clock, binding: Binding) -> None:
        """Put the systems under test on record.

        :raises NotFit: if a run that is resumed began with another one.
        """
        for role, system in binding.systems.items():
            self._identify(clock, {"role": role, **_identity(system)})

    def _identify(self, clock: Clock, system: dict[str, Any]) -> None:
        """Put a system under test on record.

        :raises NotFit: if a run that is resumed began with another one.
        """
        before = self.progress.systems.get(system["role"], system)
        if before != system:
            raise NotFit(
                "is not the system under test that the run began with",
                where=f"role {system['role']!r}",
                remedy="begin a new run",
            )
        self._note(clock, "system", system)

    async def _execute(self, bench: Bench, binding: Binding, supervisor: Supervisor) -> Ending:
        at_once: list[asyncio.Task[Any]] = []

        def make_safe() -> None:
            at_once.append(asyncio.create_task(supervisor.make_safe(urgent=True), name="safe stop"))

        execution = Execution(self, bench, binding, make_safe, supervisor.alarms)
        binding.on_lost = execution.lost
        supervisor.on_trip = execution.trip
        try:
            return await execution.run()
        finally:
            await bench.clock.wait(*at_once)

    async def wind_up(self, bench: Bench, supervisor: Supervisor, keeper: Timekeeper, status: str) -> None:
        """Bring the bench to its safe state, show how the run ended, and end the watch over it."""
        try:
            await supervisor.make_safe()
            await show_ending(bench, status, lambda data: self._note(bench.clock, "signal", data))
        finally:
            await supervisor.disarm()
            await keeper.stop()
            self.anchor(bench.clock)

    def _note(self, clock: Clock, kind: str, data: dict[str, Any]) -> None:
        self.record.event(clock.utc(clock.now()), kind, data)

    def anchor(self, clock: Clock) -> None:
        """Anchor bench time to the system clock."""
        self._note(clock, "bench clock", {"bench": clock.now(), "wall": time.time_ns()})


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
