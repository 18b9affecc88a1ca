"""Every run ends, in order: drivers that hang or break, scripts that go on, impatient operators, long pauses."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from bench_copy import command, copy_bench
from hil import exclusive, execution
from hil.cli.interruptible import run_interruptibly
from hil.clock import LockstepClock, hold
from hil.deadline import within
from hil.errors import Aborted, BenchFault
from hil.exclusive import Exclusive
from hil.record import open_run
from hil.run import RunOutcome, run_procedure
from hil.service import Abort, Service
from hil_drivers.clock import WallClock

SCRIPT = """
import asyncio

from hil import Design, Parameters, Results, Trial, procedure
from hil_drivers.capability import Actuator


class Stubborn(Parameters):
    returns: bool = False


@procedure("stubborn", version="1", roles={"light": Actuator})
async def stubborn(trial: Trial, p: Stubborn) -> None:
    light = trial.role("light", Actuator)
    async for point in trial.points():
        while True:
            try:
                await trial.sleep(1.0)
                await light.set(100.0)
            except asyncio.CancelledError:
                if p.returns:
                    return


@stubborn.plan
def plan(p):
    return Design({"level": "lx"}, [{"level": 10.0}])


@stubborn.analysis
def analyse(record, p):
    return Results((), {})
"""


class Still:
    async def advance(self, t: int, sent: Mapping[str, int]) -> None:
        await asyncio.sleep(0)


async def carry_out(place: Path, bench: Path, service: Service | None = None, **settings: str) -> RunOutcome:
    (place / "stubborn.py").write_text(SCRIPT, encoding="utf-8")
    return await run_procedure(
        str(place / "stubborn.py"),
        str(bench),
        settings=settings,
        seed=None,
        speed=None,
        out=place / "runs",
        operator="Operator A",
        on_event=lambda event: None,
        service=service,
    )


async def test_a_script_that_ignores_its_end_does_not_keep_the_bench_from_safety(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution, "SCRIPT_DEADLINE", 0.3)
    service = Service()
    task = asyncio.ensure_future(carry_out(tmp_path, copy_bench(tmp_path / "bench"), service))
    begun = asyncio.Event()
    service.subscribe(lambda event: begun.set() if event.kind == "point" else None)
    await begun.wait()
    service.execute(Abort("Operator A", "enough"))
    outcome = await asyncio.wait_for(task, 30.0)
    assert outcome.status == "failed"
    assert "did not end within 0.3 s of being cancelled" in outcome.error
    record = open_run(outcome.folder)
    safe = next(event for event in record.events("safe state") if event.data["channel"] == "light.illuminance")
    assert not safe.data["error"]
    lit_after = [event for event in record.events("command") if event.t > safe.t]
    assert not lit_after
    left = [task for task in asyncio.all_tasks() if task.get_name() == "stubborn"]
    if left:
        await asyncio.wait(left, timeout=5.0)
    assert all(task.done() for task in left)


async def test_an_aborted_script_that_returns_as_if_it_were_done_is_not_complete(tmp_path: Path) -> None:
    service = Service()
    task = asyncio.ensure_future(carry_out(tmp_path, copy_bench(tmp_path / "bench"), service, returns="true"))
    begun = asyncio.Event()
    service.subscribe(lambda event: begun.set() if event.kind == "point" else None)
    await begun.wait()
    service.execute(Abort("Operator A", "enough"))
    outcome = await asyncio.wait_for(task, 30.0)
    assert (outcome.status, outcome.exit_code) == ("aborted", 5)
    assert "enough" in outcome.error


async def test_a_bug_in_a_driver_is_told_and_the_record_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = "from hil_drivers.instruments.artnet_light import ArtnetLight\n\n\nclass Broken(ArtnetLight):\n"
    (tmp_path / "broken_light.py").write_text(
        module + "    async def open(self):\n        raise ValueError('no such thing')\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(tmp_path)
    lights = (
        'driver = "artnet"\naddress = "sim:lights"',
        'driver = "broken_light:Broken"\naddress = "udp://127.0.0.1:9"',
    )
    outcome = await carry_out(tmp_path, copy_bench(tmp_path / "bench", lights))
    assert (outcome.status, outcome.exit_code) == ("failed", 4)
    assert "raised ValueError: no such thing" in outcome.error
    assert open_run(outcome.folder).status == "failed"


async def test_an_operation_that_hangs_ends_at_a_deadline_without_any_sleeper(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exclusive, "OPERATION_DEADLINE", 0.1)
    clock = LockstepClock(Still(), 0)
    device, never = Exclusive(clock, "chamber"), asyncio.Event()

    async def hang() -> None:
        with clock.exchange():
            await never.wait()

    async def use() -> None:
        with pytest.raises(BenchFault, match=r"chamber: an operation did not end within 0\.1 s"):
            await device.run(hang)
        with pytest.raises(BenchFault, match="chamber"):
            await device.run(hang)

    await asyncio.wait_for(use(), 5.0)
    never.set()
    await device.idle()


async def test_a_closed_device_takes_no_further_operation() -> None:
    device = Exclusive(WallClock(), "lights")
    device.close()

    async def light() -> None:
        raise AssertionError

    with pytest.raises(Aborted):
        await device.run(light)


async def test_a_deadline_holds_for_work_that_does_not_end_when_cancelled() -> None:
    release = asyncio.Event()

    async def stubborn() -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(within(0.05, stubborn(), clock=WallClock()), 5.0)
    release.set()
    await asyncio.sleep(0.01)


async def test_a_pause_is_no_stall() -> None:
    clock = LockstepClock(Still(), 0, stall_after=0.1)
    go_on = asyncio.Event()

    async def background() -> None:
        for _ in range(3):
            await clock.sleep(10.0)

    async def paused() -> int:
        await clock.sleep(1.0)
        with hold(clock):
            await go_on.wait()
        return clock.now()

    sampling, waiting = asyncio.create_task(background()), asyncio.create_task(paused())
    await asyncio.sleep(0.4)
    assert not sampling.done()
    go_on.set()
    assert await waiting == 1_000_000_000
    await sampling


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_does_not_cut_off_the_safe_state(number: signal.Signals) -> None:
    done = []

    async def work() -> None:
        asyncio.get_running_loop().call_later(0.05, os.kill, os.getpid(), number)
        asyncio.get_running_loop().call_later(0.1, os.kill, os.getpid(), number)
        try:
            await asyncio.sleep(10.0)
        finally:
            await asyncio.sleep(0.2)
            done.append("safe")

    with pytest.raises(KeyboardInterrupt if number is signal.SIGINT else Aborted):
        run_interruptibly(work())
    assert done == ["safe"]


def test_a_signal_that_was_ignored_at_the_start_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)

    async def work() -> str:
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0.05)
        return "done"

    try:
        assert run_interruptibly(work()) == "done"
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_reader_of_the_events_who_leaves_does_not_end_the_run(tmp_path: Path) -> None:
    copy_bench(tmp_path / "bench")
    settings = ("--set", "readings=3", "--set", "warm_up=1")
    run = command(
        "run", "calibrate-luxmeter", "--bench", "bench/action-sim.toml", "--out", "runs", "--jsonl", *settings
    )
    with subprocess.Popen(run, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        told = process.stderr.read()
    assert (process.returncode, told) == (0, "")
    (folder,) = (tmp_path / "runs").iterdir()
    assert open_run(folder).status == "complete"


def test_what_takes_no_cancellation_does_not_keep_the_program(capfd: pytest.CaptureFixture[str]) -> None:
    async def stays() -> None:
        while True:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(60.0)

    async def work() -> str:
        tasks.append(asyncio.create_task(stays()))
        await asyncio.sleep(0)
        return "done"

    tasks: list[asyncio.Task[None]] = []
    assert run_interruptibly(work()) == "done"
    tasks.clear()
    gc.collect()
    assert capfd.readouterr().err == ""
