"""A bench in service, as a process: its queue, its clients, kills, and what it does when it is started again."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bench_copy import hil
from hil.record import open_run
from hil.station.journal import entries
from in_service import in_service
from mail_server import Habits, mail_server


async def test_a_queue_is_worked_off_and_a_prompt_answered_while_clients_come_and_go(tmp_path: Path) -> None:
    async with in_service(tmp_path) as bench:
        idle = await bench.until(lambda state: any(each["state"] == "ok" for each in state.get("devices", ())))
        assert (idle["state"], idle["service"], idle["queue"]["items"]) == ("idle", True, [])
        await bench.add()
        refused = await bench.ask("queue-add", procedure="no-such")
        assert "there is no procedure 'no-such'" in refused["why"]
        assert (await bench.ask("start"))["status"] == "accepted"
        for prompt in range(1, 5):
            await bench.until(partial(asks, prompt))
            assert (await bench.ask("answer", prompt=prompt, value="3 lx"))["status"] == "accepted"
        done = await bench.until(lambda state: state["queue"]["items"][0]["status"] == "done")
        run = open_run(tmp_path / "runs" / done["queue"]["items"][0]["run"])
        assert run.status == "complete"
        assert [event.data["command"] for event in run.events("command of operator")] == ["answer"] * 4
        assert await bench.end() == 0


def asks(prompt: int, state: dict[str, Any]) -> bool:
    return [each["prompt"] for each in state["prompts"]] == [prompt]


async def test_one_is_in_command_and_safety_is_for_anyone(tmp_path: Path) -> None:
    async with in_service(tmp_path) as bench, bench.in_command("console 1") as lease:
        refused = await bench.ask("queue-add", procedure="sweep")
        assert refused["what"] == "Operator A (console 1) is in command"
        await bench.add(lease=lease)
        assert (await bench.ask("start", lease=lease))["status"] == "accepted"
        await bench.until(lambda state: state["prompts"])
        assert (await bench.ask("answer", prompt=1, value="1"))["status"] == "refused"
        assert (await bench.ask("answer", prompt=1, value="1", lease=lease))["status"] == "accepted"
        assert (await bench.ask("pause"))["status"] == "accepted"
        assert (await bench.ask("stop", reason="smoke"))["status"] == "accepted"
        stopped = await bench.until(lambda state: state["queue"]["items"][0]["status"] != "running")
        assert not stopped["queue"]["working"]
        item = stopped["queue"]["items"][0]
        assert (item["status"], "smoke" in item["error"]) == ("stopped", True)
        assert open_run(tmp_path / "runs" / item["run"]).status == "stopped"
        override = await bench.ask("lease-override", operator="Reviewer B", reason="the console hangs")
        assert override["status"] == "accepted"
        assert (await bench.ask("lease-renew", lease=lease))["what"] == "this lease has ended"
        assert (await bench.state())["lease"]["holder"] == "Reviewer B"


async def test_a_note_of_the_shift_before_has_to_be_read(tmp_path: Path) -> None:
    lab = hil("bench", "copy", "action-sim", "bench", cwd=tmp_path)
    assert lab.returncode == 0
    file = tmp_path / "bench" / "lab.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text + '\n[persons."Operator Z"]\nroles = ["operator"]\n', encoding="utf-8")
    async with in_service(tmp_path, bench="bench/action-sim.toml") as bench:
        await bench.ask("handover", reason="lamp 2 flickers")
        refused = await bench.ask("queue-add", operator="Operator Z", procedure="sweep")
        assert refused["where"] == "handover"
        assert (await bench.ask("stop", operator="Operator Z"))["status"] == "accepted"
        assert (await bench.ask("handover-read", operator="Operator Z"))["status"] == "accepted"
        assert (await bench.ask("queue-add", operator="Operator Z", procedure="sweep"))["status"] == "accepted"


async def test_after_kill_9_it_waits_in_the_safe_state_and_acts_on_no_command_twice(tmp_path: Path) -> None:
    async with in_service(tmp_path) as bench:
        await bench.add(waits=False, command_id="the-add")
        await bench.add(waits=False)
        await bench.ask("start")
        state = await bench.until(lambda state: state["run"] and state["state"] == "running")
        bench.process.send_signal(signal.SIGKILL)
        await bench.process.wait()
    async with in_service(tmp_path) as bench:
        found = await bench.until(lambda state: any(each["state"] == "ok" for each in state.get("devices", ())))
        assert [item["status"] for item in found["queue"]["items"]] == ["cut off", "waiting"]
        assert (found["state"], found["queue"]["working"]) == ("idle", False)
        again = await bench.ask(
            "queue-add", procedure=str(tmp_path / "waiting.py"), settings={"ask": "false"}, command_id="the-add"
        )
        assert again["before"] == "the service was started again"
        assert len((await bench.state())["queue"]["items"]) == 2
    kinds = [entry["kind"] for entry in entries(tmp_path / "runs" / "service.jsonl")]
    assert "recovered" in kinds
    assert json.loads((tmp_path / "runs" / state["run"] / "made-safe.json").read_text())["run"] == state["run"]


async def test_a_stop_while_nothing_runs_makes_the_bench_safe(tmp_path: Path) -> None:
    async with in_service(tmp_path) as bench:
        assert (await bench.ask("stop", reason="to be sure"))["status"] == "accepted"
        async with asyncio.timeout(30.0):
            while not any(entry["kind"] == "safe state" for entry in entries(tmp_path / "runs" / "service.jsonl")):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert (await bench.ask("note", reason="all is well"))["status"] == "accepted"


@pytest.mark.soak
async def test_a_second_service_of_the_same_runs_is_refused(tmp_path: Path) -> None:
    async with in_service(tmp_path) as bench:
        second = await asyncio.to_thread(hil, "service", "run", "--bench", "action-sim", "--out", "runs", cwd=tmp_path)
        assert second.returncode == 69
        assert f"a service runs already, as process {bench.process.pid}" in second.stderr


async def test_it_tells_systemd_that_it_is_ready_and_alive(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)
        loop = asyncio.get_running_loop()
        async with in_service(tmp_path, NOTIFY_SOCKET=str(tmp_path / "notify")) as bench, asyncio.timeout(30.0):
            heard = [await loop.sock_recv(manager, 100) for _ in range(3)]
            assert set(heard) == {b"READY=1", b"WATCHDOG=1"}
            bench.process.send_signal(signal.SIGTERM)
            while (await loop.sock_recv(manager, 100)) != b"STOPPING=1":
                pass


def test_the_unit_is_one_that_systemd_understands(tmp_path: Path) -> None:
    printed = hil("service", "unit", "--bench", "action-sim", "--out", "the runs", cwd=tmp_path)
    assert printed.returncode == 0
    lines = printed.stdout.splitlines()
    assert f'ReadWritePaths="{os.path.realpath(tmp_path)}/the runs"' in lines
    assert "Restart=on-failure" in lines
    assert not any(line.startswith(("PrivateDevices", "PrivateUsers", "DynamicUser")) for line in lines)


NOTIFY = """
[mail]
host = "127.0.0.1"
port = {port}
security = "none"
sender = "bench@example.org"

[[levels]]
mail = ["operator@example.org"]
"""

ALARM = """
[interlocks."room warm"]
when = "room.temperature > 10"
then = "alarm"
priority = "high"
guidance = "open the window"
"""


async def with_alarm(folder: Path, port: int) -> None:
    """A bench whose room is too warm, and who is told of that."""
    copied = await asyncio.to_thread(hil, "bench", "copy", "action-sim", "bench", cwd=folder)
    assert copied.returncode == 0
    file = folder / "bench" / "action-sim.toml"
    file.write_text(file.read_text(encoding="utf-8") + ALARM, encoding="utf-8")
    (folder / "notify.toml").write_text(NOTIFY.format(port=port), encoding="utf-8")


@pytest.mark.soak
async def test_somebody_elsewhere_is_told_of_an_alarm(tmp_path: Path) -> None:
    habits = Habits()
    async with mail_server(habits) as port:
        await with_alarm(tmp_path, port)
        async with in_service(tmp_path, "--notify", "notify.toml", bench="bench/action-sim.toml") as bench:
            await bench.add()
            await bench.ask("start")
            await bench.until(lambda state: any(each["alarm"] == "room warm" for each in state["alarms"]))
            async with asyncio.timeout(60.0):
                await habits.came.wait()
            assert str(habits.mails[0]["Subject"]).startswith("[HIGH] action-sim: room.temperature > 10")
            assert "open the window" in habits.mails[0].get_content()
            assert await bench.end() == 0


@pytest.mark.soak
async def test_that_nobody_could_be_told_is_an_alarm_of_the_bench_itself(tmp_path: Path) -> None:
    async with mail_server(Habits(at_rcpt=lambda _: "550 no such person")) as port:
        await with_alarm(tmp_path, port)
        async with in_service(tmp_path, "--notify", "notify.toml", bench="bench/action-sim.toml") as bench:
            await bench.add()
            await bench.ask("start")
            found = await bench.until(lambda state: any(each["alarm"] == "notification" for each in state["alarms"]))
            assert found["state"] != "idle"
            assert (await bench.ask("ack", alarm="notification"))["status"] == "accepted"
            assert (await bench.ask("ack", alarm="room warm"))["status"] == "accepted"


@pytest.mark.soak
async def test_a_notifier_that_is_killed_comes_back_and_tells(tmp_path: Path) -> None:
    habits = Habits()
    async with mail_server(habits) as port:
        await with_alarm(tmp_path, port)
        async with in_service(tmp_path, "--notify", "notify.toml", bench="bench/action-sim.toml") as bench:
            pids = await until_children(bench.process.pid, "hil.notify")
            os.kill(pids[0], signal.SIGKILL)
            await bench.add()
            await bench.ask("start")
            async with asyncio.timeout(60.0):
                await habits.came.wait()
            assert await until_children(bench.process.pid, "hil.notify") != pids


async def until_children(parent: int, module: str) -> list[int]:
    """The processes of ``parent`` that run ``module``, once there are any."""
    async with asyncio.timeout(60.0):
        while not (found := children(parent, module)):  # noqa: ASYNC110 (nothing tells of it)
            await asyncio.sleep(0.05)
    return found


def children(parent: int, module: str) -> list[int]:
    """The processes of ``parent`` that run ``module``."""
    pids = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(pid) for pid in pids if module in Path(f"/proc/{pid}/cmdline").read_text()]
