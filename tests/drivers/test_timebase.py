"""The bounds of a device's clock: what they promise for any delays, and what contradicts them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_drivers.clock import NANOSECONDS
from hil_drivers.errors import LocalProtocolError
from hil_drivers.timebase import Interval, Timebase

MILLISECOND = NANOSECONDS // 1000
DELAYS = st.integers(0, 5 * NANOSECONDS)


@dataclass(frozen=True)
class Step:
    """``pause`` since the last one in ns of device time, ``rate`` of the offset until now, and what happens."""

    pause: int
    rate: float
    delay: int
    back: int | None


STEPS = st.lists(
    st.builds(Step, st.integers(0, 20 * NANOSECONDS), st.floats(-1.0, 1.0), DELAYS, st.one_of(st.none(), DELAYS)),
    min_size=1,
    max_size=60,
)
OFFSETS = st.integers(-(2**61), 2**61)
DRIFTS = st.sampled_from([0.0, 1e-6, 1e-4, 1e-2])


@given(STEPS, OFFSETS, DRIFTS)
def test_the_true_time_lies_inside_for_any_delays_and_bounded_drift(
    steps: list[Step], offset: int, drift: float
) -> None:
    base = Timebase(drift=drift, window=30.0)
    stamp, wander = 10 * NANOSECONDS, 0.0
    for step in steps:
        stamp += step.pause
        wander += step.rate * drift * step.pause
        true_time = stamp + offset + round(wander)
        if step.back is None:
            assert base.arrived(stamp, true_time + 1 + step.delay)
        else:
            assert base.exchanged(true_time - 1 - step.delay, stamp, true_time + 1 + step.back)
        found = base.interval(stamp)
        if found is not None:
            assert found.earliest <= true_time <= found.latest
    assert base.jumps == 0


@given(STEPS, st.integers(1, 5 * NANOSECONDS), DRIFTS)
def test_a_stated_latency_stands_in_for_a_ping(steps: list[Step], least: int, drift: float) -> None:
    """The first arrival is the only one that keeps to the stated latency, and it stays in the window."""
    base = Timebase(drift=drift, window=3600.0, latency=least / NANOSECONDS)
    stamp, wander = 0, 0.0
    for number, step in enumerate(steps):
        stamp += step.pause
        wander += step.rate * drift * step.pause
        true_time = stamp + round(wander)
        assert base.arrived(stamp, true_time + (least if number == 0 else 1 + step.delay))
        found = base.interval(stamp)
        assert found is not None
        assert found.earliest <= true_time <= found.latest
    assert base.jumps == 0


@given(STEPS, st.integers(0, MILLISECOND))
def test_a_stamp_is_no_better_than_its_resolution(steps: list[Step], error: int) -> None:
    base = Timebase(drift=0.0, resolution=1e-3)
    t = 0
    for step in steps:
        t += step.pause
        assert base.exchanged(t - step.delay, t - error, t + step.delay)
        found = base.interval(t - error)
        assert found is not None
        assert found.earliest <= t <= found.latest


def test_a_ping_gives_the_offset_within_half_the_round_trip() -> None:
    """((T2 - T1) + (T3 - T4)) / 2 within ((T4 - T1) - (T3 - T2)) / 2, here with ways of very different length."""
    t1, t2, t3, t4 = 1_000, 51_000_010, 51_000_410, 11_400
    base = Timebase(drift=0.0)
    base.exchanged(t1, t2, t4, replied=t3)
    offset, bound = ((t2 - t1) + (t3 - t4)) / 2, ((t4 - t1) - (t3 - t2)) / 2
    found = base.interval(t3)
    assert found is not None
    assert (found.earliest + found.latest) / 2 == t3 - offset
    assert (found.latest - found.earliest) / 2 == bound


def test_the_least_delay_counts_and_a_bound_widens_with_its_distance() -> None:
    base = Timebase(drift=1e-4)
    base.exchanged(0, 0, 200)
    for second in range(1, 20):
        base.arrived(second * NANOSECONDS, second * NANOSECONDS + 5 * MILLISECOND)
    assert base.interval(19 * NANOSECONDS) == Interval(19 * NANOSECONDS - 1_900_000, 19 * NANOSECONDS + 1_900_200)
    base.exchanged(20 * NANOSECONDS, 20 * NANOSECONDS, 20 * NANOSECONDS + 100)
    assert base.interval(20 * NANOSECONDS) == Interval(20 * NANOSECONDS, 20 * NANOSECONDS + 100)


def test_without_a_lower_bound_there_is_no_interval() -> None:
    base = Timebase()
    assert base.interval(0) is None
    base.arrived(0, 5)
    assert base.interval(0) is None
    assert base.width is None
    base.caused(0, 1)
    assert base.interval(0) == Interval(1, 5)
    assert base.width == 4


def test_a_sample_out_of_the_window_is_forgotten() -> None:
    base = Timebase(drift=0.0, window=10.0)
    base.exchanged(0, 0, 0)
    base.arrived(11 * NANOSECONDS, 11 * NANOSECONDS + 7)
    base.caused(11 * NANOSECONDS, 11 * NANOSECONDS - 3)
    assert base.interval(11 * NANOSECONDS) == Interval(11 * NANOSECONDS - 3, 11 * NANOSECONDS + 7)


def test_a_clock_that_restarts_is_noticed_and_learnt_anew() -> None:
    base = Timebase()
    base.exchanged(0, 500 * NANOSECONDS, 100)
    base.arrived(501 * NANOSECONDS, NANOSECONDS + 50)
    assert not base.arrived(NANOSECONDS // 10, 2 * NANOSECONDS)
    assert base.jumps == 1
    assert base.interval(NANOSECONDS // 10) is None
    assert base.exchanged(3 * NANOSECONDS, 6 * NANOSECONDS // 5, 3 * NANOSECONDS + 100)
    assert base.interval(6 * NANOSECONDS // 5) == Interval(3 * NANOSECONDS, 3 * NANOSECONDS + 100)


@pytest.mark.parametrize("jump", [-2 * NANOSECONDS, 2 * NANOSECONDS])
def test_a_clock_that_was_set_is_noticed_by_a_ping(jump: int) -> None:
    base = Timebase()
    base.exchanged(0, 10 * NANOSECONDS, 100)
    assert not base.exchanged(5 * NANOSECONDS, 15 * NANOSECONDS + jump, 5 * NANOSECONDS + 100)
    assert base.jumps == 1
    found = base.interval(15 * NANOSECONDS + jump)
    assert found == Interval(5 * NANOSECONDS, 5 * NANOSECONDS + 100)


def test_a_clock_that_was_set_forward_is_noticed_by_an_arrival() -> None:
    base = Timebase(latency=0.01)
    base.arrived(0, 0)
    assert not base.arrived(3 * NANOSECONDS, NANOSECONDS)
    assert base.jumps == 1


def test_a_new_link_begins_anew_without_a_jump() -> None:
    base = Timebase()
    base.exchanged(0, 10, 100)
    base.forget()
    assert base.interval(10) is None
    assert base.arrived(0, 200)
    assert base.jumps == 0


@pytest.mark.parametrize("options", [{"drift": -1e-6}, {"drift": 0.02}, {"window": 0.0}, {"resolution": -1.0}])
def test_what_no_clock_can_have_is_a_bug_of_ours(options: dict[str, float]) -> None:
    with pytest.raises(LocalProtocolError):
        Timebase(**options)
