"""The safety supervisor of a run: interlocks evaluated when armed and ever after, the safe state, the rig's watchdog.

One task on the core's loop, paced on the wire clock; each channel is read by a task of its own, so that one that hangs
makes its channel stale and holds up nothing. In lockstep, ticks and readings are on the bench clock as everything else.
A run that is not supervised any more, for whatever reason, is tripped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from hil_calibration.errors import CalibrationError
from hil_drivers.clock import NANOSECONDS, Clock, WallClock
from hil_drivers.pacing import paced
from hil_drivers.transport.supervisor import LinkState

from ..clock import LockstepClock
from ..errors import HilError, RecordError
from .acknowledgement import acknowledgements
from .alarms import Alarms
from .expression import FEWEST, channels, compared, exact_rates, rates
from .feeder import Feeder
from .interlock import Interlock
from .judgement import Look
from .latch import State
from .latches import Latches
from .rules import rules
from .safe_state import SafeOutcome, SafeState
from .trip import Trip
from .watched import Watched

if TYPE_CHECKING:
    from ..bench.opened import Bench
    from ..live import LiveChannel
    from ..record import RecordWriter

IDLE_DEADLINE = 3.0
"""Wall seconds that an operation under way may take to end before the safe state of a run that ends in order."""

CUT_AFTER = 0.1
"""Wall seconds after which an operation that is still under way is cancelled, where the safe state is urgent."""

LET_GO = 0.5
"""Wall seconds that an operation may take to end once it is cancelled, before its device is closed."""

SLOWEST = 1.0
"""Seconds between two ticks, at most."""


class Supervisor:
    """Watches over one run.

    :param channels: those that interlocks and readbacks name, by name.
    :param record: of the run.
    :param publish: tells an event to whoever listens.
    :param close_queues: lets nobody else command a device from then on.
    :param idle: returns once no operation is under way in the queues.
    :param cut: cancels operations that are under way in the queues.
    :param free: returns once no operation is under way in a device, by its name.
    :param leave_alone: lets nobody close a device in which an operation is under way.
    :param latches: the trips of earlier runs that nobody has acknowledged.
    """

    def __init__(
        self,
        bench: Bench,
        channels: Mapping[str, LiveChannel],
        *,
        record: RecordWriter,
        publish: Callable[[str, dict[str, Any]], object],
        close_queues: Callable[[], None],
        idle: Callable[[], Awaitable[None]] | None = None,
        cut: Callable[[], None] | None = None,
        free: Callable[[str], Awaitable[None]] | None = None,
        leave_alone: Callable[[], None] = lambda: None,
        latches: Latches | None = None,
    ) -> None:
        self._bench, self._live, self._record, self._publish = bench, channels, record, publish
        self._close_queues, self._idle, self._cut = close_queues, idle, cut
        self._free, self._leave_alone = free, leave_alone
        self._latches = latches or Latches.none()
        self._clock = bench.clock
        self._own: Clock = bench.clock if isinstance(bench.clock, LockstepClock) else WallClock()
        self._sections = bench.config.interlocks
        self._interlocks = {name: Interlock(rule) for name, rule in rules(self._sections).items()}
        self.alarms = Alarms(self._now, self._alarm_changed)
        for name, interlock in self._interlocks.items():
            section = self._sections[name]
            self.alarms.add(name, section.urgency, section.guidance, interlock.latch)
        self._safe = SafeState(bench, self._seen, free)
        self._told: dict[int, SafeOutcome] = {}
        self._watched: dict[str, Watched] = {}
        self._feeder: Feeder | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._armed = self._over = self._looked_at = False
        self._answer: asyncio.Task[None] | None = None
        self._acknowledge: dict[str, str] = {}
        self._to_hold: list[tuple[str, str, int]] = []
        self.trip: Trip | None = None
        self.on_trip: Callable[[Trip], None] = lambda _: None
        """Told of the trip that ends the run, once the safe state is being commanded."""

    async def arm(self) -> None:
        """Evaluate every interlock, and watch from then on.

        A slope needs some readings first, so this may take as long as they do.

        :raises InterlockTripped: if one that leads to the safe state is tripped, or has been since an earlier run.
        :raises BenchFault: if the watchdog of the rig cannot be fed.
        :raises ConfigurationError: if it is none, or is not fed often enough.
        :raises UsageError: if a channel turns out not to be readable.
        :raises RecordError: if the record cannot be written any more.
        """
        self._acknowledge = acknowledgements(self._latching(), self._bench.config, self._record.folder.parent)
        self._feeder = self._make_feeder()
        self._take_up_latches()
        self._watch_channels()
        await self._first_values()
        self._require_record()
        self._evaluate(start=True)
        self._looked_at = True
        self._hold()
        if self.trip is not None:
            raise self.trip.error()
        if self._feeder is not None:
            await self._feeder.begin()
        if self._interlocks or self._feeder:
            self._start(self._supervise(), "safety supervisor")
        self._require_record()
        self._armed = True
        self._record.on_failure = self._record_failed

    async def make_safe(self, *, urgent: bool = False) -> list[SafeOutcome]:
        """Bring the bench to its safe state: nobody else commands a device from here on.

        What is done is not done again; what failed is tried again.

        :param urgent: wait for no operation under way; one that lasts is cancelled.
        """
        self._over = True
        self._close_queues()
        if urgent or self.trip is not None:
            self._cut_soon()
        elif self._idle is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(IDLE_DEADLINE):
                    await self._idle()
        return await self._reach()

    async def disarm(self) -> None:
        """End the watch, feed the watchdog no more, and leave no operation under way in a device."""
        self._over = True
        for task in self._tasks:
            task.cancel()
        await self._clock.wait(*self._tasks)
        if self._feeder is not None and (hangs := await self._feeder.end()) is not None:
            self._bench.stuck[self._feeder.name] = hangs
        if self._answer is not None:
            await self._clock.wait(self._answer)
        if self._cut is not None and self._idle is not None:
            self._cut()
            with suppress(TimeoutError):
                async with asyncio.timeout(LET_GO):
                    await self._idle()
        self._leave_alone()

    @property
    def interlocks(self) -> Mapping[str, Interlock]:
        """The interlocks by name, each with its state."""
        return self._interlocks

    @property
    def tripped(self) -> list[str] | None:
        """The names of the interlocks that are tripped; ``None`` before they were looked at for the first time."""
        if not self._looked_at:
            return None
        return [name for name, interlock in self._interlocks.items() if interlock.tripped]

    def _now(self) -> int:
        return self._clock.utc(self._clock.now())

    def _make_feeder(self) -> Feeder | None:
        section = self._bench.config.watchdog
        if section is None:
            return None
        self.alarms.add("watchdog", "safety", "look at the rig: it goes safe by itself where it is not fed")
        return Feeder(self._bench.device(section.device), section.every, self._clock, self._own)

    def _take_up_latches(self) -> None:
        for name, held in self._latches.held().items():
            if name in self._interlocks and self._interlocks[name].latch.latching:
                self.alarms.take_up(name, held)
        self._to_hold.clear()

    def _watch_channels(self) -> None:
        for name, period in self._periods().items():
            self._bench.sensor(name)
            windows = [rate.window for each in self._interlocks.values() for rate in rates(each.rule.when)]
            watched = Watched(self._live[name], period, max(windows, default=0.0), self._clock, self._own)
            self._watched[name] = watched
            self._start(watched.watch(self._evaluate_if_armed), f"watch over {name}")

    def _periods(self) -> dict[str, float]:
        """How often each channel is read: as often as the quickest of its interlocks says."""
        periods: dict[str, float] = {}
        for name, interlock in self._interlocks.items():
            for channel in channels(interlock.rule.when):
                period = self._sections[name].period
                periods[channel] = min(period, periods.get(channel, period))
        return periods

    def _start(self, work: Any, name: str) -> None:
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A run that is not supervised is not safe."""
        error = None if task.cancelled() else task.exception()
        if not self._over:
            how = "was cancelled" if task.cancelled() else f"ended: {error!r}" if error else "ended"
            self._trip("supervisor", f"the {task.get_name()} {how}", "")

    async def _first_values(self) -> None:
        """Wait until every channel was read, and every slope has its readings, for as long as they may take."""
        if not self._watched:
            return
        begun, longest = self._own.now(), 0.0
        for name, interlock in self._interlocks.items():
            section, when = self._sections[name], interlock.rule.when
            needs = FEWEST * section.period if rates(when) else 0.0
            whole = max((rate.window for rate in exact_rates(when)), default=0.0)
            longest = max(longest, section.oldest + max(needs, whole + section.period))
        async for _ in paced(self._own, min(each.period for each in self._watched.values()) / 4):
            if self._ready() or self._own.now() - begun > longest * NANOSECONDS:
                return

    def _ready(self) -> bool:
        if not all(watched.read_once for watched in self._watched.values()):
            return False
        wanted = {
            (rate, rate in exact_rates(each.rule.when))
            for each in self._interlocks.values()
            for rate in rates(each.rule.when)
        }
        return all(self._watched[rate.channel].ready(rate.window, whole=whole) for rate, whole in wanted)

    async def _supervise(self) -> None:
        periods = [section.period for section in self._sections.values()]
        periods += [self._feeder.every] if self._feeder else []
        async for _ in paced(self._own, min([*periods, SLOWEST])):
            self.alarms.tick()
            self._evaluate_if_armed()
            if self._feeder is not None and self.trip is None and (fault := self._feeder.tick()):
                self.alarms.raise_("watchdog", fault)
                self._trip("watchdog", f"{self._feeder.name} {fault}", "look at the rig, and at what held up the loop")

    def _require_record(self) -> None:
        if self._record.failure is not None:
            raise self._record.failure

    def _record_failed(self, failure: RecordError) -> None:
        """A run that is not on record any more is not gone on with."""
        if not self._over:
            self._trip("record", str(failure), "", failure)

    def _evaluate_if_armed(self) -> None:
        if self._armed:
            self._evaluate()

    def _evaluate(self, *, start: bool = False) -> None:
        if self._over:
            return
        tripped: set[str] = set()
        lost = {name for name, device in self._bench.devices.items() if _is_lost(device)} if self._interlocks else set()
        for name, interlock in self._interlocks.items():
            look = self._look(interlock, lost, tripped)
            raised = interlock.observe(interlock.rule.judge(look), self._own.now(), start=start)
            reason = interlock.reason or self._shown(interlock, look)
            if interlock.tripped:
                tripped.add(name)
                if interlock.rule.then == "safe_state" and (raised or start):
                    self._trip(name, self._why(name, reason), self._sections[name].guidance)
            self.alarms.changed(name, reason)

    def _look(self, interlock: Interlock, lost: set[str], tripped: set[str]) -> Look:
        section, when = self._sections[interlock.rule.name], interlock.rule.when
        oldest, ignored = section.oldest, section.uncertainty == "ignored"
        readings = {name: self._watched[name].reading(oldest, ignored=ignored) for name in channels(when)}
        exact = exact_rates(when)
        slopes = {
            rate: self._watched[rate.channel].rate(rate.window, oldest, ignored=ignored, whole=rate in exact)
            for rate in rates(when)
        }
        return Look(readings, slopes, lost, frozenset(tripped))

    def _shown(self, interlock: Interlock, look: Look) -> str:
        """The condition with what was seen."""
        from hil_calibration.unit import symbol

        seen = []
        for name in compared(interlock.rule.when):
            reading, unit = look.readings[name], symbol(self._bench.config.channels[name].unit)
            unit = f" {unit}" if unit else ""
            u = f", u = {reading.u:.2g}{unit}" if reading.u else ""
            seen.append(f"{name} = {reading.value:.6g}{unit}{u}")
        seen += [f"rate({rate.channel}) = {look.rates[rate].value:.4g}" for rate in look.rates]
        when = self._sections[interlock.rule.name].when
        return f"{when} ({'; '.join(seen)})" if seen else when

    def _why(self, name: str, reason: str) -> str:
        """The reason of a trip: where it has been latched since an earlier run, that of then."""
        held = None if self._armed else self._latches.held().get(name)
        return reason if held is None or held.acknowledged_by else f"{held.reason}, in the run {held.run}"

    def _latching(self) -> list[str]:
        return [name for name, section in self._sections.items() if section.latch]

    def _trip(self, name: str, reason: str, guidance: str, cause: HilError | None = None) -> None:
        """Command the safe state at once, tell it, and have the run ended."""
        if self.trip is not None:
            return
        self._over = True
        self.trip = Trip(name, reason, self._now(), guidance, cause, self._acknowledge.get(name, ""))
        self._close_queues()
        if self._armed:
            self._safe.begin()
            self._cut_soon()
            self._answer = asyncio.create_task(self._answered(), name=f"answer to {name}")
            self.on_trip(self.trip)
        self._tell("trip", self.trip.to_json())

    async def _answered(self) -> None:
        await self._reach()
        self._hold()

    def _hold(self) -> None:
        """Keep what has latched: a matter of the disk, and so not before the safe state."""
        while self._to_hold:
            name, reason, since = self._to_hold.pop()
            with self._told_where_it_fails(name):
                self._latches.hold(name, reason, since)

    @contextmanager
    def _told_where_it_fails(self, name: str) -> Iterator[None]:
        """A disk that does not take a latch must not stop the safe state: it is told, and the run ends all the same."""
        try:
            yield
        except (OSError, HilError) as error:
            self._tell("latch not kept", {"interlock": name, "reason": str(error)})

    def _cut_soon(self) -> None:
        if self._cut is not None:
            asyncio.get_running_loop().call_later(CUT_AFTER, self._cut)

    async def _reach(self) -> list[SafeOutcome]:
        outcomes = await self._safe.reach()
        news = {position: each for position, each in enumerate(outcomes) if self._told.get(position) != each}
        for position, outcome in news.items():
            self._told[position] = outcome
            self._note("safe state", outcome.to_json())
            if outcome.error:
                self._publish("safe state failed", outcome.to_json())
        if news or not outcomes:
            self._publish("safe state", {"reached": sum(each.ok for each in outcomes), "of": len(outcomes)})
        return outcomes

    async def _seen(self, channel: str) -> float | None:
        """What a readback shows: measured and on record, or the indication alone where it cannot be evaluated."""
        if self._free is not None:
            await self._free(self._bench.config.channels[channel].device)
        with suppress(CalibrationError):
            if channel in self._live:
                _, measurement = await self._live[channel].look(directly=True)
                return None if measurement is None else measurement.value
        section = self._bench.config.channels[channel]
        if section.point_unit != section.unit:
            return None
        indication = await self._bench.sensor(channel).read()
        return indication.value if indication.usable else None

    def _note(self, kind: str, data: dict[str, Any]) -> None:
        """Put it on record, as long as there is one: safety does not end with the disk."""
        with suppress(RecordError):
            self._record.event(self._now(), kind, data)

    def _tell(self, kind: str, data: dict[str, Any]) -> None:
        self._note(kind, data)
        self._publish(kind, data)

    def _alarm_changed(self, kind: str, data: dict[str, Any]) -> None:
        self._tell(kind, data)
        name = data["alarm"]
        interlock = self._interlocks.get(name)
        if interlock is None or not interlock.latch.latching or interlock.rule.then != "safe_state":
            return
        if data["state"] == State.CLEAR:
            self._to_hold = [each for each in self._to_hold if each[0] != name]
            with self._told_where_it_fails(name):
                self._latches.release(name)
        elif data["state"] == State.ACTIVE and data["was"] == State.CLEAR:
            self._to_hold.append((name, data["reason"], data["raised"]))


def _is_lost(device: Any) -> bool:
    return device.supervisor.state is LinkState.DOWN
