"""Kill -9 of the controller at any moment: the rig goes safe, nothing acknowledged is lost, the run goes on."""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from asyncio.subprocess import PIPE
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from bench_copy import command
from hil.bench.config import load_bench
from hil.errors import UsageError
from hil.record import open_run, verify
from hil.record.store import Store
from hil.resumption import Resumption
from real_rig import Rig, real_rig
from safe_bench import ESTOP, WATCHDOG

POINTS = 40

SCRIPT = f"""
from hil import Design, Parameters, Results, Trial, procedure
from hil_drivers.capability import Actuator


class Nothing(Parameters):
    pass


@procedure("many", version="1", roles={{"light": Actuator, "lamp": Actuator}})
async def many(trial: Trial, p: Nothing) -> None:
    light, lamp = trial.role("light", Actuator), trial.role("lamp", Actuator)
    async for point in trial.points():
        await lamp.set(1.0)
        await light.set(point.level)
        await trial.sleep(0.4)


@many.plan
def plan(p: Nothing) -> Design:
    return Design({{"level": "lx"}}, [{{"level": 500.0 + number}} for number in range({POINTS})])


@many.analysis
def analyse(record, p: Nothing) -> Results:
    return Results((), {{}})
"""


class Killed:
    """A run that is killed again and again, and resumed each time."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.acknowledged, self.slowest = rig, 0, 0.0
        (rig.folder / "many.py").write_text(SCRIPT, encoding="utf-8")

    @property
    def folder(self) -> Path | None:
        """Of the run, once it has begun: a kill may have left a record that does not even say what it is."""
        for found in sorted((self.rig.folder / "runs").glob("*/run.db")):
            with suppress(UsageError):
                if open_run(found.parent).run:
                    return found.parent
        return None

    def arguments(self) -> list[str]:
        begin = ["run", "many.py", "--bench", "bench/safe.toml", "--out", "runs", "--jsonl"]
        return command(*begin, *(["--resume", str(self.folder)] if self.folder else []))

    async def kill_after(self, seconds: float) -> None:
        """Start it, or resume it, kill it, and look at what it leaves."""
        process = await asyncio.create_subprocess_exec(*self.arguments(), cwd=self.rig.folder, stdout=PIPE, stderr=PIPE)
        with_output = asyncio.create_task(process.communicate())
        await asyncio.wait([with_output], timeout=seconds)
        lit = await self.rig.illuminance() > 100.0
        if process.returncode is None:
            process.kill()
        killed = time.monotonic()
        stdout, stderr = await with_output
        if lit:
            await self._dark(killed)
        for line in stdout.decode().splitlines():
            told = json.loads(line) if line.endswith("}") else {}
            if told.get("kind") == "committed":
                self.acknowledged = max(self.acknowledged, told["readings"])
        assert "Traceback" not in stderr.decode(), stderr.decode()
        self._look()

    async def _dark(self, killed: float) -> None:
        while await self.rig.illuminance() >= 1.0:
            assert time.monotonic() - killed < 5.0, "its watchdog did not take the supply"
        self.slowest = max(self.slowest, time.monotonic() - killed)

    def _look(self) -> None:
        """The record opens, its chain holds, and it has what was acknowledged."""
        if self.folder is None:
            assert not self.acknowledged
            return
        found, record = verify(self.folder), open_run(self.folder)
        assert found.findings == ()
        assert record.status in {"interrupted", "complete"}
        assert sum(len(record.readings(name)) for name in record.channels) >= self.acknowledged
        assert max(self._counted().values(), default=1) == 1

    def _counted(self) -> Counter[int]:
        assert self.folder is not None
        return Counter(point.index for point in open_run(self.folder).points() if point.state == "committed")

    async def finish(self) -> None:
        """Let it go on to its end: each point counts once."""
        if self.folder is None or open_run(self.folder).status != "complete":
            process = await asyncio.create_subprocess_exec(
                *self.arguments(), cwd=self.rig.folder, stdout=PIPE, stderr=PIPE
            )
            _, stderr = await process.communicate()
            assert process.returncode == 0, stderr.decode()
        self._look()
        assert self._counted() == Counter(range(POINTS))
        assert await self.rig.illuminance() < 1.0


async def kill_many(folder: Path, times: int, seed: int) -> None:
    chance = random.Random(seed)
    async with real_rig(folder, ESTOP, WATCHDOG) as rig:
        run = Killed(rig)
        for _ in range(times):
            await run.kill_after(chance.uniform(0.3, 3.5))
        await run.finish()
        sys.stdout.write(f"{times} kills: dark after {run.slowest:.2f} s at the latest\n")
        assert run.slowest <= 1.0


def test_a_run_that_was_cut_off_before_anything_was_on_record_is_not_resumed(tmp_path: Path) -> None:
    Store(tmp_path / "run.db", None).release()
    with pytest.raises(UsageError, match="the run was cut off before it began; begin a new one"):
        Resumption.of(tmp_path, "many", load_bench("action-sim"))


async def test_ten_kills_at_random_moments(tmp_path: Path) -> None:
    await kill_many(tmp_path, 10, seed=1)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(10))
async def test_a_hundred_kills_at_random_moments(tmp_path: Path, seed: int) -> None:
    await kill_many(tmp_path, 10, seed=100 + seed)
