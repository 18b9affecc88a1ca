"""The bench that keeps running: it watches its channels, works its queue off, and survives its clients."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..commanding.commander import Commander, RunFacts
from ..ending import FAILED, ended_by_person
from ..lease import Leases
from ..overview import overview
from ..safety.alarms import Alarms
from ..safety.latch import State
from ..safety.latches import Latches
from ..service import Event, Service
from .commands import StationControl
from .disk import Disk
from .journal import Journal
from .lookout import Lookout, declare
from .notifier import NOTIFICATION, Notifier
from .past import past
from .queue import AS_ENDED, Item, RunQueue
from .safe import Safe
from .words import in_words

if TYPE_CHECKING:
    from ..bench.config import BenchConfig
    from ..monitor.bench import WatchedBench
    from ..run import RunOutcome

BEAT = 1.0
"""Wall seconds between two looks at leases and alarms."""

RETRY = 10.0
"""Wall seconds after which a bench that could not be watched is tried again."""

JOURNAL, QUEUE, OUTBOX = "service.jsonl", "queue.json", "outbox.db"


class Station:
    """One bench in service.

    :param out: the folder of its runs, its queue and its journal.
    :param beat: called each second that the loop is alive.
    :param notify: the file that says who is told of alarms elsewhere; nobody by default.
    """

    def __init__(
        self,
        config: BenchConfig,
        out: Path,
        facts: RunFacts,
        *,
        beat: Callable[[], None],
        notify: Path | None = None,
    ) -> None:
        self.config, self._out, self.facts, self._beat = config, out, facts, beat
        self.service = Service()
        self.service.overview = overview(config)
        self.service.subscribe(facts.heard)
        self.service.subscribe(self._heard)
        self._disk = Disk()
        self._journal = Journal(out / JOURNAL, self._disk)
        before = past(out / JOURNAL)
        self._wake = asyncio.Event()
        self._safe = Safe(config, out, self._tell, self._wake.set)
        self.queue = RunQueue(out / QUEUE, self._disk, self._wake.set)
        self.leases = Leases(self._tell, epoch=before.epoch)
        self.alarms = Alarms(time.time_ns, self._tell, machine_time=True)
        declare(self.alarms)
        self.control = StationControl(
            self.queue,
            self.leases,
            self._journal,
            handover=before.handover,
            latches=Latches.of(out, config.name),
            alarms=self.alarms,
            make_safe=self._safe.want,
            free=lambda: self._lookout.free,
        )
        self._lookout = Lookout(
            config, out, self._disk, self.alarms, latches=self.control.look, keep=self._keep_what_was_not_kept
        )
        self.service.attach_station(self.control, self._disk.flush)
        laboratory = config.laboratory
        self.commander = Commander(
            self.service,
            facts,
            laboratory.operator,
            reviewer=laboratory.reviewer,
            leases=self.leases,
            guard=self.control.guard,
        )
        self.commander.recall([*before.given, *self.queue.given()], before="the service was started again")
        self._item: Item | None = None
        self._notifier = None if notify is None else self._make_notifier(notify)

    async def serve(self) -> None:
        """Watch the bench and work the queue off, until this is cancelled; a run under way is made safe first."""
        beside = [
            asyncio.create_task(self._keep_beating(), name="beat of the service"),
            asyncio.create_task(self._lookout.keep(), name="lookout"),
        ]
        if self._notifier is not None:
            beside.append(asyncio.create_task(self._notifier.keep(), name="notifier"))
        self._tell("service", {"what": "begun", "bench": self.config.name})
        try:
            await self._safe.recover()
            while True:
                if self._safe.wanted:
                    await self._safe.make()
                item = self.queue.begin()
                if item is None:
                    await self._idle()
                else:
                    await self._run(item)
        finally:
            self.control.ending = True
            self._tell("service", {"what": "ended", "bench": self.config.name})
            for task in beside:
                task.cancel()
            await asyncio.wait(beside)
            if self._safe.wanted:
                await self._safe.make()
            self.control.ended = True
            self._disk.close()
            self._journal.close()

    def _make_notifier(self, settings: Path) -> Notifier:
        notifier = Notifier(
            settings,
            self._out / OUTBOX,
            self.config.name,
            run=lambda: self.facts.occasion,
            held=self._held,
            trouble=self._not_told,
        )
        self.service.subscribe(notifier.heard, after=self.service.number)
        return notifier

    def _not_told(self, why: str) -> None:
        self._tell("not told", {"why": why})
        self.alarms.raise_(NOTIFICATION, why)

    def _held(self) -> list[str]:
        """The alarms that people elsewhere are to know of."""
        found = [alarm for alarm in self.service.snapshot()["alarms"] if alarm["state"] != State.ACKNOWLEDGED]
        return [alarm["alarm"] for alarm in found if alarm["alarm"] != NOTIFICATION]

    async def _idle(self) -> None:
        """Watch the channels until there is something to do."""
        from ..monitor.bench import watch_bench

        self._wake.clear()
        why = ""
        try:
            async with watch_bench(self.config) as watched, watched.reading():
                self._show(watched)
                self.alarms.gone("watch")
                await self._until_wanted()
        except Exception as error:  # noqa: BLE001 (a driver with a bug ends the watch, and not the service)
            why = in_words(error)
        finally:
            if self.service.overview is not None:
                self.service.overview.let_go()
        if why:
            self.alarms.raise_("watch", why)
            await self._until_wanted(RETRY)

    def _show(self, watched: WatchedBench) -> None:
        self.service.channels = {channel.name: channel for channel in watched.channels}
        if self.service.overview is not None:
            devices = watched.devices.items()
            self.service.overview.links = lambda: [(name, device.status) for name, device in devices]
        self.service.bench_time = lambda: watched.clock.utc(watched.clock.now())

    async def _until_wanted(self, longest: float | None = None) -> None:
        """Return once the queue is to be worked off, or the bench is to be made safe."""
        try:
            async with asyncio.timeout(longest):
                while not (self._safe.wanted or (self.queue.working and self.queue.waiting)):
                    await self._wake.wait()
                    self._wake.clear()
        except TimeoutError:
            return

    async def _run(self, item: Item) -> None:
        """Carry out one item of the queue; whatever goes wrong in it ends it alone."""
        self._item = item
        self.facts.begin(item.procedure, item.operator)
        self._tell("item", {"item": item.id, "procedure": item.procedure, "operator": item.operator})
        status, verdict, error = FAILED, "", "it was interrupted"
        try:
            outcome = await self._carried_out(item)
            status, error = outcome.status, outcome.error
            verdict = "" if outcome.verdict is None else outcome.verdict["outcome"]
        except Exception as failure:  # noqa: BLE001 (a fault in hil ends one run, and not the bench's service)
            error = in_words(failure)
            status = ended_by_person(error) or FAILED
        finally:
            self.service.let_go()
            self._item = None
            self.queue.end(item, AS_ENDED[status], verdict=verdict, error=error)
            told = {"item": item.id, "run": item.run, "status": item.status, "verdict": verdict, "error": error}
            self._tell("item ended", told | {"ok": item.status == "done"})
            self.facts.begin("", "")

    async def _carried_out(self, item: Item) -> RunOutcome:
        from ..run import run_procedure

        return await run_procedure(
            item.procedure,
            str(self.config.path),
            settings=item.settings,
            seed=item.seed,
            speed=item.speed,
            out=self._out,
            operator=item.operator,
            on_event=_nobody,
            service=self.service,
            reach=nullcontext(),
        )

    def _heard(self, event: Event) -> None:
        if event.kind == "run" and self._item is not None:
            self.queue.named(self._item, Path(event.data["folder"]).name)
        elif event.kind in ("stop", "abort"):  # it may come when its run has just ended: what follows is not to begin
            self.queue.work(on=False)
            if self._item is not None and not self._item.run:  # there is no record yet
                self._journal.write(event.wall, event.kind, event.data)
                if event.kind == "stop":
                    self._safe.want()

    def _tell(self, kind: str, data: dict[str, Any]) -> None:
        """Tell what happened to the service: to its clients, in its journal, and in the record of a run."""
        self._journal.write(time.time_ns(), kind, data)
        if self.service.running:
            self.service.note(kind, data)
        else:
            self.service.publish(kind, data)

    def _keep_what_was_not_kept(self) -> None:
        self.queue.keep()
        self._journal.keep()

    async def _keep_beating(self) -> None:
        while True:
            self.leases.tick()
            self.alarms.tick()
            self._beat()
            if self._notifier is not None:
                self._notifier.beat(recording=self._disk.failure is None)
            await asyncio.sleep(BEAT)


def _nobody(_: Event) -> None:
    """The clients of the service hear every event already."""
