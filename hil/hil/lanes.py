"""A run on a dataset bench: several points at once, each in a lane with devices, a clock and a script of its own.

The lanes draw from one plan and write one record. What they share runs on the machine's time; within a lane nothing is
waited for, as bench time goes on where everything of the lane sleeps. See docs/decisions/0021-lanes.md.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from hil_calibration.errors import CalibrationError
from hil_drivers.capability import Camera, Scene, Source
from hil_drivers.clock import WallClock
from hil_drivers.data_set import NOT_STATED
from hil_drivers.errors import DriverError
from hil_drivers.replay import Recording, Replay

from .bench.opened import open_shared
from .binding import Binding
from .ending import ABORTED, COMPLETE, FAILED, Ending
from .errors import Aborted, HilError, NotFit, ProcedureFault, raised
from .execution import Execution, unbroken
from .lanes_control import LanesControl
from .origins import EVENT
from .replay import USED, Occasions, Uses, require_recordings
from .timekeeping import Timekeeper

if TYPE_CHECKING:
    from .bench.opened import Bench
    from .control import RunControl
    from .design import PlannedPoint
    from .engine import Engine
    from .pausing import PauseState
    from .safety.supervisor import Supervisor
    from .shared import Shared

LET_GO = 10.0
"""Wall seconds that what a lane's script left under way may take to end."""


def lanes_of(engine: Engine) -> int:
    """How many lanes a run has: one where the plan depends on what is observed, and never more than points."""
    if engine.plan.count is None:
        return 1
    asked = engine.config.bench.lanes
    return max(1, min(os.cpu_count() or 1 if asked == "cores" else asked, engine.plan.count))


class Lanes:
    """All lanes of one run of ``engine``."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self._clock = engine, WallClock()
        self.numbers: Iterator[int] = itertools.count(1)
        self.occasions = Occasions(engine.plan, engine.progress.history)
        self.uses = Uses() if not engine.progress.tried else _uses(engine)
        self.control = LanesControl(engine.service.publish, self._note)
        self._lanes = [Lane(self, number) for number in range(1, lanes_of(engine) + 1)]
        self._first_error: Ending | None = None
        self.shared: dict[str, Shared] = {}

    async def run(self) -> Ending:
        """Run them. Only a cancellation of the calling task leaves this function as an exception."""
        config = self.engine.config
        names = [name for name in config.needed_devices(self.engine.roles) if config.devices[name].shared]
        async with open_shared(config, names if len(self._lanes) > 1 else []) as self.shared:
            return await self._run()

    async def _run(self) -> Ending:
        tasks = [asyncio.create_task(lane.run(), name=f"lane {lane.number}") for lane in self._lanes]
        for task in tasks:
            task.add_done_callback(self._ended)
        try:
            for lane in self._lanes:
                await lane.ready.wait()
            if (failed := next((lane for lane in self._lanes if not lane.opened), None)) is not None:
                return await tasks[failed.number - 1]
            return await self._run_together(tasks)
        finally:
            await unbroken(_end(tasks), self._clock)
            if self.engine.service.overview is not None:
                self.engine.service.overview.let_go()

    async def _run_together(self, tasks: list[asyncio.Task[Ending]]) -> Ending:
        engine, first = self.engine, self._lanes[0]
        bench = replace(first.bench, clock=self._clock)
        keeper = Timekeeper(self._clock, engine.record, simulated=True, read=engine.read_clock)
        supervisor = engine.supervisor(bench, None)
        ending = Ending(FAILED)
        try:
            self._begin(supervisor)
            await keeper.start()
            engine.anchor(self._clock)
            await supervisor.arm()
            for lane in self._lanes:
                lane.go.set()
            await asyncio.wait(tasks)
            ending = self._first_error or Ending(COMPLETE)
            if ending.status != COMPLETE and self.left:
                self._note("points left", {"count": self.left})
                engine.service.publish("points left", {"count": self.left})
        finally:
            for lane in self._lanes:
                lane.go.set()
                lane.end()
            await unbroken(_end(tasks), self._clock)
            await unbroken(engine.wind_up(bench, supervisor, keeper, ending.status), self._clock)
        return ending

    @property
    def left(self) -> int:
        """How many points of the plan do not count yet."""
        count = self.engine.plan.count
        return 0 if count is None else count - len(self.engine.progress.history)

    def _begin(self, supervisor: Supervisor) -> None:
        """What is checked and told once all lanes are open, before a script begins."""
        engine, first = self.engine, self._lanes[0]
        for lane in self._lanes[1:]:
            if lane.binding.systems != first.binding.systems:
                raise NotFit("differs between lanes", where="the system under test", remedy="look at its files")
        require_recordings(first.replays, engine.plan, engine.progress.history)
        self.control.alarms = supervisor.alarms
        engine.show(first.bench, first.binding, supervisor)
        engine.identify(self._clock, first.binding)
        self._note("lanes", {"count": len(self._lanes)})
        for name, device in first.replays.items():
            self._note(EVENT, {"device": name, **device.facts})
        for name in first.unstated():
            self._note(EVENT, {"device": name, "origin": NOT_STATED})
        engine.service.attach(self.control)

    def _ended(self, task: asyncio.Task[Ending]) -> None:
        """A lane has ended; one that did not come to the end of the plan ends the others."""
        ending = Ending(ABORTED, Aborted("the run was interrupted")) if task.cancelled() else task.result()
        if ending.status != COMPLETE and self._first_error is None:
            self._first_error = ending
            for lane in self._lanes:
                lane.end()
        self.control.changed()

    def _note(self, kind: str, data: dict[str, Any]) -> None:
        self.engine.record.event(self._clock.utc(self._clock.now()), kind, data)


class Lane:
    """One lane (`hil.execution.Among`), ``number`` counted from 1: a bench of its own, and one script on it."""

    bench: Bench
    binding: Binding

    def __init__(self, lanes: Lanes, number: int) -> None:
        self._lanes, self.number, self.numbers = lanes, number, lanes.numbers
        self.ready, self.go = asyncio.Event(), asyncio.Event()
        self.opened = False
        self.replays: dict[str, Replay] = {}
        self._point = self._attempt = 0
        self._execution: Execution | None = None
        self._ended = False

    async def run(self) -> Ending:
        """Open the bench, run the script when it may begin, and close the bench."""
        try:
            async with self._lanes.engine.open_bench(self._lanes.shared) as bench:
                self._bind(bench)
                self.opened = True
                self.ready.set()
                await self.go.wait()
                return await self._run_on(bench)
        except (HilError, DriverError, CalibrationError) as error:
            return Ending(FAILED, error)
        except Exception as error:  # noqa: BLE001 (a bug in a driver: the record is closed, and it is told)
            fault = ProcedureFault(raised(error), where=f"lane {self.number}", remedy="correct the driver")
            fault.__cause__ = error
            return Ending(FAILED, fault)
        finally:
            self.ready.set()

    def unstated(self) -> list[str]:
        """The devices that stand for equipment and do not tell what they replay."""
        config = self._lanes.engine.config
        read = {config.channels[name].device for name in self.bench.channels}
        return [
            name
            for name, device in self.bench.devices.items()
            if name not in self.replays and (name in read or isinstance(device, Camera | Scene | Source))
        ]

    def end(self) -> None:
        """Cut the script off, or let it not begin."""
        self._ended = True
        if self._execution is not None:
            self._execution.end()

    def attach(self, control: RunControl) -> None:
        self._lanes.control.add(control)

    def pause_changed(self, state: PauseState) -> None:  # noqa: ARG002 (all of them are looked at)
        self._lanes.control.changed()

    def offered(self, planned: PlannedPoint, attempt: int) -> None:
        self._point, self._attempt = planned.index, attempt
        for device in self.replays.values():
            device.present(self._lanes.occasions.of(planned.index, planned.factors))

    def _bind(self, bench: Bench) -> None:
        engine = self._lanes.engine
        self.bench, self.binding = bench, Binding(engine.procedure, bench, engine.record, lane=self.number)
        self.replays = {name: device for name, device in bench.devices.items() if isinstance(device, Replay)}
        for name, device in self.replays.items():
            device.on_use = partial(self._use, name, device)

    def _use(self, name: str, device: Replay, recording: Recording) -> None:
        data = {"device": name, "file": recording.file, "sha256": recording.sha256}
        clock = self.bench.clock
        place = {"point": self._point, "attempt": self._attempt, "lane": self.number}
        self._lanes.engine.record.event(clock.utc(clock.now()), USED, data | place)
        self._lanes.uses.use(name, recording, self._point, reuse=device.reuse)

    async def _run_on(self, bench: Bench) -> Ending:
        if self._ended:
            return Ending(ABORTED, Aborted("the run ended before this lane began"))
        control = self._lanes.control
        execution = self._execution = Execution(
            self._lanes.engine, bench, self.binding, _nothing, control.alarms, among=self
        )
        self.binding.on_lost = execution.lost
        try:
            return await execution.run()
        finally:
            self.binding.close()
            with suppress(TimeoutError):
                async with asyncio.timeout(LET_GO):
                    await self.binding.idle()
            self.binding.leave_alone()


def _uses(engine: Engine) -> Uses:
    from .record import open_run

    return Uses.on_record(open_run(engine.record.folder), engine.progress.history)


async def _end(tasks: list[asyncio.Task[Ending]]) -> None:
    """End what has not ended yet, and wait for it."""
    for task in tasks:
        if not task.done():
            task.cancel()
    await asyncio.wait(tasks)


def _nothing() -> None:
    """A dataset bench has no safe state to bring it to."""
