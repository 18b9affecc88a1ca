"""The driver of ASCII-2 chambers against a peer in another process on a real terminal, and against the simulator."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hil.clock import LockstepClock
from hil_drivers.clock import WallClock
from hil_drivers.device import open_device
from hil_drivers.errors import (
    DeviceError,
    DeviceUnreachable,
    DriverError,
    OptionError,
    RemoteProtocolError,
    SetpointRefused,
    UnitError,
)
from hil_drivers.indication import Flag
from hil_drivers.instruments.ascii2_chamber import Ascii2Chamber
from hil_drivers.sim.client import Simulation
from hil_drivers.testing import check_actuator, check_sensor
from modbus_peers import running

PEER = Path(__file__).parents[1] / "support" / "ascii2_peer.py"
Serve = Callable[..., AbstractAsyncContextManager["Peer"]]


class Peer:
    """A peer in another process: where it is, and what it was asked."""

    def __init__(self, address: str, process: asyncio.subprocess.Process) -> None:
        self.address, self._process = address, process

    def chamber(self, **options: Any) -> Ascii2Chamber:
        """A driver for it, not open yet."""
        return Ascii2Chamber("chamber", self.address, clock=WallClock(), **options)

    async def requests(self) -> list[str]:
        """Everything that it was asked; it ends with that."""
        self._process.kill()
        assert self._process.stdout is not None
        lines = (await self._process.stdout.read()).split()
        return [bytes.fromhex(line.decode()).decode() for line in lines]


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    @asynccontextmanager
    async def served(model: str = "climate", behaviour: str = "") -> AsyncIterator[Peer]:
        near, far = tmp_path / "near", tmp_path / "far"
        async with running("socat", *(f"pty,raw,echo=0,link={end}" for end in (near, far))):
            async with asyncio.timeout(10.0):
                while not (near.exists() and far.exists()):  # noqa: ASYNC110 (the links appear in another process)
                    await asyncio.sleep(0.01)
            async with running(sys.executable, PEER, far, model, behaviour) as process:
                assert process.stdout is not None
                assert await process.stdout.readline() == b"ready\n"
                yield Peer(f"serial://{near}?baudrate=9600", process)

    return served


async def test_it_learns_what_the_chamber_has_from_its_help_text(serve: Serve) -> None:
    async with serve() as peer:
        chamber = peer.chamber(outputs={"dryer": 11})
        await chamber.open()
        limits = {name: (point.lower, point.upper) for name, point in chamber.points.items() if point.writable}
        assert limits["temperature.setpoint"] == (-77.0, 182.0)
        assert limits["humidity.setpoint"] == (0.0, 100.0)
        assert limits["fan"] == (50.0, 100.0)
        reading = await chamber.read("temperature")
        assert (reading.value, reading.resolution, reading.flags) == (23.0, 0.1, Flag.GOOD)
        assert reading.latest - reading.earliest >= 2 * 10**9
        assert (await chamber.read("humidity")).value == 40.5
        assert (await chamber.read("temperature.setpoint")).value == 20.0
        await chamber.close()


async def test_a_write_carries_everything_and_changes_one_thing(serve: Serve) -> None:
    async with serve() as peer:
        chamber = peer.chamber(outputs={"dryer": 11})
        await chamber.open()
        await chamber.write("temperature.setpoint", -40.0)
        await chamber.write("humidity.running", 1.0)
        await chamber.write("dryer", 1.0)
        await chamber.write("running", 1.0)
        assert (await chamber.read("running")).value == 1.0
        await chamber.write("running", 0.0)
        await chamber.close()
        written = [request for request in await peer.requests() if request.startswith("$01E")]
    numbers = "$01E -040.0 0040.0 0090.0 0000.0 0000.0 0000.0 0000.0"
    assert written == [
        f"{numbers} {'0' * 32}",
        f"{numbers} 001{'0' * 29}",
        f"{numbers} 00100000000100000000000000000000",
        f"{numbers} 01100000000100000000000000000000",
        f"{numbers} 00100000000100000000000000000000",
    ]


async def test_a_moving_nominal_value_is_not_taken_for_the_set_point(serve: Serve) -> None:
    async with serve() as peer:
        chamber = peer.chamber()
        await chamber.open()
        await chamber.write("temperature.gradient.up", 2.0)
        await chamber.write("temperature.setpoint", 60.0)
        moving = (await chamber.read("temperature.setpoint")).value
        assert moving is not None
        assert moving < 30.0
        await chamber.write("humidity.setpoint", 50.0)
        await chamber.close()
        requests = await peer.requests()
    assert "$01U 0002.0 0000.0 0000.0 0000.0" in requests
    assert [request.split()[1] for request in requests if request.startswith("$01E")] == ["0060.0", "0060.0"]


async def test_a_chamber_with_a_cabinet_has_other_numbers(serve: Serve) -> None:
    async with serve("cabinet") as peer:
        chamber = peer.chamber(humidity=False)
        await chamber.open()
        await chamber.write("temperature.setpoint", -30.5)
        assert (await chamber.read("temperature")).value == -27.5
        with pytest.raises(UnitError, match="no readable point 'fan'"):
            await chamber.read("fan")
        await chamber.close()


@pytest.mark.parametrize(
    ("model", "options", "words"),
    [
        ("cabinet", {}, "its help text tells no humidity; give the option humidity = false"),
        ("climate", {"outputs": {"dryer": 12}}, "its digital channel 12 cannot be 'dryer', it is 'unused'"),
        ("climate", {"outputs": {"go": 1}}, "its digital channel 1 cannot be 'go', it is 'Start'"),
    ],
)
async def test_what_the_chamber_has_not_is_refused_when_it_is_opened(
    serve: Serve, model: str, options: dict[str, Any], words: str
) -> None:
    async with serve(model) as peer:
        chamber = peer.chamber(**options)
        with pytest.raises(RemoteProtocolError, match=words):
            await chamber.open()
        with pytest.raises(DeviceUnreachable, match="is not open"):
            await chamber.read("temperature")


async def test_nothing_is_sent_that_is_refused(serve: Serve) -> None:
    async with serve() as peer:
        chamber = peer.chamber()
        await chamber.open()
        await chamber.write("temperature.gradient.down", 1.0)
        for point, value in (
            ("temperature.setpoint", -77.1),
            ("temperature.setpoint", 23.45),
            ("fan", 49.0),
            ("running", 0.5),
            ("temperature.gradient.up", 1.0),
            ("temperature.gradient.up", 1e6),
        ):
            with pytest.raises(SetpointRefused):
                await chamber.write(point, value)
        await chamber.close()
        requests = await peer.requests()
    assert [request for request in requests if not request.endswith(("?", "I"))] == ["$01U 0000.0 0001.0 0000.0 0000.0"]


@pytest.mark.parametrize(
    ("behaviour", "point", "value", "error", "words"),
    [
        ("locked", "temperature.setpoint", 40.0, RemoteProtocolError, "refused what it was told, with ''"),
        ("locked", "temperature.gradient.up", 1.0, RemoteProtocolError, "refused what it was told"),
        ("tripped", "running", 1.0, DeviceError, "did not switch running on; look at its panel"),
        ("deaf", "temperature.setpoint", 40.0, RemoteProtocolError, "holds temperature.setpoint -1 where 40 was"),
    ],
)
async def test_a_chamber_that_does_not_obey_is_told(
    serve: Serve, behaviour: str, point: str, value: float, error: type[DriverError], words: str
) -> None:
    async with serve(behaviour=behaviour) as peer:
        chamber = peer.chamber()
        await chamber.open()
        with pytest.raises(error, match=words):
            await chamber.write(point, value)
        await chamber.close()


async def test_a_chamber_that_stops_by_itself_is_flagged(serve: Serve) -> None:
    async with serve(behaviour="stopping") as peer:
        chamber = peer.chamber()
        await chamber.open()
        await chamber.write("running", 1.0)
        readings = [await chamber.read("temperature") for _ in range(6)]
        assert readings[0].usable
        assert readings[-1].flags == Flag.DEVICE_ERROR
        assert not readings[-1].usable
        await chamber.write("running", 0.0)
        assert (await chamber.read("temperature")).usable
        await chamber.close()


async def test_a_set_point_near_the_dew_point_is_refused_if_asked(serve: Serve) -> None:
    """23 Cel and 40.5 % have their dew point at 8.9 Cel."""
    async with serve() as peer:
        chamber = peer.chamber(dew_point_margin=5.0)
        await chamber.open()
        with pytest.raises(SetpointRefused, match=r"13 Cel is not 5 K above the dew point of 8\.9 Cel"):
            await chamber.write("temperature.setpoint", 13.0)
        await chamber.write("temperature.setpoint", 14.0)
        await chamber.close()


async def test_it_does_what_every_driver_must_do(serve: Serve) -> None:
    async with serve() as peer:
        await check_sensor(peer.chamber, "temperature", accept=lambda value: -80.0 < value < 190.0)
        await check_actuator(peer.chamber, "temperature.setpoint", [-40.0, 25.5], refused=[23.45])


@pytest.mark.parametrize(
    "options",
    [
        {"outputs": {"dryer": 32}},
        {"outputs": {"dryer": True}},
        {"outputs": {"running": 3}},
        {"outputs": [3]},
        {"scan_period": -1.0},
        {"dew_point_margin": 5.0, "humidity": False},
        {"bus_address": 0},
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(OptionError):
        Ascii2Chamber("chamber", "tcp://127.0.0.1:2049", clock=WallClock(), **options)


@pytest.mark.parametrize("link", ["serial", "tcp"])
async def test_the_simulated_chamber_is_brought_to_its_set_points(link: str) -> None:
    world = {"seed": 1, "mode": "lockstep", "devices": {"chamber": {"kind": "weiss-ascii2", "link": link}}}
    simulation = await Simulation.start(world)
    try:
        clock = LockstepClock(simulation, 0)
        chamber = await open_device(simulation.addresses["chamber"], "weiss-ascii2", clock=clock)
        for point, value in (
            ("temperature.gradient.up", 1.0),
            ("temperature.setpoint", 60.0),
            ("humidity.setpoint", 30.0),
            ("humidity.running", 1.0),
            ("running", 1.0),
        ):
            await chamber.write(point, value)
        await clock.sleep(600.0)
        ramping = (await chamber.read("temperature.setpoint")).value
        await clock.sleep(2 * 3600.0)
        assert ramping == pytest.approx(23.4 + 10.0, abs=0.5)
        assert (await chamber.read("temperature")).value == pytest.approx(60.0, abs=0.3)
        assert (await chamber.read("humidity")).value == pytest.approx(30.0, abs=1.0)
        await simulation.inject("chamber", "alarm")
        await clock.sleep(10.0)
        assert (await chamber.read("temperature")).flags == Flag.DEVICE_ERROR
        with pytest.raises(DeviceError, match="look at its panel for an alarm"):
            await chamber.write("running", 1.0)
        await chamber.close()
    finally:
        await simulation.end()
