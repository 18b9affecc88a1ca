"""The digital module: its driver against libmodbus and the simulator, its watchdog in bench time and in wall time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hil_drivers.capability import Switch, Watchdog
from hil_drivers.clock import NANOSECONDS, Clock, WallClock
from hil_drivers.errors import DeviceUnreachable, OptionError, RemoteProtocolError, SetpointRefused, UnitError
from hil_drivers.instruments.digital_io import DigitalIo
from hil_drivers.sim.client import Simulation
from hil_drivers.testing import check_actuator, check_sensor
from modbus_peers import compile_server, rtu_server, tcp_server

WIRING: dict[str, Any] = {
    "inputs": {"estop": 0, "door": 1},
    "outputs": {"light": 0, "heater": 5},
    "watchdog": {"coil": 15},
}


def world(**module: Any) -> dict[str, Any]:
    """A lamp whose supply hangs on the module."""
    return {
        "seed": 1,
        "room": {"dark_illuminance": 0.5},
        "lamp": {"device": "dimmer", "warm_up": 0.0},
        "devices": {
            "dimmer": {"kind": "artnet", "universe": 0, "channel": 1},
            "io": {"kind": "digital-io", "estop": "estop", "relays": {"light": "dimmer"}, **WIRING, **module},
        },
    }


class StepClock(WallClock):
    """Lockstep for a test in which only one task sleeps at a time."""

    def __init__(self, simulation: Simulation) -> None:
        super().__init__()
        self._simulation, self._now = simulation, 0
        self._sent: Counter[str] = Counter()

    def now(self) -> int:
        return self._now

    def sent(self, address: str, count: int) -> None:
        self._sent[address] += count

    async def sleep(self, seconds: float) -> None:
        self._now = await self._simulation.advance(self._now + round(seconds * NANOSECONDS), self._sent)


@asynccontextmanager
async def simulated(**changes: Any) -> AsyncIterator[tuple[Simulation, DigitalIo, StepClock]]:
    """The module in a running world."""
    simulation = await Simulation.start({**world(**changes.pop("module", {})), **changes})
    clock = StepClock(simulation)
    io = DigitalIo("io", simulation.addresses["io"], clock=clock, **WIRING)
    try:
        await io.open()
        yield simulation, io, clock
    finally:
        await io.close()
        await simulation.end()


async def lit(simulation: Simulation) -> bool:
    """Whether the lamp shines; its dimmer stands at full level."""
    illuminance: float = (await simulation.state())["illuminance"]
    return illuminance > 100.0


async def dim_up(simulation: Simulation) -> None:
    """Bring the dimmer to full level."""
    host, port = simulation.addresses["dimmer"].removeprefix("udp://").split(":")
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        asyncio.DatagramProtocol, remote_addr=(host, int(port))
    )
    head = b"Art-Net\0\x00\x50\x00\x0e\x00\x00\x00\x00\x00\x02"
    async with asyncio.timeout(5.0):
        while (await simulation.state())["lights"] != 1.0:
            transport.sendto(head + b"\xff\xff")
            await asyncio.sleep(0.01)
    transport.close()


async def state(io: DigitalIo, point: str) -> float | None:
    """What a point reads."""
    return (await io.read(point)).value


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_server(tmp_path_factory.mktemp("modbus"))


@pytest.mark.parametrize("transport", ["tcp", "rtu"])
async def test_it_conforms_with_libmodbus(program: Path, tmp_path: Path, clock: Clock, transport: str) -> None:
    server = tcp_server(program) if transport == "tcp" else rtu_server(program, tmp_path, 3)
    async with server as address:

        def make() -> DigitalIo:
            return DigitalIo("io", address, clock=clock, inputs={"estop": 0, "door": 1}, outputs={"light": 4})

        await check_sensor(make, "estop", accept=lambda value: value == 1.0)
        await check_sensor(make, "door", accept=lambda value: value == 0.0)
        await check_actuator(make, "light", [1.0, 0.0], refused=[0.5])


async def test_an_input_reaches_back_by_its_filter(program: Path, clock: Clock) -> None:
    async with tcp_server(program) as address:
        io = DigitalIo("io", address, clock=clock, inputs={"estop": 0}, input_filter=0.02)
        await io.open()
        indication = await io.read("estop")
        assert indication.latest - indication.earliest == 20_000_000
        await io.close()


@pytest.mark.parametrize("transport", ["tcp", "rtu"])
async def test_a_relay_gives_the_lamp_its_power(transport: str) -> None:
    async with simulated(module={"transport": transport}) as (simulation, io, _):
        await dim_up(simulation)
        assert not await lit(simulation)
        light = io.output("light")
        assert isinstance(light, Switch)
        await light.switch(True)
        assert await lit(simulation)
        assert await state(io, "light") == 1.0
        await light.switch(False)
        assert not await lit(simulation)


def test_the_watchdog_s_coil_is_nobody_s_output() -> None:
    with pytest.raises(OptionError, match=r"outputs\.lamp = 15 is the coil of the watchdog"):
        DigitalIo("io", "modbus+tcp://127.0.0.1:1", clock=WallClock(), outputs={"lamp": 15}, watchdog={"coil": 15})
    DigitalIo("io", "modbus+tcp://127.0.0.1:1", clock=WallClock(), outputs={"lamp": 15}, watchdog={"register": 15})


@pytest.mark.parametrize("watchdog", [{"coil": 15}, {"register": 256}])
async def test_outputs_drop_unless_it_is_fed(watchdog: dict[str, int]) -> None:
    """In lockstep the watchdog's time is bench time, and not fed means not fed, however fast the test runs."""
    async with simulated(module={"watchdog": watchdog}) as (simulation, _, clock):
        io = DigitalIo("io", simulation.addresses["io"], clock=clock, **{**WIRING, "watchdog": watchdog})
        assert isinstance(io, Watchdog)
        await io.open()
        await dim_up(simulation)
        await io.write("light", 1.0)
        await clock.sleep(100.0)
        assert await lit(simulation), "it is not armed before it is fed"
        for _ in range(5):
            await io.feed()
            await clock.sleep(0.9)
            assert await state(io, "light") == 1.0
        await clock.sleep(0.2)
        assert not await lit(simulation)
        assert await state(io, "light") == 0.0
        with pytest.raises(RemoteProtocolError, match="io: light reads 0 after it was set to 1; check its watchdog"):
            await io.write("light", 1.0)
        await io.feed()
        assert await state(io, "light") == 0.0, "a feed alone switches nothing on"
        await io.write("light", 1.0)
        assert await lit(simulation)
        await io.close()


async def test_the_watchdog_works_after_its_controller_has_gone() -> None:
    """At speed 1 its time is wall time, and nobody needs to ask."""
    async with simulated(mode="paced", speed=1.0, orphan_after=20.0, module={"watchdog_timeout": 0.5}) as (
        simulation,
        io,
        _,
    ):
        await dim_up(simulation)
        await io.write("light", 1.0)
        await io.feed()
        assert await lit(simulation)
        await io.close()
        control = simulation.control
        await simulation.leave()
        loop = asyncio.get_running_loop()
        begun = loop.time()
        observer = await Simulation.attach(control)
        while await lit(observer):
            assert loop.time() - begun < 5.0
            await asyncio.sleep(0.02)
        await observer.end()


async def test_the_estop_chain_takes_the_outputs_their_power() -> None:
    async with simulated() as (simulation, io, _):
        await dim_up(simulation)
        await io.write("light", 1.0)
        assert await state(io, "estop") == 1.0
        await simulation.inject("io", "estop")
        assert await state(io, "estop") == 0.0
        assert await state(io, "light") == 0.0
        assert not await lit(simulation)
        await simulation.clear("io")
        assert await state(io, "estop") == 1.0
        assert not await lit(simulation), "the chain alone switches nothing on"


async def test_inputs_can_be_stated() -> None:
    async with simulated(module={"states": {"door": 0}}) as (_, io, _clock):
        assert (await state(io, "door"), await state(io, "estop")) == (0.0, 1.0)


async def test_a_module_without_what_it_is_told_to_have_is_refused() -> None:
    async with simulated() as (simulation, _, clock):
        other = DigitalIo("io", simulation.addresses["io"], clock=clock, inputs={"estop": 9})
        with pytest.raises(RemoteProtocolError, match="io: refused to read discrete input from 0x0009: illegal addr"):
            await other.open()


async def test_what_cannot_be_is_refused(clock: Clock) -> None:
    def make(**options: Any) -> DigitalIo:
        return DigitalIo("io", "modbus+tcp://192.0.2.1", clock=clock, **options)

    for options, told in (
        ({"inputs": {"a": 1}, "outputs": {"a": 2}}, "both have 'a'"),
        ({"inputs": {"a": "1"}}, "inputs.a = '1' is no address"),
        ({"inputs": ["a"]}, "write inputs = { NAME = ADDRESS }"),
        ({"outputs": {"a": 65536}}, "outputs.a = 65536 is no address"),
        ({"watchdog": {"coils": 1}}, "write watchdog = { coil = ADDRESS }"),
        ({"watchdog": {"coil": True}}, "watchdog.coil = True is no address"),
        ({"watchdog_timeout": -1.0}, "watchdog_timeout = -1 s; give 0 or more"),
    ):
        with pytest.raises(OptionError, match=told):
            make(**options)
    io = make(outputs={"light": 0})
    with pytest.raises(UnitError, match="io: has no watchdog"):
        await io.feed()
    with pytest.raises(UnitError, match="has no writable point 'lamp'; use light"):
        io.output("lamp")
    with pytest.raises(SetpointRefused, match=r"light cannot be set to 0\.5; command 0 or 1"):
        await io.write("light", 0.5)
    with pytest.raises(DeviceUnreachable, match="is not open"):
        await io.read("light")
