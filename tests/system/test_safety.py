"""Safety with real processes at speed 1: trips, a blocked loop, kill -9, and two controllers at one rig."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bench_copy import command, fault, hil
from hil.record import open_run, verify
from real_rig import SCRIPT, Rig, real_rig, with_driver
from safe_bench import ESTOP, WATCHDOG, write_bench

START = 1_780_300_800_000_000_000
"""When the simulated bench begins, UTC in nanoseconds."""

RUN = ("run", "burn.py", "--bench", "bench/safe.toml", "--out", "runs", "--jsonl")


async def start(folder: Path, *more: str, **options: Any) -> Process:
    return await asyncio.create_subprocess_exec(*command(*RUN, *more), cwd=folder, stdout=PIPE, stderr=PIPE, **options)


async def event(process: Process, kind: str) -> dict[str, Any]:
    """The next event of a kind."""
    assert process.stdout is not None
    async with asyncio.timeout(20.0):
        async for line in process.stdout:
            told: dict[str, Any] = json.loads(line)
            if told["kind"] == kind:
                return told
    _, stderr = await process.communicate()
    raise AssertionError(f"it ended without {kind!r}: {stderr.decode()}")


async def until(seen: Callable[[], Awaitable[bool]], within: float) -> float:
    """Seconds until ``seen``, looking at the rig again and again."""
    begun = time.monotonic()
    async with asyncio.timeout(within):
        while not await seen():
            pass
    return time.monotonic() - begun


async def lit(process: Process, rig: Rig) -> None:
    await event(process, "point")
    await until(lambda: is_bright(rig), 10.0)


async def is_bright(rig: Rig) -> bool:
    return await rig.illuminance() > 100.0


async def is_dark(rig: Rig) -> bool:
    return await rig.illuminance() < 1.0


async def end(process: Process) -> tuple[int, str]:
    _, stderr = await process.communicate()
    assert process.returncode is not None
    return process.returncode, stderr.decode()


async def test_an_estop_ends_the_run_and_a_person_must_know_before_the_next(tmp_path: Path) -> None:
    async with real_rig(tmp_path, ESTOP, WATCHDOG) as rig:
        process = await start(tmp_path)
        await lit(process, rig)
        await rig.world.inject("io", "estop")
        assert (await event(process, "trip"))["interlock"] == "estop"
        code, stderr = await end(process)
        assert code == 5, stderr
        assert "hil: interlock estop: tripped: io.estop == 0 (io.estop = 0); look at the rig" in stderr
        assert "Traceback" not in stderr
        assert (await rig.world.state())["lights"] == 0.0
        (folder,) = (tmp_path / "runs").glob("*_burn_*")
        record = open_run(folder)
        assert record.status == "tripped"
        assert [each.data["channel"] for each in record.events("safe state")] == ["light.illuminance", "io.lamp"]
        await rig.world.clear("io")
        code, stderr = await end(await start(tmp_path))
        assert code == 5
        assert f"io.estop == 0 (io.estop = 0), in the run {folder.name}" in stderr
        looked = await asyncio.to_thread(hil, *RUN[:-1], "--dry-run", cwd=tmp_path)
        assert looked.returncode == 2
        assert f"interlock estop: tripped in the run {folder.name}" in looked.stdout
        assert "io.estop == 0  " in looked.stdout
        acked = await asyncio.to_thread(hil, "ack", "estop", "--bench", "bench/safe.toml", cwd=tmp_path)
        assert acked.returncode == 0, acked.stderr
        assert "acknowledged by" in acked.stdout
        process = await start(tmp_path)
        await lit(process, rig)
        process.terminate()
        await end(process)


async def test_a_run_does_not_start_while_the_chain_is_open(tmp_path: Path) -> None:
    async with real_rig(tmp_path, ESTOP) as rig:
        await rig.world.inject("io", "estop")
        code, stderr = await end(await start(tmp_path))
        assert code == 5
        assert "interlock estop: tripped: io.estop == 0" in stderr
        (folder,) = (tmp_path / "runs").glob("*_burn_*")
        record = open_run(folder)
        assert record.status == "tripped"
        assert not record.events("command"), "nothing was moved"


async def test_a_script_that_blocks_the_loop_lets_the_rig_go_safe_by_itself(tmp_path: Path) -> None:
    async with real_rig(tmp_path, ESTOP, WATCHDOG) as rig:
        process = await start(tmp_path, "--set", "block=5")
        await until(lambda: is_bright(rig), 30.0)
        took = await until(lambda: is_dark(rig), 3.0)
        sys.stdout.write(f"blocked loop: dark {took:.2f} s after it was lit\n")
        assert took <= 1.0
        told = await event(process, "trip")
        assert told["interlock"] in ("watchdog", "estop")
        code, _ = await end(process)
        assert code == 5


@pytest.mark.parametrize(
    ("signals", "code"),
    [((signal.SIGINT, signal.SIGINT), 130), ((signal.SIGTERM,), 5), ((signal.SIGHUP,), 5)],
    ids=["Ctrl-C twice", "SIGTERM", "SIGHUP"],
)
async def test_a_signal_ends_the_run_by_its_safe_state(
    tmp_path: Path, signals: tuple[signal.Signals, ...], code: int
) -> None:
    async with real_rig(tmp_path, ESTOP) as rig:
        process = await start(tmp_path)
        await lit(process, rig)
        for number in signals:
            process.send_signal(number)
        ended, stderr = await end(process)
        assert ended == code
        assert "Traceback" not in stderr
        assert (await rig.world.state())["lights"] == 0.0
        (folder,) = (tmp_path / "runs").glob("*_burn_*")
        assert open_run(folder).status == "aborted"
        assert verify(folder).findings == ()


async def test_an_exception_in_a_procedure_ends_the_run_by_its_safe_state(tmp_path: Path) -> None:
    async with real_rig(tmp_path, ESTOP) as rig:
        faulty = SCRIPT.replace(
            "trial.sleep(point.seconds)", "trial.sleep(0.5)\n        raise ValueError('a bug of ours')"
        )
        (tmp_path / "burn.py").write_text(faulty, encoding="utf-8")
        process = await start(tmp_path)
        await lit(process, rig)
        code, stderr = await end(process)
        assert code == 2
        assert "a bug of ours" in stderr
        assert "burn.py" in stderr
        assert "Traceback" not in stderr
        assert (await rig.world.state())["lights"] == 0.0
        (folder,) = (tmp_path / "runs").glob("*_burn_*")
        assert open_run(folder).status == "failed"


async def test_after_kill_9_the_rig_is_safe_within_a_second_and_the_next_start_says_so(tmp_path: Path) -> None:
    async with real_rig(tmp_path, ESTOP, WATCHDOG) as rig:
        process = await start(tmp_path)
        await lit(process, rig)
        process.kill()
        killed = time.monotonic()
        await until(lambda: is_dark(rig), 3.0)
        took = time.monotonic() - killed
        sys.stdout.write(f"kill -9: dark after {took:.2f} s\n")
        assert took <= 1.0
        await end(process)
        assert (await rig.world.state())["lights"] > 0.2, "its watchdog took the supply, the dimmer is where it was"
        (folder,) = (tmp_path / "runs").glob("*_burn_*")
        process = await start(tmp_path)
        told = await event(process, "recovered")
        assert told["run"] == folder.name
        assert (told["reached"], told["of"]) == (2, 2)
        assert told["number"] == 1, "before anything else"
        assert (await rig.world.state())["lights"] == 0.0
        await lit(process, rig)
        process.terminate()
        await end(process)
        second = max((tmp_path / "runs").glob("*_burn_*"))
        assert [each.data["run"] for each in open_run(second).events("recovered")] == [folder.name]
        third = await start(tmp_path)
        await lit(third, rig)
        third.terminate()
        _, _ = await end(third)
        assert not open_run(max((tmp_path / "runs").glob("*_burn_*"))).events("recovered"), "it is told once"


async def test_a_cut_off_run_whose_record_is_ruined_is_made_safe_and_named_all_the_same(tmp_path: Path) -> None:
    async with real_rig(tmp_path, ESTOP) as rig:
        process = await start(tmp_path)
        await lit(process, rig)
        process.kill()
        await end(process)
        assert (await rig.world.state())["lights"] > 0.2
        (folder,) = (tmp_path / "runs").glob("*_burn_*")
        for path in folder.glob("run.db*"):
            path.write_bytes(b"the disk gave this back")
        process = await start(tmp_path)
        told = await event(process, "recovered")
        assert told["run"] == folder.name
        assert "run.db" in told["unreadable"]
        assert (await rig.world.state())["lights"] == 0.0
        process.terminate()
        await end(process)


async def test_another_folder_of_runs_is_no_way_round_what_was_left_behind(tmp_path: Path) -> None:
    elsewhere = [*RUN[:-2], "others", RUN[-1]]
    async with real_rig(tmp_path, ESTOP, WATCHDOG) as rig:
        process = await start(tmp_path)
        await lit(process, rig)
        process.kill()
        await end(process)
        done = await asyncio.to_thread(hil, *elsewhere, cwd=tmp_path)
        assert done.returncode == 4
        assert f"was cut off, in {tmp_path / 'runs'}; run it there by --out, or see to it there first" in done.stderr
        assert not (tmp_path / "others").exists()
        process = await start(tmp_path)
        await lit(process, rig)
        await rig.world.inject("io", "estop")
        await end(process)
        await rig.world.clear("io")
        done = await asyncio.to_thread(hil, *elsewhere, cwd=tmp_path)
        assert f"the interlock estop is latched since a run in {tmp_path / 'runs'}" in done.stderr
        looked = await asyncio.to_thread(hil, *elsewhere[:-1], "--dry-run", cwd=tmp_path)
        assert "the interlock estop is latched since a run in" in looked.stdout
        await asyncio.to_thread(hil, "ack", "estop", "--bench", "bench/safe.toml", cwd=tmp_path)
        looked = await asyncio.to_thread(hil, *elsewhere[:-1], "--dry-run", cwd=tmp_path)
        assert "is fit to start" in looked.stdout


async def test_no_run_starts_after_a_crash_where_the_bench_cannot_be_made_safe(tmp_path: Path) -> None:
    async with real_rig(tmp_path, ESTOP, WATCHDOG) as rig:
        process = await start(tmp_path)
        await lit(process, rig)
        process.kill()
        await end(process)
        (folder,) = (tmp_path / "runs").glob("*_burn_*")
        await rig.world.inject("io", "silent")
        code, stderr = await end(await start(tmp_path))
        assert code == 4
        told = f"the run {folder.name} was cut off, and the bench could not be made safe: io"
        assert told in stderr
        refused = open_run(sorted((tmp_path / "runs").glob("*_burn_*"))[-1])
        assert (refused.status, refused.points()) == ("failed", [])
        assert told in refused.reason
        assert open_run(folder).status == "interrupted"
        assert (await rig.world.state())["lights"] == 0.0, "what answers was made safe"


async def test_two_controllers_never_drive_one_rig(tmp_path: Path) -> None:
    async with real_rig(tmp_path, ESTOP, WATCHDOG) as rig:
        process = await start(tmp_path)
        await lit(process, rig)
        code, stderr = await end(await start(tmp_path))
        assert code == 4
        assert f"is driven by another run already (process {process.pid})" in stderr
        assert await is_bright(rig)
        process.terminate()
        await end(process)


async def test_a_driver_that_hangs_for_ever_keeps_neither_the_rig_from_safety_nor_the_program_from_its_end(
    tmp_path: Path,
) -> None:
    """It takes no cancellation: its input becomes stale, the other device is made safe, its own by the watchdog."""
    async with real_rig(tmp_path, ESTOP, WATCHDOG) as rig:
        with_driver(rig, "wedged_driver:WedgedIo")
        process = await start(tmp_path, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "support")})
        assert "io.estop is stale" in (await event(process, "trip"))["reason"]
        await until(lambda: is_dark(rig), 3.0)
        code, stderr = await asyncio.wait_for(end(process), 20.0)
        assert code == 5
        assert "Traceback" not in stderr
        assert "Task" not in stderr
        assert (await rig.world.state())["lights"] == 0.0
        (folder,) = (tmp_path / "runs").glob("*_burn_*")
        safe = {each.data["channel"]: each.data["error"] for each in open_run(folder).events("safe state")}
        assert safe["light.illuminance"] == ""
        assert "io.lamp: not commanded, for an operation that was under way in io did not end" in safe["io.lamp"]


async def test_nothing_meets_a_call_that_hangs_in_its_device(tmp_path: Path) -> None:
    """Its thread never returns: the safe state does not command that device, nobody closes it, the program ends."""
    met = tmp_path / "met.txt"
    support = str(Path(__file__).parents[1] / "support")
    async with real_rig(tmp_path, ESTOP, WATCHDOG) as rig:
        with_driver(rig, "wedged_driver:StuckIo")
        process = await start(tmp_path, env={**os.environ, "PYTHONPATH": support, "MEETINGS": str(met)})
        assert "io.estop is stale" in (await event(process, "trip"))["reason"]
        await until(lambda: is_dark(rig), 3.0)
        code, stderr = await asyncio.wait_for(end(process), 20.0)
        assert code == 5
        assert "Traceback" not in stderr
        assert not met.exists(), met.read_text(encoding="utf-8")
        (folder,) = (tmp_path / "runs").glob("*_burn_*")
        safe = {each.data["channel"]: each.data["error"] for each in open_run(folder).events("safe state")}
        assert safe["light.illuminance"] == ""
        assert "did not end within 1 s" in safe["io.lamp"]


@pytest.mark.parametrize("watched", [(ESTOP, WATCHDOG), ()])
async def test_a_disk_that_is_full_ends_a_run_that_only_waits(tmp_path: Path, watched: tuple[str, ...]) -> None:
    """Its files may not grow any more from then on. Without interlocks nothing is read, and nobody looks."""
    async with real_rig(tmp_path, *watched) as rig:
        process = await start(tmp_path)
        await lit(process, rig)
        (folder,) = (tmp_path / "runs").glob("*_burn_*")
        full = (folder / "run.db-wal").stat().st_size
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (full, full))
        assert (await event(process, "trip"))["interlock"] == "record"
        code, stderr = await end(process)
        assert code == 4, stderr
        assert "disk" in stderr
        assert "Traceback" not in stderr
        assert (await rig.world.state())["lights"] == 0.0
        assert verify(folder).findings == ()


@pytest.mark.parametrize("lockstep", [True, False])
def test_a_simulated_bench_trips_in_lockstep_as_at_speed_1(tmp_path: Path, lockstep: bool) -> None:
    path = write_bench(tmp_path / "bench", ESTOP, WATCHDOG)
    path.write_text(path.read_text(encoding="utf-8") + fault("io", "estop", 3.0), encoding="utf-8")
    (tmp_path / "burn.py").write_text(SCRIPT, encoding="utf-8")
    done = hil(*RUN[:-1], *([] if lockstep else ["--speed", "1"]), cwd=tmp_path)
    assert done.returncode == 5, done.stderr
    assert "interlock estop: tripped" in done.stderr
    (folder,) = (tmp_path / "runs").glob("*_burn_*")
    record = open_run(folder)
    assert record.status == "tripped"
    (trip,) = record.events("trip")
    assert 3.0 <= (trip.t - START) / 1e9 < (3.1 if lockstep else 3.5)
