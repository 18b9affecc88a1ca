"""The simulator as a process: start, control, lockstep, paced time, orphans, signals, end."""

from __future__ import annotations

import asyncio
import copy
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Never
from urllib.parse import urlsplit

import pytest

from hil_drivers.errors import DeviceUnreachable
from hil_drivers.sim.child import STARTER, Child, Starter
from hil_drivers.sim.client import Simulation
from hil_drivers.sim.forked import Forked

SAMPLE: dict[str, Any] = json.loads((Path(__file__).parent / "sim_world.json").read_text())
S = 1_000_000_000
WAIT = 5.0


def sample(**changes: object) -> dict[str, Any]:
    return copy.deepcopy(SAMPLE) | {"orphan_after": 20.0} | changes


@asynccontextmanager
async def running(**changes: object) -> AsyncIterator[Simulation]:
    simulation = await Simulation.start(sample(**changes))
    try:
        yield simulation
    finally:
        await simulation.end()


def connected(address: str) -> socket.socket:
    return socket.create_connection((urlsplit(address).hostname, urlsplit(address).port), WAIT)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def killed_controller(world: Path) -> tuple[str, int]:
    """Let a controller start a simulator and kill it; the simulator's control address and process."""
    code = (
        "import asyncio, json, sys\n"
        "from hil_drivers.sim.client import Simulation\n"
        "async def main():\n"
        "    s = await Simulation.start(json.load(open(sys.argv[1])))\n"
        "    await s.advance(5, {})\n"
        "    print(s.control, s.pid, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    command = [sys.executable, "-c", code, str(world)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as controller:
        assert controller.stdout is not None
        control, pid = controller.stdout.readline().split()
        controller.kill()
    return control, int(pid)


def private_directory(simulation: Simulation) -> Path:
    """The directory of the links to pseudo-terminals."""
    link = Path(urlsplit(simulation.addresses["reference"]).path)
    assert link.is_symlink()
    assert link.parent.stat().st_mode & 0o777 == 0o700
    return link.parent


async def advance_until_refused(simulation: Simulation) -> None:
    while True:
        await simulation.advance(0, {})


async def test_the_announcement_has_an_address_for_every_device() -> None:
    async with running() as simulation:
        schemes = {name: urlsplit(address).scheme for name, address in simulation.addresses.items()}
        directory = private_directory(simulation)
        assert simulation.pid != os.getpid()
    assert schemes == {
        "reference": "serial",
        "luxmeter": "serial",
        "lights": "udp",
        "climate": "modbus+tcp",
        "camera": "video+http",
        "panel": "tcp",
        "carriage": "tcp",
        "chamber": "tcp",
        "oven": "serial",
        "arm": "tcp",
        "mocap": "udp",
        "io": "modbus+tcp",
        "meter": "mqtt",
        "scanner": "tcp",
        "chroma": "serial",
        "operator": "tcp",
    }
    assert not directory.exists()
    assert not alive(simulation.pid)


async def test_time_waits_for_bytes_on_their_way() -> None:
    async with running() as simulation:
        address = simulation.addresses["panel"]
        panel = connected(address)
        panel.sendall(b"DISP:TEXT ")
        asking = asyncio.create_task(simulation.advance(S, {address: 15}))
        assert not (await asyncio.wait([asking], timeout=0.1))[0]
        panel.sendall(b'"AB"\n')
        assert await asking == S
        assert (await simulation.state())["panel"] == "AB"
        assert await simulation.advance(S, {"tcp://elsewhere:1": 99, address: 0}) == S
        panel.close()


async def test_bytes_that_never_arrive_are_an_error() -> None:
    async with running() as simulation:
        address = simulation.addresses["lights"]
        with pytest.raises(DeviceUnreachable, match=f"3 to {address}"):
            await simulation.advance(S, {address: 3})
        assert (await simulation.state())["now"] == 0
        with pytest.raises(DeviceUnreachable, match="cannot go back"):
            await asyncio.gather(simulation.advance(S, {}), simulation.advance(0, {}))


async def test_paced_time_runs_by_itself() -> None:
    async with running(mode="paced", speed=50.0) as simulation:
        first = await simulation.advance(0, {})
        await asyncio.sleep(0.05)
        second = await simulation.advance(0, {"udp://nowhere:1": 7})
        assert second - first >= 0.05 * 50 * S
        assert second - first < WAIT * 50 * S


async def test_an_orphan_ends_and_one_that_is_found_again_does_not() -> None:
    simulation = await Simulation.start(sample(orphan_after=1.5))
    await simulation.advance(S, {})
    await simulation.leave()
    assert simulation.stopped
    with pytest.raises(DeviceUnreachable, match="gone"):
        await simulation.advance(2 * S, {})
    again = await Simulation.attach(simulation.control)
    assert again.addresses == simulation.addresses
    address = again.addresses["panel"]
    panel = connected(address)
    panel.sendall(b"*CLS\n")
    await asyncio.sleep(1.7)
    assert await again.advance(2 * S, {address: 5}) == 2 * S
    panel.close()
    directory = private_directory(again)
    await again.leave()
    await simulation.end()
    assert not alive(simulation.pid)
    assert not directory.exists()
    with pytest.raises(DeviceUnreachable, match="no simulator answers"):
        await Simulation.attach(simulation.control)


async def test_it_outlives_a_controller_that_is_killed(tmp_path: Path) -> None:
    (tmp_path / "world.json").write_text(json.dumps(sample()))
    control, pid = await asyncio.to_thread(killed_controller, tmp_path / "world.json")
    ended = os.pidfd_open(pid)
    simulation = await Simulation.attach(control)
    assert (await simulation.state())["now"] == 5
    await simulation.end()
    assert select.select([ended], [], [], WAIT)[0]
    os.close(ended)


either_way = pytest.mark.parametrize("starter", [STARTER.get(), Forked])
"""Each way to start the process."""


@either_way
async def test_the_truth_of_a_world_is_the_same_however_it_is_started(starter: Starter) -> None:
    async with running() as usual:
        truth = await usual.truth()
    STARTER.set(starter)
    async with running() as simulation:
        assert await simulation.truth() == truth
        assert os.getsid(simulation.pid) == simulation.pid, "it outlives a terminal"


@either_way
async def test_a_signal_ends_it_cleanly(starter: Starter) -> None:
    STARTER.set(starter)
    simulation = await Simulation.start(sample())
    directory = private_directory(simulation)
    os.kill(simulation.pid, signal.SIGTERM)
    with pytest.raises(DeviceUnreachable, match="gone"):
        await asyncio.wait_for(advance_until_refused(simulation), WAIT)
    await simulation.end()
    assert not directory.exists()


@either_way
async def test_a_bad_world_is_refused_with_its_reason(starter: Starter) -> None:
    STARTER.set(starter)
    with pytest.raises(DeviceUnreachable, match=r"lamp\.tolerance: Input should be less than 1"):
        await Simulation.start(sample(lamp={"device": "lights", "tolerance": 3}))


async def test_requests_of_several_tasks_are_answered_in_order() -> None:
    async with running() as simulation:
        answers = await asyncio.gather(
            *(simulation.advance(t, {}) for t in range(50)),
            *(simulation.response("reference", 10.0 * i) for i in range(1, 20)),
        )
        assert answers[:50] == list(range(50))
        assert sorted(answers[50:]) == answers[50:]
        task = asyncio.create_task(simulation.advance(100, {simulation.addresses["panel"]: 5}))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        address = simulation.addresses["panel"]
        panel = connected(address)
        panel.sendall(b"*CLS\n")
        assert (await simulation.state())["now"] == 100, "a cancelled request keeps its place in the order"
        panel.close()


def test_a_process_that_cannot_be_started_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_world: Path, _stdout: int, _stderr: int) -> Never:
        raise OSError("no more processes")

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    token = STARTER.set(fails)
    try:
        with pytest.raises(OSError, match="no more processes"):
            Child(sample())
    finally:
        STARTER.reset(token)
    assert list(tmp_path.iterdir()) == []
