"""Motion capture by NatNet against its simulated server, a process of its own."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from hil_drivers.clock import NANOSECONDS, WallClock
from hil_drivers.errors import AddressError, DeviceUnreachable, OptionError, RemoteProtocolError
from hil_drivers.indication import Flag, Indication
from hil_drivers.instruments.natnet import NatNet
from motion_bench import DELAY, PERIOD, MotionBench, motion_bench


@pytest.fixture
async def bench() -> AsyncIterator[MotionBench]:
    async with motion_bench() as made:
        yield made


def holds_an_exposure(indication: Indication) -> bool:
    """Whether the middle of an exposure lies inside the interval."""
    first = -(-(indication.earliest + DELAY) // PERIOD) * PERIOD - DELAY
    return first <= indication.latest


async def test_the_middle_of_the_exposure_lies_in_an_interval_that_is_narrow(bench: MotionBench) -> None:
    mocap = await bench.mocap()
    for second in range(12):
        asked = bench.clock.now()
        indication = await mocap.read("tool.x")
        assert asked <= indication.earliest
        assert holds_an_exposure(indication)
        assert indication.latest - indication.earliest < NANOSECONDS // 1000
        await bench.clock.sleep(1.0 + second / 7.0)
    assert mocap.supervisor.status.missed == 0


async def test_half_of_the_exposure_widens_the_interval(bench: MotionBench) -> None:
    mocap = await bench.mocap(exposure=0.002)
    indication = await mocap.read("tool.x")
    assert 2 * NANOSECONDS // 1000 <= indication.latest - indication.earliest < 3 * NANOSECONDS // 1000


@pytest.mark.parametrize("settings", [{"version": "4.0"}, {"version": "4.1"}, {"multicast": True}])
async def test_every_version_and_way_of_sending(settings: dict[str, Any]) -> None:
    async with motion_bench(mocap=settings) as bench:
        mocap = await bench.mocap(interface="127.0.0.1")
        values = {}
        for point in mocap.points:
            indication = await mocap.read(point)
            assert indication.usable
            assert indication.unit == mocap.points[point].unit
            assert indication.resolution is not None
            values[point.rpartition(".")[2]] = indication.value or 0.0
        assert math.hypot(*(values[part] for part in ("qx", "qy", "qz", "qw"))) == pytest.approx(1.0, abs=1e-3)
        assert 0.0 < values["marker_error"] < 5e-4


async def test_it_sees_the_tool_where_the_arm_is_give_or_take_errors_of_both() -> None:
    async with motion_bench(seed=1) as bench:
        arm, mocap = await bench.arm(commands=True), await bench.mocap()
        errors = []
        for step in (0.0, 0.1, -0.1):
            pose = (await arm.pose()).pose
            assert pose is not None
            await arm.move_to(replace(pose, x=pose.x + step))
            reached = (await arm.pose()).pose
            assert reached is not None
            for axis, told in (("x", reached.x), ("y", reached.y), ("z", reached.z)):
                value = (await mocap.read(f"tool.{axis}")).value
                assert value is not None
                errors.append(abs(value - told))
        assert 3e-4 < max(errors) < 5e-3


async def test_a_body_that_is_out_of_sight_is_kept_and_flagged(bench: MotionBench) -> None:
    mocap = await bench.mocap()
    seen = await mocap.read("tool.x")
    await bench.simulation.inject("mocap", "tracking-lost")
    lost = await mocap.read("tool.x")
    assert lost.flags == Flag.TRACKING_LOST
    assert lost.value == pytest.approx(seen.value, abs=1e-3)
    assert not lost.usable
    assert holds_an_exposure(lost)
    await bench.simulation.clear("mocap")
    assert (await mocap.read("tool.x")).usable


async def test_occlusions_come_and_go() -> None:
    async with motion_bench(mocap={"occluded": 0.3}) as bench:
        mocap = await bench.mocap()
        flags = []
        for _ in range(40):
            flags.append((await mocap.read("tool.x")).flags)
            await bench.clock.sleep(0.25)
        assert 3 < flags.count(Flag.TRACKING_LOST) < 25
        assert flags.count(Flag.GOOD) + flags.count(Flag.TRACKING_LOST) == len(flags)


async def test_lost_frames_are_counted(bench: MotionBench) -> None:
    mocap = await bench.mocap()
    await mocap.read("tool.x")
    await bench.simulation.inject("mocap", "lossy")
    for _ in range(10):
        assert (await mocap.read("tool.x")).usable
    assert mocap.supervisor.status.missed >= 5


async def test_a_clock_that_restarts_is_noticed_and_intervals_stay_right(bench: MotionBench) -> None:
    mocap = await bench.mocap()
    await mocap.read("tool.x")
    for change in (bench.simulation.inject("mocap", "clock-jump"), bench.simulation.clear("mocap")):
        jumps = mocap._link._base.jumps
        await change
        for _ in range(4):
            asked = bench.clock.now()
            indication = await mocap.read("tool.x")
            assert asked <= indication.earliest <= indication.latest <= bench.clock.now()
            assert holds_an_exposure(indication)
        assert mocap._link._base.jumps == jumps + 1
        await bench.clock.sleep(2.0)
        assert (await mocap.read("tool.x")).latest - indication.latest > NANOSECONDS


async def test_a_body_that_the_server_does_not_have_is_told_with_the_nearest(bench: MotionBench) -> None:
    with pytest.raises(RemoteProtocolError, match="mocap: tracks no rigid body 'tol'; use tool"):
        await bench.mocap(bodies=["tol"])


async def test_a_server_that_falls_silent_is_unreachable_and_found_again(bench: MotionBench) -> None:
    mocap = await bench.mocap()
    await mocap.read("tool.x")
    await bench.simulation.inject("mocap", "dropped")
    with pytest.raises(DeviceUnreachable, match="mocap: sent nothing for"):
        await mocap.read("tool.x")
    await bench.simulation.clear("mocap")
    async with asyncio.timeout(10.0):
        while True:
            try:
                assert (await mocap.read("tool.x")).usable
                break
            except DeviceUnreachable:
                await asyncio.sleep(0.05)


async def test_an_interface_that_this_machine_does_not_have_is_told() -> None:
    async with motion_bench(mocap={"multicast": True}) as bench:
        with pytest.raises(AddressError, match=r"mocap: cannot join the multicast group .*; name the interface"):
            await bench.mocap(interface="192.0.2.77")


async def test_it_keeps_up_in_real_time() -> None:
    async with motion_bench(paced=True) as bench:
        mocap = await bench.mocap()
        widths = []
        for _ in range(20):
            asked = bench.clock.now()
            indication = await mocap.read("tool.x")
            assert asked <= indication.earliest <= indication.latest <= bench.clock.now()
            widths.append(indication.latest - indication.earliest)
        assert min(widths) < NANOSECONDS // 50


async def test_the_same_seed_gives_the_same_numbers() -> None:
    runs = []
    for _ in range(2):
        async with motion_bench(seed=8) as bench:
            mocap = await bench.mocap()
            runs.append([await mocap.read(f"tool.{axis}") for axis in ("x", "y", "z", "qx")])
    assert runs[0] == runs[1]


@pytest.mark.parametrize(
    "options",
    [
        {"bodies": []},
        {"bodies": "tool"},
        {"bodies": ["tool", "tool"]},
        {"bodies": ["tool"], "rate": 0.0},
        {"bodies": ["tool"], "exposure": -1.0},
    ],
)
def test_options_that_it_cannot_have(options: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match="mocap: "):
        NatNet("mocap", "udp://127.0.0.1:1510", clock=WallClock(), **options)
