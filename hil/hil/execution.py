"""The script of a procedure on an open bench: started, commanded, cut off, and its ending told."""

from __future__ import annotations

import asyncio
import math
from collections import ChainMap
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from hil_calibration.errors import CalibrationError
from hil_drivers.errors import DriverError

from .background import Background
from .commands import Stop
from .conditions import Condition, Conditions
from .control import RunControl
from .deadline import retrieve
from .ending import ABORTED, ABORTED_AS, COMPLETE, FAILED, STOPPED, STOPPED_BY, TRIPPED, Ending
from .errors import Aborted, HilError, ProcedureFault, raised
from .measurement import in_lane
from .pausing import PauseState, Pausing, pausable
from .points import Points
from .prompts import Prompts
from .tolerance import Tolerance
from .trial import Trial
from .waits import Waits

if TYPE_CHECKING:
    from hil_drivers.clock import Clock

    from .bench.config import BenchConfig
    from .bench.opened import Bench
    from .binding import Binding
    from .design import PlannedPoint
    from .engine import Engine
    from .safety.alarms import Alarms
    from .safety.trip import Trip

SCRIPT_DEADLINE = 10.0
"""Wall seconds that a script may take to end once it is cancelled, its own clearing up included."""


class Among(Protocol):
    """The executions that share a plan, as one of them knows it; ``numbers`` are those of their questions."""

    numbers: Iterator[int]

    def attach(self, control: RunControl) -> None:
        """It has begun, and takes commands."""

    def pause_changed(self, state: PauseState) -> None:
        """It holds, or goes on."""

    def offered(self, planned: PlannedPoint, attempt: int) -> None:
        """It goes to an attempt at a point."""


class Execution:
    """One execution of the engine's procedure.

    :param make_safe: begins to bring the bench to its safe state, without waiting for the script.
    :param alarms: of the safety supervisor.
    :param among: the others, where it is one of several that share a plan; the first of them makes the plan's points.
    """

    def __init__(
        self,
        engine: Engine,
        bench: Bench,
        binding: Binding,
        make_safe: Callable[[], None],
        alarms: Alarms,
        *,
        among: Among | None = None,
    ) -> None:
        self._engine, self._bench, self._binding, self._among = engine, bench, binding, among
        self._clock, self._service = bench.clock, engine.service
        self._pausing = Pausing(bench.clock, self._pause_changed if among is None else among.pause_changed)
        self._conditions = Conditions(conditions(engine.config, binding.lane), bench.clock)
        self._points = Points(
            engine.plan,
            engine.design.attempts,
            clock=bench.clock,
            record=engine.record,
            report=engine.service.publish,
            units=engine.design.factors,
            pausing=self._pausing,
            conditions=self._conditions,
            tried=engine.progress.tried,
            history=engine.progress.history,
            offered=None if among is None else among.offered,
        )
        self._prompts = Prompts(
            bench.clock,
            self._pausing,
            self._tell,
            durable=engine.record.flush,
            numbers=None if among is None else among.numbers,
        )
        engine.service.cameras = ChainMap(self._prompts.pictures, engine.service.cameras)
        self._background = Background(binding, bench.clock, self._conditions, self._tell, self.end)
        waits = Waits(bench.clock, engine.service.publish if binding.lane == 1 else _untold)
        self._control = RunControl(
            self._pausing,
            self._points,
            self._prompts,
            alarms,
            waits,
            note=self._note,
            end=self.end,
            make_safe=make_safe,
        )
        self._trial = Trial(
            binding.roles,
            engine.procedure.roles,
            self._points,
            clock=bench.clock,
            record=engine.record,
            prompts=self._prompts,
            waits=waits,
        )
        self._watch: asyncio.Task[None] | None = None
        self._tripped: Trip | None = None

    async def run(self) -> Ending:
        """Run the script to its end, or to a command, a failure or a cancellation that ends it before."""
        clock, name = self._clock, self._engine.procedure.name
        script = asyncio.create_task(self._script(), name=name)
        watch = self._watch = asyncio.create_task(clock.wait(script), name=f"watch over {name}")
        if self._among is None:
            self._service.attach(self._control)
        else:
            self._among.attach(self._control)
        interrupted = True
        try:
            await clock.wait(watch)
            interrupted = not script.done()
        finally:
            self._control.ending = True
            watch.cancel()
            await unbroken(self._end(script), clock)
            self._control.over = True
            ending = self._ending(script, interrupted=interrupted)
            self._tell_the_rest(ending)
        return ending

    def end(self) -> None:
        """Cut the script off."""
        if self._watch is not None:
            self._watch.cancel()

    def trip(self, trip: Trip) -> None:
        """An interlock tripped, and the bench is on its way to the safe state: cut the script off."""
        self._tripped = trip
        self.end()

    def lost(self, device: str, error: Exception) -> None:
        """A device that the script uses does not answer: what is being observed does not count."""
        self._tell("device lost", {"device": device, "reason": str(error)})
        if self._points.current is not None:
            self._points.current.disturb(str(error))

    async def _script(self) -> None:
        await self._background.start()
        with pausable(self._pausing):
            try:
                await self._engine.procedure.script(self._trial, self._engine.parameters)
            except SystemExit as error:  # it would end the loop, and with it the supervisor
                raise procedure_fault(self._engine.procedure.name, error) from error

    async def _end(self, script: asyncio.Task[None]) -> None:
        """End the script and the sampling; a script that goes on in spite of it is left to itself."""
        script.cancel()
        script.add_done_callback(retrieve)
        with suppress(TimeoutError):
            async with asyncio.timeout(SCRIPT_DEADLINE):
                await self._clock.wait(script)
        await self._background.stop()

    def _ending(self, script: asyncio.Task[None], *, interrupted: bool) -> Ending:
        name = self._engine.procedure.name
        if self._tripped is not None:
            return Ending(TRIPPED, self._tripped.error())
        if self._background.failure is not None and not _only_refused(self._background.failure):
            return Ending(FAILED, self._background.failure)
        if not script.done():
            fault = f"did not end within {SCRIPT_DEADLINE:g} s of being cancelled"
            return Ending(FAILED, ProcedureFault(fault, where=name, remedy="let asyncio.CancelledError pass"))
        if interrupted or script.cancelled() or _only_refused(script.exception()):
            return self._cut_off()
        error = script.exception()
        if error is None or isinstance(error, HilError | DriverError | CalibrationError):
            return Ending(COMPLETE if error is None else FAILED, error)
        return Ending(FAILED, procedure_fault(name, error))

    def _cut_off(self) -> Ending:
        command = self._control.ended_by
        reason = "interrupted" if command is None else command.reason or "no reason given"
        if isinstance(command, Stop):
            return Ending(STOPPED, Aborted(f"{STOPPED_BY} {command.operator}: {reason}"))
        return Ending(ABORTED, Aborted(f"{ABORTED_AS}: {reason}"))

    def _tell_the_rest(self, ending: Ending) -> None:
        if self._background.sampled:
            self._note("sampling", {"channels": self._background.sampled})
        self._points.close("" if ending.error is None else str(ending.error))
        if self._points.left != 0 and self._among is None:
            self._tell("points left", {"count": self._points.left})

    def _pause_changed(self, state: PauseState) -> None:
        self._tell("state", {"state": str(state)})

    def _tell(self, kind: str, data: dict[str, Any]) -> None:
        self._note(kind, data)
        self._service.publish(kind, data)

    def _note(self, kind: str, data: dict[str, Any]) -> None:
        self._engine.record.event(self._clock.utc(self._clock.now()), kind, data)


async def unbroken(work: Coroutine[Any, Any, None], clock: Clock) -> None:
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


def _untold(_kind: str, _data: dict[str, Any]) -> None:
    """What every lane does alike is told by the first of them."""


def conditions(config: BenchConfig, lane: int = 1) -> dict[str, Condition]:
    """The ``[gates]`` of a bench, on the channels of a lane."""
    found = {}
    for name, gate in config.gates.items():
        channel = config.channels[gate.channel]
        lower = -math.inf if gate.lower is None else gate.lower
        upper = math.inf if gate.upper is None else gate.upper
        tolerance = Tolerance(lower, upper, gate.filter or 0.0, gate.hold_off or 0.0, gate.confidence)
        found[name] = Condition(in_lane(gate.channel, lane), channel.unit, channel.period or 0.0, tolerance)
    return found


def procedure_fault(name: str, error: BaseException) -> ProcedureFault:
    """A bug of the procedure, with its place."""
    fault = ProcedureFault(raised(error), where=name, remedy="correct the procedure")
    fault.__cause__ = error
    return fault


def _only_refused(error: BaseException | None) -> bool:
    """Whether all that failed is that the devices took nothing more, because the run is being ended."""
    if isinstance(error, BaseExceptionGroup):
        return all(map(_only_refused, error.exceptions))
    return isinstance(error, Aborted)
