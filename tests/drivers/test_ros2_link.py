"""The ROS link against a ROS program in another process: topics, services, actions, parameters, QoS, loss."""

from __future__ import annotations

import asyncio
import logging
import math
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import pytest_asyncio

from hil_drivers.clock import NANOSECONDS, WallClock
from hil_drivers.device import open_device
from hil_drivers.errors import DeviceUnreachable, OptionError, RemoteProtocolError
from hil_drivers.indication import Flag
from hil_drivers.instruments.ros_sensor import RosSensor
from hil_drivers.transport.ros2 import Qos, RosLink, RosMessage
from hil_drivers.transport.supervisor import LinkState, Supervisor
from ros_peers import RosPeer, ros_peer, until

pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="there are ROS 2 wheels for Linux only"),
    pytest.mark.asyncio(loop_scope="module"),
]

TEMPERATURE = {"temperature": {"field": "temperature", "unit": "Cel"}}
TYPE = "sensor_msgs/msg/Temperature"
FIBONACCI = "test_msgs/action/Fibonacci"


@pytest.fixture(scope="module")
def peer() -> Iterator[RosPeer]:
    with ros_peer() as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def running(peer: RosPeer) -> AsyncIterator[None]:
    """One ROS process for all tests: each would start its own."""
    async with linked(peer):
        yield


@asynccontextmanager
async def linked(peer: RosPeer, declare: Callable[[RosLink], Any] = lambda _: None) -> AsyncIterator[RosLink]:
    """An open link; ``declare`` subscribes and advertises."""
    link = RosLink(peer.address("/any"), supervisor=Supervisor("robot"), clock=WallClock())
    declare(link)
    await link.open()
    try:
        yield link
    finally:
        await link.leave()


async def sensor(peer: RosPeer, **options: Any) -> RosSensor:
    settings: dict[str, Any] = {"type": TYPE, "points": TEMPERATURE, "stamp": "header.stamp", "period": 0.02, **options}
    device = await open_device(peer.address("/temperature"), "ros2", name="probe", **settings)
    assert isinstance(device, RosSensor)
    return device


async def test_a_field_of_a_message_is_a_point(peer: RosPeer) -> None:
    peer.do("measure", 23.5, "reliable")
    device = await sensor(peer, age=0.01)
    try:
        asked = device.clock.now()
        indication = await device.read("temperature")
        assert (indication.value, indication.unit, indication.flags) == (23.5, "Cel", Flag.GOOD)
        assert asked <= indication.earliest <= indication.latest <= device.clock.now()
        assert indication.latest - indication.earliest >= 0.01 * NANOSECONDS
    finally:
        await device.close()


async def test_a_stamp_of_a_synchronised_clock_is_the_interval(peer: RosPeer) -> None:
    peer.do("measure", 20.0, "reliable")
    device = await sensor(peer, age=0.0, synchronised=1e-4)
    try:
        asked = device.clock.now()
        indication = await device.read("temperature")
        assert indication.latest - indication.earliest <= 2e-4 * NANOSECONDS
        assert asked <= indication.earliest <= indication.latest <= device.clock.now()
    finally:
        await device.close()


async def test_a_value_out_of_its_range_is_flagged(peer: RosPeer) -> None:
    peer.do("measure", 99.0, "reliable")
    points = {"temperature": {"field": "temperature", "unit": "Cel", "upper": 50.0}}
    device = await sensor(peer, points=points)
    try:
        assert (await device.read("temperature")).flags == Flag.OVER_RANGE
        peer.do("measure", math.nan, "reliable")
        peer.do("listeners", "/temperature")
        last = await device.read("temperature")
        while last.value is not None:
            last = await device.read("temperature")
        assert last.flags == Flag.NOT_AVAILABLE
    finally:
        await device.close()


async def test_a_qos_that_does_not_match_is_told_in_a_sentence(peer: RosPeer) -> None:
    peer.do("measure", 20.0, "best-effort")
    told = "reliability best-effort cannot be matched with our reliability reliable; set qos as the other side has it"
    with pytest.raises(DeviceUnreachable, match=told):
        await sensor(peer)


async def test_a_publisher_that_changes_its_qos_is_lost_and_told_once(
    peer: RosPeer, caplog: pytest.LogCaptureFixture
) -> None:
    peer.do("measure", 20.0, "reliable")
    device = await sensor(peer)
    try:
        await device.read("temperature")
        peer.do("measure", 20.0, "best-effort")
        await until(lambda: device.supervisor.status.state is LinkState.DOWN)
        with pytest.raises(
            DeviceUnreachable, match="reliability best-effort cannot be matched with our reliability re"
        ):
            await device.read("temperature")
        assert len([r for r in caplog.records if r.levelno >= logging.WARNING]) == 1
        peer.do("measure", 21.0, "reliable")
        await until(lambda: device.supervisor.status.state is LinkState.UP)
        assert (await device.read("temperature")).value == 21.0
    finally:
        await device.close()


async def test_a_best_effort_sensor_is_heard_when_asked_for_so(peer: RosPeer) -> None:
    peer.do("measure", 19.0, "best-effort")
    device = await sensor(peer, qos={"reliability": "best-effort"})
    try:
        assert (await device.read("temperature")).value == 19.0
    finally:
        await device.close()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"points": {"t": {"field": "temprature", "unit": "Cel"}}},
            "Temperature has no field 'temprature'; use header, te",
        ),
        ({"type": "sensor_msgs/msg/Thermometer"}, "this ROS has no sensor_msgs/msg/Thermometer"),
        ({"type": "sensor_msgs/Temperature"}, "is no type; write it as package/msg/Name"),
        ({"type": "../msg/x"}, "is no type; write it as package/msg/Name"),
        ({"points": {"t": {"field": "temperature"}}}, r"points.t.unit: field required; use field,"),
        ({"points": {}}, "has no points"),
        ({"type": ""}, "points.temperature has no type"),
        ({"qos": {"reliability": "sure"}}, "qos.reliability = 'sure'; use reliable or best-effort"),
        ({"qos": {"reliable": True}}, "qos.reliable is unknown; use reliability, durability, depth"),
        ({"period": 0.0}, "period = 0.0 s; give a number from 0.001"),
    ],
)
async def test_an_option_that_cannot_be_says_why(peer: RosPeer, options: dict[str, Any], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        await sensor(peer, **options)


async def test_nobody_who_publishes_is_unreachable(peer: RosPeer) -> None:
    device = RosSensor("probe", peer.address("/nowhere"), clock=WallClock(), type=TYPE, points=TEMPERATURE, timeout=0.3)
    with pytest.raises(DeviceUnreachable, match="nobody publishes on /nowhere; check that it runs, its ROS_DOMAIN_ID"):
        await device.open()


async def test_every_message_of_a_burst_is_received_or_counted_as_missed(peer: RosPeer) -> None:
    count = 300
    heard: list[RosMessage] = []
    async with linked(
        peer, lambda link: link.subscribe("/numbers", "std_msgs/msg/Int64", heard.append, qos=Qos(depth=10))
    ) as link:
        peer.do("listeners", "/numbers")
        peer.do("burst", 1)
        await until(lambda: bool(heard))
        os.kill(link.pid, signal.SIGSTOP)
        await asyncio.to_thread(peer.do, "burst", count)
        os.kill(link.pid, signal.SIGCONT)
        await until(lambda: bool(heard) and heard[-1].value["data"] == count - 1)
        numbers = [-1, *(message.value["data"] for message in heard[1:])]
        assert numbers == sorted(numbers)
        gaps = sum(after - before - 1 for before, after in pairwise(numbers))
        assert sum(message.missed for message in heard) == gaps
        assert link.supervisor.status.missed == gaps > 0


async def test_a_late_joiner_hears_what_was_kept(peer: RosPeer) -> None:
    heard: list[RosMessage] = []
    qos = Qos(durability="transient-local", depth=1)
    async with linked(peer, lambda link: link.subscribe("/told_once", "std_msgs/msg/String", heard.append, qos=qos)):
        await until(lambda: bool(heard))
    assert heard[0].value == {"data": "kept"}


async def test_a_picture_comes_as_an_array(peer: RosPeer) -> None:
    heard: list[RosMessage] = []
    async with linked(peer, lambda link: link.subscribe("/image", "sensor_msgs/msg/Image", heard.append)):
        peer.do("listeners", "/image")
        peer.do("picture", 640, 480)
        await until(lambda: bool(heard))
    data = heard[0].value["data"]
    assert data.dtype == np.uint8
    np.testing.assert_array_equal(data, np.arange(640 * 480) % 251)


async def test_what_is_published_arrives(peer: RosPeer) -> None:
    made: list[Any] = []
    async with linked(peer, lambda link: made.append(link.publisher("/heard", "geometry_msgs/msg/Twist"))) as link:
        for speed in (0.25, 0.5):
            await link.publish(made[0], {"linear": {"x": speed}})
        await until(lambda: peer.do("told")["heard"] == [0.25, 0.5])
        with pytest.raises(OptionError, match="x: 'fast' is no double"):
            await link.publish(made[0], {"linear": {"x": "fast"}})
        with pytest.raises(OptionError, match="Twist has no field 'liner'; use linear, angular"):
            await link.publish(made[0], {"liner": {"x": 1.0}})
    unheard: list[Any] = []
    async with linked(peer, lambda link: unheard.append(link.publisher("/unheard", "std_msgs/msg/Int64"))) as link:
        link.timeout = 0.3
        with pytest.raises(DeviceUnreachable, match="nobody listens to /unheard"):
            await link.publish(unheard[0], {"data": 1})
        with pytest.raises(OptionError, match="data: 3000000000000000000000 is no int64"):
            await link.publish(unheard[0], {"data": 3 * 10**21})


async def test_a_service_is_called(peer: RosPeer) -> None:
    async with linked(peer) as link:
        answers = await asyncio.gather(
            *(link.call("/switch", "std_srvs/srv/SetBool", {"data": on}) for on in (True, False, True))
        )
        assert [answer["message"] for answer in answers] == ["on", "off", "on"]
        with pytest.raises(OptionError, match="data: 1 is no boolean"):
            await link.call("/switch", "std_srvs/srv/SetBool", {"data": 1})
        link.timeout = 0.3
        with pytest.raises(DeviceUnreachable, match="there is no service /nothing; check that it runs"):
            await link.call("/nothing", "std_srvs/srv/SetBool", {})


async def test_an_action_gives_feedback_and_a_result(peer: RosPeer) -> None:
    heard: list[Any] = []
    async with linked(peer) as link:
        goal = await link.start_goal("/fibonacci", FIBONACCI, {"order": 4}, feedback=heard.append)
        assert goal is not None
        await asyncio.wait_for(goal.over.wait(), 10.0)
        assert (goal.status, goal.result) == (4, {"sequence": [0, 1, 1, 2, 3, 5]})
        assert [len(each["sequence"]) for each in heard] == [3, 4, 5, 6]


async def test_an_action_is_cancelled(peer: RosPeer) -> None:
    async with linked(peer) as link:
        goal = await link.start_goal("/fibonacci", FIBONACCI, {"order": 1000})
        assert goal is not None
        assert await link.cancel_goal(goal)
        await asyncio.wait_for(goal.over.wait(), 10.0)
        assert goal.status == 5


async def test_a_goal_that_nobody_waits_for_any_more_is_cancelled(peer: RosPeer) -> None:
    before = len(peer.do("told")["goals"])
    async with linked(peer) as link:
        for steps in (1, 3, 30):
            task = asyncio.create_task(link.start_goal("/fibonacci", FIBONACCI, {"order": 1000}))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
        goal = await link.start_goal("/fibonacci", FIBONACCI, {"order": 1})
        assert goal is not None
        await asyncio.wait_for(goal.over.wait(), 10.0)
        ended = peer.do("told")["goals"][before:]
        assert ended[-1] == "succeeded"
        assert set(ended[:-1]) <= {"canceled"}


async def test_no_goal_is_sent_while_one_that_was_cancelled_may_go_on(peer: RosPeer) -> None:
    async with linked(peer) as link:
        first = await link.start_goal("/fibonacci", FIBONACCI, {"order": 1000})
        assert first is not None
        allowed = link.timeout
        peer.hold(on=True)
        try:
            link.abandon_goal(first)
            link.timeout = 0.3
            with pytest.raises(DeviceUnreachable, match=r"a task that was cancelled has not ended within 0\.3 s"):
                await link.start_goal("/fibonacci", FIBONACCI, {"order": 1})
        finally:
            peer.hold(on=False)
        link.timeout = allowed
        await asyncio.wait_for(first.over.wait(), 10.0)
        assert first.status == 5
        goal = await link.start_goal("/fibonacci", FIBONACCI, {"order": 1})
        assert goal is not None
        await asyncio.wait_for(goal.over.wait(), 10.0)


async def test_parameters_are_read_and_set(peer: RosPeer) -> None:
    async with linked(peer) as link:
        assert await link.parameters("/peer", ["gain", "none"]) == {"gain": 1.5, "none": None}
        await link.set_parameters("/peer", {"gain": 2.5})
        assert await link.parameters("/peer", ["gain"]) == {"gain": 2.5}
        with pytest.raises(RemoteProtocolError, match="/peer refuses the parameter gain: must be above 0"):
            await link.set_parameters("/peer", {"gain": -1.0})
        await link.set_parameters("/peer", {"gain": 1.5})
        link.timeout = 0.3
        with pytest.raises(DeviceUnreachable, match="there is no node /nobody"):
            await link.parameters("/nobody", ["gain"])


async def test_the_time_of_ros_follows_its_clock(peer: RosPeer) -> None:
    async with linked(peer) as link:
        assert abs(await link.ros_time() - link.clock.utc(link.clock.now())) < NANOSECONDS
        await link.follow_clock()
        peer.do("listeners", "/clock")
        peer.do("time", 1234)
        async with asyncio.timeout(10.0):
            while await link.ros_time() != 1234 * NANOSECONDS:
                pass
        await link.follow_clock(on=False)
        assert await link.ros_time() > 10**18


async def test_topics_are_listed(peer: RosPeer) -> None:
    async with linked(peer) as link:
        async with asyncio.timeout(10.0):
            while (await link.topics()).get("/quiet") != [TYPE]:
                pass
