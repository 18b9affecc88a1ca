"""Clients of other makers against our simulated servers: ur_rtde (its wheel, C++), and natnet."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from typing import Any

import pytest

from motion_bench import DELAY, motion_bench

UR_RTDE = """
import json, sys, time
from rtde_receive import RTDEReceiveInterface
names = ["timestamp", "actual_TCP_pose", "actual_q", "robot_mode", "safety_mode"]
robot = RTDEReceiveInterface(sys.argv[1], 125.0, names)
first = robot.getTimestamp()
while robot.getTimestamp() < first + 0.1:
    time.sleep(0.01)
print(json.dumps([robot.getTimestamp() - first, robot.getActualTCPPose(), robot.getActualQ(),
                  robot.getRobotMode(), robot.getSafetyMode()]))
robot.disconnect()
"""

ABSENT = """
import sys
from rtde_receive import RTDEReceiveInterface
try:
    RTDEReceiveInterface(sys.argv[1], 125.0, ["timestamp", "actual_TCP_force"])
except RuntimeError as error:
    print("actual_TCP_force" in str(error))
"""

NATNET = """
import json, sys
from natnet import NatNetClient
client = NatNetClient(command_port=int(sys.argv[1]), use_multicast=False)
frames, models = [], []
client.on_data_frame_received_event.handlers.append(frames.append)
client.on_data_description_received_event.handlers.append(models.append)
with client:
    client.request_modeldef()
    while len(frames) < 20 or not models:
        client.update_sync()
    version = str(client.server_info.nat_net_protocol_version)
body, suffix = frames[-1].rigid_bodies[0], frames[-1].suffix
print(json.dumps([version, [b.name for b in models[0].rigid_bodies],
                  len(models[0].rigid_bodies[0].markers), body.id_num, body.pos, body.rot, body.tracking_valid,
                  suffix.stamp_transmit - suffix.stamp_camera_mid_exposure]))
"""


async def run(program: str, *arguments: str) -> Any:
    """What ``program`` prints, in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(60.0):
            printed, complaint = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    assert process.returncode == 0, complaint.decode()
    return json.loads(printed.decode().splitlines()[-1].replace("True", "true"))


async def pumped(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(4096):
        writer.write(data)
    writer.close()


async def relay_to(address: str) -> tuple[asyncio.Server, str]:
    """A relay on the fixed port that the client insists on, at a loopback address of our own."""
    host, _, port = address.removeprefix("tcp://").rpartition(":")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection(host, int(port))
        await asyncio.gather(pumped(reader, inner_writer), pumped(inner_reader, writer), return_exceptions=True)

    own = f"127.{random.randint(1, 254)}.{random.randint(0, 254)}.{random.randint(1, 254)}"
    return await asyncio.start_server(serve, own, 30004), own


@pytest.mark.parametrize("absent", [False, True])
async def test_ur_rtde_reads_our_controller(absent: bool) -> None:
    async with motion_bench(paced=True) as bench:
        server, own = await relay_to(bench.simulation.addresses["arm"])
        async with server:
            if absent:
                assert await run(ABSENT, own) is True
                return
            elapsed, pose, joints, robot_mode, safety_mode = await run(UR_RTDE, own)
        arm = await bench.arm()
        ours = (await arm.pose()).pose
        assert ours is not None
        assert elapsed >= 0.1
        assert pose == pytest.approx([ours.x, ours.y, ours.z, ours.rx, ours.ry, ours.rz], abs=1e-4)
        assert joints == pytest.approx([0.0, -1.6, 1.8, -1.8, -1.57, 0.0], abs=1e-4)
        assert (robot_mode, safety_mode) == (7, 1)


@pytest.mark.parametrize("version", ["3.0", "4.0", "4.1"])
async def test_natnet_reads_our_server(version: str) -> None:
    async with motion_bench(paced=True, mocap={"version": version}) as bench:
        port = bench.simulation.addresses["mocap"].rpartition(":")[2]
        told = await run(NATNET, port)
        mocap = await bench.mocap()
        position = [(await mocap.read(f"tool.{axis}")).value for axis in ("x", "y", "z")]
        assert told[0].startswith(version)
        assert told[1:4] == [["tool"], 5, 1]
        assert told[4] == pytest.approx(position, abs=1e-3)
        assert sum(part**2 for part in told[5]) == pytest.approx(1.0, abs=1e-5)
        assert told[6] is True
        assert abs(told[7] * 100 - DELAY) <= DELAY // 100
