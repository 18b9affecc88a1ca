"""Modbus RTU: no answer is ever given to another request, whatever comes late, broken or from another device."""

from __future__ import annotations

import asyncio
import select
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from pymodbus.client import AsyncModbusSerialClient

from hil_drivers.clock import Clock, WallClock
from hil_drivers.errors import AddressError, DeviceUnreachable, RemoteProtocolError
from hil_drivers.transport.link import modbus_link
from hil_drivers.transport.modbus import ModbusLink
from hil_drivers.transport.supervisor import LinkState, Supervisor
from rtu_peer import RtuPeer, crc

TIMEOUT = 0.25

MakeLink = Callable[..., ModbusLink]


@pytest.fixture
async def peer(tmp_path: Path) -> AsyncIterator[RtuPeer]:
    made = RtuPeer(tmp_path / "line")
    made.plug()
    yield made
    await made.unplug()


@pytest.fixture(params=["serialx", "pyserial"])
async def link(request: pytest.FixtureRequest, peer: RtuPeer) -> AsyncIterator[MakeLink]:
    made: list[ModbusLink] = []
    clock: Clock = WallClock()

    def make(device_id: int, options: str = "", timeout: float = TIMEOUT) -> ModbusLink:
        address = f"modbus+rtu://{peer.path}?device_id={device_id}&backend={request.param}{options}"
        supervisor = Supervisor(f"device {device_id}")
        made.append(modbus_link(address, supervisor=supervisor, clock=clock, timeout=timeout))
        return made[-1]

    yield make
    for each in made:
        await each.close()


async def cancelled(link: ModbusLink, after: float) -> None:
    """Begin to read register 100, and be cancelled."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(after):
            await link.read_holding_registers(100, 2)


async def timed_out(link: ModbusLink, after: float) -> None:
    """Begin to read register 100, and be told that it took too long."""
    with pytest.raises(DeviceUnreachable, match="did not answer"):
        await link.read_holding_registers(100, 2)


LATE = [0.03, 0.1, 0.2, TIMEOUT + 0.03, TIMEOUT + 0.13, TIMEOUT + 0.2]
"""Seconds after which the abandoned request is answered: soon, in time, and after its deadline."""


@pytest.mark.parametrize("late", LATE)
@pytest.mark.parametrize("other", [1, 2], ids=["same device", "another device"])
async def test_the_answer_to_a_cancelled_read_is_not_given_to_the_next(
    peer: RtuPeer, link: MakeLink, late: float, other: int
) -> None:
    """pymodbus 3.16.1 gives it, and even two registers where four were asked for."""
    first = link(1)
    second = first if other == 1 else link(2)
    for each in {first, second}:
        await each.open()
    peer.delays = [late]
    await cancelled(first, 0.02)
    assert await second.read_holding_registers(200, 2) == [1000 * other + 200, 1000 * other + 201]
    assert await second.read_holding_registers(300, 4) == [1000 * other + i for i in range(300, 304)]
    assert await first.read_holding_registers(400, 2) == [1400, 1401]


@pytest.mark.parametrize("late", [TIMEOUT + 0.03, TIMEOUT + 0.08, TIMEOUT + 0.13, TIMEOUT + 0.2])
@pytest.mark.parametrize("other", [1, 2], ids=["same device", "another device"])
async def test_the_answer_to_a_read_that_timed_out_is_not_given_to_the_next(
    peer: RtuPeer, link: MakeLink, late: float, other: int
) -> None:
    first = link(1)
    second = first if other == 1 else link(2)
    for each in {first, second}:
        await each.open()
    peer.delays = [late]
    await timed_out(first, 0.0)
    assert await second.read_holding_registers(200, 2) == [1000 * other + 200, 1000 * other + 201]
    assert await first.read_holding_registers(400, 2) == [1400, 1401]


async def test_an_answer_of_another_device_is_dropped(peer: RtuPeer, link: MakeLink) -> None:
    """Device 1 answers as early as device 2 is asked: both answers are there, and one is the right one."""
    first, second = link(1), link(2)
    await first.open()
    await second.open()
    peer.delays = [TIMEOUT + 0.11]
    await timed_out(first, 0.0)
    assert await second.read_holding_registers(200, 2) == [2200, 2201]


async def test_a_late_write_is_not_taken_for_the_next(peer: RtuPeer, link: MakeLink) -> None:
    first = link(1)
    await first.open()
    peer.delays = [TIMEOUT + 0.1]
    with pytest.raises(DeviceUnreachable):
        await first.write_register(7, 1)
    await first.write_register(7, 2)
    assert [request[2:] for request in peer.requests] == [(7, 1), (7, 2)]


@pytest.mark.parametrize("pieces", [(1,), (2,), (3,), (1, 2, 3, 4, 5, 6, 7)])
async def test_a_split_answer_is_put_together(peer: RtuPeer, link: MakeLink, pieces: tuple[int, ...]) -> None:
    first = link(1)
    await first.open()
    peer.pieces = pieces
    assert await first.read_holding_registers(200, 3) == [1200, 1201, 1202]


def flipped(reply: bytes) -> bytes:
    return reply[:-1] + bytes([reply[-1] ^ 1])


def shorter(reply: bytes) -> bytes:
    head = reply[:2] + bytes([2]) + reply[3:5]
    return head + crc(head)


def other_function(reply: bytes) -> bytes:
    head = reply[:1] + b"\x04" + reply[2:-2]
    return head + crc(head)


BROKEN = {
    "sent a frame with a wrong checksum": flipped,
    "sent 1 registers where 2 were asked for": shorter,
    "answered function 4 where 3 was asked": other_function,
    "sent a response with the function code 119, which was never asked for": lambda reply: b"\x01\x77" * 8,
    "sends without end": lambda reply: b"\x02\x03\xff" * 400,
}


@pytest.mark.parametrize(("told", "mangle"), BROKEN.items())
async def test_a_broken_answer_is_told_and_the_next_is_right(
    peer: RtuPeer, link: MakeLink, told: str, mangle: Callable[[bytes], bytes]
) -> None:
    first = link(1)
    await first.open()
    peer.mangle = mangle
    with pytest.raises(RemoteProtocolError, match=f"device 1: {told}"):
        await first.read_holding_registers(200, 2)
    peer.mangle = bytes
    assert await first.read_holding_registers(300, 2) == [1300, 1301]
    assert first.supervisor.status.garbled == 1


async def test_what_nobody_asked_for_is_dropped(peer: RtuPeer, link: MakeLink) -> None:
    first = link(1)
    await first.open()
    body = b"\x01\x03\x04\x00\x01\x00\x02"
    peer.write(body + crc(body))
    assert select.select([peer.slave], [], [], 1.0)[0]
    assert await first.read_holding_registers(200, 2) == [1200, 1201]


async def test_an_exception_response_is_named(peer: RtuPeer, link: MakeLink) -> None:
    first = link(1)
    await first.open()
    peer.answer = lambda device, function, address, count: bytes([function | 0x80, 2])
    with pytest.raises(RemoteProtocolError, match=r"device 1: refused to write coil at 0x0005: illegal address \(2\)"):
        await first.write_coil(5, True)
    assert first.supervisor.status.garbled == 0


async def test_a_dead_device_does_not_stall_the_others(peer: RtuPeer, link: MakeLink) -> None:
    dead, alive = link(1), link(2)
    await dead.open()
    await alive.open()
    peer.silent.add(1)
    loop = asyncio.get_running_loop()

    async def poll(each: ModbusLink, count: int) -> int:
        lost = 0
        for _ in range(count):
            try:
                await each.read_holding_registers(0, 2)
            except DeviceUnreachable:
                lost += 1
            await asyncio.sleep(0)
        return lost

    begun = loop.time()
    lost, good = await asyncio.gather(poll(dead, 50), poll(alive, 50))
    assert (lost, good) == (50, 0)
    assert sum(request[0] == 1 for request in peer.requests) < 6
    assert loop.time() - begun < 50 * TIMEOUT / 2
    assert dead.supervisor.status.state is LinkState.DOWN
    assert alive.supervisor.status.state is LinkState.UP


async def test_no_device_crowds_out_another(peer: RtuPeer, link: MakeLink) -> None:
    """Eight readers of one device and one of the other: they take turns."""
    eager, modest = link(1, timeout=2.0), link(2, timeout=2.0)
    await eager.open()
    await modest.open()

    async def many() -> None:
        await asyncio.gather(*(eager.read_holding_registers(i, 1) for i in range(8)))

    crowd = asyncio.create_task(many())
    await asyncio.sleep(0)
    await modest.read_holding_registers(0, 1)
    assert [request[0] for request in peer.requests].index(2) <= 2
    await crowd


async def test_one_port_is_opened_once_and_closed_by_the_last(peer: RtuPeer, link: MakeLink) -> None:
    first, second = link(1), link(2)
    await first.open()
    await second.open()
    await first.close()
    assert await second.read_holding_registers(0, 1) == [2000]
    with pytest.raises(DeviceUnreachable, match="is not open"):
        await first.read_holding_registers(0, 1)
    await second.close()
    await first.open()
    assert await first.read_holding_registers(0, 1) == [1000]


async def test_other_line_settings_on_the_same_port_are_refused(peer: RtuPeer, link: MakeLink) -> None:
    first, second = link(1, "&baudrate=9600"), link(2, "&baudrate=19200")
    await first.open()
    with pytest.raises(AddressError) as raised:
        await second.open()
    assert str(raised.value) == (
        f"{second.address}: shares its port with {first.address} but has baudrate 19200 and not 9600; "
        "give all devices on one port the same line settings"
    )
    await first.close()
    await second.open()
    assert await second.read_holding_registers(0, 1) == [2000]


async def test_a_port_that_comes_back_serves_all_of_its_devices(peer: RtuPeer, link: MakeLink) -> None:
    links = [link(1), link(2)]
    for each in links:
        await each.open()
    await peer.unplug()
    for each in links:
        with pytest.raises(DeviceUnreachable, match=r"lost its link|cannot be reached"):
            await each.read_holding_registers(0, 1)
    peer.plug()
    async with asyncio.timeout(2.0):
        for each in links:
            while each.supervisor.status.state is not LinkState.UP:
                try:
                    await each.read_holding_registers(0, 1)
                except DeviceUnreachable:
                    await asyncio.sleep(0.02)


async def test_a_port_that_is_not_there_is_told_and_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    supervisor = Supervisor("device 1")
    link = modbus_link(f"modbus+rtu://{tmp_path}/none", supervisor=supervisor, clock=WallClock())
    with pytest.raises(DeviceUnreachable, match="device 1: cannot be reached"):
        await link.open()
    assert len(caplog.records) == 1
    assert supervisor.status.state is LinkState.DOWN


async def test_cancellation_at_any_moment_leaves_the_line_right(peer: RtuPeer, link: MakeLink) -> None:
    first, second = link(1), link(2)
    await first.open()
    await second.open()
    for steps in (0, 1, 2, 3, 4, 6, 8, 12, 16, 24):
        task = asyncio.create_task(first.read_holding_registers(100 + steps, 2))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert await second.read_holding_registers(steps, 2) == [2000 + steps, 2001 + steps]
        assert await first.read_holding_registers(steps, 2) == [1000 + steps, 1001 + steps]


async def test_why_the_frames_are_our_own(peer: RtuPeer) -> None:
    """Bare pymodbus gives the late answer to the next request (decision 7): where this fails, decide anew."""
    client = AsyncModbusSerialClient(str(peer.path), timeout=1.0, retries=0, reconnect_delay=0)
    assert await client.connect()
    peer.delays = [0.05]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await client.read_holding_registers(100, count=2, device_id=1)
    answer = await client.read_holding_registers(200, count=4, device_id=1)
    client.close()
    assert answer.registers == [1100, 1101]
    assert not answer.isError()
