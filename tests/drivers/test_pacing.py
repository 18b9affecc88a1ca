"""Paced sampling: a grid without drift, missed ticks counted, no bursts, and no descriptor left behind."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.clock import LockstepClock, PacedClock
from hil_drivers import timer
from hil_drivers.clock import NANOSECONDS, Clock, WallClock, anchor
from hil_drivers.device import Device, Point
from hil_drivers.errors import DeviceUnreachable, OptionError, UnitError
from hil_drivers.indication import Indication
from hil_drivers.pacing import Tick, paced
from hil_drivers.timer import wait_until

MS = 1_000_000


class Still:
    """A world that only acknowledges."""

    async def advance(self, t: int, sent: Mapping[str, int]) -> None:
        await asyncio.sleep(0)


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 (the folder itself is one of them, each time)


async def ticks(clock: Clock, period: float, work: list[float]) -> list[Tick]:
    """The ticks that are met by work of these lengths in s."""
    pacer, found = paced(clock, period), []
    for seconds in work:
        found.append(await anext(pacer))
        await clock.sleep(seconds)
    return found


async def test_ticks_keep_to_their_grid_whatever_the_work() -> None:
    clock = LockstepClock(Still(), 0)
    found = await ticks(clock, 0.1, [0.02, 0.09, 0.0999, 0.05, 0.0])
    assert found == [Tick(index, 100 * index * MS, 0) for index in range(5)]


async def test_what_passes_meanwhile_is_missed_and_the_latest_comes_at_once() -> None:
    clock = LockstepClock(Still(), 0)
    pacer = paced(clock, 0.1)
    assert await anext(pacer) == Tick(0, 0, 0)
    await clock.sleep(0.35)
    assert await anext(pacer) == Tick(3, 300 * MS, 2)
    assert clock.now() == 350 * MS
    assert await anext(pacer) == Tick(4, 400 * MS, 0)
    assert clock.now() == 400 * MS
    assert (pacer.taken, pacer.missed) == (3, 2)


async def test_a_period_that_is_no_whole_number_of_nanoseconds_does_not_drift() -> None:
    pacer = paced(LockstepClock(Still(), 0), 1 / 30)
    due = [(await anext(pacer)).due for _ in range(91)]
    assert [due[30], due[60], due[90]] == [NANOSECONDS, 2 * NANOSECONDS, 3 * NANOSECONDS]


@given(
    period=st.floats(1e-6, 1e4),
    jumps=st.lists(st.integers(0, 10**13), max_size=20),
    first=st.integers(-(10**12), 10**18),
)
def test_any_lateness_gives_one_tick_due_and_counts_the_rest(period: float, jumps: list[int], first: int) -> None:
    class Jumping(WallClock):
        t = first

        def now(self) -> int:
            return self.t

        async def sleep_until(self, t: int) -> None:
            self.t = max(self.t, t)

    async def check() -> None:
        clock = Jumping()
        pacer, before = paced(clock, period), Tick(-1, first - 1, 0)
        for jump in [0, *jumps]:
            clock.t += jump
            tick = await anext(pacer)
            assert tick.index == before.index + 1 + tick.missed
            assert tick.due > before.due
            assert clock.now() >= tick.due
            if clock.now() > tick.due:
                assert pacer._due(tick.index + 1) > clock.now()
            before = tick
        assert pacer.missed == before.index + 1 - pacer.taken

    asyncio.run(check())


async def test_a_tick_whose_wait_was_cancelled_is_given_to_the_next_that_asks() -> None:
    clock = LockstepClock(Still(), 0)
    pacer = paced(clock, 1.0, first=NANOSECONDS)
    waiting = asyncio.create_task(pacer.__anext__())
    await clock.sleep(0.5)
    waiting.cancel()
    await clock.wait(waiting)
    assert await anext(pacer) == Tick(0, NANOSECONDS, 0)


@pytest.mark.parametrize("period", [0.0, -1.0, float("nan"), float("inf"), 1e-9])
async def test_a_period_that_cannot_be_is_refused(period: float) -> None:
    with pytest.raises(OptionError, match="cannot be kept; give one from 1e-06 s"):
        paced(WallClock(), period)


@pytest.mark.parametrize("clock", [WallClock(), PacedClock(2.0, 0)], ids=["wall", "paced"])
async def test_on_a_running_clock_no_tick_comes_early(clock: Clock) -> None:
    pacer = paced(clock, 0.002)
    for _ in range(20):
        tick = await anext(pacer)
        assert clock.now() >= tick.due


async def test_waits_end_in_the_order_of_their_times_and_never_early() -> None:
    ended: list[int] = []
    begun = time.monotonic_ns()

    async def wait(ms: int) -> None:
        await wait_until(begun + ms * MS)
        assert time.monotonic_ns() >= begun + ms * MS
        ended.append(ms)

    await asyncio.gather(*map(wait, (9, 3, 6, 0, 12, 3)))
    assert ended == [0, 3, 3, 6, 9, 12]


async def test_no_descriptor_is_left_after_a_wait_or_its_cancellation() -> None:
    before = descriptors()
    await wait_until(time.monotonic_ns() + MS)
    await asyncio.sleep(0)
    assert descriptors() == before
    tasks = [asyncio.create_task(wait_until(time.monotonic_ns() + 3600 * NANOSECONDS)) for _ in range(8)]
    await asyncio.sleep(0)
    assert descriptors() == before + 1
    for task in tasks[:7]:
        task.cancel()
    await asyncio.wait(tasks[:7])
    assert descriptors() == before + 1
    tasks[7].cancel()
    await asyncio.wait(tasks)
    assert descriptors() == before


async def test_who_waits_again_at_once_has_the_same_descriptor(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = list[int]()
    assert timer._libc is not None
    create, settime = timer._libc.timerfd_create, timer._libc.timerfd_settime

    class Counting:
        timerfd_settime = settime

        def timerfd_create(self, clock: int, flags: int) -> int:
            opened.append(create(clock, flags))
            return opened[-1]

    monkeypatch.setattr(timer, "_libc", Counting())
    for _ in range(20):
        await wait_until(time.monotonic_ns() + 2 * MS)
    assert len(opened) < 10, "one; another only where the machine had no time for this process"


async def test_a_wait_that_was_cancelled_does_not_hold_up_a_later_one() -> None:
    far = asyncio.create_task(wait_until(time.monotonic_ns() + 3600 * NANOSECONDS))
    near = asyncio.create_task(wait_until(time.monotonic_ns() + 3 * MS))
    await asyncio.sleep(0)
    far.cancel()
    await asyncio.wait([far, near])
    assert near.done()
    assert not near.cancelled()


async def test_without_a_timer_of_the_system_the_loop_s_own_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timer, "_libc", None)
    t = time.monotonic_ns() + 2 * MS
    await wait_until(t)
    assert time.monotonic_ns() >= t


async def test_where_no_descriptor_is_to_be_had_the_loop_s_own_timers_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    class Exhausted:
        def timerfd_create(self, clock: int, flags: int) -> int:
            return -1

    monkeypatch.setattr(timer, "_libc", Exhausted())
    t = time.monotonic_ns() + 2 * MS
    await wait_until(t)
    assert time.monotonic_ns() >= t


def test_the_narrowest_look_at_both_clocks_is_taken() -> None:
    looked = anchor()
    assert looked.before <= looked.after
    assert abs(looked.offset - (time.time_ns() - time.monotonic_ns())) < NANOSECONDS


class Thermometer(Device):
    """Gives its bench time in s; a reading takes ``durations`` in turn, and fails where that is below 0."""

    points = MappingProxyType({"temperature": Point("Cel"), "fan": Point("%", readable=False, writable=True)})

    def __init__(self, clock: Clock, *durations: float) -> None:
        super().__init__("thermometer", "none:", clock=clock)
        self._durations = list(durations)

    async def open(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        """Nothing to close."""

    async def read(self, point: str) -> Indication:
        begun = self.clock.now()
        duration = self._durations.pop(0) if self._durations else 0.0
        if duration < 0:
            raise DeviceUnreachable("does not answer", where=self.name)
        await self.clock.sleep(duration)
        return Indication(point, begun / NANOSECONDS, "Cel", begun, self.clock.now())


async def test_a_device_streams_on_the_grid_and_counts_what_it_skipped() -> None:
    device = Thermometer(LockstepClock(Still(), 0), 0.0, 1.2, 0.0, 0.1)
    stream = device.stream("temperature", period=0.5)
    values = [(await anext(stream)).value for _ in range(5)]
    assert values == [0.0, 0.5, 1.7, 2.0, 2.5]
    assert (device.supervisor.status.skipped, device.supervisor.status.missed) == (1, 0)


async def test_a_stream_goes_on_after_a_reading_that_failed() -> None:
    stream = Thermometer(LockstepClock(Still(), 0), 0.0, -1.0, 0.0).stream("temperature", period=0.5)
    assert (await anext(stream)).value == 0.0
    with pytest.raises(DeviceUnreachable):
        await anext(stream)
    assert (await anext(stream)).value == 1.0


async def test_what_cannot_be_streamed_is_refused_at_once() -> None:
    device = Thermometer(WallClock())
    with pytest.raises(UnitError, match="no readable point 'fan'"):
        device.stream("fan", period=1.0)
    with pytest.raises(OptionError, match="period"):
        device.stream("temperature", period=0.0)
