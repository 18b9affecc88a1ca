"""The simulated power meter: a real child process with a real broker, in lockstep with its driver."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from hil.clock import LockstepClock
from hil_drivers.clock import NANOSECONDS
from hil_drivers.errors import DeviceUnreachable
from hil_drivers.indication import Flag, Indication
from hil_drivers.instruments.artnet_light import ArtnetLight
from hil_drivers.instruments.mqtt_meter import MqttMeter
from hil_drivers.sim.client import Simulation
from hil_drivers.testing import SimPeer
from hil_drivers.transport.mqtt import Message, MqttLink
from hil_drivers.transport.supervisor import LinkState, Supervisor

START = 1_780_300_800 * NANOSECONDS
METER = {"kind": "mqtt-meter", "period": 0.5}
WORLD: dict[str, Any] = {
    "seed": 5,
    "mode": "lockstep",
    "start_utc": START,
    "lamp": {"device": "lights", "power": 200.0},
    "devices": {"lights": {"kind": "artnet", "channel": 1}, "meter": METER},
}
OPTIONS: dict[str, Any] = {
    "points": {
        "power": {"topic": "~/sensor", "field": "power", "unit": "W"},
        "plain": {"topic": "~/power", "unit": "W"},
    },
    "relay": {"command": "~/relay/set", "state": "~/relay"},
    "availability": {"topic": "~/status"},
    "time": "time",
    "sequence": "n",
    "period": 0.5,
    "age": 0.2,
    "latency": 0.05,
}


class Bench:
    """A simulation in lockstep, with the devices that were opened on it."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.clock = LockstepClock(simulation, START, stall_after=30.0)
        self.opened: list[MqttMeter | ArtnetLight] = []

    async def meter(self, **options: Any) -> MqttMeter:
        address = self.simulation.addresses["meter"]
        meter = MqttMeter("meter", address, clock=self.clock, **{**OPTIONS, **options})
        await meter.open()
        self.opened.append(meter)
        return meter

    async def light(self, level: float) -> None:
        """Dim the lamp to a level from 0 to 1."""
        address = self.simulation.addresses["lights"]
        lights = ArtnetLight("lights", address, clock=self.clock, universe=0, channel=1, full_scale=1000.0)
        await lights.open()
        self.opened.append(lights)
        await lights.write("illuminance", 1000.0 * level)

    async def run(self, script: Awaitable[Any]) -> Any:
        """Run a script as the engine does: as a task that takes part in lockstep."""
        task = asyncio.ensure_future(script)
        await self.clock.wait(task)
        return task.result()


@pytest.fixture
async def start() -> AsyncIterator[Callable[..., Awaitable[Bench]]]:
    benches: list[Bench] = []

    async def started(**changes: Any) -> Bench:
        benches.append(Bench(await Simulation.start({**WORLD, **changes})))
        return benches[-1]

    yield started
    for bench in benches:
        for device in bench.opened:
            await device.close()
        await bench.simulation.end()


async def seen(bench: Bench) -> list[Indication]:
    """What the meter says of a lamp that is lit, and of an outlet that is switched off."""
    meter = await bench.meter()
    await bench.light(0.5)
    found = [await meter.read(point) for point in ("power", "plain", "relay") for _ in range(3)]
    await meter.write("relay", 0.0)
    found += [await meter.read("power"), await meter.read("relay")]
    await meter.write("relay", 1.0)
    return [*found, await meter.read("power")]


async def test_the_meter_sees_what_the_bench_draws(start: Callable[..., Awaitable[Bench]]) -> None:
    bench = await start()
    *_, lit, _, relay, off, gone, back = await bench.run(seen(bench))
    assert lit.flags == off.flags == Flag.GOOD
    assert (relay.value, gone.value) == (1.0, 0.0)
    assert off.value == pytest.approx(0.0, abs=0.2)
    assert back.value == pytest.approx(100.0, abs=0.2)


async def test_the_same_seed_gives_the_same_indications(start: Callable[..., Awaitable[Bench]]) -> None:
    first, second = await start(), await start()
    assert await first.run(seen(first)) == await second.run(seen(second))
    other = await start(seed=6)
    assert (await other.run(seen(other)))[0].value != (await first.run(seen(first)))[0].value


async def test_the_interval_holds_the_time_of_sensing(start: Callable[..., Awaitable[Bench]]) -> None:
    bench = await start()

    async def script() -> None:
        meter = await bench.meter()
        for _ in range(5):
            indication = await meter.read("power")
            sensed = indication.latest // (NANOSECONDS // 2) * (NANOSECONDS // 2)
            assert indication.earliest <= sensed - NANOSECONDS // 5
            assert sensed <= indication.latest == bench.clock.now()
            assert indication.latest - indication.earliest < 0.27 * NANOSECONDS
            await bench.clock.sleep(0.13)

    await bench.run(script())


async def test_an_effect_acts_on_its_power(start: Callable[..., Awaitable[Bench]]) -> None:
    effect = {"name": "class of the meter", "device": "meter", "kind": "relative", "distribution": "rectangular"}
    bench = await start(effects=[{**effect, "half_width": 0.01}])

    async def script() -> float | None:
        meter = await bench.meter()
        await bench.light(1.0)
        await bench.clock.sleep(1.0)
        return (await meter.read("power")).value

    deviation = (await bench.simulation.truth())["effects"]["class of the meter"]
    assert await bench.run(script()) == pytest.approx(200.0 / (1.0 + deviation), abs=0.1)


async def test_a_broker_that_dies_while_it_is_read_is_told_once_each_way(
    start: Callable[..., Awaitable[Bench]], caplog: pytest.LogCaptureFixture
) -> None:
    bench = await start()

    async def script() -> None:
        meter = await bench.meter()
        assert (await meter.read("power")).usable
        waiting = asyncio.create_task(meter.read("power"))
        await bench.simulation.inject("meter", "dropped")
        await bench.clock.wait(waiting)
        assert isinstance(waiting.exception(), DeviceUnreachable)
        with pytest.raises(DeviceUnreachable):
            await meter.read("power")
        await bench.simulation.clear("meter")
        while True:
            try:
                assert (await meter.read("power")).usable
                break
            except DeviceUnreachable:
                with bench.clock.exchange():
                    await asyncio.sleep(0.02)
        assert meter.supervisor.status.state is LinkState.UP

    await bench.run(script())
    told = [record.message for record in caplog.records if record.name == "hil_drivers.link"]
    assert [line.partition(" at ")[0].partition(" after ")[0] for line in told if "did not come" not in line] == [
        "meter: lost the broker",
        "meter: answers again",
    ]


async def test_a_kept_value_of_a_meter_that_fell_silent_is_not_read(start: Callable[..., Awaitable[Bench]]) -> None:
    bench = await start(faults=[{"device": "meter", "kind": "retained-stale", "from": 1.0}])
    kept: list[Message] = []

    async def script() -> None:
        await bench.clock.sleep(2.0)
        link = MqttLink(bench.simulation.addresses["meter"], supervisor=Supervisor("link"), clock=bench.clock)
        link.listen("bench/meter/sensor", kept.append)
        meter = await bench.meter()
        await link.open()
        with pytest.raises(DeviceUnreachable, match="sent nothing"):
            await meter.read("power")
        await link.close()

    await bench.run(script())
    assert [message.retained for message in kept] == [True]
    assert json.loads(kept[0].payload)["power"] == pytest.approx(0.0, abs=0.2)


async def test_a_burst_arrives_whole(start: Callable[..., Awaitable[Bench]]) -> None:
    bench = await start(faults=[{"device": "meter", "kind": "burst", "from": 0.4, "to": 0.6}])
    came: list[int] = []

    async def script() -> MqttMeter:
        meter = await bench.meter()
        meter._link.listen("bench/meter/sensor", lambda message: came.append(json.loads(message.payload)["n"]))
        await bench.clock.sleep(0.5)
        while len(came) < 1000:
            with bench.clock.exchange():
                await asyncio.sleep(0.01)
        assert (await meter.read("power")).usable
        return meter

    meter = await bench.run(script())
    assert came[:1000] == list(range(came[0], came[0] + 1000))
    assert meter.supervisor.status.missed == 0


def children(pid: int) -> list[int]:
    """The child processes of a process."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.parametrize("ends", [signal.SIGKILL, signal.SIGTERM])
async def test_the_broker_ends_with_the_simulator(start: Callable[..., Awaitable[Bench]], ends: signal.Signals) -> None:
    bench = await start()
    (broker,) = children(bench.simulation.pid)
    os.kill(bench.simulation.pid, ends)
    async with asyncio.timeout(20.0):
        while gone(broker) is False:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def gone(pid: int) -> bool:
    """Whether a process has ended, waited for or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


async def test_its_password_is_in_a_file_of_its_own(start: Callable[..., Awaitable[Bench]], tmp_path: Path) -> None:
    bench = await start(devices={"meter": {**METER, "password": True}}, lamp=None)
    address = bench.simulation.addresses["meter"]
    file = address.rpartition("password_file=")[2]
    assert os.stat(file).st_mode & 0o777 == 0o600  # noqa: PTH116
    await bench.meter()
    (tmp_path / "wrong").write_text("wrong")
    meter = MqttMeter("meter", address.replace(file, str(tmp_path / "wrong")), clock=bench.clock, **OPTIONS)
    with pytest.raises(DeviceUnreachable, match="refuses the user 'meter' or its password"):
        await meter.open()


async def test_it_also_runs_by_itself() -> None:
    peer = SimPeer({"devices": {"meter": {"kind": "mqtt-meter", "period": 0.05}}}, "meter")
    await peer.start()
    meter = MqttMeter("meter", peer.address, clock=peer.clock, **{**OPTIONS, "period": 0.05})
    try:
        await meter.open()
        assert (await meter.read("power")).usable
        await peer.inject("offline")
        while (await meter.read("power")).flags != Flag.NOT_AVAILABLE:
            pass
        await meter.close()
    finally:
        await meter.close()
        await peer.end()
