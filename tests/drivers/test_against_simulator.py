"""Every instrument against the real simulator process, in lockstep."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

import numpy as np
import pytest
import serial

from hil_drivers.clock import NANOSECONDS, WallClock
from hil_drivers.device import Device, open_device
from hil_drivers.errors import DeviceUnreachable, RemoteProtocolError
from hil_drivers.indication import Flag
from hil_drivers.instruments.artnet_light import ArtnetLight
from hil_drivers.instruments.camera import StreamCamera
from hil_drivers.instruments.carriage import Carriage
from hil_drivers.instruments.hmp import Hmp
from hil_drivers.instruments.sign_panel import SignPanel
from hil_drivers.instruments.t10a import T10A
from hil_drivers.sim.client import Simulation
from hil_drivers.testing import check_actuator, check_sensor
from hil_drivers.transport.address import parse

DIAGONAL = [[1e-4, 0.0], [0.0, 1e-4]]
WORLD: dict[str, Any] = {
    "seed": 3,
    "mode": "lockstep",
    "speed": 1.0,
    "start_utc": 1780300800000000000,
    "room": {"temperature": 23.4, "temperature_swing": 0.0, "humidity": 45.0, "dark_illuminance": 0.02},
    "lamp": {"device": "lights"},
    "devices": {
        "lights": {"kind": "artnet", "universe": 0, "channel": 3},
        "reference": {
            "kind": "t10a",
            "carriage_position": 0,
            "certificates": {
                "illuminance": {"indication": [1.0, 2000.0], "value": [1.0, 2000.0], "covariance": DIAGONAL}
            },
        },
        "climate": {"kind": "hmp", "device_id": 240},
        "line": {"kind": "hmp", "device_id": 241, "transport": "rtu"},
        "panel": {"kind": "sign-panel"},
        "carriage": {"kind": "carriage"},
        "camera": {"kind": "camera", "width": 320, "height": 96},
    },
    "effects": [],
    "faults": [],
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

    async def sleep_until(self, t: int) -> None:
        await self.sleep(max(0, t - self._now) / NANOSECONDS)


class Bench:
    """A running simulation, its clock, and its devices by name."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation, self.clock = simulation, StepClock(simulation)
        self.opened: list[Device] = []

    async def open(self, name: str, driver: str, **options: Any) -> Device:
        """Open one device by its driver's name."""
        address = self.simulation.addresses[name]
        self.opened.append(await open_device(address, driver, name=name, clock=self.clock, **options))
        return self.opened[-1]

    async def light(self, illuminance: float) -> Device:
        """Open the light and set it."""
        lights = await self.open("lights", "artnet", universe=0, channel=3, full_scale=2000.0)
        await lights.write("illuminance", illuminance)
        return lights


@pytest.fixture
async def start() -> AsyncIterator[Callable[..., Any]]:
    benches: list[Bench] = []

    async def started(*faults: dict[str, Any]) -> Bench:
        benches.append(Bench(await Simulation.start({**WORLD, "faults": list(faults)})))
        return benches[-1]

    yield started
    for bench in benches:
        for device in bench.opened:
            await device.close()
        await bench.simulation.end()


def light_at(address: str, clock: StepClock) -> ArtnetLight:
    return ArtnetLight("lights", address, clock=clock, universe=0, channel=3, full_scale=2000.0)


def fault(device: str, kind: str, begin: float, end: float) -> dict[str, Any]:
    return {"device": device, "kind": kind, "from": begin, "to": end}


async def test_the_bench_is_seen_by_its_instruments(start: Callable[..., Any]) -> None:
    bench: Bench = await start()
    await bench.light(1000.0)
    await _the_luxmeter_sees_the_light(bench)
    await _the_probe_reads_the_room(bench)
    await _the_camera_sees_the_panel(bench)


async def _the_luxmeter_sees_the_light(bench: Bench) -> None:
    meter, carriage = await bench.open("reference", "t10a"), await bench.open("carriage", "carriage")
    indication = await meter.read("illuminance")
    state = await bench.simulation.state()
    assert indication.value == pytest.approx(state["illuminance"], rel=0.01)
    assert indication.latest - indication.earliest == NANOSECONDS // 2
    assert indication.latest == bench.clock.now() - NANOSECONDS // 10
    await carriage.write("position", 1.0)
    away = await meter.read("illuminance")
    assert away.value is not None
    assert away.value < 0.05 * state["illuminance"]


async def _the_probe_reads_the_room(bench: Bench) -> None:
    probe = await bench.open("climate", "hmp")
    assert (await probe.read("temperature")).value == pytest.approx(23.4, abs=0.1)
    assert (await probe.read("humidity")).value == pytest.approx(45.0, abs=1.0)


async def _the_camera_sees_the_panel(bench: Bench) -> None:
    panel, camera = await bench.open("panel", "sign-panel"), await bench.open("camera", "camera")
    assert isinstance(panel, SignPanel)
    assert isinstance(camera, StreamCamera)
    await panel.show("ABC12")
    shown = await camera.grab()
    await panel.show("")
    empty = await camera.grab()
    assert shown.image.shape == empty.image.shape == (96, 320)
    assert np.std(shown.image.astype(float)) > 2 * np.std(empty.image.astype(float))
    assert shown.earliest == bench.clock.now()
    assert shown.latest - shown.earliest == NANOSECONDS // 100


async def test_the_same_seed_gives_the_same_indications(start: Callable[..., Any]) -> None:
    runs = []
    for _ in range(2):
        bench: Bench = await start()
        await bench.light(500.0)
        meter = await bench.open("reference", "t10a")
        runs.append([(await meter.read("illuminance")) for _ in range(5)])
    assert runs[0] == runs[1]


FLAGS = {"nan": Flag.NOT_AVAILABLE, "low-battery": Flag.LOW_BATTERY, "over-range": Flag.OVER_RANGE}


async def test_faults_of_the_luxmeter_become_flags(start: Callable[..., Any]) -> None:
    windows = {kind: 10.0 * n for n, kind in enumerate(FLAGS, start=1)}
    bench: Bench = await start(*(fault("reference", kind, t, t + 10.0) for kind, t in windows.items()))
    meter = await bench.open("reference", "t10a")
    for kind, t in windows.items():
        await bench.clock.sleep_until(int((t + 5.0) * NANOSECONDS))
        indication = await meter.read("illuminance")
        assert indication.flags == FLAGS[kind]
        assert not indication.usable


ERRORS: dict[str, type[Exception]] = {
    "silent": DeviceUnreachable,
    "late": DeviceUnreachable,
    "checksum": RemoteProtocolError,
    "garbage": RemoteProtocolError,
}


@pytest.mark.soak
async def test_a_broken_link_to_the_luxmeter_is_an_error_and_then_over(start: Callable[..., Any]) -> None:
    windows = {kind: 10.0 * n for n, kind in enumerate(ERRORS, start=1)}
    faults = [fault("reference", kind, t, t + 3.0) for kind, t in windows.items()]
    bench: Bench = await start(*({**each, "delay": 3.1} for each in faults))
    await bench.light(1000.0)
    meter = await bench.open("reference", "t10a")
    expected = (await meter.read("illuminance")).value
    for kind, t in windows.items():
        await bench.clock.sleep_until(int((t + 1.0) * NANOSECONDS))
        with pytest.raises(ERRORS[kind], match="reference: "):
            await meter.read("illuminance")
        await bench.clock.sleep_until(int((t + 5.0) * NANOSECONDS))
        assert (await meter.read("illuminance")).value == pytest.approx(expected, rel=0.01)


MODBUS_FAULTS: dict[str, tuple[type[Exception] | tuple[type[Exception], ...], str]] = {
    "silent": (DeviceUnreachable, r"did not answer within 3\.0 s"),
    "late": (DeviceUnreachable, r"did not answer within 3\.0 s"),
    "exception": (RemoteProtocolError, r"device failure \(4\)"),
    "checksum": (RemoteProtocolError, r"wrong checksum|no answer from behind the gateway"),
    "garbage": ((DeviceUnreachable, RemoteProtocolError), ""),
}


@pytest.mark.parametrize("name", ["climate", pytest.param("line", marks=pytest.mark.soak)])
async def test_faults_of_a_modbus_link_are_told_and_then_over(start: Callable[..., Any], name: str) -> None:
    bench: Bench = await start()
    probe = await bench.open(name, "hmp")
    for kind, (error, told) in MODBUS_FAULTS.items():
        await bench.simulation.inject(name, kind, delay=3.1)
        with pytest.raises(error, match=f"{name}: .*{told}"):
            await probe.read("temperature")
        await bench.simulation.clear(name)
        assert (await probe.read("temperature")).value == pytest.approx(23.4, abs=0.5), kind


@pytest.mark.parametrize("name", ["climate", "line"])
async def test_swapped_words_are_found_whenever_the_link_is_made(start: Callable[..., Any], name: str) -> None:
    bench: Bench = await start()
    probe = await bench.open(name, "hmp")
    await bench.simulation.inject(name, "dropped")
    with pytest.raises(DeviceUnreachable):
        await probe.read("temperature")
    await bench.simulation.clear(name)
    await bench.simulation.inject(name, "word-order")
    with pytest.raises(RemoteProtocolError, match="most significant word first"):
        await probe.read("temperature")
    await bench.simulation.clear(name)
    assert (await probe.read("temperature")).value == pytest.approx(23.4, abs=0.5)


@pytest.mark.parametrize("backend", ["serialx", "pyserial"])
async def test_a_port_that_is_taken_is_told(start: Callable[..., Any], backend: str) -> None:
    bench: Bench = await start()
    address = f"{bench.simulation.addresses['reference']}&backend={backend}"
    with (
        serial.Serial(parse(address).path, exclusive=True),
        pytest.raises(DeviceUnreachable, match="second: its port is taken by another program; end what else uses"),
    ):
        await open_device(address, "t10a", name="second", clock=bench.clock)


async def test_split_packets_are_put_together(start: Callable[..., Any]) -> None:
    drivers = {"reference": "t10a", "panel": "sign-panel", "climate": "hmp", "line": "hmp", "camera": "camera"}
    bench: Bench = await start(*(fault(name, "split", 0.0, 1e6) for name in drivers))
    for name, driver in drivers.items():
        opened = await bench.open(name, driver)
        if isinstance(opened, SignPanel):
            await opened.show("ABC")
        elif isinstance(opened, StreamCamera):
            assert (await opened.grab()).number == 1
        else:
            for point in opened.points:
                assert (await opened.read(point)).usable


async def test_every_instrument_conforms(start: Callable[..., Any]) -> None:
    bench: Bench = await start()
    at, clock = bench.simulation.addresses, bench.clock
    await check_sensor(lambda: T10A("reference", at["reference"], clock=clock), "illuminance")
    await check_sensor(lambda: Hmp("climate", at["climate"], clock=clock), "temperature")
    await check_sensor(lambda: Hmp("climate", at["climate"], clock=clock), "humidity")
    await check_sensor(lambda: Hmp("climate", at["line"], clock=clock), "temperature")
    await check_actuator(lambda: Carriage("carriage", at["carriage"], clock=clock), "position", [1.0, 0.0])
    await check_actuator(lambda: light_at(at["lights"], clock), "illuminance", [100.0, 0.0])


async def test_a_simulator_that_is_gone_is_unreachable(start: Callable[..., Any]) -> None:
    bench: Bench = await start()
    lights = await bench.light(10.0)
    devices = [await bench.open("climate", "hmp"), await bench.open("panel", "sign-panel")]
    await bench.simulation.end()
    with pytest.raises(DeviceUnreachable):
        await lights.write("illuminance", 0.0)
    with pytest.raises(DeviceUnreachable):
        await devices[0].read("temperature")
    assert isinstance(devices[1], SignPanel)
    with pytest.raises(DeviceUnreachable):
        await devices[1].show("ABC")
