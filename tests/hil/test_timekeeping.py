"""The system clock under watch during a run: rows, steps, and what it adds to the time of a reading."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hil import timekeeping
from hil.clock_state import ClockState
from hil.exclusive import Exclusive
from hil.live import LiveChannel
from hil.record import RecordWriter, open_run
from hil.timekeeping import Timekeeper
from hil_drivers.clock import NANOSECONDS, Anchor, WallClock
from hil_drivers.indication import Indication

FREE = ClockState(synchronised=False, root_dispersion=16.0, source="the kernel")
GOOD = ClockState(
    synchronised=True,
    offset=1e-4,
    root_dispersion=2e-4,
    root_delay=1e-3,
    bound=8e-4,
    tai_offset=37,
    leap="normal",
    source="chrony (192.0.2.1)",
)


class Machine:
    """The machine's clocks, of which the system clock can be stepped, and its state."""

    def __init__(self, clock: WallClock, state: ClockState) -> None:
        self._clock, self.state, self.step = clock, state, 0
        self._looks, self._looked = 0, asyncio.Event()

    async def looked_at(self, times: int) -> None:
        """Wait until it was looked at so many times."""
        while self._looks < times:
            await self._looked.wait()
            self._looked.clear()

    def read(self) -> ClockState:
        return self.state

    def look(self) -> Anchor:
        self._looks += 1
        self._looked.set()
        now = self._clock.now()
        return Anchor(now, self._clock.utc(now + 100) + self.step, now + 200)


@pytest.fixture
async def record(tmp_path: Path) -> AsyncIterator[RecordWriter]:
    made = RecordWriter.create(tmp_path / "run", {})
    yield made
    await made.close("complete")


def keeper(record: RecordWriter, state: ClockState, *, simulated: bool = False) -> tuple[Timekeeper, Machine]:
    clock = WallClock()
    machine = Machine(clock, state)
    return Timekeeper(clock, record, simulated=simulated, read=machine.read, look=machine.look), machine


async def test_the_state_is_on_record_at_the_start_and_at_the_end(record: RecordWriter, tmp_path: Path) -> None:
    watch, machine = keeper(record, GOOD)
    await watch.start()
    machine.state = FREE
    await watch.stop()
    await record.flush()
    found = open_run(tmp_path / "run")
    first, last = found.table("clock")
    assert first["mono_after"] - first["mono_before"] == 200
    assert {key: first[key] for key in ("clock_offset", "root_dispersion", "root_delay", "tai_offset")} == {
        "clock_offset": 1e-4,
        "root_dispersion": 2e-4,
        "root_delay": 1e-3,
        "tai_offset": 37,
    }
    assert first["source"] == "chrony (192.0.2.1)"
    assert (last["root_dispersion"], last["source"]) == (16.0, "")
    assert [event.data["leap"] for event in found.events("clock")] == ["normal", "unknown"]
    told = [event.data["told"] for event in found.events("clock")]
    assert told == [
        "synchronised with UTC within 0.8 ms, says chrony (192.0.2.1)",
        "not synchronised with UTC, says the kernel",
    ]


async def test_it_is_looked_at_again_and_again(
    record: RecordWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timekeeping, "PERIOD", 0.002)
    watch, machine = keeper(record, GOOD)
    await watch.start()
    async with asyncio.timeout(30):
        await machine.looked_at(4)
    await watch.stop()
    await record.flush()
    assert len(open_run(tmp_path / "run").table("clock")) >= 5


async def test_a_step_of_the_system_clock_is_told_and_enters_the_bound(record: RecordWriter, tmp_path: Path) -> None:
    watch, machine = keeper(record, GOOD)
    await watch.start()
    assert watch.u == pytest.approx(8e-4 / math.sqrt(3))
    machine.step = -2 * NANOSECONDS
    assert (await watch.look()).bound == pytest.approx(2.0008)
    assert watch.u == pytest.approx(2.0008 / math.sqrt(3))
    await watch.look()
    machine.step += 300
    await watch.look()
    await watch.stop()
    await record.flush()
    steps = [event.data["seconds"] for event in open_run(tmp_path / "run").events("clock step")]
    assert steps == [pytest.approx(-2.0)], "one step is told once; what the looks cannot resolve is none"


@pytest.mark.parametrize(("state", "simulated"), [(FREE, False), (GOOD, True)])
async def test_where_utc_is_not_claimed_the_clock_adds_nothing(
    record: RecordWriter, state: ClockState, simulated: bool
) -> None:
    watch, _ = keeper(record, state, simulated=simulated)
    assert watch.u == 0.0
    await watch.start()
    await watch.stop()
    assert watch.u == 0.0


async def test_the_clock_enters_the_time_of_a_reading_in_quadrature(record: RecordWriter, tmp_path: Path) -> None:
    watch, _ = keeper(record, GOOD)
    clock = WallClock()

    class Meter:
        async def read(self) -> Indication:
            return Indication("value", 1.0, "lx", 0, 3_000_000)

    channel = LiveChannel(
        "meter",
        "lx",
        Meter(),
        calibration=None,
        period=None,
        limits=None,
        clock=clock,
        exclusive=Exclusive(clock, "meter"),
        record=record,
        number=record.channel("meter"),
        temperature=lambda: None,
        u_clock=lambda: watch.u,
    )
    interval = 3e-3 / math.sqrt(12)
    assert (await channel.measure()).u_t == pytest.approx(interval)
    await watch.start()
    both = math.hypot(interval, 8e-4 / math.sqrt(3))
    assert (await channel.measure()).u_t == pytest.approx(both)
    await watch.stop()
    await record.flush()
    assert open_run(tmp_path / "run").readings("meter").u_t == pytest.approx([interval, both])
