"""A bench in service for a day of its own time, with clients that come and go; and one of a thousand channels.

``SOAK_HOURS`` in the environment makes the day shorter.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import socket
import statistics
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from wcwidth import wcswidth

from bench_copy import command, copy_bench
from gateway_client import Gateway
from hil.record import open_run
from in_service import WITHIN, InService, in_service
from tmux import terminal

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3000)]

HOURS = int(os.environ.get("SOAK_HOURS", "24"))
RUNS_PER_HOUR = 2
WARM = 4
"""Runs after which nothing may grow any more: what is loaded once is loaded, and caches are filled."""
LAST = 3
"""Counts of which the median stands for the end; as many of them for the beginning."""

MORE_MEMORY = {"core": 24.0, "gateway": 24.0}
"""MB by which a process may have grown: the ring of the last 10 000 events fills up on the way."""
MORE = 2
"""Descriptors, tasks or threads by which it may: those of a client that is just going."""

SCRIPT = """
from hil import Design, Parameters, Results, Trial, procedure
from hil_drivers.capability import Actuator, Sensor


class Doing(Parameters):
    pass


@procedure("half-hour", version="1", roles={"light": Actuator, "reference": Sensor})
async def half_hour(trial: Trial, p: Doing) -> None:
    light, reference = trial.role("light", Actuator), trial.role("reference", Sensor)
    async for point in trial.points():
        await light.set(point.level)
        await trial.sleep(360.0)
        async with point.valid(reference, point.level, tolerance=1e6):
            point.observe(level=point.level, read=await trial.sample(reference, 5))


@half_hour.plan
def plan(p: Doing) -> Design:
    return Design({"level": "lx"}, [{"level": 100.0 + n} for n in range(5)])


@half_hour.analysis
def analyse(record, p: Doing) -> Results:
    return Results((), {})
"""
"""Five points of six minutes each."""


@dataclass(frozen=True)
class Held:
    """What a process holds: MB of memory, file descriptors, threads; of the core also tasks."""

    memory: float
    descriptors: int
    threads: int
    tasks: int = 0


def held_by(pid: int) -> Held:
    """What the kernel says of a process."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    descriptors = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return Held(int(status["VmRSS"].split()[0]) / 1000, descriptors, int(status["Threads"]))


@dataclass
class Soaked:
    """A bench in service that tells what it holds."""

    bench: InService
    told: Path

    async def core(self) -> Held:
        """What the core holds, while nothing runs."""
        self.told.unlink(missing_ok=True)
        self.bench.process.send_signal(signal.SIGUSR1)
        async with asyncio.timeout(WITHIN):
            while not self.told.exists():  # noqa: ASYNC110 (another process writes it)
                await asyncio.sleep(0.05)
        tasks = json.loads(await asyncio.to_thread(self.told.read_text))["tasks"]
        return replace(held_by(self.bench.process.pid), tasks=tasks)

    def gateway(self) -> Held:
        """What the gateway holds."""
        pid = self.bench.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        (child,) = [int(each) for each in children if "hil.gateway" in Path(f"/proc/{each}/cmdline").read_text()]
        return held_by(child)


@asynccontextmanager
async def soaked(folder: Path) -> AsyncIterator[Soaked]:
    """A bench in service, with the script of half an hour."""
    (folder / "half_hour.py").write_text(SCRIPT, encoding="utf-8")
    told = folder / "held.json"
    program = [sys.executable, str(Path(__file__).parents[1] / "support" / "counted_service.py"), str(told)]
    async with in_service(folder, program=program) as bench:
        yield Soaked(bench, told)


async def half_hour(bench: InService, folder: Path) -> str:
    """Have the queue do one run, with clients that come and go; its name."""
    item = (await bench.ask("queue-add", procedure=str(folder / "half_hour.py")))["item"]
    assert (await bench.ask("start"))["status"] == "accepted"
    visiting = asyncio.create_task(visits(bench))
    state = await bench.until(lambda state: ended(state, item))
    await visiting
    (done,) = [each for each in state["queue"]["items"] if each["id"] == item]
    assert done["status"] == "done", done
    return str(done["run"])


def ended(state: dict[str, Any], item: str) -> bool:
    """Whether an item of the queue has ended, and nothing runs."""
    items = [each["id"] for each in state["queue"]["items"] if each["status"] not in ("waiting", "running")]
    return item in items and state["state"] == "idle"


def seen(words: str, text: str) -> bool:
    return words in text


async def visits(bench: InService) -> None:
    """One of each kind of client: those that stay for some frames, those that ask once, and those that are rude."""
    path = Path((await bench.state())["gateway"])
    gateway = Gateway(path)
    async with bench.in_command(secrets.token_hex(4)) as lease:
        await bench.ask("note", reason="a visit")
        await bench.ask("lease-release", lease=lease)
    async with gateway.stream() as first, gateway.stream() as second:
        await second.connection.send(json.dumps({"subscribe": ["room.*"], "rate": 1}))
        for _ in range(3):
            await first.next()
            await second.next()
        first.connection.transport.abort()
    for target in ("/snapshot", "/events", f"/nothing-{secrets.token_hex(4)}"):
        await gateway.get(target)
    await asyncio.to_thread(rude, path)


def rude(path: Path) -> None:
    """Connect and say nothing, or what cannot be understood, or ask for a stream and go."""
    for said in (b"", os.urandom(300), b"GET /stream HTTP/1.1\r\n", b"POST /commands HTTP/1.1\r\nHost: localhost\r\n"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.connect(str(path))
            client.sendall(said)


async def at_rest(bench: Soaked) -> dict[str, Held]:
    """What both processes hold, while the bench is watched and nobody looks."""
    await bench.bench.until(watched)
    await asyncio.sleep(2.0)  # no event tells that a process has let go of its last client
    return {"core": await bench.core(), "gateway": bench.gateway()}


def watched(state: dict[str, Any]) -> bool:
    """Whether every device that is in use answers."""
    found = {each["state"] for each in state.get("devices", ())} - {"not in use"}
    return found == {"ok"}


def median(counts: list[dict[str, Held]], process: str, what: str) -> float:
    return float(statistics.median(getattr(each[process], what) for each in counts))


async def test_nothing_grows_in_a_day(tmp_path: Path) -> None:
    counts, runs = list[dict[str, Held]](), list[str]()
    async with soaked(tmp_path) as soak:
        for _ in range(HOURS * RUNS_PER_HOUR):
            runs.append(await half_hour(soak.bench, tmp_path))
            counts.append(await at_rest(soak))
        assert await soak.bench.end() == 0
    assert sum(hours_of(tmp_path / "runs" / run) for run in runs) >= HOURS
    begun, last = counts[WARM : WARM + LAST], counts[-LAST:]
    for process in ("core", "gateway"):
        grown = {
            what: median(last, process, what) - median(begun, process, what)
            for what in ("memory", "descriptors", "threads", "tasks")
        }
        assert grown.pop("memory") <= MORE_MEMORY[process], counts
        assert all(more <= MORE for more in grown.values()), (process, grown)


def hours_of(folder: Path) -> float:
    """Hours of bench time from the first to the last event of a run, which is complete."""
    run = open_run(folder)
    assert run.status == "complete"
    times = [event.t for event in run.events()]
    return (max(times) - min(times)) / 3.6e12


async def test_a_thousand_channels_are_shown_in_80_by_24(tmp_path: Path) -> None:
    section = '\n[channels."many.T{}"]\ndevice = "climate"\npoint = "temperature"\nunit = "Cel"\nperiod = "20 s"\n'
    more = 995
    copy_bench(tmp_path / "bench", add="".join(section.format(number) for number in range(more)))
    bench = "bench/action-sim.toml"
    async with in_service(tmp_path, bench=bench) as serving, terminal(tmp_path, command("console")) as console:
        text = await console.until(lambda text: "all channels (1000 of 1000)" in text)
        for key, words in (("End", "many.T994"), ("Home", "carriage.position"), ("8", "8 LOG"), ("1", "1 OVER")):
            await console.press(key)
            text = await console.until(partial(seen, words))
            lines = text.split("\n")
            assert len(lines) == 24
            assert all(wcswidth(line) <= 80 for line in lines), text
            assert "SAFE STOP" in lines[-1]
        await console.press("C-x")
        await console.until(lambda text: "SAFE STOP accepted" in text)
        assert serving.process.returncode is None
