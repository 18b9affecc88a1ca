"""The system clock stepped by an hour, and a record that can no longer be written, in the middle of a run."""

from __future__ import annotations

import asyncio
import os
import shutil
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import pytest

from bench_copy import command
from hil.record import open_run, verify
from real_rig import Rig, real_rig
from safe_bench import ESTOP, WATCHDOG

SCRIPT = """
import time

from hil import Design, Parameters, Results, Trial, procedure
from hil_drivers.capability import Actuator


class Doing(Parameters):
    step: float = 0.0


@procedure("stepped", version="1", roles={"light": Actuator, "lamp": Actuator})
async def stepped(trial: Trial, p: Doing) -> None:
    light, lamp = trial.role("light", Actuator), trial.role("lamp", Actuator)
    async for point in trial.points():
        await lamp.set(1.0)
        await light.set(500.0)
        step_the_clock(p.step)
        await trial.sleep(point.seconds)


def step_the_clock(seconds: float) -> None:
    ns, s = time.time_ns, time.time
    time.time_ns = lambda: ns() + round(seconds * 1e9)
    time.time = lambda: s() + seconds


@stepped.plan
def plan(p: Doing) -> Design:
    return Design({"seconds": "s"}, [{"seconds": 60.0}])


@stepped.analysis
def analyse(record, p: Doing) -> Results:
    return Results((), {})
"""

HOUR = 3600.0
UNPRIVILEGED = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
"""Before a command: root, too, heeds the permissions of files then."""


async def start(rig: Rig, *more: str, before: list[str] | None = None) -> Process:
    (rig.folder / "stepped.py").write_text(SCRIPT, encoding="utf-8")
    arguments = command("run", "stepped.py", "--bench", "bench/safe.toml", "--out", "runs", *more)
    return await asyncio.create_subprocess_exec(*(before or []), *arguments, cwd=rig.folder, stdout=PIPE, stderr=PIPE)


async def until_lit(rig: Rig) -> None:
    async with asyncio.timeout(30.0):
        while await rig.illuminance() < 100.0:
            pass


def only_run(rig: Rig) -> Path:
    (found,) = (rig.folder / "runs").glob("*_stepped_*")
    return found


@pytest.mark.parametrize("step", [HOUR, -HOUR])
async def test_a_step_of_the_system_clock_changes_neither_times_nor_safety(tmp_path: Path, step: float) -> None:
    async with real_rig(tmp_path, ESTOP, WATCHDOG) as rig:
        process = await start(rig, "--set", f"step={step}")
        await until_lit(rig)
        ended = asyncio.create_task(process.wait())
        await asyncio.wait([ended], timeout=1.0)
        assert not ended.done()
        assert await rig.illuminance() > 100.0, "the watchdog is fed, and nothing is stale"
        await rig.world.inject("io", "estop")
        _, stderr = await process.communicate()
        assert process.returncode == 5, stderr.decode()
        assert "interlock estop: tripped: io.estop == 0" in stderr.decode()
        assert await rig.illuminance() < 1.0
        folder = only_run(rig)
        record = open_run(folder)
        times = record.readings("io.estop").t
        assert (times[1:] > times[:-1]).all()
        assert (times[-1] - times[0]) / 1e9 < 30.0, "distances are those of a clock that is not stepped"
        assert record.events("clock step")[-1].data["departure"] == pytest.approx(step, abs=1.0), "it is told"
        assert verify(folder).findings == ()


@pytest.mark.skipif(bool(UNPRIVILEGED) and shutil.which("setpriv") is None, reason="root, and no setpriv")
async def test_a_record_that_is_made_read_only_is_kept_and_the_rig_is_made_safe(tmp_path: Path) -> None:
    async with real_rig(tmp_path, ESTOP, WATCHDOG) as rig:
        process = await start(rig, before=UNPRIVILEGED)
        await until_lit(rig)
        folder = only_run(rig)
        for file in folder.iterdir():
            file.chmod(0o444)
        folder.chmod(0o555)
        try:
            await rig.world.inject("io", "estop")
            _, stderr = await process.communicate()
            assert process.returncode == 5, "what happened first ends the run"
            assert "hil: interlock estop: tripped" in stderr.decode()
            assert "record failed: reason " in stderr.decode()
            assert "run.db: the record cannot be written" in stderr.decode()
            assert "Traceback" not in stderr.decode()
            assert await rig.illuminance() < 1.0
            (finding,) = verify(folder).findings
            assert finding.place == "closed.json", "every row is there, and its chain holds"
            assert open_run(folder).events("trip")
        finally:
            folder.chmod(0o755)


@pytest.mark.skipif(bool(UNPRIVILEGED) and shutil.which("setpriv") is None, reason="root, and no setpriv")
async def test_no_run_starts_where_no_record_can_be_written(tmp_path: Path) -> None:
    async with real_rig(tmp_path, ESTOP, WATCHDOG) as rig:
        (tmp_path / "runs").mkdir(mode=0o555)
        process = await start(rig, before=UNPRIVILEGED)
        _, stderr = await process.communicate()
        assert process.returncode == 2
        assert "cannot be made (Permission denied); give a folder that can be written" in stderr.decode()
        assert (await rig.world.state())["lights"] == 0.0
