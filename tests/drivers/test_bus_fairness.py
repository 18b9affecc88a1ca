"""Several devices on one line: a dead one does not stall the others, and no one crowds out another."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from types import MappingProxyType

import pytest

from hil_drivers.clock import WallClock
from hil_drivers.device import Device, Point
from hil_drivers.errors import DeviceUnreachable
from hil_drivers.indication import Indication
from hil_drivers.transport.link import modbus_link
from hil_drivers.transport.supervisor import LinkState
from rtu_peer import RtuPeer

TIMEOUT, PERIOD, READINGS = 0.25, 0.02, 100


class Register(Device):
    """Register 7 of one device on the line."""

    points = MappingProxyType({"value": Point("1")})

    def __init__(self, device_id: int, line: Path) -> None:
        super().__init__(f"device {device_id}", f"modbus+rtu://{line}?device_id={device_id}", clock=WallClock())
        self._link = modbus_link(self.address, supervisor=self.supervisor, clock=self.clock, timeout=TIMEOUT)
        self.values: list[float | None] = []

    async def open(self) -> None:
        await self._link.open()

    async def close(self) -> None:
        await self._link.close()

    async def read(self, point: str) -> Indication:
        begun = self.clock.now()
        value = (await self._link.read_holding_registers(7, 1))[0]
        return Indication(point, float(value), "1", begun, self.clock.now())

    async def sample(self, count: int) -> None:
        """Stream until so many values have come, past any failure."""
        stream = self.stream("value", period=PERIOD)
        while len(self.values) < count:
            try:
                self.values.append((await anext(stream)).value)
            except DeviceUnreachable:
                continue


@pytest.fixture
async def peer(tmp_path: Path) -> AsyncIterator[RtuPeer]:
    made = RtuPeer(tmp_path / "line", ids=(1, 2, 3))
    made.plug()
    yield made
    await made.unplug()


@pytest.fixture
async def devices(peer: RtuPeer) -> AsyncIterator[list[Register]]:
    made = [Register(number, peer.path) for number in (1, 2, 3)]
    for device in made:
        await device.open()
    yield made
    for device in made:
        await device.close()


async def test_a_dead_device_does_not_stall_the_sampling_of_the_others(peer: RtuPeer, devices: list[Register]) -> None:
    one, dead, three = devices
    peer.silent.add(2)
    trying = asyncio.create_task(dead.sample(1))
    await asyncio.gather(one.sample(READINGS), three.sample(READINGS))
    trying.cancel()
    await asyncio.wait([trying])
    asked = Counter(request[0] for request in peer.requests)
    assert (one.values, three.values) == ([1007.0] * READINGS, [3007.0] * READINGS)
    assert dead.supervisor.status.state is LinkState.DOWN
    assert 2 <= asked[2] <= READINGS // 8, "its circuit breaker keeps it off the line"


async def test_the_line_is_given_in_turn(peer: RtuPeer, devices: list[Register]) -> None:
    one, _, three = devices
    peer.delays = [2 * PERIOD] * 40
    await asyncio.gather(one.sample(20), three.sample(20))
    order = [request[0] for request in peer.requests]
    assert all(abs(order[:n].count(1) - order[:n].count(3)) <= 1 for n in range(len(order)))
    assert one.supervisor.status.skipped > 0
    assert one.supervisor.status.missed == 0
