"""Pauses: after the point, or now; what is under observation then does not count, and bench time stands still."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hil.commands import Command, Pause, PauseNow, Resume
from hil.errors import UsageError
from hil.pausing import PauseState, Pausing, held
from hil.trial import Trial
from hil_drivers.capability import Sensor
from hil_drivers.clock import WallClock
from rig import Rig, control_of, plan


async def idle() -> None:
    for _ in range(100):
        await asyncio.sleep(0)


async def observe_each(trial: Trial) -> None:
    async for point in trial.points():
        async with point.valid(trial.role("lux", Sensor), 100.0, tolerance=5.0):
            await trial.sleep(2.0)
            point.observe(level=point.level)


async def pause_and_resume(rig: Rig, seconds: float, command: Command) -> int:
    """Give ``command`` at ``seconds`` of bench time, and resume; the bench time at which the script was held."""
    control = control_of(rig)

    async def later() -> None:
        await rig.clock.sleep(seconds)
        control.carry_out(command)

    commanding = asyncio.create_task(later())
    await rig.paused.wait()
    await commanding
    before = rig.clock.now()
    await idle()
    assert rig.clock.now() == before
    control.carry_out(Resume("Operator A"))
    return before


async def test_a_pause_lets_the_point_end(tmp_path: Path) -> None:
    rig = Rig(tmp_path, plan(1.0, 2.0), lambda t: 100.0)
    pausing = asyncio.create_task(pause_and_resume(rig, 1.0, Pause("Operator A")))
    record = await rig.run(observe_each)
    first, second = record.points()
    assert (first.state, second.state) == ("committed", "committed")
    assert record.observations()[0].t < rig.clock.utc(await pausing) <= record.observations()[1].t


async def test_a_pause_now_voids_what_is_observed_without_counting_it(tmp_path: Path) -> None:
    rig = Rig(tmp_path, plan(1.0, attempts=1), lambda t: 100.0)
    pausing = asyncio.create_task(pause_and_resume(rig, 1.0, PauseNow("Operator A")))
    record = await rig.run(observe_each)
    await pausing
    assert [(p.attempt, p.state, p.reason) for p in record.points()] == [
        (1, "void", "paused by Operator A"),
        (2, "committed", ""),
    ]


async def test_a_pause_now_outside_of_a_point_holds_the_next_operation(tmp_path: Path) -> None:
    rig = Rig(tmp_path, plan(1.0), lambda t: 100.0)
    done: list[int] = []

    async def script(trial: Trial) -> None:
        for _ in range(3):
            await trial.sleep(1.0)
            done.append(rig.clock.now())

    pausing = asyncio.create_task(pause_and_resume(rig, 1.5, PauseNow("Operator A")))
    await rig.run(script)
    assert await pausing == done[1]


async def test_what_is_held_is_told_to_those_with_a_limit(tmp_path: Path) -> None:
    rig = Rig(tmp_path, plan(1.0), lambda t: 100.0)
    seen = list[int]()

    async def script(trial: Trial) -> None:
        async for _ in trial.points():
            rig.pausing.request(now=True)
            waiting = asyncio.get_running_loop().call_later(0.0, rig.pausing.release)
            await trial.sleep(1.0)
            waiting.cancel()
            seen.append(held())

    await rig.run(script)
    assert seen == [0]
    assert held() == 0


async def test_a_run_that_is_not_paused_cannot_be_resumed(tmp_path: Path) -> None:
    rig = Rig(tmp_path, plan(1.0), lambda t: 100.0)
    with pytest.raises(UsageError, match="not paused"):
        control_of(rig).carry_out(Resume("Operator A"))
    await rig.record.close("complete")


async def test_states_are_told_once_each() -> None:
    told: list[PauseState] = []
    pausing = Pausing(WallClock(), told.append)
    pausing.request(now=False)
    pausing.request(now=True)
    holding = asyncio.create_task(pausing.at_operation())
    await idle()
    pausing.release()
    await holding
    assert told == [PauseState.PAUSING, PauseState.PAUSED, PauseState.RUNNING]
