"""The gateway of a real run: clients watch and command it, and whatever becomes of the gateway, the run goes on."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench_copy import command
from commanded import SCRIPT, Waiting, waiting
from gateway_client import Gateway
from hil.record import open_run


async def gateway_of(run: Waiting) -> tuple[Gateway, int]:
    """The gateway of a run, and its process."""
    started = await run.event("gateway", state="started")
    return Gateway(the_socket()), started["pid"]


def the_socket() -> Path:
    (path,) = Path(os.environ["HIL_RUNTIME_DIR"], "runs").glob("*.http")
    return path


async def ready(gateway: Gateway) -> dict[str, Any]:
    """A snapshot, once there is one: a gateway that is being started keeps its clients waiting."""
    async with asyncio.timeout(30.0):
        while True:
            status, snapshot = await gateway.get("/snapshot")
            if status == 200:
                return dict(snapshot)


def answer(prompt: int, value: str, command_id: str, **more: Any) -> dict[str, Any]:
    return {"verb": "answer", "command_id": command_id, "args": {"prompt": prompt, "value": value}, **more}


async def test_a_run_is_watched_and_commanded_over_http(tmp_path: Path) -> None:
    async with waiting(tmp_path, "--service") as run:
        gateway, _ = await gateway_of(run)
        await run.event("prompt")
        snapshot = await ready(gateway)
        assert snapshot["run"]["procedure"] == "waiting.py"
        async with gateway.stream("?after=0") as client:
            await client.until("prompt", prompt=1)
            assert (await gateway.post(answer(1, "20", "a", expect="another run")))[0] == 409
            first = await gateway.post(answer(1, "20", "b", operator="Operator A"))
            assert (first[0], first[1]["status"], first[1]["on_record"]) == (202, "accepted", True)
            assert await gateway.post(answer(1, "20", "b", operator="Operator A")) == first
            status, refused = await gateway.post(answer(1, "21", "c"))
            assert (status, refused["why"].partition(";")[0]) == (409, "prompt 1: it was answered by Operator A: 20")
            assert (await gateway.post(answer(1, "21", "b")))[0] == 422
            await client.until("prompt", prompt=2)
            at_once = [gateway.post(answer(2, str(n), f"now {n}")) for n in range(5)]
            both = await asyncio.gather(*at_once)
            assert sorted(status for status, _ in both) == [202, 409, 409, 409, 409]
            for number in (3, 4):
                await client.until("prompt", prompt=number)
                channels = (await ready(gateway))["channels"]
                assert [each["unit"] for each in channels if each["name"] == "reference.illuminance"] == ["lx"]
                assert (await gateway.post(answer(number, "1", f"later {number}")))[0] == 202
            await client.until("finished", status="complete")
        assert (await run.end())["status"] == "complete"
    assert [event["number"] for event in client.events] == list(range(1, len(client.events) + 1))
    told = [event for event in run.told if event["kind"] != "outcome"]
    assert [event["kind"] for event in client.events] == [event["kind"] for event in told]


@pytest.mark.soak
async def test_a_gateway_that_is_killed_comes_back_and_no_event_is_lost_or_doubled(tmp_path: Path) -> None:
    seen: list[dict[str, Any]] = []
    async with waiting(tmp_path, "--service") as run:
        gateway, pid = await gateway_of(run)
        boots = set()
        for number in (1, 2, 3, 4):
            async with gateway.stream(f"?after={seen[-1]['number'] if seen else 0}") as client:
                await client.until("prompt", prompt=number)
                boots.add(client.frames[0]["boot"])
                seen += client.events
                if number < 4:
                    os.kill(pid, signal.SIGKILL)
            if number < 4:
                assert (await run.event("gateway", state="lost"))["reason"] == "it was ended by SIGKILL"
                assert (await run.hil("answer", str(number), "1")).returncode == 0
                gateway, pid = await gateway_of(run)
        async with gateway.stream(f"?after={seen[-1]['number']}") as client:
            assert (await run.hil("answer", "4", "1")).returncode == 0
            await client.until("finished", status="complete")
            seen += client.events
        outcome = await run.end()
    assert outcome["status"] == "complete"
    assert [event["number"] for event in seen] == list(range(1, len(seen) + 1))
    assert len(boots) == 1
    record = open_run(Path(tmp_path, outcome["folder"]))
    assert [each.data["told"] for each in record.observations()] == [1.0] * 4
    noted = [event.data["state"] for event in record.events("gateway")]
    assert noted == ["lost", "started"] * 3


async def test_a_stop_acts_while_the_gateway_is_frozen_and_while_it_is_dead(tmp_path: Path) -> None:
    async with waiting(tmp_path, "--service", "--set", "ask=false") as run:
        gateway, pid = await gateway_of(run)
        await ready(gateway)
        os.kill(pid, signal.SIGSTOP)
        await run.event("point")
        assert (await run.hil("stop", "--reason", "frozen")).returncode == 0
        outcome = await run.end()
        assert (outcome["status"], outcome["exit_code"]) == ("stopped", 5), outcome["error"]
        assert not Path(f"/proc/{pid}").exists()  # noqa: ASYNC240
    async with waiting(tmp_path, "--service", "--set", "ask=false") as run:
        gateway, pid = await gateway_of(run)
        await run.event("point")
        os.kill(pid, signal.SIGKILL)
        assert (await run.hil("stop", "--reason", "dead")).returncode == 0
        outcome = await run.end()
        assert outcome["status"] == "stopped", outcome["error"]


async def test_the_gateway_dies_with_its_run(tmp_path: Path) -> None:
    async with waiting(tmp_path, "--service") as run:
        gateway, pid = await gateway_of(run)
        await ready(gateway)
        watch = os.pidfd_open(pid)
        gone = asyncio.Event()
        asyncio.get_running_loop().add_reader(watch, gone.set)
        run.process.kill()
        await asyncio.wait_for(gone.wait(), 10.0)
        asyncio.get_running_loop().remove_reader(watch)
        os.close(watch)


def test_the_core_knows_nothing_of_the_web(tmp_path: Path) -> None:
    (tmp_path / "waiting.py").write_text(SCRIPT, encoding="utf-8")
    arguments = ["run", "waiting.py", "--bench", "action-sim", "--service", "--set", "ask=false"]
    code = (
        "import asyncio, sys, threading\n"
        "from hil.cli.__main__ import run\n"
        "from hil.execution import Execution\n"
        "of_run = Execution.run\n"
        "async def briefly(self):\n"
        "    asyncio.get_running_loop().call_later(1.0, self.end)\n"
        "    return await of_run(self)\n"
        "Execution.run = briefly\n"
        f"code = run({arguments!r})\n"
        "print(code, *sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    status, *modules = done.stdout.splitlines()[-1].split()
    assert status == "5", done.stderr
    assert "hil.gateway.keeper" in modules
    assert not set(modules) & {"fastapi", "starlette", "uvicorn", "httpx", "websockets", "httptools"}


def test_a_command_imports_nothing_heavy(tmp_path: Path) -> None:
    code = "import sys; from hil.cli.__main__ import run; code = run(['stop']); print(code, *sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    status, *modules = done.stdout.splitlines()[-1].split()
    assert status == "69"
    heavy = {"numpy", "pydantic", "asyncio", "rich", "apsw", "fastapi", "uvicorn", "hil_drivers", "hil_calibration"}
    assert not set(modules) & heavy


def test_without_the_extra_the_run_does_not_start(tmp_path: Path) -> None:
    code = "import sys; sys.modules['fastapi'] = None; from hil.cli.__main__ import main; main(sys.argv[1:])"
    arguments = command("run", "calibrate-luxmeter", "--bench", "action-sim", "--service")[3:]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert done.stderr == "hil: the gateway needs fastapi; install the extra: pip install 'hil-bench[web]'\n"
    assert not list(tmp_path.iterdir())
