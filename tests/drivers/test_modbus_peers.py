"""Modbus links and the climate probe against peers that others wrote: libmodbus (C) and pymodbus's server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from hil_drivers.clock import Clock, WallClock
from hil_drivers.errors import DeviceUnreachable, RemoteProtocolError
from hil_drivers.instruments.hmp import Hmp
from hil_drivers.testing import check_sensor
from hil_drivers.transport.link import modbus_link
from hil_drivers.transport.modbus import ModbusLink
from hil_drivers.transport.supervisor import Supervisor
from modbus_peers import compile_server, rtu_server, tcp_server

DEVICE = 17


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_server(tmp_path_factory.mktemp("modbus"))


@pytest.fixture(params=["tcp", "rtu"])
async def address(request: pytest.FixtureRequest, program: Path, tmp_path: Path) -> AsyncIterator[str]:
    server = tcp_server(program) if request.param == "tcp" else rtu_server(program, tmp_path, DEVICE)
    async with server as found:
        yield found


@pytest.fixture
async def link(address: str) -> AsyncIterator[ModbusLink]:
    made = modbus_link(address, supervisor=Supervisor("peer"), clock=WallClock())
    await made.open()
    yield made
    await made.close()


async def test_every_function_with_libmodbus(link: ModbusLink) -> None:
    assert await link.read_input_registers(5, 3) == [105, 106, 107]
    assert await link.read_discrete_inputs(0, 10) == [1, 0, 0, 1, 0, 0, 1, 0, 0, 1]
    await link.write_register(0x100, 4711)
    await link.write_registers(0x101, [1, 65535, 3])
    assert await link.read_holding_registers(0x100, 4) == [4711, 1, 65535, 3]
    for on in (True, False):
        await link.write_coil(9, on)
        assert await link.read_coils(8, 3) == [0, int(on), 0]


async def test_the_longest_read_with_libmodbus(link: ModbusLink) -> None:
    assert len(await link.read_holding_registers(0, 125)) == 125
    assert await link.read_coils(0, 64) == [0] * 64


async def test_a_refusal_of_libmodbus_is_named(link: ModbusLink) -> None:
    with pytest.raises(RemoteProtocolError, match=r"peer: refused to read holding register from 0x3000: illegal addr"):
        await link.read_holding_registers(0x3000, 1)
    assert await link.read_input_registers(0, 1) == [100]


@pytest.mark.parametrize(("point", "expected"), [("temperature", 23.5), ("humidity", 45.25)])
async def test_the_probe_conforms_with_libmodbus(address: str, clock: Clock, point: str, expected: float) -> None:
    await check_sensor(lambda: Hmp("climate", address, clock=clock), point, accept=lambda value: value == expected)


class Server:
    """pymodbus's server with one device, and an action before each answer."""

    def __init__(self) -> None:
        self.refusal: ExcCodes | None = None
        self.delay = 0.0
        self.handlers: set[asyncio.Task[object]] = set()
        device = SimDevice(1, [SimData(0, values=[7, 8, 9], datatype=DataType.REGISTERS)], action=self.act)
        self.server = ModbusTcpServer(device, address=("127.0.0.1", 0))

    async def act(self, *_: object) -> ExcCodes | None:
        """Be slow, or refuse."""
        task = asyncio.current_task()
        assert task is not None
        self.handlers.add(task)
        await asyncio.sleep(self.delay)
        return self.refusal


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    await made.server.serve_forever(background=True)
    yield made
    await made.server.shutdown()  # type: ignore[no-untyped-call]
    if made.handlers:
        await asyncio.wait(made.handlers)


@pytest.fixture
async def to_pymodbus(server: Server) -> AsyncIterator[ModbusLink]:
    assert isinstance(server.server.transport, asyncio.Server)
    port = server.server.transport.sockets[0].getsockname()[1]
    made = modbus_link(f"modbus+tcp://127.0.0.1:{port}", supervisor=Supervisor("peer"), clock=WallClock(), timeout=0.3)
    await made.open()
    yield made
    await made.close()


REFUSALS = {
    ExcCodes.ILLEGAL_FUNCTION: r"illegal function \(1\)",
    ExcCodes.DEVICE_FAILURE: r"device failure \(4\)",
    ExcCodes.DEVICE_BUSY: r"busy \(6\)",
    ExcCodes.GATEWAY_NO_RESPONSE: r"no answer from behind the gateway \(11\)",
}


@pytest.mark.parametrize(("code", "told"), REFUSALS.items())
async def test_every_refusal_of_pymodbus_is_named(
    server: Server, to_pymodbus: ModbusLink, code: ExcCodes, told: str
) -> None:
    server.refusal = code
    with pytest.raises(RemoteProtocolError, match=f"peer: refused to read holding register from 0x0000: {told}"):
        await to_pymodbus.read_holding_registers(0, 3)
    server.refusal = None
    assert await to_pymodbus.read_holding_registers(0, 3) == [7, 8, 9]


async def test_a_slow_answer_of_pymodbus_is_not_given_to_the_next(server: Server, to_pymodbus: ModbusLink) -> None:
    server.delay = 0.4
    with pytest.raises(DeviceUnreachable, match=r"did not answer within 0\.3 s"):
        await to_pymodbus.read_holding_registers(0, 2)
    server.delay = 0.0
    assert await to_pymodbus.read_holding_registers(1, 2) == [8, 9]


async def test_the_first_refused_connection_is_not_silent(caplog: pytest.LogCaptureFixture) -> None:
    link = modbus_link("modbus+tcp://127.0.0.1:1", supervisor=Supervisor("peer"), clock=WallClock())
    with pytest.raises(DeviceUnreachable, match="peer: cannot be reached; check that it is switched on"):
        await link.open()
    assert [record.getMessage() for record in caplog.records] == ["peer: cannot be reached"]
