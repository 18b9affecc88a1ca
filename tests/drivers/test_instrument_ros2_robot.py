"""The mobile robot against its simulator, which is a real ROS node: in lockstep, with faults, and without."""

from __future__ import annotations

import asyncio
import math
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from hil.clock import LockstepClock
from hil_drivers.capability import Performer, Pose, Robot
from hil_drivers.clock import NANOSECONDS, Clock, WallClock
from hil_drivers.errors import DeviceUnreachable, NotArrived, OptionError, RemoteProtocolError, SetpointRefused
from hil_drivers.instruments.ros_drive import Motion, Velocity, course, wrapped
from hil_drivers.instruments.ros_robot import RosRobot
from hil_drivers.sim.client import Simulation
from hil_drivers.transport.supervisor import LinkState
from ros_peers import until

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="there are ROS 2 wheels for Linux only")

START_UTC = 1780300800000000000
DOCK = {"dock": {"type": "test_msgs/action/Fibonacci", "goal": {"order": 3}}}


def world(**settings: Any) -> dict[str, Any]:
    return {
        "seed": 5,
        "mode": "lockstep",
        "start_utc": START_UTC,
        "devices": {
            "robot": {"kind": "ros2-robot", **settings},
            "capture": {"kind": "natnet", "bodies": {"base": "robot"}},
        },
    }


@asynccontextmanager
async def simulated(**settings: Any) -> AsyncIterator[tuple[Simulation, Clock]]:
    simulation = await Simulation.start(world(**settings))
    try:
        yield simulation, LockstepClock(simulation, START_UTC)
    finally:
        await simulation.end()


@asynccontextmanager
async def opened(simulation: Simulation, clock: Clock, **options: Any) -> AsyncIterator[RosRobot]:
    settings = {"synchronised": 0.0, "actions": DOCK, **options}
    robot = RosRobot("robot", simulation.addresses["robot"], clock=clock, **settings)
    await robot.open()
    try:
        yield robot
    finally:
        await robot.close()


async def value(robot: RosRobot, point: str) -> float:
    found = (await robot.read(point)).value
    assert found is not None
    return found


async def test_the_same_seed_gives_the_same_numbers() -> None:
    runs = []
    for _ in range(2):
        async with simulated() as (simulation, clock), opened(simulation, clock) as robot:
            got: list[Any] = []
            await robot.write("linear", 0.3)
            await robot.write("angular", 0.2)
            for pause in (0.0, 0.013, 0.5, 1.0):
                await clock.sleep(pause)
                got += [await robot.read(point) for point in ("x", "y", "heading", "speed", "turn_rate")]
            await robot.write("angular", 0.0)
            got.append(await robot.pose())
            got.append(await robot.perform("dock"))
            got.append(clock.now())
            runs.append(got)
    assert runs[0] == runs[1]


async def test_it_drives_and_stops_and_is_timed_by_its_stamps() -> None:
    async with simulated(noise=0.0, distance_scale=0.0) as (simulation, clock), opened(simulation, clock) as robot:
        await robot.write("linear", 0.4)
        await clock.sleep(5.0)
        asked = clock.now()
        indication = await robot.read("x")
        assert indication.value == pytest.approx(0.4 * 5.0, abs=0.15)
        assert asked <= indication.earliest == indication.latest <= clock.now()
        assert await value(robot, "speed") == pytest.approx(0.4)
        await robot.write("linear", 0.0)
        await clock.sleep(1.0)
        there = await value(robot, "x")
        await clock.sleep(5.0)
        assert await value(robot, "x") == there
        assert await value(robot, "speed") == 0.0


async def test_it_is_stopped_when_it_is_closed() -> None:
    async with simulated(noise=0.0, command_timeout=0.0) as (simulation, clock):
        async with opened(simulation, clock) as robot:
            await robot.write("linear", 0.4)
            await clock.sleep(1.0)
        await clock.sleep(2.0)
        async with opened(simulation, clock) as robot:
            assert await value(robot, "speed") == 0.0


async def test_a_robot_that_wants_stamped_commands_gets_them() -> None:
    async with simulated(stamped=True) as (simulation, clock), opened(simulation, clock, stamped=True) as robot:
        await robot.write("angular", 0.5)
        await clock.sleep(1.0)
        assert await value(robot, "turn_rate") == pytest.approx(0.5, rel=0.05)


async def test_it_moves_to_a_pose_by_its_own_account() -> None:
    async with simulated(noise=0.0, heading_noise=0.0) as (simulation, clock), opened(simulation, clock) as robot:
        assert isinstance(robot, Robot)
        assert isinstance(robot, Performer)
        for x, y, rz in ((1.0, 0.5, 1.0), (0.0, 0.0, 0.0), (-0.05, 0.0, 0.0)):
            await robot.move_to(Pose(x, y, 0.0, rz=rz))
            pose = (await robot.pose()).pose
            assert pose is not None
            assert math.hypot(pose.x - x, pose.y - y) < 0.02
            assert abs(wrapped(pose.rz - rz)) < 0.05
        before = clock.now()
        with pytest.raises(SetpointRefused, match=r"cannot go to Pose.*give x, y and rz, and 0 for z, rx and ry"):
            await robot.move_to(Pose(0.0, 0.0, 1.0))
        with pytest.raises(SetpointRefused, match=r"linear cannot be set to 0.6 m/s; command a value from -0.5 to 0.5"):
            await robot.write("linear", 0.6)
        assert clock.now() == before


@pytest.mark.soak
async def test_a_task_that_does_not_end_is_a_failure_of_the_robot_and_no_lost_link() -> None:
    async with simulated() as (simulation, clock), opened(simulation, clock) as robot:
        with pytest.raises(NotArrived, match="dock has not ended after 100 s"):
            await robot.perform("dock", order=1000)
        assert (await robot.perform("dock", order=2)).succeeded, "it was cancelled"


async def test_a_task_is_performed_with_feedback_and_result() -> None:
    async with simulated() as (simulation, clock), opened(simulation, clock) as robot:
        begun = clock.now()
        outcome = await robot.perform("dock", order=5)
        assert outcome.succeeded
        assert outcome.result == {"sequence": [0, 1, 1, 2, 3, 5, 8]}
        assert [len(each["sequence"]) for each in outcome.feedback] == [3, 4, 5, 6, 7]
        assert 0.5 <= (clock.now() - begun) / NANOSECONDS < 1.0
        assert (await robot.perform("dock", order=0)).status == "rejected"
        with pytest.raises(OptionError, match="has no task 'fetch'; use one of actions: dock"):
            await robot.perform("fetch")
        with pytest.raises(OptionError, match="Fibonacci_Goal has no field 'orders'; use order"):
            await robot.perform("dock", orders=3)


async def test_a_cancelled_task_is_cancelled_there_too() -> None:
    async with simulated() as (simulation, clock), opened(simulation, clock) as robot:
        task = asyncio.create_task(robot.perform("dock", order=1000))
        await clock.sleep(1.0)
        task.cancel()
        await clock.wait(task)
        assert task.cancelled()
        outcome = await robot.perform("dock", order=2)
        assert (outcome.status, outcome.result) == ("succeeded", {"sequence": [0, 1, 1, 2]})


async def test_services_and_parameters_of_the_node() -> None:
    async with simulated(noise=0.0) as (simulation, clock), opened(simulation, clock) as robot:
        await robot.write("linear", 0.3)
        await clock.sleep(1.0)
        await robot.write("linear", 0.0)
        await clock.sleep(1.0)
        assert await value(robot, "x") > 0.2
        answer = await robot._link.call("/robot/reset_odometry", "std_srvs/srv/Trigger", {})
        assert answer["success"]
        await clock.sleep(0.1)
        assert abs(await value(robot, "x")) < 1e-3
        assert await robot._link.parameters("/robot/robot", ["max_linear"]) == {"max_linear": 0.6}
        await robot._link.set_parameters("/robot/robot", {"max_linear": 0.1})
        with pytest.raises(RemoteProtocolError, match="max_linear must be above 0"):
            await robot._link.set_parameters("/robot/robot", {"max_linear": 0.0})
        await robot.write("linear", 0.5)
        await clock.sleep(1.0)
        assert await value(robot, "speed") == pytest.approx(0.1, rel=0.05)


async def test_the_time_of_ros_is_bench_time() -> None:
    async with simulated() as (simulation, clock), opened(simulation, clock) as robot:
        await robot._link.follow_clock()
        await clock.sleep(1.0)
        async with asyncio.timeout(10.0):
            while await robot._link.ros_time() != START_UTC + clock.now():
                await clock.sleep(0.05)
        await robot._link.follow_clock(on=False)


FAULTS: dict[str, str] = {
    "silent": "robot: sent nothing for 1.0 s",
    "hang": "robot: sent nothing for 1.0 s",
    "dropped": "robot: sent nothing for 1.0 s",
    "qos-mismatch": "reliability best-effort cannot be matched with our reliability reliable",
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_is_told_and_over_when_it_is_gone(fault: str) -> None:
    async with simulated() as (simulation, clock), opened(simulation, clock, timeout=1.0) as robot:
        await robot.write("linear", 0.2)
        await simulation.inject("robot", fault)
        await clock.sleep(0.2)
        with pytest.raises(DeviceUnreachable, match=FAULTS[fault]):
            await robot.read("x")
        assert robot.supervisor.status.state is LinkState.DOWN
        await clock.sleep(0.5)
        await simulation.clear("robot")
        await working(robot, clock)
        await robot.write("linear", 0.0)
        await clock.sleep(1.0)
        assert await value(robot, "speed") == pytest.approx(0.0, abs=1e-6)


async def working(robot: RosRobot, clock: Clock) -> None:
    """Use it until it works again."""
    async with asyncio.timeout(20.0):
        while robot.supervisor.status.state is not LinkState.UP:
            try:
                await robot.read("x")
            except DeviceUnreachable:
                with clock.exchange():
                    await asyncio.sleep(0.05)


async def test_a_burst_is_counted_where_messages_are_lost() -> None:
    async with simulated() as (simulation, clock), opened(simulation, clock, qos={"depth": 1}) as robot:
        await robot.read("x")
        await simulation.inject("robot", "burst")
        async with asyncio.timeout(20.0):
            while robot.supervisor.status.missed == 0:
                await clock.sleep(0.05)
                assert abs(await value(robot, "x")) < 0.01
        await simulation.clear("robot")
        assert abs(await value(robot, "x")) < 0.01


async def test_frozen_odometry_goes_on_with_old_values() -> None:
    async with simulated() as (simulation, clock), opened(simulation, clock) as robot:
        await simulation.inject("robot", "frozen")
        await clock.sleep(0.05)
        first = await robot.read("x")
        await clock.sleep(1.0)
        second = await robot.read("x")
        assert (second.value, second.flags) == (first.value, first.flags)
        assert second.latest > first.latest


async def test_a_ros_process_that_is_lost_commands_nothing_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    async with simulated() as (simulation, clock), opened(simulation, clock) as robot:
        await robot.write("linear", 0.3)
        os.kill(robot._link.pid, signal.SIGKILL)
        with clock.exchange():
            await until(lambda: robot.supervisor.status.state is LinkState.DOWN)
        await clock.sleep(3.0)
        await working(robot, clock)
        assert await value(robot, "speed") == 0.0


async def test_it_works_as_time_runs_by_itself() -> None:
    paced = {**world(), "mode": "paced"}
    simulation = await Simulation.start(paced)
    try:
        async with opened(simulation, WallClock(), synchronised=None, latency=0.05) as robot:
            await robot.write("linear", 0.3)
            await until(lambda: robot._feed.newest is not None)
            asked = robot.clock.now()
            indication = await robot.read("x")
            assert asked <= indication.earliest <= indication.latest <= robot.clock.now()
            assert (await robot.perform("dock", order=2)).succeeded
    finally:
        await simulation.end()


async def test_a_robot_of_another_type_is_refused() -> None:
    async with simulated() as (simulation, clock):
        address = simulation.addresses["robot"].replace("/robot/odom", "/clock")
        robot = RosRobot("robot", address, clock=clock)
        with pytest.raises(RemoteProtocolError, match="publishes rosgraph_msgs/msg/Clock on /clock, not nav_"):
            await robot.open()
        bare = RosRobot("robot", address.replace("/clock", "/odometry"), clock=clock, command="/odometry", timeout=0.5)
        with pytest.raises(OptionError, match="/odometry is used with another type than geometry_msgs/msg/"):
            await bare.open()
        odd = RosRobot("robot", address.replace("/clock", "/odom!"), clock=clock)
        with pytest.raises(OptionError, match="'/odom!' is no name of a topic"):
            await odd.open()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"linear_limit": 0.0}, "linear_limit = 0.0; give a number from 0.001"),
        ({"angular_limit": "fast"}, "angular_limit = 'fast'"),
        ({"repeat": -1.0}, "repeat = -1.0; give a number from 0 to 1000"),
        ({"tolerance": 0.0}, "tolerance = 0.0"),
        ({"timeout": 0.0}, "timeout = 0.0 s; give a number from 0.1"),
        ({"synchronised": -1.0}, "synchronised = -1.0 s"),
        ({"actions": {"dock": {"name": "x"}}}, r"actions.dock.type: field required; use action, goal, type"),
        ({"command_qos": {"depth": -1}}, "qos.depth = -1"),
    ],
)
def test_an_option_that_cannot_be_says_why(options: dict[str, Any], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        RosRobot("robot", "ros2:///odom", clock=WallClock(), **options)


def test_limits_are_the_points_own() -> None:
    declared = RosRobot.declared({"linear_limit": 0.2})
    assert (declared["linear"].lower, declared["linear"].upper) == (-0.2, 0.2)
    assert RosRobot("robot", "ros2:///odom", clock=WallClock(), linear_limit=0.2).points["linear"].upper == 0.2


MOTION = Motion(0.5, 1.0, 0.005, 0.01)


@pytest.mark.parametrize(
    ("state", "accept"),
    [
        ((0.0, 0.0, 0.0), lambda v: v == Velocity(0.5, 0.0)),
        ((0.0, 0.0, math.pi / 2), lambda v: v.linear == 0.0 and v.angular == -1.0),
        ((1.05, 0.0, 0.0), lambda v: v.linear < 0.0 and v.angular == pytest.approx(0.0)),
        ((1.0, 0.003, -0.5), lambda v: v.linear == 0.0 and v.angular == pytest.approx(0.75)),
        ((1.0, 0.003, 0.005), lambda v: v is None),
    ],
)
def test_the_course_to_a_pose(state: tuple[float, float, float], accept: Callable[[Velocity | None], bool]) -> None:
    assert accept(course(*state, Pose(1.0, 0.0, 0.0), MOTION))
