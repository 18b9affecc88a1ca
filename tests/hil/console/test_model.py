"""What the console knows of a bench, frame by frame: no terminal, no socket, no clock."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.console.model import BACKLOG, SILENT, LinkState, Model, Wanted
from hil.console.palette import Level
from hil.console.parsing import build
from hil.console.past import Past
from hil.console.state import Run

T = 1_790_000_000_000


def channel(name: str, **facts: Any) -> dict[str, Any]:
    return {"name": name, "unit": "Cel", "symbol": "°C", "limits": None, "period": 0.5, **facts}


def alarm(name: str, state: str = "active", priority: str = "high", raised: int = 1, **more: Any) -> dict[str, Any]:
    return {"alarm": name, "state": state, "priority": priority, "raised": raised, **more}


class Bench:
    """Frames as a bench sends them, each after the one before."""

    def __init__(self, model: Model) -> None:
        self.model, self.sequence, self.now = model, 0, 100.0
        self.run: dict[str, Any] = {"state": "running", "bench": "rig"}

    def send(self, kind: str, **content: Any) -> Wanted:
        self.sequence += 1
        return self.model.take({"kind": kind, "seq": self.sequence, "prev": self.sequence - 1, **content}, self.now)

    def attach(self, *channels: Any, values: list[Any] | None = None, number: int = 0, boot: str = "b") -> None:
        self.sequence = 0
        self.model.connected(self.now)
        self.send("hello", boot=boot, protocol=2)
        self.send("snapshot", number=number, run=self.run, channels=list(channels), values=values or [])

    def delta(self, values: dict[str, Any] | None = None, events: list[Any] | None = None, **more: Any) -> Wanted:
        return self.send("delta", values=values or {}, events=events or [], **more)


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def bench(model: Model) -> Bench:
    return Bench(model)


def test_a_snapshot_is_all_there_is_and_deltas_change_it(bench: Bench, model: Model) -> None:
    bench.attach(channel("a"), channel("b"), values=[[20.0, 0.1, 0, T, None, None], None])
    assert [(each.facts.name, each.value, each.u) for each in model.channels] == [("a", 20.0, 0.1), ("b", None, None)]
    bench.delta({"1": [21.0, None, 0, T + 100, None, None]}, run={"state": "paused"})
    assert (model.channels[1].value, model.channels[1].u, model.run.state) == (21.0, None, "paused")
    assert model.channels[0].value == 20.0


def test_a_value_that_is_not_a_number_is_bad_and_leaves_a_gap(bench: Bench, model: Model) -> None:
    bench.attach(channel("a"), values=[[20.0, 0.1, 0, T, None, None]])
    bench.delta({"0": [math.nan, math.inf, 0, T + 100, None, None]})
    live = model.channels[0]
    assert (live.value, live.u) == (None, None)
    assert model.status(live, bench.now).level is Level.BAD
    assert live.past.samples().low[0] == 20.0
    assert math.isnan(live.past.samples().low[1])


def test_age_counts_from_the_last_new_value_and_after_two_periods_it_is_stale(bench: Bench, model: Model) -> None:
    bench.attach(
        channel("a", period=2.0), channel("b", period=None), values=[[1.0, 0.1, 0, T], [1.0, 0.1, 0, T - 9000]]
    )
    a, b = model.channels
    assert (a.age(bench.now), b.age(bench.now)) == (0.0, 9.0)
    for _ in range(4):
        bench.now += 1.0
        bench.delta()
    assert model.status(a, bench.now).level is Level.NORMAL
    bench.now += 1.0
    bench.delta()
    assert model.status(a, bench.now).text == "? 5 s"
    assert model.status(b, bench.now).level is Level.NORMAL, "nobody says how often it comes"
    bench.delta({"0": [1.0, 0.1, 0, T + 5000]})
    assert a.age(bench.now) == 0.0


def test_old_values_are_no_fault_while_no_run_is_under_way(bench: Bench, model: Model) -> None:
    bench.run["state"] = "idle"
    bench.attach(channel("a"), values=[[1.0, 0.1, 0, T]])
    bench.now += 30.0
    bench.delta()
    status = model.status(model.channels[0], bench.now)
    assert (status.level, status.text) == (Level.NORMAL, "30 s")


def test_limits_hold_during_a_run_only(bench: Bench, model: Model) -> None:
    dark = [[0.0, 0.1, 0, T, None, None]]
    for state, shown in (("idle", (Level.NORMAL, "below")), ("running", (Level.LOW, "▼ LO"))):
        bench.run["state"] = state
        bench.attach(channel("reference", limits=[1.0, 1000.0]), values=dark)
        status = model.status(model.channels[0], bench.now)
        assert (status.level, status.text) == shown


@pytest.mark.parametrize(
    ("row", "level", "text"),
    [
        ([20.0, 0.1, 0, T, None, None], Level.NORMAL, ""),
        ([42.0, 0.1, 0, T, None, None], Level.LOW, "▲ HI"),
        ([20.0, 0.1, 0, T, 20.0, 42.0], Level.LOW, "▲ HI"),
        ([9.0, 0.1, 0, T, None, None], Level.LOW, "▼ LO"),
        ([None, None, 8, T, None, None], Level.BAD, "✗ N/A"),
        ([20.0, 0.1, 16, T, None, None], Level.LOW, "○ DARK"),
        ([20.0, 0.1, 32, T, None, None], Level.STALE, "? STALE"),
    ],
)
def test_the_state_of_a_channel(bench: Bench, model: Model, row: list[Any], level: Level, text: str) -> None:
    bench.attach(channel("a", limits=[10.0, 41.0]), values=[row])
    status = model.status(model.channels[0], bench.now)
    assert (status.level, status.text) == (level, text)


def test_a_channel_of_a_lost_device_is_old_at_once(bench: Bench, model: Model) -> None:
    slow = (channel("tc.T", device="tc", period=60.0), channel("psu.I", device="psu", period=60.0))
    bench.attach(*slow, values=[[20.0, 0.1, 0, T], [1.0, 0.1, 0, T]])
    bench.now += 3.0
    bench.delta(run={**bench.run, "devices": [{"name": "tc", "state": "lost"}, {"name": "psu", "state": "ok"}]})
    lost, other = (model.status(each, bench.now) for each in model.channels)
    assert (lost.level, lost.text) == (Level.STALE, "? 3 s")
    assert other.level is Level.NORMAL


def test_a_channel_shows_the_alarm_of_its_interlock(bench: Bench, model: Model) -> None:
    bench.run |= {
        "interlocks": [{"name": "too hot", "when": "tc.T > 41 Cel"}, {"name": "other", "when": "tc.T_dut > 1"}],
        "alarms": [alarm("other", priority="safety"), alarm("too hot", priority="medium")],
    }
    bench.attach(channel("tc.T", limits=[None, 41.0]), values=[[42.0, 0.1, 0, T]])
    assert model.status(model.channels[0], bench.now).text == "▲ HI 2"


def test_alarms_stand_in_two_lists_the_most_urgent_first(bench: Bench, model: Model) -> None:
    bench.run["alarms"] = [
        alarm("low", priority="low"),
        alarm("old", raised=1),
        alarm("known", "acknowledged"),
        alarm("new", raised=2),
        alarm("gone", "returned", raised=0),
        alarm("hidden", shelved_until=5),
        alarm("never hidden", priority="safety", shelved_until=5),
    ]
    bench.attach()
    assert [each.alarm for each in model.unacknowledged] == ["never hidden", "new", "old", "gone", "low"]
    assert [each.alarm for each in model.acknowledged] == ["known"]
    assert [each.alarm for each in model.shelved] == ["hidden"]


def event(number: int, kind: str = "note", **data: Any) -> dict[str, Any]:
    return {"number": number, "wall": T * 10**6, "kind": kind, **data}


def test_events_become_lines_of_the_log_each_once(bench: Bench, model: Model) -> None:
    bench.attach()
    bench.delta(events=[event(1, operator="ada", reason="looks\nfine \x1b[2J")])
    bench.delta(events=[event(1), event(2, "device lost", device="psu", reason="no answer")])
    assert [(each.number, each.kind, each.text) for each in model.log] == [
        (1, "note", "by ada: looks fine [2J"),
        (2, "device lost", "psu: no answer"),
    ]
    assert model.number == 2


def test_an_answer_is_told_once_though_command_and_prompt_both_tell_it(bench: Bench, model: Model) -> None:
    bench.attach()
    told = [
        event(1, "answer", prompt=1, operator="ann", value="150 cm"),
        event(2, "answer", prompt=1, operator="ann", answer=1.5, unit="m"),
    ]
    bench.delta(events=told)
    assert [line.text for line in model.log if line.kind == "answer"] == ["prompt 1: 1.5 m (ann)"]


def test_a_gap_in_frames_asks_for_a_snapshot(bench: Bench) -> None:
    bench.attach()
    bench.sequence += 1
    assert bench.delta() is Wanted.SNAPSHOT


def test_a_gap_in_events_is_told(bench: Bench, model: Model) -> None:
    bench.attach()
    bench.delta(events=[event(1, reason="a")])
    bench.delta(events=[event(4, reason="b")])
    assert [each.text for each in model.log] == ["by somebody: a", "2 events are not known here", "by somebody: b"]


def test_the_first_snapshot_asks_for_the_events_before(bench: Bench, model: Model) -> None:
    bench.send("hello", boot="b")
    assert bench.send("snapshot", number=BACKLOG + 7, run={}, channels=[], values=[]) is Wanted.SNAPSHOT
    assert model.number == 7
    bench.sequence = 0
    model.connected(bench.now)
    bench.send("hello", boot="b")
    assert bench.send("snapshot", number=BACKLOG + 7, run={}, channels=[], values=[]) is Wanted.NOTHING
    bench.delta(events=[event(number) for number in range(8, BACKLOG + 8)])
    assert (len(model.log), model.number) == (BACKLOG, BACKLOG + 7)


def test_a_delta_before_any_snapshot_asks_for_one(bench: Bench) -> None:
    assert bench.delta() is Wanted.SNAPSHOT


def test_another_boot_asks_for_a_snapshot_and_forgets_the_past(bench: Bench, model: Model) -> None:
    bench.attach(channel("a"), values=[[20.0, 0.1, 0, T]])
    bench.sequence = 0
    model.connected(bench.now)
    assert bench.send("hello", boot="another", protocol=2) is Wanted.SNAPSHOT
    assert (model.number, len(model.channels[0].past)) == (0, 0)
    bench.attach(channel("a"), values=[[20.0, 0.1, 0, T]], boot="another")
    assert model.channels[0].value == 20.0


def test_after_a_lost_link_all_stays_with_its_age_and_is_not_called_stale(bench: Bench, model: Model) -> None:
    bench.attach(channel("a"), values=[[20.0, 0.1, 0, T]])
    model.lost("the gateway has closed the stream")
    bench.now += 60.0
    live = model.channels[0]
    assert (model.link_state(bench.now), live.value, live.age(bench.now)) == (LinkState.LOST, 20.0, 60.0)
    assert model.status(live, bench.now).level is Level.NORMAL
    bench.attach(channel("a"), values=[[21.0, 0.1, 0, T + 60_000]])
    assert model.link_state(bench.now) is LinkState.UP
    values = model.channels[0].past.samples().low
    assert [value for value in values if not math.isnan(value)] == [20.0, 21.0]
    assert len(values) == 3, "a gap stands between what was before and after"


def test_a_link_that_is_silent_is_lost_whatever_its_socket_says(bench: Bench, model: Model) -> None:
    bench.attach()
    bench.now += SILENT + model.link.between_frames + 0.1
    assert model.link_state(bench.now) is LinkState.LOST


def test_frames_of_protocol_1_are_shown_too(bench: Bench, model: Model) -> None:
    bench.attach(["a", "lx"], values=[[20.0, 0.1, 0, T]])
    live = model.channels[0]
    assert (live.facts.name, live.facts.symbol, live.value) == ("a", "lx", 20.0)


def test_the_estop_chain_is_an_input(bench: Bench, model: Model) -> None:
    assert model.estop is None
    bench.run |= {"run": "r", "interlocks": [{"name": "chain", "when": "io.estop", "tripped": True, "is_estop": True}]}
    bench.attach()
    assert model.estop is True
    bench.run["interlocks"] = [{"name": "chain", "when": "io.estop", "tripped": False, "is_estop": True}]
    bench.delta(run=bench.run)
    assert model.estop is False
    bench.run["interlocks"] = [{"name": "chain", "when": "io.estop", "tripped": None, "is_estop": True}]
    bench.delta(run=bench.run)
    assert model.estop is None, "a run begins, and the chain was not read yet"
    bench.run["interlocks"] = [{"name": "chain", "when": "io.estop", "tripped": False, "is_estop": True}]
    bench.delta(run={**bench.run, "state": "idle"})
    assert model.estop is None, "nobody looks at interlocks while no run is under way"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
run_documents = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("state", "alarms", "prompts", "point", "queue", "lease", "devices", "done", "left"), json_values
    ),
)


@given(json_values)
def test_whatever_a_bench_says_of_itself_is_no_error(document: Any) -> None:
    assert isinstance(build(Run, document), Run)


@given(run_documents, json_values, json_values, json_values)
def test_whatever_frames_say_the_console_goes_on(run: Any, channels: Any, values: Any, events: Any) -> None:
    model = Model()
    bench = Bench(model)
    bench.send("hello", boot="b")
    bench.send("snapshot", number=0, run=run, channels=channels, values=values)
    bench.send("delta", run=run, values=values, events=events)
    bench.send("delta", values={"0": values}, events=[events])
    for live in model.channels:
        model.status(live, 200.0)
    assert json.dumps([each.text for each in model.log])
    model.bench_time(200.0, 0)


@given(st.lists(st.floats(-1e6, 1e6) | st.none(), min_size=1, max_size=400), st.sampled_from([64, 100]))
def test_a_history_is_bounded_and_keeps_every_spike(values: list[float | None], length: int) -> None:
    history = Past(length)
    for t, value in enumerate(values):
        history.add(float(t), value)
    known = [value for value in values if value is not None]
    times, lows, highs, _ = history.samples()
    assert len(history) <= length
    assert list(times) == sorted(set(times))
    assert times[-1] == len(values) - 1
    if known:
        finite = [(low, high) for low, high in zip(lows, highs, strict=True) if not math.isnan(low)]
        assert min(low for low, _ in finite) == min(known)
        assert max(high for _, high in finite) == max(known)


@given(st.floats(-10, 10), st.integers(3, 100))
def test_the_slope_of_a_straight_line_is_its_slope(slope: float, count: int) -> None:
    history = Past()
    for t in range(count):
        history.add(1.7e9 + t, 20.0 + slope * t)
    assert history.slope(count - 1.0) == pytest.approx(slope, abs=1e-6)


def test_a_slope_of_too_short_a_time_is_not_told() -> None:
    history = Past()
    for t in range(3):
        history.add(float(t), 1.0)
    assert history.slope(60.0) is None


def test_time_that_was_set_back_begins_a_past_anew(bench: Bench, model: Model) -> None:
    bench.attach(channel("a"), values=[[1.0, 0.1, 0, T]])
    bench.delta({"0": [2.0, 0.1, 0, T + 100]})
    bench.delta({"0": [3.0, 0.1, 0, T - 5000]})
    assert list(model.channels[0].past.samples().low) == [3.0]


def test_after_a_snapshot_values_are_as_old_as_the_bench_says() -> None:
    model = Model()
    channels = [{"name": "room", "unit": "Cel", "symbol": "°C", "period": 10.0}]
    model.connected(0.0)
    model.take({"kind": "hello", "seq": 1, "prev": 0, "boot": "b", "protocol": 2}, 0.0)
    frame = {"kind": "snapshot", "seq": 2, "prev": 1, "number": 0, "run": {"boot": "b"}, "channels": channels}
    model.take({**frame, "t": 70_000, "values": [[23.0, 0.1, 0, 10_000, None, None]]}, 5.0)
    assert model.channels[0].age(5.0) == 60.0
    assert model.channels[0].late(5.0, 0.1) == 60.0


VALUE = st.none() | st.floats(-5.0, 5.0)


@given(st.lists(st.tuples(st.integers(1, 40), VALUE, VALUE, VALUE, VALUE), max_size=120), st.sets(st.integers(0, 119)))
def test_samples_looked_at_together_are_those_that_are_looked_at_one_by_one(
    news: list[tuple[int, float | None, float | None, float | None, float | None]], looks: set[int]
) -> None:
    together, one_by_one, t = Past(length=64), Past(length=64), 0.0
    for at, (step, value, U, low, high) in enumerate(news):  # noqa: N806
        t = t + step if step > 2 else t - 1.0  # now and then a bench whose time has begun anew
        sample = t, value, U, low, high
        together.take(sample)
        one_by_one.take(sample)
        assert one_by_one.last == t
        if at in looks:
            assert together.last == t
    for ours, theirs in zip(together.samples(), one_by_one.samples(), strict=True):
        assert np.array_equal(ours, theirs, equal_nan=True)
