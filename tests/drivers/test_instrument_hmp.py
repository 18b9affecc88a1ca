"""The HMP driver, against pymodbus's server and against a small one written apart from it."""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import AsyncIterator, Callable

import pytest
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from hil_drivers.clock import Clock
from hil_drivers.errors import AddressError, DeviceUnreachable, OptionError, RemoteProtocolError
from hil_drivers.indication import Flag
from hil_drivers.instruments.hmp import Hmp
from hil_drivers.testing import check_sensor
from hil_drivers.transport.link import modbus_link
from hil_drivers.transport.supervisor import Supervisor

NAN = [0, 0x7FC0]


def words(value: float) -> list[int]:
    """A float32, least significant word first."""
    high, low = struct.unpack(">HH", struct.pack(">f", value))
    return [low, high]


class Probe:
    """A Modbus TCP server on plain streams; ``answer`` makes the reply's PDU from address and count."""

    def __init__(self) -> None:
        self.registers = {0x1F00: 53191, 0x1F01: 58982, 0x1F02: 49910}
        self.put(0x0200, [1, 1])
        self.put(0x0203, [0, 0])
        self.put(0x0207, [0, 0])
        self.put(0x0000, words(45.25))
        self.put(0x0002, words(23.5))
        self.answer: Callable[[int, int], bytes | None] = self.well
        self.delay, self.first, self.pause = 0.0, 7, 0.0
        self.server: asyncio.Server | None = None
        self.tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.requests: list[tuple[int, int, int, int]] = []

    def put(self, address: int, values: list[int]) -> None:
        """Set registers."""
        self.registers.update(enumerate(values, start=address))

    def well(self, address: int, count: int) -> bytes | None:
        """Answer as the probe does."""
        if any(register not in self.registers for register in range(address, address + count)):
            return b"\x83\x02"
        values = [self.registers[register] for register in range(address, address + count)]
        return struct.pack(f">BB{count}H", 3, 2 * count, *values)

    async def start(self) -> None:
        """Listen, at the same port as before."""
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", self.port)
        self.port = self.server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close every connection and stop listening."""
        if self.server is not None:
            self.server.close()
            for task in self.tasks:
                task.cancel()
            await asyncio.gather(*self.tasks)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        try:
            while True:
                head = await reader.readexactly(12)
                transaction, _, _, unit, function, address, count = struct.unpack(">HHHBBHH", head)
                self.requests.append((unit, function, address, count))
                body = self.answer(address, count)
                await asyncio.sleep(self.delay)
                if body is not None:
                    answer = struct.pack(">HHHB", transaction, 0, len(body) + 1, unit) + body
                    writer.write(answer[: self.first])
                    await asyncio.sleep(self.pause)
                    writer.write(answer[self.first :])
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            writer.transport.abort()


@pytest.fixture
async def probe() -> AsyncIterator[Probe]:
    made = Probe()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def hmp(probe: Probe, clock: Clock) -> AsyncIterator[Hmp]:
    made = Hmp("climate", f"modbus+tcp://127.0.0.1:{probe.port}", clock=clock)
    made._link.timeout = 0.3
    yield made
    await made.close()


async def test_it_reads_both_quantities_of_an_independent_server(hmp: Hmp, probe: Probe, clock: Clock) -> None:
    await hmp.open()
    await clock.sleep(10.0)
    temperature, humidity = await hmp.read("temperature"), await hmp.read("humidity")
    assert (temperature.value, temperature.unit) == (23.5, "Cel")
    assert (humidity.value, humidity.unit) == (45.25, "%")
    status = (240, 3, 0x0200, 1)
    assert probe.requests == [
        (240, 3, 0x1F00, 3),
        *[(240, 3, 0x0002, 2), status, (240, 3, 0x0208, 1)],
        *[(240, 3, 0x0000, 2), status, (240, 3, 0x0207, 1)],
    ]
    assert temperature.resolution == 2.0**-19


async def test_the_interval_of_a_free_running_probe_reaches_back(hmp: Hmp, clock: Clock) -> None:
    await hmp.open()
    await clock.sleep(10.0)
    indication = await hmp.read("temperature")
    assert (indication.earliest, indication.latest) == (8_000_000_000, 10_000_000_000)


async def test_it_reads_from_pymodbus(clock: Clock) -> None:
    values = [
        SimData(0x0000, values=[*words(45.25), *words(-12.5)], datatype=DataType.REGISTERS),
        SimData(0x0200, values=[1], datatype=DataType.REGISTERS),
        SimData(0x0207, values=[0, 0], datatype=DataType.REGISTERS),
        SimData(0x1F00, values=[53191, 58982, 49910], datatype=DataType.REGISTERS),
    ]
    server = ModbusTcpServer(SimDevice(7, values), address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    assert isinstance(server.transport, asyncio.Server)
    port = server.transport.sockets[0].getsockname()[1]
    hmp = Hmp("climate", f"modbus+tcp://127.0.0.1:{port}?device_id=7", clock=clock)
    await hmp.open()
    assert (await hmp.read("temperature")).value == -12.5
    await hmp.close()
    await server.shutdown()  # type: ignore[no-untyped-call]


async def test_nan_is_not_available(hmp: Hmp, probe: Probe) -> None:
    await hmp.open()
    probe.put(0x0002, NAN)
    indication = await hmp.read("temperature")
    assert (indication.value, indication.flags, indication.usable) == (None, Flag.NOT_AVAILABLE, False)


async def test_an_error_that_the_probe_reports_flags_its_values(
    hmp: Hmp, probe: Probe, caplog: pytest.LogCaptureFixture
) -> None:
    await hmp.open()
    with caplog.at_level(logging.INFO, "hil_drivers.link"):
        caplog.clear()
        probe.put(0x0200, [0])
        probe.put(0x0203, [0x0004, 0x0001])
        for _ in range(2):
            indication = await hmp.read("temperature")
            assert (indication.value, indication.flags, indication.usable) == (23.5, Flag.DEVICE_ERROR, False)
        probe.put(0x0200, [1])
        assert (await hmp.read("temperature")).usable
    assert caplog.messages == ["climate: reports the error 0x00010004", "climate: reports no error any more"]


async def test_the_status_of_a_quantity_flags_that_one_alone(hmp: Hmp, probe: Probe) -> None:
    await hmp.open()
    probe.put(0x0207, [2])
    assert (await hmp.read("humidity")).flags == Flag.DEVICE_ERROR
    assert (await hmp.read("temperature")).flags == Flag.GOOD


async def test_swapped_words_are_found_when_opened(hmp: Hmp, probe: Probe) -> None:
    probe.put(0x1F01, [49910, 58982])
    with pytest.raises(RemoteProtocolError, match=r"climate: .*most significant word first"):
        await hmp.open()


async def test_an_exception_response_is_named(hmp: Hmp, probe: Probe) -> None:
    await hmp.open()
    del probe.registers[0x0003]
    with pytest.raises(
        RemoteProtocolError, match=r"climate: refused to read holding register from 0x0002: illegal address"
    ):
        await hmp.read("temperature")


async def test_another_number_of_registers_is_refused(hmp: Hmp, probe: Probe) -> None:
    await hmp.open()
    probe.answer = lambda address, count: struct.pack(">BBH", 3, 2, 1)
    with pytest.raises(RemoteProtocolError, match="sent 1 registers where 2"):
        await hmp.read("temperature")


async def test_silence_is_unreachable(hmp: Hmp, probe: Probe) -> None:
    await hmp.open()
    probe.answer = lambda address, count: None
    with pytest.raises(DeviceUnreachable, match=r"climate: did not answer within 0.3 s; check"):
        await hmp.read("temperature")
    probe.answer = probe.well
    assert (await hmp.read("temperature")).value == 23.5


async def test_a_late_answer_is_not_taken_for_the_next(hmp: Hmp, probe: Probe) -> None:
    await hmp.open()
    probe.delay = 0.05
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await hmp.read("temperature")
    assert (await hmp.read("humidity")).value == 45.25


async def test_half_of_an_answer_is_not_taken_for_the_next(hmp: Hmp, probe: Probe) -> None:
    """pymodbus drops what has come when it sends, and would misread the rest."""
    await hmp.open()
    probe.pause = 0.05
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await hmp.read("temperature")
    assert (await hmp.read("humidity")).value == 45.25


async def test_a_split_answer_is_put_together(hmp: Hmp, probe: Probe) -> None:
    probe.first, probe.pause = 3, 0.01
    await hmp.open()
    assert (await hmp.read("temperature")).value == 23.5


async def test_a_refused_port_is_unreachable(clock: Clock) -> None:
    with pytest.raises(DeviceUnreachable, match="climate: cannot be reached"):
        await Hmp("climate", "modbus+tcp://127.0.0.1:1", clock=clock).open()


async def test_a_lost_link_fails_at_once_and_comes_back(hmp: Hmp, probe: Probe) -> None:
    """pymodbus alone would wait for its time-out (3 s here)."""
    hmp._link.timeout = 3.0
    await hmp.open()
    probe.answer = lambda address, count: None
    loop = asyncio.get_running_loop()
    begun = loop.time()
    reading = asyncio.create_task(hmp.read("temperature"))
    await asyncio.sleep(0.05)
    await probe.stop()
    with pytest.raises(DeviceUnreachable, match="lost its link"):
        await reading
    assert loop.time() - begun < 1.0
    with pytest.raises(DeviceUnreachable, match="cannot be reached"):
        await hmp.read("temperature")
    probe.answer = probe.well
    await probe.start()
    async with asyncio.timeout(2.0):
        while (value := await read_if_admitted(hmp)) is None:  # noqa: ASYNC110 (a back-off is wall time)
            await asyncio.sleep(0.02)
    assert value == 23.5


async def read_if_admitted(hmp: Hmp) -> float | None:
    """The temperature, or ``None`` while the link is given time."""
    try:
        return (await hmp.read("temperature")).value
    except DeviceUnreachable:
        return None


async def test_what_it_cannot_be_is_refused(clock: Clock) -> None:
    with pytest.raises(OptionError, match="scan_period"):
        Hmp("climate", "modbus+tcp://host", clock=clock, scan_period=float("nan"))
    with pytest.raises(AddressError, match="device_id=256"):
        modbus_link("modbus+tcp://host?device_id=256", supervisor=Supervisor("climate"), clock=clock)


@pytest.mark.parametrize("point", ["temperature", "humidity"])
async def test_it_conforms(probe: Probe, clock: Clock, point: str) -> None:
    expected = {"temperature": 23.5, "humidity": 45.25}[point]
    await check_sensor(
        lambda: Hmp("climate", f"modbus+tcp://127.0.0.1:{probe.port}", clock=clock),
        point,
        accept=lambda value: value == expected,
    )
