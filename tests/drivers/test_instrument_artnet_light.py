"""The Art-Net light, against a real socket."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest

from hil_drivers.clock import Clock, WallClock
from hil_drivers.errors import AddressError, DeviceUnreachable, OptionError, SetpointRefused, UnitError
from hil_drivers.instruments.artnet_light import ArtnetLight
from hil_drivers.testing import check_actuator
from hil_drivers.transport.supervisor import LinkState


@pytest.fixture
def node() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        made.settimeout(2.0)
        yield made


def light_at(node: socket.socket, clock: Clock) -> ArtnetLight:
    address = f"udp://127.0.0.1:{node.getsockname()[1]}"
    return ArtnetLight("lights", address, clock=clock, universe=3, channel=5, full_scale=2000.0)


async def test_a_setpoint_is_sixteen_bits_of_full_scale(node: socket.socket, clock: Clock) -> None:
    light = light_at(node, clock)
    await light.open()
    await light.write("illuminance", 500.0)
    await light.write("illuminance", 2000.0)
    await light.close()
    head = b"Art-Net\0" + bytes.fromhex("0050 000e")
    assert node.recv(600) == head + bytes.fromhex("01 00 0300 0006 00000000 4000")
    assert node.recv(600) == head + bytes.fromhex("02 00 0300 0006 00000000 ffff")
    node.setblocking(False)
    with pytest.raises(BlockingIOError):
        node.recv(600)


async def test_the_latest_frame_is_sent_again_until_it_is_closed(
    node: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ArtnetLight, "repeat", 0.01)
    light = light_at(node, WallClock())
    await light.open()
    await light.write("illuminance", 500.0)
    await light.write("illuminance", 2000.0)
    frames = [await asyncio.to_thread(node.recv, 600) for _ in range(5)]
    assert [frame[12] for frame in frames] == [1, 2, 3, 4, 5]
    assert [frame[-2:].hex() for frame in frames] == ["4000", "ffff", "ffff", "ffff", "ffff"]
    await light.close()
    node.setblocking(False)
    with suppress(BlockingIOError):
        while True:
            node.recv(600)
    await asyncio.sleep(0.03)
    with pytest.raises(BlockingIOError):
        node.recv(600)


async def test_a_frame_that_cannot_be_sent_again_ends_nothing(
    node: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ArtnetLight, "repeat", 0.01)
    light, address = light_at(node, WallClock()), node.getsockname()
    await light.open()
    await light.write("illuminance", 500.0)
    node.close()
    async with asyncio.timeout(10.0):
        while light.supervisor.status.state is not LinkState.DOWN:  # noqa: ASYNC110 (as an operator looks)
            await asyncio.sleep(0.01)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
            again.bind(address)
            assert (await asyncio.to_thread(again.recv, 600))[-2:].hex() == "4000"
    await light.close()


async def test_what_lies_outside_is_refused_before_anything_is_sent(node: socket.socket, clock: Clock) -> None:
    light = light_at(node, clock)
    await light.open()
    for value in (-0.001, 2000.1, float("nan"), float("inf")):
        with pytest.raises(SetpointRefused, match=r"lights: illuminance cannot be set to .*from 0 to 2000 lx"):
            await light.write("illuminance", value)
    with pytest.raises(UnitError):
        await light.read("illuminance")
    node.setblocking(False)
    with pytest.raises(BlockingIOError):
        node.recv(600)
    await light.close()


async def test_a_port_where_nothing_listens_is_unreachable(node: socket.socket, clock: Clock) -> None:
    light = light_at(node, clock)
    node.close()
    await light.open()
    with pytest.raises(DeviceUnreachable, match="lights: cannot be reached"):
        await light.write("illuminance", 1.0)
    await light.close()


async def test_bytes_are_reported_under_the_address_given(node: socket.socket, clock: Clock) -> None:
    counted: list[tuple[str, int]] = []
    clock.sent = lambda address, count: counted.append((address, count))  # type: ignore[method-assign]
    light = light_at(node, clock)
    await light.open()
    await light.write("illuminance", 1.0)
    await light.close()
    assert counted == [(light.address, len(node.recv(600)))]


@pytest.mark.parametrize(
    ("universe", "channel", "full_scale"), [(-1, 1, 1.0), (0, 0, 1.0), (0, 512, 1.0), (0, 1, 0.0), (0, 1, float("nan"))]
)
def test_what_it_cannot_be_is_refused(clock: Clock, universe: int, channel: int, full_scale: float) -> None:
    with pytest.raises(OptionError, match="lights: "):
        ArtnetLight("lights", "udp://h:1", clock=clock, universe=universe, channel=channel, full_scale=full_scale)


def test_another_scheme_is_refused(clock: Clock) -> None:
    with pytest.raises(AddressError, match="use udp"):
        ArtnetLight("lights", "tcp://h:1", clock=clock, universe=0, channel=1, full_scale=1.0)


async def test_it_conforms(node: socket.socket, clock: Clock) -> None:
    await check_actuator(lambda: light_at(node, clock), "illuminance", [0.0, 100.0, 2000.0])
