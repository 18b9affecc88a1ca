"""The arm by RTDE against its simulated controller, a process of its own."""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hil_drivers.capability import Pose, Robot
from hil_drivers.clock import NANOSECONDS, Clock, WallClock
from hil_drivers.errors import (
    DeviceUnreachable,
    OptionError,
    RemoteProtocolError,
    SetpointRefused,
    StoppedItself,
)
from hil_drivers.indication import Flag
from hil_drivers.instruments.rtde_link import RtdeLink
from hil_drivers.instruments.ur_rtde import UrRtde
from hil_drivers.sim.arm import pose as nominal_pose
from hil_drivers.sim.server import served
from hil_drivers.sim.world import World
from hil_drivers.sim.world_file import WorldFile
from hil_drivers.transport.supervisor import Supervisor
from motion_bench import MotionBench, motion_bench

STEP = NANOSECONDS // 125


@pytest.fixture
async def bench() -> AsyncIterator[MotionBench]:
    async with motion_bench() as made:
        yield made


async def home(arm: UrRtde) -> Pose:
    """Where it is."""
    pose = (await arm.pose()).pose
    assert pose is not None
    return pose


async def test_every_point_has_a_value_and_an_interval_that_holds_its_cycle(bench: MotionBench) -> None:
    arm = await bench.arm()
    assert isinstance(arm, Robot)
    for point in arm.points:
        indication = await arm.read(point)
        assert indication.usable
        assert indication.unit == arm.points[point].unit
        first = -(-indication.earliest // STEP) * STEP
        assert first <= indication.latest, "no sample of the controller lies inside"
        assert indication.latest - indication.earliest < 1.7 * STEP
    assert arm.supervisor.status.missed == 0


async def test_values_of_one_package_belong_together(bench: MotionBench) -> None:
    arm = await bench.arm()
    asked = asyncio.create_task(arm.pose())
    reads = [asyncio.create_task(arm.read(f"tcp.{axis}")) for axis in ("x", "y", "z", "rx", "ry", "rz")]
    await bench.clock.wait(asked, *reads)
    pose, indications = asked.result(), [read.result() for read in reads]
    assert pose.pose == Pose(*(indication.value for indication in indications if indication.value is not None))
    assert {(i.earliest, i.latest) for i in indications} == {(pose.earliest, pose.latest)}


async def test_it_moves_to_a_pose_and_says_so(bench: MotionBench) -> None:
    arm = await bench.arm(commands=True)
    target = replace(await home(arm), x=-0.3, z=0.4, rz=0.1)
    begun = bench.clock.now()
    await arm.move_to(target)
    assert 0.2 < (bench.clock.now() - begun) / NANOSECONDS < 3.0
    reached = await home(arm)
    assert (reached.x, reached.y, reached.z) == pytest.approx((target.x, target.y, target.z), abs=1e-4)
    assert abs((await arm.read("joint.1.speed")).value or 0.0) < 1e-9
    await arm.move_to(target)


@pytest.mark.parametrize(
    ("pose", "message"),
    [
        (Pose(2.0, 0.0, 0.0), "cannot be moved to 2 m from its base; command a pose within 1.3 m"),
        (Pose(float("nan"), 0.0, 0.0), "cannot be moved to nan m"),
        (Pose(1.2, 0.0, 0.3), "finds no joints for the target"),
    ],
)
async def test_a_target_that_it_cannot_reach_is_refused(bench: MotionBench, pose: Pose, message: str) -> None:
    arm = await bench.arm(commands=True)
    before = await home(arm)
    with pytest.raises(SetpointRefused, match=message):
        await arm.move_to(pose)
    assert (await home(arm)).x == pytest.approx(before.x, abs=1e-4)
    await arm.move_to(replace(before, z=before.z + 0.01))


async def test_without_the_right_to_command_it_does_not_move(bench: MotionBench) -> None:
    arm = await bench.arm()
    with pytest.raises(OptionError, match="set commands = true"):
        await arm.move_to(await home(arm))


async def test_a_move_that_is_cancelled_stops_at_once(bench: MotionBench) -> None:
    arm = await bench.arm(commands=True)
    start = await home(arm)
    move = asyncio.create_task(arm.move_to(replace(start, x=start.x + 0.3)))
    await bench.clock.sleep(0.25)
    move.cancel()
    await bench.clock.wait(move)
    assert move.cancelled()
    stopped = await home(arm)
    assert start.x + 1e-3 < stopped.x < start.x + 0.29
    await bench.clock.sleep(2.0)
    assert (await home(arm)).x == pytest.approx(stopped.x, abs=2e-3)
    await arm.move_to(start)


async def test_an_arm_whose_controller_falls_silent_stops_by_itself(bench: MotionBench) -> None:
    arm = await bench.arm(commands=True)
    start = await home(arm)
    position, rotation = nominal_pose((2.5, -1.6, 1.8, -1.8, -1.57, 0.0))
    arm._command((*position, *rotation), 77)
    await bench.clock.sleep(5.0)
    state = await arm._link.fresh()
    assert [arm._field(state, f"output_int_register_{n}") for n in (24, 25)] == [77, 3]
    stopped = await home(arm)
    assert abs(stopped.x - start.x) > 0.05
    assert abs(stopped.x - position[0]) > 0.05
    await bench.clock.sleep(5.0)
    assert (await home(arm)).y == pytest.approx(stopped.y, abs=1e-4)


async def test_a_protective_stop_is_a_flag_and_ends_a_move(bench: MotionBench) -> None:
    arm = await bench.arm(commands=True)
    start = await home(arm)
    move = asyncio.create_task(arm.move_to(replace(start, x=start.x + 0.3)))
    await bench.clock.sleep(0.3)
    await bench.simulation.inject("arm", "protective-stop")
    await bench.clock.wait(move)
    with pytest.raises(StoppedItself, match="is in a protective stop; clear it at the teach pendant"):
        move.result()
    indication = await arm.read("tcp.x")
    assert indication.flags == Flag.DEVICE_ERROR
    assert not indication.usable
    assert (await arm.read("safety_mode")).value == 3
    await bench.simulation.clear("arm")
    assert (await arm.read("tcp.x")).usable
    await arm.move_to(start)


async def test_a_pose_without_numbers_is_not_available(bench: MotionBench) -> None:
    arm = await bench.arm()
    await bench.simulation.inject("arm", "nan")
    indication = await arm.read("tcp.x")
    assert (indication.value, indication.flags) == (None, Flag.NOT_AVAILABLE)
    assert (await arm.pose()).pose is None


async def test_inputs_that_somebody_else_holds_are_named(bench: MotionBench) -> None:
    first = await bench.arm(commands=True)
    with pytest.raises(
        RemoteProtocolError, match="arm: has given to somebody else the inputs input_double_register_24"
    ):
        await bench.arm(commands=True)
    await first.close()
    second = await bench.arm(commands=True)
    assert (await second.read("tcp.x")).usable


async def test_outputs_that_the_controller_does_not_have_are_named(bench: MotionBench) -> None:
    link = RtdeLink(
        bench.simulation.addresses["arm"],
        supervisor=Supervisor("arm"),
        clock=bench.clock,
        outputs=("timestamp", "actual_mood"),
        inputs=(),
        frequency=125.0,
    )
    with pytest.raises(RemoteProtocolError, match="arm: does not have the outputs actual_mood; leave them out"):
        await link.open()
    await link.close()


async def test_a_clock_that_restarts_is_noticed_and_intervals_stay_right(bench: MotionBench) -> None:
    arm = await bench.arm()
    await arm.read("tcp.x")
    for change in (bench.simulation.inject("arm", "clock-jump"), bench.simulation.clear("arm")):
        jumps = arm._link._base.jumps
        await change
        for _ in range(3):
            asked = bench.clock.now()
            indication = await arm.read("tcp.x")
            assert asked <= indication.earliest
            assert -(-indication.earliest // STEP) * STEP <= indication.latest <= bench.clock.now()
        assert arm._link._base.jumps == jumps + 1


@pytest.mark.parametrize(
    ("stamp", "told"),
    [(0.95, False), (0.7, False), (0.2, True), (40.0, True)],
    ids=["in time", "held back", "back", "on"],
)
async def test_only_what_no_buffer_explains_is_called_a_restart(
    clock: Clock, caplog: pytest.LogCaptureFixture, stamp: float, told: bool
) -> None:
    """The controller runs for 0.5 s; then a package comes that belongs to a request of 0.9 s."""
    link = RtdeLink(
        "tcp://127.0.0.1:1",
        supervisor=Supervisor("arm"),
        clock=clock,
        outputs=("timestamp",),
        inputs=(),
        frequency=125.0,
    )
    for step in range(50):
        link._cause = clock.now() if step == 0 else None
        await clock.sleep(0.01)
        link._arrived((clock.now() / NANOSECONDS - 0.001,))
    await clock.sleep(0.4)
    link._cause = clock.now()
    await clock.sleep(0.05)
    link._arrived((stamp,))
    assert ("was set or has restarted" in caplog.text) is told


async def test_a_controller_that_was_held_up_has_not_restarted(tmp_path: Path) -> None:
    """A request meets a controller that could not run for a while, and has packages to send that are older."""
    world = World(WorldFile.model_validate({"seed": 1, "mode": "paced", "devices": {"arm": {"kind": "ur-rtde"}}}))
    endpoint = served.endpoint(world.file.devices["arm"], "arm", world, tmp_path)
    await endpoint.open()
    world.time.start()
    arm = UrRtde("arm", endpoint.address, clock=WallClock())
    await arm.open()
    for _ in range(3):
        assert (await arm.read("tcp.x")).usable
        time.sleep(0.05)  # noqa: ASYNC251 (nothing runs meanwhile)
        arm._link._ping()
        time.sleep(0.01)  # noqa: ASYNC251
    assert (await arm.read("tcp.x")).usable
    assert arm._link._base.jumps == 0
    await arm.close()
    endpoint.close()
    await asyncio.sleep(0)


async def test_a_lost_link_is_told_at_once_and_made_again(bench: MotionBench) -> None:
    arm = await bench.arm()
    await arm.read("tcp.x")
    await bench.simulation.inject("arm", "dropped")
    with pytest.raises(DeviceUnreachable, match="arm: "):
        await arm.read("tcp.x")
    await bench.simulation.clear("arm")
    async with asyncio.timeout(10.0):
        while True:
            try:
                assert (await arm.read("tcp.x")).usable
                break
            except DeviceUnreachable:
                await asyncio.sleep(0.05)


async def test_it_keeps_up_in_real_time() -> None:
    async with motion_bench(paced=True) as bench:
        arm = await bench.arm(frequency=500.0)
        widths = []
        for _ in range(20):
            asked = bench.clock.now()
            indication = await arm.read("joint.2")
            assert asked <= indication.earliest <= indication.latest <= bench.clock.now()
            widths.append(indication.latest - indication.earliest)
        assert min(widths) < NANOSECONDS // 20


def package(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">H", 3 + len(body)) + kind + body


async def test_packages_that_the_controller_skipped_are_counted() -> None:
    """A peer that stamps every other cycle only, and pauses for a second once, which is no package skipped."""
    stamps = [1.0, 1.008, 1.024, 1.032, 2.5, 2.508]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers = {
            b"V": package(b"V", b"\x01"),
            b"v": package(b"v", struct.pack(">4I", 5, 11, 0, 0)),
            b"O": package(b"O", b"\x01DOUBLE"),
            b"S": package(b"S", b"\x01")
            + b"".join(package(b"U", b"\x01" + struct.pack(">d", stamp)) for stamp in stamps),
        }
        while head := await reader.read(3):
            await reader.read(head[1] - 3)
            writer.write(answers[head[2:3]])
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        supervisor = Supervisor("arm")
        address = f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        link = RtdeLink(
            address, supervisor=supervisor, clock=WallClock(), outputs=("timestamp",), inputs=(), frequency=125.0
        )
        await link.open()
        async with asyncio.timeout(5.0):
            while not link._stamp or link._stamp < 2.5 * NANOSECONDS:
                await link._run._arrival.wait()
        assert supervisor.status.missed == 1
        await link.close()


@pytest.mark.parametrize("options", [{"frequency": 0.5}, {"frequency": 501.0}, {"reach": 0.0}, {"reach": float("nan")}])
def test_options_that_it_cannot_have(options: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match="arm: "):
        UrRtde("arm", "tcp://127.0.0.1:30004", clock=WallClock(), **options)
