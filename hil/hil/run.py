"""One run from end to end: procedure, bench, record, results, documents, seal."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hil_drivers.clock import WallClock
from hil_drivers.errors import DriverError

from .beginning import Beginning
from .conclusion import RunOutcome, conclude, fault_of
from .deadline import beside, in_thread, to_its_end
from .ending import ABORTED, COMPLETE, FAILED, Ending
from .engine import Engine
from .errors import Aborted, BenchFault, HilError, RecordError
from .execution import unbroken
from .planning import Planned, planned
from .preparation import Prepared, excused_faults, prepare, require_options
from .progress import Progress
from .run_header import header, jsonable, software
from .service import Event, Service

if TYPE_CHECKING:
    from .record import RecordWriter
    from .resumption import Resumption


async def _prepared(
    name: str, bench: str, settings: Mapping[str, str], seed: int | None, resume: Path | None
) -> Prepared:
    return await in_thread(prepare, name, bench, settings, seed, resume=resume)


async def _planned(prepared: Prepared, locked: Path | None, deviation: str | None) -> Planned:
    return await in_thread(planned, prepared, locked, deviation)


async def run_procedure(
    procedure: str,
    bench: str,
    *,
    settings: Mapping[str, str],
    seed: int | None,
    speed: float | None,
    out: Path,
    operator: str,
    on_event: Callable[[Event], None],
    service: Service | None = None,
    resume: Path | None = None,
    locked: Path | None = None,
    deviation: str | None = None,
    authorised_by: str | None = None,
    reach: AbstractAsyncContextManager[object] | None = None,
    documents: bool = True,
) -> RunOutcome:
    """Run a procedure on a bench and write its record, results and documents.

    :param settings: parameters of the procedure, as text.
    :param seed: of the order of points, and of the simulated world; the bench file's, or a new one, by default.
    :param speed: bench seconds per wall second of a simulated bench; ``None`` for lockstep.
    :param out: the folder in which the run's folder is made.
    :param on_event: receives every event of the run.
    :param resume: the folder of a run that ended before its plan was complete, to go on with.
    :param locked: a locked plan that the run must follow.
    :param deviation: why it may be resumed although something changed, depart from its locked plan, or begin although
        a calibration is overdue or a check failed.
    :param authorised_by: who authorises that it begins so; then nothing that comes of it is traceable.
    :param reach: lets commands in; entered before the bench opens, and left once it is in its safe state.
    :param documents: whether report and certificate are written beside the results.
    :raises UsageError: before anything is written, for what can be known to be wrong by then.
    """
    service = service or Service()
    begun, beginning = service.number, Beginning()
    service.attach(beginning)
    prepared = await beginning.unless_ended(_prepared(procedure, bench, settings, seed, resume))
    if prepared is None:
        raise Aborted(str(beginning.ending.error))
    require_options(
        prepared.config,
        speed,
        resumed=resume is not None,
        locked=locked,
        deviation=deviation,
        authorised_by=authorised_by,
    )
    plan = await beginning.unless_ended(_planned(prepared, locked, deviation))
    if plan is None:
        raise Aborted(str(beginning.ending.error))
    from .safety.recovery import recover
    from .safety.whereabouts import remember, require_settled

    runs = out if resume is None else resume.parent
    require_settled(prepared.config, runs)
    excused = [] if authorised_by is None else excused_faults(prepared, authorised_by)
    async with AsyncExitStack() as told, AsyncExitStack() as commanded:
        for receive in (on_event, beginning.heard):
            told.callback(service.subscribe(receive, after=begun))
        await commanded.enter_async_context(reach or nullcontext())
        recovered, refused = list[dict[str, Any]](), None
        try:
            recovered = await recover(prepared.config, runs, seed=prepared.seed, publish=service.publish)
        except BenchFault as fault:
            if resume is not None:
                raise
            refused = fault
        remember(prepared.config, runs)
        run = await beside(
            _Run,
            prepared,
            plan,
            service,
            speed=speed,
            out=out,
            operator=operator,
            locked=locked is not None,
            deviation=deviation,
            excused=excused,
            authorised_by=authorised_by,
            recovered=recovered,
            refused=refused,
            beginning=beginning,
            commanded=commanded,
            documents=documents,
        )
        return await run.carry_out()


class _Run:
    def __init__(
        self,
        prepared: Prepared,
        planned: Planned,
        service: Service,
        *,
        speed: float | None,
        out: Path,
        operator: str,
        locked: bool,
        deviation: str | None,
        excused: Sequence[str],
        authorised_by: str | None,
        recovered: Sequence[dict[str, Any]],
        refused: BenchFault | None,
        beginning: Beginning,
        commanded: AsyncExitStack,
        documents: bool,
    ) -> None:
        from .record import create_run_folder

        self._recovered, self._beginning, self._commanded = recovered, beginning, commanded
        self._documented = documents
        self._refused = refused
        self._excused, self._authorised_by = list(excused), authorised_by
        self._prepared, self._service, self._speed, self._operator = prepared, service, speed, operator
        self._procedure, self._config = prepared.procedure, prepared.config
        self._planned, self._plan = planned, planned.plan
        self._resumption = prepared.resumption
        self._locked, self._departures = locked, planned.departures
        if self._resumption is None:
            self._folder = create_run_folder(out, self._procedure.name, self._config.name, time.time_ns())
        else:
            self._folder = self._resumption.record.folder
            self._departures = self._resumption.check(jsonable(self._header()), self._config, deviation)
        self._deviation = deviation

    async def carry_out(self) -> RunOutcome:
        record = self._begin()
        for found in self._recovered:
            record.event(self._resumed_at(), "recovered", found)
        record.keep_pictures_of(name for name, device in self._config.devices.items() if device.record == "frames")
        self._service.publish("run", {"folder": str(self._folder), "points": self._plan.count})
        self._service.flush = record.flush
        record.subscribe(lambda committed: _discard(self._service.publish("committed", asdict(committed))))
        cancelled = False
        try:
            await record.flush()
            ending = await self._carry_out(record)
        except asyncio.CancelledError:
            cancelled = True
            ending = Ending(ABORTED, Aborted("the run was interrupted"))
        except (HilError, DriverError) as error:
            ending = Ending(FAILED, error)
        self._service.detach()
        outcome = await to_its_end(asyncio.ensure_future(self._end(record, ending)))
        if cancelled:
            raise asyncio.CancelledError
        return outcome

    async def _end(self, record: RecordWriter, ending: Ending) -> RunOutcome:
        await self._commanded.aclose()
        outcome = await self._finish(record, ending)
        self._service.publish("finished", {"status": outcome.status, "error": outcome.error})
        return outcome

    async def _carry_out(self, record: RecordWriter) -> Ending:
        """How it ends; at once where the bench that a run before had left could not be made safe."""
        if self._refused is not None:
            return Ending(FAILED, self._refused)
        begun = await self._beginning.unless_ended(self._engine(record).run())
        return begun or await self._end_before_it_began(record)

    async def _end_before_it_began(self, record: RecordWriter) -> Ending:
        """A command came before the bench was open: after a stop it is brought to its safe state nevertheless."""
        if self._beginning.ended_by is not None:
            record.event(self._resumed_at(), "command of operator", self._beginning.ended_by.to_json())
        if self._beginning.unsafe:
            await unbroken(self._make_safe(record), WallClock())
        return self._beginning.ending

    async def _make_safe(self, record: RecordWriter) -> None:
        from .safety.recovery import bring_to_safe_state

        outcomes, faults = await bring_to_safe_state(self._config, self._prepared.seed)
        for outcome in outcomes:
            record.event(self._resumed_at(), "safe state", outcome.to_json())
        for fault in faults:
            self._service.publish("safe state failed", {"error": fault})
        self._service.publish("safe state", {"reached": sum(each.ok for each in outcomes), "of": len(outcomes)})

    def _begin(self) -> RecordWriter:
        from .record import RecordWriter

        t = self._resumed_at()
        facts = {"operator": self._operator, "deviation": self._deviation, "not_traceable": self._excused}
        if self._resumption is None:
            record = RecordWriter.create(self._folder, self._header())
        else:
            record = RecordWriter.resume(self._folder, t, {**facts, "software": software()})
        for departure in self._departures:
            reason = self._deviation or ""
            record.amend(t, self._operator, reason, f"run {departure.what}", departure.before, departure.now)
        if self._authorised_by is not None:
            record.amend(t, self._authorised_by, self._deviation or "", "run fitness", [], self._excused)
        if self._resumption is not None:
            self._tell_resumed(self._resumption)
        return record

    def _tell_resumed(self, resumption: Resumption) -> None:
        done, count = len(resumption.progress.history), self._plan.count
        self._service.publish("resumed", {"committed": done, "left": None if count is None else count - done})

    def _header(self) -> dict[str, Any]:
        return header(
            self._prepared,
            self._planned,
            locked=self._locked,
            speed=self._speed,
            operator=self._operator,
            excused=self._excused,
        )

    def _resumed_at(self) -> int:
        """UTC in nanoseconds: on a simulated bench that of its own time."""
        if self._config.sim is None:
            return time.time_ns()
        from .bench.world import start_utc

        return start_utc(self._config.sim) + (0 if self._resumption is None else self._resumption.progress.bench_time)

    def _engine(self, record: RecordWriter) -> Engine:
        simulated = self._config.sim is not None
        return Engine(
            procedure=self._procedure,
            parameters=self._prepared.parameters,
            config=self._config,
            design=self._planned.design,
            plan=self._plan,
            record=record,
            service=self._service,
            seed=self._prepared.seed if simulated else None,
            speed=self._speed,
            progress=Progress() if self._resumption is None else self._resumption.progress,
            excused=self._authorised_by is not None,
        )

    async def _finish(self, record: RecordWriter, ending: Ending) -> RunOutcome:
        from .record import seal

        try:
            await record.close(ending.status, reason=str(ending.error or ""))
        except RecordError as error:
            self._service.publish("record failed", {"reason": str(error)})
            return self._failed(Ending(FAILED, ending.error or error))
        if ending.status != COMPLETE:
            outcome = self._failed(ending)
        else:
            try:
                outcome = await beside(conclude, self._folder, self._prepared, documented=self._documented)
            except (Exception, SystemExit) as error:  # noqa: BLE001 (the record is safe; the analysis is told in one sentence)
                outcome = self._failed(Ending(FAILED, fault_of("analysis", self._procedure.name, error)))
        try:
            seal(self._folder)
        except RecordError as error:
            return self._failed(Ending(FAILED, error))
        return outcome

    def _failed(self, ending: Ending) -> RunOutcome:
        return RunOutcome(self._folder, ending.status, ending.exit_code, error=str(ending.error or ""))


def _discard(_: object) -> None:
    return None


__all__ = ["RunOutcome", "run_procedure"]
