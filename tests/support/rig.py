"""A small rig for tests of the engine: scripted sensors on a lockstep clock, with a real record."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from hil.clock import LockstepClock
from hil.conditions import Condition, Conditions
from hil.control import RunControl
from hil.design import Design
from hil.exclusive import Exclusive
from hil.live import LiveChannel
from hil.pausing import PauseState, Pausing, pausable
from hil.points import Points
from hil.prompts import Prompts
from hil.record import Record, RecordWriter, open_run
from hil.safety.alarms import Alarms
from hil.trial import Trial
from hil.waits import Waits
from hil_drivers.capability import Sensor
from hil_drivers.clock import NANOSECONDS
from hil_drivers.indication import Flag, Indication

START = 1_780_000_000 * NANOSECONDS


class Still:
    """A world that only acknowledges."""

    async def advance(self, t: int, sent: Mapping[str, int]) -> None:
        await asyncio.sleep(0)


class Scripted:
    """A sensor whose indication is a function of bench time; each takes half a second."""

    def __init__(self, clock: LockstepClock, value: Callable[[float], float | None]) -> None:
        self._clock, self._value = clock, value

    async def read(self) -> Indication:
        begun = self._clock.now()
        await self._clock.sleep(0.5)
        with self._clock.exchange():
            await asyncio.sleep(0)
        value = self._value(begun / NANOSECONDS)
        flags = Flag.GOOD if value is not None else Flag.NOT_AVAILABLE
        return Indication("value", value, "lx", begun, self._clock.now(), flags)


class Rig:
    """A trial with one sensor, on a plan; ``demanded`` are conditions of the bench, told of by `conditions`."""

    def __init__(
        self,
        folder: Path,
        design: Design,
        value: Callable[[float], float | None],
        demanded: Mapping[str, Condition] | None = None,
    ) -> None:
        self.folder = folder
        self.clock = LockstepClock(Still(), START, stall_after=5.0)
        self.record = RecordWriter.create(folder, {"procedure": "test"})
        self.reports: list[tuple[str, dict[str, Any]]] = []
        self.lux = LiveChannel(
            "lux",
            "lx",
            Scripted(self.clock, value),
            calibration=None,
            period=None,
            limits=(0.0, 1000.0),
            clock=self.clock,
            exclusive=Exclusive(self.clock, "luxmeter"),
            record=self.record,
            number=self.record.channel("lux", unit="lx", calibration=None),
            temperature=lambda: None,
        )
        self.paused = asyncio.Event()
        self.pausing = Pausing(self.clock, self._pause_changed)
        self.conditions = Conditions(demanded or {}, self.clock)
        self.points = Points(
            design.plan(1),
            design.attempts,
            clock=self.clock,
            record=self.record,
            report=self.report,
            pausing=self.pausing,
            conditions=self.conditions,
        )
        self.prompts = Prompts(self.clock, self.pausing, self.report)
        self.waits = Waits(self.clock, self.report)
        self.trial = Trial(
            {"lux": self.lux},
            {"lux": Sensor},
            self.points,
            clock=self.clock,
            record=self.record,
            prompts=self.prompts,
            waits=self.waits,
        )

    def _pause_changed(self, state: PauseState) -> None:
        if state is PauseState.PAUSED:
            self.paused.set()

    def report(self, kind: str, data: dict[str, Any]) -> None:
        """What was told during the trial."""
        self.reports.append((kind, data))

    async def run(self, script: Callable[[Trial], Awaitable[None]]) -> Record:
        """Run a script as the engine does, and read its record."""
        with pausable(self.pausing):
            task = asyncio.ensure_future(script(self.trial))
        failure = ""
        try:
            await self.clock.wait(task)
            task.result()
        except BaseException as error:
            failure = str(error) or type(error).__name__
            raise
        finally:
            self.points.close(failure)
            await self.record.close("complete")
        return open_run(self.folder)


def plan(*levels: float, attempts: int = 3) -> Design:
    """A plan with one factor, the level in lx."""
    return Design(factors={"level": "lx"}, points=[{"level": level} for level in levels], attempts=attempts)


def control_of(rig: Rig, *, ended: Callable[[str], None] | None = None) -> RunControl:
    """What carries out commands to the rig's trial; ``ended`` is told "safe" and "end"."""

    def tell(what: str) -> None:
        assert ended is not None, what
        ended(what)

    return RunControl(
        rig.pausing,
        rig.points,
        rig.prompts,
        Alarms(rig.clock.now, rig.report),
        rig.waits,
        note=rig.report,
        end=lambda: tell("end"),
        make_safe=lambda: tell("safe"),
    )
