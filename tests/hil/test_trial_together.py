"""Two things at once in a script, on the bench clock."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hil.errors import BenchFault
from hil.trial import Trial
from rig import Rig, plan


async def after(trial: Trial, seconds: float, value: str) -> str:
    await trial.sleep(seconds)
    return value


async def fails(trial: Trial, seconds: float) -> str:
    await trial.sleep(seconds)
    raise BenchFault("is broken", where="it")


async def test_both_give_what_they_give_in_the_time_of_the_longer(tmp_path: Path) -> None:
    rig = Rig(tmp_path / "run", plan(1.0), lambda t: 1.0)
    got: list[object] = []

    async def script(trial: Trial) -> None:
        got.append(await trial.together(after(trial, 2.0, "first"), after(trial, 1.0, "second")))
        got.append(rig.clock.now())

    await rig.run(script)
    assert got == [("first", "second"), 2_000_000_000]


@pytest.mark.parametrize("first", [True, False])
async def test_a_failure_of_one_ends_the_other(tmp_path: Path, first: bool) -> None:
    rig = Rig(tmp_path / "run", plan(1.0), lambda t: 1.0)

    async def script(trial: Trial) -> None:
        both = [fails(trial, 1.0), after(trial, 1000.0, "never")]
        await trial.together(*(both if first else both[::-1]))

    with pytest.raises(BenchFault, match="is broken"):
        await rig.run(script)
    assert rig.clock.now() == 1_000_000_000
    assert not [task for task in asyncio.all_tasks() if task.get_name().endswith("of two")]


async def test_who_is_cancelled_leaves_nothing_behind(tmp_path: Path) -> None:
    rig = Rig(tmp_path / "run", plan(1.0), lambda t: 1.0)

    async def script(trial: Trial) -> None:
        both = asyncio.create_task(trial.together(after(trial, 9.0, "a"), after(trial, 9.0, "b")))
        await trial.sleep(1.0)
        both.cancel()
        await rig.clock.wait(both)
        assert both.cancelled()

    await rig.run(script)
    assert rig.clock.now() == 1_000_000_000
    assert not [task for task in asyncio.all_tasks() if task.get_name().endswith("of two")]
