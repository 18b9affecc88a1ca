"""One run from end to end: procedure, bench, record, results, documents, seal."""

from __future__ import annotations

import asyncio
import json
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, nullcontext
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hil_drivers.clock import WallClock
from hil_drivers.errors import DriverError

from . import parameters, scripts
from .beginning import Beginning
from .deadline import beside, in_thread, to_its_end
from .ending import ABORTED, COMPLETE, FAILED, Ending
from .engine import Engine
from .errors import (
    FAIL,
    INCONCLUSIVE,
    PASS,
    Aborted,
    BenchFault,
    HilError,
    ProcedureFault,
    RecordError,
    UsageError,
    exit_code,
    raised,
)
from .execution import unbroken
from .planning import Planned, planned
from .progress import Progress
from .resumption import decided
from .service import Event, Service
from .suggest import meant
from .traceability import not_traceable

if TYPE_CHECKING:
    from .bench.config import BenchConfig
    from .bench.laboratory import OrganisationSection
    from .record import Record, RecordWriter
    from .results import Results
    from .resumption import Resumption
    from .scripts import Procedure

EXIT = {"PASS": PASS, "FAIL": FAIL, "INCONCLUSIVE": INCONCLUSIVE}
SOFTWARE = ("hil-bench", "numpy", "scipy", "GTC", "opencv-python", "apsw", "pymodbus", "serialx", "lxml", "typst")


@dataclass(frozen=True)
class RunOutcome:
    """How a run ended.

    ``error`` is one sentence, empty where the run is complete; ``documents`` holds the paths of what was written.
    """

    folder: Path
    status: str
    exit_code: int
    results: dict[str, Any] = field(default_factory=dict)
    tables: tuple[dict[str, Any], ...] = ()
    verdict: dict[str, str] | None = None
    documents: tuple[Path, ...] = ()
    error: str = ""


@dataclass(frozen=True)
class Prepared:
    """A run whose procedure, parameters and bench exist and fit together."""

    procedure: Procedure
    parameters: parameters.Parameters
    config: BenchConfig
    seed: int
    resumption: Resumption | None = None


def prepare(
    name: str, bench: str, settings: Mapping[str, str], seed: int | None, *, resume: Path | None = None
) -> Prepared:
    """Find and check the procedure, its parameters and the bench.

    :param resume: the folder of a run to go on with; its parameters and seed hold where none are given.
    :raises UsageError: if one of them does not exist, or they do not fit together.
    """
    from .bench.config import load_bench
    from .documents.drafts import require_templates
    from .resumption import Resumption

    found = scripts.find(name)
    config = load_bench(bench)
    require_templates(config)
    resumption = None if resume is None else Resumption.of(resume, found.name, config)
    if resumption is not None and not settings:
        chosen = parameters.recorded(found.parameters, resumption.run["parameters"], where=name)
    else:
        chosen = parameters.parse(found.parameters, settings, where=name)
    found = found.with_roles(chosen)
    if resumption is not None and seed is None:
        seed = resumption.run["seed"]
    missing = sorted(set(found.roles) - set(config.roles))
    if missing:
        hint = meant(missing[0], config.roles)
        raise UsageError(
            f"the procedure {name!r} needs roles that this bench does not have: {', '.join(missing)}",
            where=str(config.path),
            remedy="; ".join(filter(None, ("bind them in [roles], or take another bench", hint))),
        )
    default = config.sim.seed if config.sim is not None else time.time_ns() % 2**31
    return Prepared(found, chosen, config, default if seed is None else seed, resumption)


def require_options(
    config: BenchConfig,
    speed: float | None,
    *,
    resumed: bool,
    locked: Path | None,
    deviation: str | None,
    authorised_by: str | None,
) -> None:
    """Check that what is asked of a run goes together; the arguments are those of `run_procedure`.

    :raises UsageError: if it does not.
    """
    if speed is not None and config.sim is None:
        raise UsageError("speed belongs to a simulated bench", where=str(config.path), remedy="leave it out")
    if speed is not None and not 0.0 < speed < float("inf"):
        raise UsageError(f"speed {speed:g} is not a finite number above 0", remedy="give bench seconds per wall second")
    if deviation is None and authorised_by is not None:
        raise UsageError("a deviation without a reason", remedy='say why with --deviation "why"')
    if deviation is not None and not resumed and locked is None and authorised_by is None:
        raise UsageError("there is nothing to deviate from", remedy="give it with --resume, --plan or --authorised-by")
    if locked is not None and resumed:
        raise UsageError("the plan of a run that is resumed is on its record", remedy="leave out --plan")


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
        self._design, self._plan, self._document = planned.design, planned.plan, planned.document
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
            record = RecordWriter.resume(self._folder, t, {**facts, "software": _software()})
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
            design=self._design,
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
                outcome = await beside(self._conclude)
            except (Exception, SystemExit) as error:  # noqa: BLE001 (the record is safe; the analysis is told in one sentence)
                outcome = self._failed(Ending(FAILED, _told(self._procedure.name, error)))
        try:
            seal(self._folder)
        except RecordError as error:
            return self._failed(Ending(FAILED, error))
        return outcome

    def _failed(self, ending: Ending) -> RunOutcome:
        return RunOutcome(self._folder, ending.status, ending.exit_code, error=str(ending.error or ""))

    def _conclude(self) -> RunOutcome:
        """Analyse the record, and write results, and documents where they are wanted."""
        from .documents.drafts import Documents, write_documents
        from .record import open_run

        record = open_run(self._folder)
        results = self._procedure.analyse(record, self._prepared.parameters)
        data = self._results(record, results)
        documents = Documents()
        if self._documented:
            documents = write_documents(self._folder, record, results, self._config)
        if documents.identifier:
            data["document"] = documents.identifier
        path = self._folder / "results.json"
        path.write_text(json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
        verdict = results.verdict
        return RunOutcome(
            self._folder,
            COMPLETE,
            PASS if verdict is None else EXIT[verdict.outcome],
            results=data,
            tables=tuple(asdict(table) for table in results.summary),
            verdict=None if verdict is None else asdict(verdict),
            documents=(*documents.paths, path),
        )

    def _results(self, record: Record, results: Results) -> dict[str, Any]:
        return {
            "run": self._folder.name,
            "procedure": {"name": self._procedure.name, "version": self._procedure.version},
            "bench": self._config.name,
            "provenance": self._config.provenance,
            "not_traceable": not_traceable(record),
            "seed": self._prepared.seed,
            "verdict": None if results.verdict is None else asdict(results.verdict),
            "results": results.data,
        }

    def _header(self) -> dict[str, Any]:
        """The facts about the run: what a reader needs to understand and to repeat it."""
        from .bench.world import world_name

        config, found = self._config, self._procedure
        return {
            **decided(self._prepared, self._design, self._document, locked=self._locked),
            "parameter_units": parameters.units(found.parameters),
            "roles": {role: config.roles[role] for role in found.roles},
            "items": sorted(found.items),
            "provenance": config.provenance,
            "world": world_name(config, self._prepared.seed),
            "not_traceable": self._excused,
            "speed": "lockstep" if self._speed is None and config.sim is not None else self._speed,
            "operator": self._operator,
            "laboratory": _address(config.laboratory.laboratory),
            "customer": _address(config.laboratory.customer),
            "reporting": config.laboratory.reporting.model_dump(mode="json"),
            "files": {name: path.read_text(encoding="utf-8") for name, path in config.registers.items()},
            "begun": time.time_ns(),
            "software": _software(),
        }


def excused_faults(prepared: Prepared, authorised_by: str) -> list[str]:
    """What a person authorises a run to begin with.

    :raises UsageError: the person may not, or there is nothing to authorise.
    """
    from .bench.fit import excusable_faults

    config, procedure = prepared.config, prepared.procedure
    config.laboratory.require_role(authorised_by, "authoriser")
    needed = config.needed_channels([*procedure.roles, *config.ambient_roles])
    items = {config.roles[role] for role in procedure.items}
    faults = excusable_faults(config, [name for name in needed if name not in items], seed=prepared.seed)
    if not faults:
        raise UsageError("the bench is fit to start", where=str(config.path), remedy="leave out --authorised-by")
    return faults


def _software() -> dict[str, str]:
    return {name: version(name) for name in SOFTWARE} | {"python": platform.python_version()}


def _address(organisation: OrganisationSection) -> str:
    return f"{organisation.name}, {organisation.street}, {organisation.post_code} {organisation.city}"


def _told(name: str, error: BaseException) -> BaseException:
    if exit_code(error) != 70:
        return error
    fault = ProcedureFault(f"the analysis {raised(error)}", where=name, remedy="correct the analysis")
    fault.__cause__ = error
    return fault


def jsonable(facts: dict[str, Any]) -> dict[str, Any]:
    """``facts`` as they read once they are on record."""
    from .record.rows import json_text

    return {key: json.loads(json_text(value, key)) for key, value in facts.items()}


def _discard(_: object) -> None:
    return None


__all__ = ["HilError", "RunOutcome", "prepare", "run_procedure"]
