"""A system under test on ROS 2, another program: its answers on a topic or by an action, and what it does instead."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest

from hil_drivers.capability import Frame, SystemUnderTest, Values
from hil_drivers.clock import WallClock
from hil_drivers.errors import DeviceUnreachable, OptionError
from hil_drivers.instruments.system_ros2 import SystemRos2
from ros_peers import RosPeer, ros_peer

POINT = "geometry_msgs/msg/PointStamped"
STAMPED: dict[str, Any] = {
    "type": POINT,
    "values": {"x": "point.x"},
    "answer": "/doubled",
    "answer_type": POINT,
    "field": "point.x",
    "stamp": "header.stamp",
    "output": "quantity",
    "version": "1",
}
BARE = {**STAMPED, "answer": "/number", "answer_type": "std_msgs/msg/Float64", "field": "data", "stamp": ""}
ACTION: dict[str, Any] = {
    "type": "test_msgs/action/Fibonacci",
    "values": {"order": "order"},
    "field": "sequence.6",
    "output": "quantity",
    "version": "1",
}
SILENT, LATE, NONSENSE = 7.0, 8.0, 9.0


@pytest.fixture(scope="module")
def peer() -> Iterator[RosPeer]:
    with ros_peer() as made:
        yield made


@asynccontextmanager
async def opened(peer: RosPeer, topic: str, **options: Any) -> AsyncIterator[SystemRos2]:
    device = SystemRos2("it", peer.address(topic), clock=WallClock(), **options)
    await device.open()
    try:
        yield device
    finally:
        await device.close()


async def test_a_picture_goes_out_and_a_text_comes_back(peer: RosPeer) -> None:
    async with opened(peer, "/camera", answer="/read", output="text", version="1") as device:
        assert isinstance(device, SystemUnderTest)
        grey, colour = np.full((30, 40), 3, np.uint8), np.full((2, 5, 3), 7, np.uint8)
        assert (await device.respond(Frame(grey, 1, 0, 0, "raw"))).output == "40x30 mono8 40 3600"
        assert (await device.respond(Frame(colour, 2, 0, 0, "raw"))).output == "5x2 bgr8 15 210"


@pytest.mark.parametrize("options", [STAMPED, BARE], ids=["stamped", "bare"])
async def test_whatever_it_does_instead_is_a_fault_and_the_next_stimulus_is_answered(
    peer: RosPeer, options: dict[str, Any]
) -> None:
    async with opened(peer, "/ask", **options, deadline=0.5) as device:
        assert (await device.respond(Values({"x": 1.5}))).output == 3.0
        for x, fault in ((SILENT, "time-out"), (LATE, "time-out"), (NONSENSE, "wrong shape"), (SILENT, "time-out")):
            response = await device.respond(Values({"x": x}))
            assert (response.output, response.fault) == (None, fault)
            assert (await device.respond(Values({"x": 2.0}))).output == 4.0
        with pytest.raises(OptionError, match="no field for 'y'"):
            await device.respond(Values({"y": 1.0}))


async def test_an_action_carries_a_stimulus_out(peer: RosPeer) -> None:
    async with opened(peer, "/fibonacci", **ACTION, deadline=0.7) as device:
        response = await device.respond(Values({"order": 5.0}))
        assert (response.output, response.fault) == (8, "")
        aborted, refused = [await device.respond(Values({"order": order})) for order in (13, 14)]
        assert (aborted.fault, aborted.details) == ("crash", {"reason": "the goal was aborted"})
        assert (refused.fault, refused.details) == ("crash", {"reason": "it refuses the goal"})
        short = await device.respond(Values({"order": 2}))
        assert short.fault == "wrong shape"
        assert (await device.respond(Values({"order": 43}))).fault == "time-out"
        assert (await device.respond(Values({"order": 5.0}))).output == 8


async def test_its_parameters_are_its_identity(peer: RosPeer) -> None:
    async with opened(peer, "/ask", **STAMPED, node="/peer", parameters=["gain"]) as device:
        assert (device.system.name, device.system.version) == ("/peer", "1")
        assert device.system.digests["parameter gain"] == "1.5"
        assert device.system.settings["answer"] == "/doubled"


async def test_who_is_not_there_is_told(peer: RosPeer) -> None:
    device = SystemRos2("it", peer.address("/ask"), clock=WallClock(), **{**STAMPED, "answer": "/nobody"}, timeout=0.5)
    with pytest.raises(DeviceUnreachable, match="nobody publishes on /nobody"):
        await device.open()
    async with opened(peer, "/nowhere", **STAMPED, timeout=3.0) as device:
        response = await device.respond(Values({"x": 1.0}))
        assert (response.fault, response.details) == ("crash", {"reason": "nobody listens to /nowhere"})
    async with opened(peer, "/nothing", **ACTION, timeout=0.5) as device:
        assert (await device.respond(Values({"order": 1}))).fault == "crash"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"version": "1"}, "no topic for its answers"),
        ({**STAMPED, "parameters": ["gain"]}, "parameters without a node"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        SystemRos2("it", "ros2:///ask", clock=WallClock(), **options)
