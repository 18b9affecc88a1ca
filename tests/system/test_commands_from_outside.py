"""Commands from another terminal act on a run under way, through its control socket."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
from pathlib import Path

import pytest

from bench_copy import copy_bench, hil
from commanded import waiting
from hil.commanding.client import ask, the_run
from hil.record import open_run


def files(pattern: str) -> list[Path]:
    return sorted(Path(os.environ["HIL_RUNTIME_DIR"], "runs").glob(pattern))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_a_run_is_watched_answered_and_ends_complete(tmp_path: Path) -> None:
    async with waiting(tmp_path) as run:
        asked = await run.event("prompt")
        shown = await run.hil("status")
        assert "how bright is it? (number in lx from 0 to 100; hil answer 1 VALUE)" in shown.stdout
        (state,) = json.loads((await run.hil("status", "--json")).stdout)["runs"]
        assert (state["state"], state["left"]) == ("running", 4)
        place = {"index": 0, "attempt": 1, "factors": {"level": 100.0}, "units": {"level": "lx"}, "step": "offered"}
        assert state["point"] == place
        assert state["prompts"][0]["prompt"] == asked["prompt"] == 1
        assert state["run"] == Path(state["folder"]).name == next((tmp_path / "runs").glob("*_waiting_*")).name
        wrong = await run.hil("answer", "1", "200")
        assert wrong.returncode == 2
        assert "200 is outside 0 to 100 lx" in wrong.stderr
        given = await run.hil("answer", "1", "0.02 klx")
        assert given.returncode == 0, given.stderr
        assert "answer accepted, event " in given.stdout
        second = await run.hil("answer", "1", "21")
        assert second.returncode == 2
        assert "prompt 1: it was answered by Operator A: 0.02 klx" in second.stderr
        for number in (2, 3, 4):
            await run.event("prompt", prompt=number)
            assert (await run.hil("answer", str(number), "1")).returncode == 0
        assert (await run.end())["status"] == "complete"
        assert files("*") == []
    late = await run.hil("status")
    assert (late.returncode, late.stdout) == (69, "")
    remedy = "start one with hil run, or put a bench in service with hil service run"
    assert late.stderr == f"hil: no run is under way; {remedy}\n"


async def test_a_pause_a_note_and_a_resume_are_told_and_on_record(tmp_path: Path) -> None:
    async with waiting(tmp_path, "--set", "ask=false") as run:
        await run.event("point")
        idle = await run.hil("resume")
        assert (idle.returncode, "the run is not paused" in idle.stderr) == (2, True)
        assert (await run.hil("pause", "--reason", "coffee")).returncode == 0
        await run.event("state", state="paused")
        assert (await run.hil("note", "the door was open", "--operator", "Operator A")).returncode == 0
        assert (await run.hil("note", "me too", "--operator", "Nobody")).returncode == 2
        assert (await run.hil("resume")).returncode == 0
        await run.event("state", state="running")
        assert (await run.hil("pause", "--now")).returncode == 0
        await run.event("state", state="paused")
        assert (await run.hil("abort", "--reason", "enough")).returncode == 0
        outcome = await run.end()
    assert (outcome["status"], outcome["exit_code"]) == ("aborted", 5)
    assert "enough" in outcome["error"]
    commands = [event.data for event in open_run(Path(tmp_path, outcome["folder"])).events("command of operator")]
    assert [each["command"] for each in commands] == ["pause", "note", "resume", "pausenow", "abort"]
    assert [each["reason"] for each in commands] == ["coffee", "the door was open", "", "", "enough"]
    assert len({each["command_id"] for each in commands}) == 5


async def test_a_stop_ends_the_run_by_its_safe_state(tmp_path: Path) -> None:
    async with waiting(tmp_path, "--set", "ask=false", "--speed", "1") as run:
        await run.event("point")
        done = await run.hil("stop", "--operator", "somebody who is no operator", "--reason", "smoke")
        assert done.returncode == 0, done.stderr
        await run.event("safe state")
        outcome = await run.end()
    assert (outcome["status"], outcome["exit_code"]) == ("stopped", 5)
    assert "by somebody who is no operator: smoke" in outcome["error"]


async def test_a_stop_acts_while_the_bench_is_being_opened(tmp_path: Path) -> None:
    """The bench cannot open: a device accepts the connection and says nothing."""

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.set()
        await ended.wait()
        writer.close()

    reached, ended = asyncio.Event(), asyncio.Event()
    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    copy_bench(tmp_path / "bench", ('address = "sim:carriage"', f'address = "tcp://127.0.0.1:{port}"'))
    async with waiting(tmp_path, bench="bench/action-sim.toml") as run:
        await run.event("run")
        await asyncio.wait_for(reached.wait(), 30.0)
        (state,) = json.loads((await run.hil("status", "--json")).stdout)["runs"]
        assert state["state"] == "starting"
        early = await run.hil("pause")
        assert "the run is being started" in early.stderr
        assert (await run.hil("stop", "--reason", "smoke")).returncode == 0
        outcome = await run.end()
    ended.set()
    server.close()
    await server.wait_closed()
    assert (outcome["status"], outcome["exit_code"]) == ("stopped", 5)
    assert "the run was stopped before it began, by Operator A: smoke" in outcome["error"]
    record = open_run(Path(tmp_path, outcome["folder"]))
    assert [event.data["command"] for event in record.events("command of operator")] == ["stop"]
    assert record.events("safe state")


WARM = """
[interlocks.warm]
when = "room.temperature > 10"
then = "alarm"
priority = "low"
guidance = "open a window"
"""


async def test_an_alarm_is_shelved_and_acknowledged_in_the_run_and_nowhere_else(tmp_path: Path) -> None:
    bench = copy_bench(tmp_path / "bench", add=WARM)
    async with waiting(tmp_path, "--set", "ask=false", bench="bench/action-sim.toml") as run:
        await run.event("alarm", alarm="warm", state="active")
        assert "alarm:       warm is active: " in (await run.hil("status")).stdout
        for asked, told in [
            (("shelve", "warm", "--for", "soon", "--reason", "known"), "--for: 'soon' is no duration"),
            (("shelve", "warm", "--for", "13 h", "--reason", "known"), "at most 12 h"),
            (("shelve", "wam", "--for", "1 h", "--reason", "known"), "did you mean 'warm'?"),
            (("ack", "estop", "--bench", str(bench)), "there is no alarm 'estop'"),
        ]:
            refused = await run.hil(*asked)
            assert refused.returncode == 2
            assert told in refused.stderr
        assert (await run.hil("shelve", "warm", "--for", "10 min", "--reason", "known")).returncode == 0
        shelved = await run.event("alarm shelved")
        assert (shelved["shelved_by"], shelved["shelved_for"]) == ("Operator A", "known")
        assert (await run.hil("ack", "warm", "--bench", str(bench))).returncode == 0
        await run.event("alarm", alarm="warm", state="acknowledged", acknowledged_by="Operator A")
        assert (await run.hil("stop")).returncode == 0
        await run.end()
    later = await run.hil("ack", "warm", "--bench", str(bench))
    assert later.returncode == 2
    assert "no interlock 'warm' is latched" in later.stderr


async def test_of_several_runs_one_must_be_named(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    async with waiting(first) as one, waiting(second) as two:
        await one.event("prompt")
        await two.event("prompt")
        vague = await one.hil("stop")
        assert vague.returncode == 2
        assert "2 runs are under way: " in vague.stderr
        assert "say which one with --run" in vague.stderr
        name = one.told[0]["folder"].rpartition("/")[2]
        assert (await one.hil("stop", "--run", str(two.folder / two.told[0]["folder"]))).returncode == 0
        assert (await two.end())["status"] == "stopped"
        absent = await one.hil("abort", "--run", "absent")
        assert absent.returncode == 69
        assert f"no run 'absent' is under way; these are: {name}" in absent.stderr
        assert (await one.hil("abort", "--run", name)).returncode == 0
        assert (await one.end())["status"] == "aborted"


async def test_what_a_killed_run_leaves_is_removed_and_a_live_one_is_not(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    async with waiting(tmp_path) as killed, waiting(tmp_path / "other") as alive:
        await killed.event("prompt")
        await alive.event("prompt")
        assert mode(files("*")[0].parent) == 0o700
        assert {mode(path) for path in files("*")} == {0o600}
        assert len(files("*.sock")) == 2
        killed.process.send_signal(signal.SIGKILL)
        await killed.process.wait()
        assert len(files("*.sock")) == 2
        (state,) = json.loads((await alive.hil("status", "--json")).stdout)["runs"]
        assert state["pid"] == alive.process.pid
        assert [path.name.partition("-")[0] for path in files("*.sock")] == [str(alive.process.pid)]
        assert (await alive.hil("stop")).returncode == 0
        await alive.end()


async def test_a_run_that_hangs_is_told_as_such(tmp_path: Path) -> None:
    async with waiting(tmp_path) as run:
        await run.event("prompt")
        run.process.send_signal(signal.SIGSTOP)
        done = await run.hil("stop")
        assert done.returncode == 69
        assert f"the run of process {run.process.pid} does not answer; whether it has acted is not known" in done.stderr
        run.process.send_signal(signal.SIGCONT)
        assert (await run.end())["status"] == "stopped"


@pytest.mark.parametrize("arguments", [("status",), ("stop",), ("pause",), ("ack", "smoke"), ("answer", "1", "x")])
def test_without_a_run_there_is_one_sentence(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = hil(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (69, "", 1)
    assert "no run is under way" in done.stderr
    assert ("name the bench with --bench" in done.stderr) == (arguments[0] == "ack")


async def test_a_command_before_a_kill_acts_no_second_time_in_the_run_that_is_resumed(tmp_path: Path) -> None:
    note = {"verb": "note", "command_id": "17", "reason": "the door was opened", "operator": "Operator A"}
    async with waiting(tmp_path) as run:
        await run.event("prompt")
        first = await asyncio.to_thread(ask, the_run(None).socket, note)
        assert first["on_record"]
        run.process.kill()
        await run.process.wait()
    (folder,) = (tmp_path / "runs").glob("*_waiting_*")
    async with waiting(tmp_path, "--resume", str(folder)) as run:
        await run.event("prompt")
        again = await asyncio.to_thread(ask, the_run(None).socket, note)
        assert again["before"] == "the run was resumed"
        await run.hil("abort", "--reason", "enough")
        await run.end()
    given = [event.data["command"] for event in open_run(folder).events("command of operator")]
    assert given == ["note", "abort"]
