"""Validity gates: what drifts out makes the attempt void, on record, and the point is offered again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hil.errors import BenchFault, ProcedureFault
from hil.trial import Trial
from hil_drivers.capability import Sensor
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


async def test_an_error_in_the_body_passes_through_and_voids_the_attempt(tmp_path: Path) -> None:
    rig = Rig(tmp_path, plan(1.0), lambda t: 100.0)

    async def script(trial: Trial) -> None:
        async for point in trial.points():
            async with point.valid(trial.role("lux", Sensor), 100.0, tolerance=5.0):
                point.observe(level=point.level)
                raise BenchFault("the scene was not drawn")

    with pytest.raises(BenchFault, match="not drawn"):
        await rig.run(script)
    assert states(rig) == [(0, 1, "void")]


async def test_a_sensor_that_gives_no_value_ends_the_run(tmp_path: Path) -> None:
    rig = Rig(tmp_path, plan(1.0), lambda t: 100.0 if t < 1.0 else None)
    with pytest.raises(BenchFault, match="not available"):
        await rig.run(observe_each)
    assert states(rig) == [(0, 1, "void")]


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
