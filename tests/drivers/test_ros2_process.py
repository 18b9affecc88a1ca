"""The ROS process: shared, hung, killed, missing; and never left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hil_drivers.clock import WallClock
from hil_drivers.device import open_device
from hil_drivers.errors import AddressError, DeviceUnreachable, MissingExtra
from hil_drivers.instruments.ros_sensor import RosSensor
from hil_drivers.instruments.scpi import ScpiLink
from hil_drivers.testing.tcp_peer import TcpPeer
from hil_drivers.transport import ros2_process
from hil_drivers.transport.ros2 import RosLink, ros_status
from hil_drivers.transport.ros2_python import ros_environment, ros_python
from hil_drivers.transport.supervisor import LinkState, Supervisor
from hil_drivers.wire.scpi import parse_number
from ros_peers import RosPeer, ros_peer, until

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="there are ROS 2 wheels for Linux only")

TEMPERATURE = {"temperature": {"field": "temperature", "unit": "Cel"}}
TYPE = "sensor_msgs/msg/Temperature"


@pytest.fixture(scope="module")
def peer() -> Iterator[RosPeer]:
    with ros_peer() as started:
        started.do("measure", 23.5, "reliable")
        yield started


async def sensor(peer: RosPeer, name: str) -> RosSensor:
    device = await open_device(
        peer.address("/temperature"), "ros2", name=name, type=TYPE, points=TEMPERATURE, period=0.02
    )
    assert isinstance(device, RosSensor)
    return device


def gone(pid: int) -> bool:
    """Whether a process has ended, waited for or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def link(address: str, **options: Any) -> RosLink:
    return RosLink(address, supervisor=Supervisor("robot"), clock=WallClock(), **options)


async def test_devices_of_a_bench_share_one_process(peer: RosPeer) -> None:
    links = [link(peer.address(f"/topic{n}")) for n in range(3)]
    await asyncio.gather(*(each.open() for each in links))
    (pid,) = {each.pid for each in links}
    other = link("ros2:///topic?range=localhost&domain=101")
    await other.open()
    assert other.pid not in (0, pid)
    await other.leave()
    for each in links:
        assert not gone(pid)
        await each.leave()
        await each.leave()
    assert gone(pid)


async def test_cancelled_while_it_starts_it_leaves_nothing(peer: RosPeer) -> None:
    for pause in (0.0, 0.01, 0.1, 0.3):
        opening = link(peer.address("/topic"))
        task = asyncio.create_task(opening.open())
        await asyncio.sleep(pause)
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            await opening.leave()
    assert not [child for child in children() if "bridge" in child]


async def test_one_that_hangs_is_killed_and_the_bench_goes_on(
    peer: RosPeer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ros2_process, "PING_PERIOD", 0.1)
    monkeypatch.setattr(ros2_process, "PING_DEADLINE", 0.5)
    device = await sensor(peer, "probe")
    pid = device._link.pid
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.01)
            beats += 1

    beating = asyncio.create_task(beat())
    try:
        assert (await device.read("temperature")).value == 23.5
        os.kill(pid, signal.SIGSTOP)
        assert "probe: the ROS process did not answer for 0.5 s and was killed; see whether" in await loss(device)
        assert device.supervisor.status.state is LinkState.DOWN
        await until(lambda: gone(pid))
        assert beats > 10
        assert (await until_read(device)) == 23.5
        assert device._link.pid not in (0, pid)
        assert [r.levelname for r in caplog.records] == ["WARNING", "WARNING"]
    finally:
        beating.cancel()
        await asyncio.wait([beating])
        await device.close()


async def loss(device: RosSensor) -> str:
    """What a reader is told when it is lost."""
    async with asyncio.timeout(20.0):
        while True:
            try:
                await device.read("temperature")
            except DeviceUnreachable as error:
                return str(error)


async def until_read(device: RosSensor) -> float | None:
    """The first value once it works again."""
    async with asyncio.timeout(20.0):
        while True:
            try:
                return (await device.read("temperature")).value
            except DeviceUnreachable:
                await asyncio.sleep(0.05)


async def test_another_device_reads_on_while_ros_hangs(peer: RosPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ros2_process, "PING_PERIOD", 0.1)
    monkeypatch.setattr(ros2_process, "PING_DEADLINE", 0.5)
    answers = {b"SYST:ERR?": b'0,"No error"', b"*IDN?": b"Example Instruments,EX-M 1,40001,1.0", b"MEAS?": b"+1.5E+00"}
    meter_peer = TcpPeer(lambda request: answers.get(request.strip()))
    await meter_peer.start()
    supervisor = Supervisor("meter")
    meter = ScpiLink(meter_peer.address, supervisor=supervisor, clock=WallClock())
    device = await sensor(peer, "probe")
    try:
        await meter.open()
        os.kill(device._link.pid, signal.SIGSTOP)
        reading = asyncio.create_task(device.read("temperature"))
        values = []
        while not reading.done():
            values.append(await meter.ask("MEAS?", parse_number))
        assert isinstance(reading.exception(), DeviceUnreachable)
        assert len(values) > 10
        assert set(values) == {1.5}
        assert supervisor.status.losses == 0
    finally:
        await meter.close()
        await device.close()
        await meter_peer.stop()


async def test_one_that_ends_by_itself_is_started_again(peer: RosPeer) -> None:
    device = await sensor(peer, "probe")
    try:
        pid = device._link.pid
        os.kill(pid, signal.SIGKILL)
        assert "probe: the ROS process ended; see whether" in await loss(device)
        assert await until_read(device) == 23.5
        assert device._link.pid != pid
    finally:
        await device.close()


def shared_memory() -> set[str]:
    """What Fast DDS keeps in shared memory."""
    return {path.name for path in Path("/dev/shm").glob("*fastdds*")}


async def test_a_killed_one_leaves_nothing_in_shared_memory(peer: RosPeer) -> None:
    before = shared_memory()
    killed = link(peer.address("/topic"))
    await killed.open()
    os.kill(killed.pid, signal.SIGKILL)
    await killed.leave()
    assert shared_memory() <= before


CONTROLLER = """
import asyncio, sys
from hil_drivers.clock import WallClock
from hil_drivers.transport.ros2 import RosLink
from hil_drivers.transport.supervisor import Supervisor

async def main():
    link = RosLink(sys.argv[1], supervisor=Supervisor("robot"), clock=WallClock())
    await link.open()
    print(link.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.parametrize("state", ["running", "stopped"])
def test_a_controller_that_is_killed_leaves_no_process(peer: RosPeer, state: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CONTROLLER), peer.address("/topic")], stdout=subprocess.PIPE, text=True
    ) as controller:
        assert controller.stdout is not None
        pid = int(controller.stdout.readline())
        if state == "stopped":
            os.kill(pid, signal.SIGSTOP)
        controller.kill()
    deadline = time.monotonic() + 10.0
    while not gone(pid):
        assert time.monotonic() < deadline, "the ROS process outlives its controller"
        time.sleep(0.01)


def children() -> list[str]:
    """The command lines of our child processes."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if stat.read_text().rpartition(")")[2].split()[1] == str(os.getpid()):
                found.append((stat.parent / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


def test_the_interpreter_is_found_by_option_variable_and_place(tmp_path: Path) -> None:
    beside = tmp_path / "venv-ros" / "bin" / "python"
    beside.parent.mkdir(parents=True)
    prefix = str(tmp_path / "venv")
    with pytest.raises(MissingExtra, match="ROS 2 is not installed; run make setup, or set HIL_ROS_PYTHON"):
        ros_python(environment={}, prefix=prefix)
    beside.symlink_to(sys.executable)
    assert ros_python(environment={}, prefix=prefix) == str(beside)
    assert ros_python(environment={"HIL_ROS_PYTHON": sys.executable}, prefix=prefix) == sys.executable
    assert ros_python(str(beside), environment={"HIL_ROS_PYTHON": sys.executable}) == str(beside)
    beside.unlink()
    assert ros_python(environment={"AMENT_PREFIX_PATH": "/opt/ros/x"}, prefix=prefix).endswith("python3")
    with pytest.raises(MissingExtra, match="HIL_ROS_PYTHON names /no/python, which is no program"):
        ros_python(environment={"HIL_ROS_PYTHON": "/no/python"})


def test_the_status_of_ros_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    status = ros_status()
    assert status.usable
    assert status.version.count(".") >= 2
    assert "No module named 'rclpy'; run make setup" in ros_status(sys.executable).problem
    monkeypatch.setenv("HIL_ROS_PYTHON", "/no/python")
    assert ros_status().problem.startswith("HIL_ROS_PYTHON names /no/python")


async def test_a_python_without_ros_says_so() -> None:
    with pytest.raises(
        MissingExtra, match=r"cannot import ROS 2: ModuleNotFoundError.*; run make setup, or set HIL_ROS"
    ):
        await link("ros2:///topic", python=sys.executable).open()
    with pytest.raises(MissingExtra, match="the option python names /no/python"):
        await link("ros2:///topic", python="/no/python").open()


def test_settings_for_our_own_interpreter_stay_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    monkeypatch.setenv("_ROS_WHEELS_BOOTSTRAP_COMPLETE", "1")
    monkeypatch.delenv("AMENT_PREFIX_PATH", raising=False)
    given = ros_environment(ros_python(), {"ROS_DOMAIN_ID": "7"})
    assert not [name for name in given if name.startswith(("PYTHON", "_ROS_WHEELS"))]
    assert given["ROS_DOMAIN_ID"] == "7"
    assert given["FASTDDS_BUILTIN_TRANSPORTS"] == "UDPv4"
    assert Path(given["FASTDDS_DEFAULT_PROFILES_FILE"]).name == "fastdds.xml"
    local = ros_environment(ros_python(), {"ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"})
    assert Path(local["FASTDDS_DEFAULT_PROFILES_FILE"]).name == "fastdds_localhost.xml"
    assert local["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "SYSTEM_DEFAULT"
    assert ros_status().usable
    monkeypatch.setenv("AMENT_PREFIX_PATH", "/opt/ros/x")
    sourced = ros_environment("/usr/bin/python3")
    assert (sourced["PYTHONPATH"], "PYTHONHOME" in sourced) == ("/nowhere", False)
    assert "FASTDDS_DEFAULT_PROFILES_FILE" not in sourced


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("ros2:///topic?domain=233", "domain=233 is no integer from 0 to 232"),
        ("ros2:///topic?range=world", "range=world is none of localhost, subnet, off"),
        ("ros2:///topic?dom=1", "use domain"),
        ("ros2://host/topic", "three slashes"),
        ("tcp://host:1", "does not fit this driver; use ros2"),
    ],
)
def test_an_address_that_cannot_be_says_why(address: str, words: str) -> None:
    with pytest.raises(AddressError, match=words):
        link(address)
