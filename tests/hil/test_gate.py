"""Validity gates: what drifts out makes the attempt void, on record, and the point is offered again."""

from __future__ import annotations

import asyncio
import math
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from hil.conditions import Condition
from hil.errors import BenchFault, LimitExceeded, ProcedureFault
from hil.measurement import Measurement
from hil.tolerance import Judge, Tolerance
from hil.trial import Trial
from hil_drivers.capability import Sensor
from hil_drivers.indication import Flag
from rig import Rig, plan


def states(rig: Rig) -> list[tuple[int, int, str]]:
    from hil.record import open_run

    return [(p.index, p.attempt, p.state) for p in open_run(rig.folder).points()]


async def observe_each(trial: Trial) -> None:
    lux = trial.role("lux", Sensor)
    async for point in trial.points():
        async with point.valid(lux, 100.0, tolerance=5.0):
            await trial.sleep(2.0)
            point.observe(level=point.level)


async def test_a_gate_that_holds_links_the_readings_around_the_observation(tmp_path: Path) -> None:
    rig = Rig(tmp_path, plan(1.0), lambda t: 100.0)
    record = await rig.run(observe_each)
    (seen,) = record.observations()
    lux = record.readings("lux")
    assert seen.data == {"level": 1.0}
    link = seen.links["lux"]
    inside = (lux.t >= link["start"]) & (lux.t <= link["end"])
    assert inside.all()
    assert lux.t.min() < seen.t < lux.t.max()
    assert [state for *_, state in states(rig)] == ["committed"]


@pytest.mark.parametrize("drift_at", [0.0, 1.2, 2.4])
async def test_a_drift_before_during_or_after_voids_the_attempt(tmp_path: Path, drift_at: float) -> None:
    rig = Rig(tmp_path, plan(1.0, 2.0), lambda t: 90.0 if drift_at <= t < drift_at + 0.45 else 100.0)
    record = await rig.run(observe_each)
    assert states(rig) == [(0, 1, "void"), (0, 2, "committed"), (1, 1, "committed")]
    assert [seen.data["level"] for seen in record.observations()] == [1.0, 2.0]
    void = record.points()[0]
    assert "lux was 90.0 lx, outside 100 lx ± 5.0 lx" in void.reason
    assert any(kind == "void" for kind, _ in rig.reports)


async def test_a_second_gate_of_a_void_attempt_is_passed_over(tmp_path: Path) -> None:
    rig = Rig(tmp_path, plan(1.0), lambda t: 90.0 if t < 0.4 else 100.0)

    async def script(trial: Trial) -> None:
        lux = trial.role("lux", Sensor)
        async for point in trial.points():
            for part in ("first", "second"):
                async with point.valid(lux, 100.0, tolerance=5.0):
                    await trial.sleep(1.0)
                    point.observe(part=part)

    record = await rig.run(script)
    assert states(rig) == [(0, 1, "void"), (0, 2, "committed")]
    assert [seen.data["part"] for seen in record.observations()] == ["first", "second"]


async def test_a_void_attempt_without_an_await_in_its_body(tmp_path: Path) -> None:
    rig = Rig(tmp_path, plan(1.0), lambda t: 90.0 if t < 0.4 else 100.0)

    async def script(trial: Trial) -> None:
        async for point in trial.points():
            async with point.valid(trial.role("lux", Sensor), 100.0, tolerance=5.0):
                point.observe(level=point.level)

    await rig.run(script)
    assert states(rig) == [(0, 1, "void"), (0, 2, "committed")]


async def test_a_point_that_stays_void_is_a_bench_fault(tmp_path: Path) -> None:
    rig = Rig(tmp_path, plan(1.0, attempts=2), lambda t: 90.0)
    with pytest.raises(BenchFault, match="2 attempts were void"):
        await rig.run(observe_each)
    assert states(rig) == [(0, 1, "void"), (0, 2, "void")]


async def test_the_remedy_for_equipment_that_fails_is_not_that_for_a_condition(tmp_path: Path) -> None:
    rig = Rig(tmp_path, plan(1.0, attempts=2), lambda t: 100.0)

    async def script(trial: Trial) -> None:
        async for point in trial.points():
            async with point.valid(trial.role("lux", Sensor), 100.0, tolerance=5.0):
                raise BenchFault("the picture is damaged", where="camera")

    with pytest.raises(BenchFault, match=r"2 attempts were void, the last because camera: .*; mend what failed"):
        await rig.run(script)


async def test_the_first_reason_is_told_beside_the_last(tmp_path: Path) -> None:
    rig = Rig(tmp_path, plan(1.0, attempts=2), lambda t: 90.0 if t < 0.4 else 80.0)
    last, first = (
        r"the last because lux was 80\.0 lx, outside .*",
        r"\(the first because lux was 90\.0 lx, outside .*\)",
    )
    with pytest.raises(BenchFault, match=f"2 attempts were void, {last} {first}"):
        await rig.run(observe_each)


async def test_an_abort_passes_through_a_gate(tmp_path: Path) -> None:
    rig = Rig(tmp_path, plan(1.0), lambda t: 100.0)
    entered = asyncio.Event()

    async def script(trial: Trial) -> None:
        async for point in trial.points():
            async with point.valid(trial.role("lux", Sensor), 100.0, tolerance=5.0):
                entered.set()
                await trial.sleep(1e6)

    task = asyncio.ensure_future(rig.run(script))
    await entered.wait()
    inner = next(other for other in asyncio.all_tasks() if "script" in repr(other.get_coro()))
    inner.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert states(rig) == [(0, 1, "void")]


async def test_an_abort_at_the_same_moment_as_a_void_wins(tmp_path: Path) -> None:
    rig = Rig(tmp_path, plan(1.0), lambda t: 100.0 if t < 0.5 else 90.0)

    async def script(trial: Trial) -> None:
        own = asyncio.current_task()
        assert own is not None
        async for point in trial.points():
            async with point.valid(trial.role("lux", Sensor), 100.0, tolerance=5.0):
                try:
                    await trial.sleep(10.0)
                except asyncio.CancelledError:
                    own.cancel()
                    raise

    with pytest.raises(asyncio.CancelledError):
        await rig.run(script)


async def test_a_fault_of_the_bench_in_the_body_voids_the_attempt_and_the_first_is_not_hidden(tmp_path: Path) -> None:
    rig = Rig(tmp_path, plan(1.0), lambda t: 100.0)

    async def script(trial: Trial) -> None:
        async for point in trial.points():
            async with point.valid(trial.role("lux", Sensor), 100.0, tolerance=5.0):
                point.observe(level=point.level)
                if point.attempt < 3:
                    raise BenchFault(f"the scene was not drawn, {point.attempt}")

    record = await rig.run(script)
    assert states(rig) == [(0, 1, "void"), (0, 2, "void"), (0, 3, "committed")]
    assert [point.reason for point in record.points()] == [
        "the scene was not drawn, 1",
        "the scene was not drawn, 2",
        "",
    ]
    assert len(record.observations()) == 1


@pytest.mark.parametrize("error", [ValueError("a bug"), LimitExceeded("too bright"), ProcedureFault("not legal")])
async def test_any_other_error_in_the_body_ends_the_run(tmp_path: Path, error: Exception) -> None:
    rig = Rig(tmp_path, plan(1.0), lambda t: 100.0)

    async def script(trial: Trial) -> None:
        async for point in trial.points():
            async with point.valid(trial.role("lux", Sensor), 100.0, tolerance=5.0):
                raise error

    with pytest.raises(type(error), match=str(error)):
        await rig.run(script)
    assert states(rig) == [(0, 1, "void")]


@pytest.mark.parametrize("missing", [0.0, 1.0, 2.4])
async def test_a_sensor_that_gives_no_value_voids_the_attempt(tmp_path: Path, missing: float) -> None:
    rig = Rig(tmp_path, plan(1.0), lambda t: None if missing <= t < missing + 0.45 else 100.0)
    record = await rig.run(observe_each)
    assert states(rig) == [(0, 1, "void"), (0, 2, "committed")]
    assert "not available" in record.points()[0].reason


async def test_a_measurement_beyond_the_limits_of_its_channel_ends_the_run(tmp_path: Path) -> None:
    rig = Rig(tmp_path, plan(1.0), lambda t: 100.0 if t < 1.0 else 2000.0)
    with pytest.raises(LimitExceeded, match="outside its limits"):
        await rig.run(observe_each)
    assert states(rig) == [(0, 1, "void")]


async def test_gates_within_each_other_all_link_their_readings(tmp_path: Path) -> None:
    rig = Rig(tmp_path, plan(1.0), lambda t: 100.0)

    async def script(trial: Trial) -> None:
        lux = trial.role("lux", Sensor)
        async for point in trial.points():
            async with point.valid(lux, 100.0, tolerance=5.0), point.valid(lux, 98.0, tolerance=5.0, period=0.1):
                point.observe(level=point.level)

    record = await rig.run(script)
    assert states(rig) == [(0, 1, "committed")]
    (seen,) = record.observations()
    assert set(seen.links) == {"lux"}


@pytest.mark.parametrize("which", ["outer", "inner"])
async def test_one_gate_of_several_that_fails_voids_the_attempt(tmp_path: Path, which: str) -> None:
    rig = Rig(tmp_path, plan(1.0), lambda t: 90.0 if 1.2 <= t < 2.4 else 100.0)
    tolerances = {"outer": (5.0, 50.0), "inner": (50.0, 5.0)}[which]

    async def script(trial: Trial) -> None:
        lux = trial.role("lux", Sensor)
        async for point in trial.points():
            async with point.valid(lux, 100.0, tolerance=tolerances[0]):
                async with point.valid(lux, 100.0, tolerance=tolerances[1]):
                    await trial.sleep(2.0)
                    point.observe(level=point.level)
                await trial.sleep(0.1)

    record = await rig.run(script)
    assert states(rig) == [(0, 1, "void"), (0, 2, "committed")]
    assert len(record.observations()) == 1


async def test_an_excursion_shorter_than_the_hold_off_is_borne(tmp_path: Path) -> None:
    rig = Rig(tmp_path, plan(1.0), lambda t: 90.0 if 2.0 <= t < 3.0 or t >= 20.0 else 100.0)

    async def script(trial: Trial) -> None:
        async for point in trial.points():
            async with point.valid(trial.role("lux", Sensor), 100.0, tolerance=5.0, hold_off=3.0):
                await trial.sleep(6.0)
                point.observe(level=point.level)
            async with point.valid(trial.role("lux", Sensor), 100.0, tolerance=5.0, hold_off=3.0):
                await trial.sleep(30.0)
                point.observe(level=point.level)

    with pytest.raises(BenchFault, match=r"3 attempts were void.*90\.0 lx, outside"):
        await rig.run(script)


async def test_a_filter_judges_the_mean_of_what_was_read(tmp_path: Path) -> None:
    rig = Rig(tmp_path, plan(1.0), lambda t: 100.0 + (7.0 if round(2 * t) % 2 else -7.0))

    async def script(trial: Trial) -> None:
        lux = trial.role("lux", Sensor)
        await trial.sample(lux, 1)
        async for point in trial.points():
            async with point.valid(lux, 100.0, tolerance=8.0, filter=5.0), point.valid(lux, 100.0, tolerance=8.0):
                await trial.sleep(4.0)
                point.observe(level=point.level)

    await rig.run(script)
    assert states(rig) == [(0, 1, "committed")]


def test_what_a_filter_averages_and_when_a_hold_off_ends() -> None:
    judge = Judge(Tolerance(-1.0, 1.0, filter=2.0, hold_off=3.0))
    taken = [judge.judge(round(t * 1e9), value, None) for t, value in enumerate([3.0, -3.0, 9.0, 9.0, 9.0, 9.0, 9.0])]
    assert [value is None for value in taken] == [True, True, True, True, True, False, False]
    assert taken[5] == 9.0


def test_a_value_is_judged_with_its_uncertainty() -> None:
    judge = Judge(Tolerance(-1.0, 1.0, confidence=0.95))
    assert judge.judge(0, 0.9, 0.05) is None
    assert judge.judge(1, 0.9, 0.07) == 0.9
    with pytest.raises(ProcedureFault, match="its uncertainty is unknown"):
        judge.judge(2, 0.0, None)


@pytest.mark.parametrize(
    ("limits", "word"),
    [
        ({"lower": 1.0, "upper": 0.0}, "upside down"),
        ({"lower": 0.0, "upper": 1.0, "filter": -1.0}, "filter"),
        ({"lower": 0.0, "upper": 1.0, "hold_off": math.inf}, "hold_off"),
        ({"lower": 0.0, "upper": 1.0, "confidence": 0.5}, "confidence"),
        ({"lower": math.nan, "upper": 1.0}, "upside down"),
    ],
)
def test_a_tolerance_that_cannot_be_judged_is_refused(limits: dict[str, float], word: str) -> None:
    with pytest.raises(ProcedureFault, match=word):
        Tolerance(**limits)


async def test_observing_outside_of_a_gate_is_refused(tmp_path: Path) -> None:
    rig = Rig(tmp_path, plan(1.0), lambda t: 100.0)

    async def script(trial: Trial) -> None:
        async for point in trial.points():
            point.observe(level=1.0)

    with pytest.raises(ProcedureFault, match="only inside"):
        await rig.run(script)


async def test_leaving_the_loop_commits_what_was_observed(tmp_path: Path) -> None:
    rig = Rig(tmp_path, plan(1.0, 2.0), lambda t: 100.0)

    async def script(trial: Trial) -> None:
        async for point in trial.points():
            async with point.valid(trial.role("lux", Sensor), 100.0, tolerance=5.0):
                point.observe(level=point.level)
            break

    await rig.run(script)
    assert states(rig) == [(0, 1, "committed")]


async def test_settling_waits_for_the_band(tmp_path: Path) -> None:
    rig = Rig(tmp_path, plan(1.0), lambda t: 100.0 + 50.0 * 2.0**-t)
    settled: list[float] = []

    async def script(trial: Trial) -> None:
        lux = trial.role("lux", Sensor)
        async for point in trial.points():
            await point.settle(lux, within=1.0, for_=2.0)
            settled.append(rig.clock.now() / 1e9)

    await rig.run(script)
    assert 5.0 < settled[0] < 9.0


async def test_a_channel_that_never_settles_is_a_bench_fault(tmp_path: Path) -> None:
    rig = Rig(tmp_path, plan(1.0), lambda t: 100.0 * (int(t) % 2))

    async def script(trial: Trial) -> None:
        async for point in trial.points():
            await point.settle(trial.role("lux", Sensor), within=1.0, for_=2.0, timeout=20.0)

    with pytest.raises(BenchFault, match="did not settle"):
        await rig.run(script)


async def test_a_measurement_outside_the_channel_s_limits_ends_the_run(tmp_path: Path) -> None:
    rig = Rig(tmp_path, plan(1.0), lambda t: 100.0 if t < 1.0 else 1001.0)
    with pytest.raises(BenchFault, match=r"measured 1001 lx, outside its limits"):
        await rig.run(observe_each)
    assert states(rig) == [(0, 1, "void")]


@pytest.mark.parametrize("at", [0.2, 1.0, 2.7], ids=["while it is entered", "inside", "while it is left"])
async def test_what_disturbs_an_observation_from_outside_voids_it(tmp_path: Path, at: float) -> None:
    rig = Rig(tmp_path, plan(1.0), lambda t: 100.0)

    async def disturb() -> None:
        await rig.clock.sleep(at)
        assert rig.points.current is not None
        rig.points.current.disturb("the carriage was lost")

    async def script(trial: Trial) -> None:
        other = asyncio.create_task(disturb())
        await observe_each(trial)
        await other

    record = await rig.run(script)
    assert [(p.attempt, p.state, p.reason) for p in record.points()] == [
        (1, "void", "the carriage was lost"),
        (2, "committed", ""),
    ]
    assert len(record.observations()) == 1


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        ((30.0,), "room.temperature (gate comfort) was 30 °C, not 21 to 25 °C"),
        ((), "room.temperature (gate comfort) had no valid reading for 2 periods"),
    ],
)
@pytest.mark.parametrize("gates", [1, 2])
async def test_an_observation_that_begins_in_bad_or_unknown_conditions_of_the_bench_is_void(
    tmp_path: Path, before: tuple[float, ...], reason: str, gates: int
) -> None:
    demanded = {"comfort": Condition("room.temperature", "Cel", 10.0, Tolerance(21.0, 25.0))}
    rig = Rig(tmp_path, plan(1.0), lambda t: 100.0, demanded)

    def room(value: float) -> None:
        now = rig.clock.now()
        rig.conditions.measured(Measurement("room.temperature", value, 0.1, "Cel", Flag.GOOD, now, 0.0))

    async def script(trial: Trial) -> None:
        for value in before:
            room(value)
        lux = trial.role("lux", Sensor)
        async for point in trial.points():
            async with AsyncExitStack() as stack:
                for _ in range(gates):
                    await stack.enter_async_context(point.valid(lux, 100.0, tolerance=5.0))
                point.observe(level=point.level)
            room(23.0)

    record = await rig.run(script)
    assert [(p.attempt, p.state, p.reason) for p in record.points()] == [(1, "void", reason), (2, "committed", "")]
    assert len(record.observations()) == 1
