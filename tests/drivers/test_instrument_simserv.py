"""The driver of SIMSERV chambers against a peer that knows the published bytes, and against the simulator."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from hil.clock import LockstepClock
from hil_drivers.clock import NANOSECONDS, Clock
from hil_drivers.device import Device, open_device
from hil_drivers.errors import (
    AddressError,
    DeviceError,
    DeviceUnreachable,
    OptionError,
    RemoteProtocolError,
    SetpointRefused,
)
from hil_drivers.indication import Flag
from hil_drivers.instruments.simserv_chamber import SimservChamber
from hil_drivers.sim.client import Simulation
from hil_drivers.testing import TcpPeer, check_actuator, check_sensor

PUBLISHED: dict[bytes, bytes] = {
    b"11018\xb61": b"1\xb62",
    b"11023\xb61\xb61": b"1\xb6\xb0C",
    b"11023\xb61\xb62": b"1\xb6%rH",
    b"11007\xb61\xb61": b"1\xb6-42.0",
    b"11009\xb61\xb61": b"1\xb6130.0",
    b"11007\xb61\xb62": b"1\xb610.0",
    b"11009\xb61\xb62": b"1\xb698.0",
    b"10012\xb61": b"1\xb61",
    b"11004\xb61\xb61": b"1\xb623.4",
    b"11004\xb61\xb62": b"1\xb645.67",
    b"11002\xb61\xb61": b"1\xb623.5",
    b"11002\xb61\xb62": b"1\xb650.0",
    b"11001\xb61\xb61\xb623.5": b"1",
    b"11066\xb61\xb61": b"1\xb63.0",
    b"11066\xb61\xb62": b"1\xb60.0",
    b"11070\xb61\xb61": b"1\xb60.0",
    b"11070\xb61\xb62": b"1\xb60.0",
    b"11068\xb61\xb61\xb63": b"1",
    b"14001\xb61\xb61\xb61": b"1",
    b"14001\xb61\xb61\xb60": b"1",
    b"14001\xb61\xb68\xb61": b"1",
    b"14003\xb61\xb68": b"1\xb61",
    b"17002\xb61": b"1\xb62",
    b"17009\xb61\xb61": b"1\xb61",
    b"17005\xb61\xb61": b"1\xb64",
    b"17009\xb61\xb62": b"1\xb61",
    b"17005\xb61\xb62": b"1\xb61",
    b"17007\xb61\xb62": b"1\xb6Thermal cut-out",
}
"""Requests without their CR, and replies without their CR LF, as the fact sheet and public clients have them."""


class Peer:
    """A controller that answers what it was told to, and keeps what it was asked."""

    def __init__(self) -> None:
        self.answers = dict(PUBLISHED)
        self.asked: list[bytes] = []
        self.tcp = TcpPeer(self._answer, end=b"\r")

    def _answer(self, request: bytes) -> bytes:
        self.asked.append(request)
        return self.answers.get(request, b"-5") + b"\r\n"


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    made = Peer()
    await made.tcp.start()
    yield made
    await made.tcp.stop()


@pytest.fixture
async def chamber(peer: Peer, clock: Clock) -> AsyncIterator[SimservChamber]:
    made = SimservChamber("chamber", peer.tcp.address, clock=clock, outputs={"dryer": 8})
    await made.open()
    peer.asked.clear()
    yield made
    await made.close()


async def test_it_learns_its_variables_and_limits(peer: Peer, clock: Clock) -> None:
    made = SimservChamber("chamber", peer.tcp.address, clock=clock)
    await made.open()
    assert (made.points["temperature.setpoint"].lower, made.points["temperature.setpoint"].upper) == (-42.0, 130.0)
    assert (made.points["humidity.setpoint"].lower, made.points["humidity.setpoint"].upper) == (10.0, 98.0)
    assert peer.asked[0] == b"11018\xb61"
    await made.close()


async def test_variables_are_told_apart_by_their_units(peer: Peer, clock: Clock) -> None:
    peer.answers |= {b"11023\xb61\xb61": b"1\xb6% r.F.", b"11023\xb61\xb62": b"1\xb6\xc2\xb0C"}
    made = SimservChamber("chamber", peer.tcp.address, clock=clock)
    await made.open()
    assert (await made.read("temperature")).value == 45.67
    await made.close()


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({b"11018\xb61": b"1\xb61"}, "controls no humidity; give the option humidity = false"),
        ({b"11018\xb61": b"-5"}, r"does not know this command \(code -5\) \(command 11018\)"),
        ({b"11018\xb61": b"1\xb6two"}, "sent 'two' where a number is due"),
        ({b"11009\xb61\xb61": b"-6"}, r"too few or wrong parameters \(code -6\) \(command 11009 of 1\)"),
    ],
)
async def test_what_is_no_such_chamber_is_refused(
    peer: Peer, clock: Clock, answers: dict[bytes, bytes], words: str
) -> None:
    peer.answers |= answers
    made = SimservChamber("chamber", peer.tcp.address, clock=clock)
    with pytest.raises(RemoteProtocolError, match=words):
        await made.open()
    with pytest.raises(DeviceUnreachable, match="is not open"):
        await made.read("temperature")


async def test_a_chamber_without_humidity_has_no_points_of_it(peer: Peer, clock: Clock) -> None:
    peer.answers[b"11018\xb61"] = b"1\xb61"
    made = SimservChamber("chamber", peer.tcp.address, clock=clock, humidity=False)
    await made.open()
    assert not [point for point in made.points if point.startswith("humidity")]
    await made.close()


async def test_a_reading_reaches_back_by_the_scan_period(chamber: SimservChamber, peer: Peer) -> None:
    reading = await chamber.read("humidity")
    assert (reading.value, reading.unit, reading.resolution, reading.flags) == (45.67, "%", 0.01, Flag.GOOD)
    assert reading.latest - reading.earliest == 2 * NANOSECONDS
    assert peer.asked == [b"10012\xb61", b"11004\xb61\xb62"]


async def test_commands_have_the_published_bytes(chamber: SimservChamber, peer: Peer) -> None:
    await chamber.write("temperature.setpoint", 23.5)
    await chamber.write("temperature.gradient.up", 3.0)
    await chamber.write("dryer", 1.0)
    peer.answers[b"10012\xb61"] = b"1\xb63"
    await chamber.write("running", 1.0)
    peer.answers[b"10012\xb61"] = b"1\xb61"
    await chamber.write("running", 0.0)
    written = [asked for asked in peer.asked if asked[:5] in (b"11001", b"11068", b"14001")]
    assert written == [
        b"11001\xb61\xb61\xb623.5",
        b"11068\xb61\xb61\xb63",
        b"14001\xb61\xb68\xb61",
        b"14001\xb61\xb61\xb61",
        b"14001\xb61\xb61\xb60",
    ]


@pytest.mark.parametrize(
    ("point", "value"),
    [("temperature.setpoint", -42.5), ("humidity.setpoint", 99.0), ("running", 0.5), ("temperature.gradient.up", -1.0)],
)
async def test_nothing_is_sent_that_is_refused(chamber: SimservChamber, peer: Peer, point: str, value: float) -> None:
    with pytest.raises(SetpointRefused):
        await chamber.write(point, value)
    assert peer.asked == []


async def test_another_set_point_than_commanded_is_an_error(chamber: SimservChamber, peer: Peer) -> None:
    peer.answers |= {b"11001\xb61\xb61\xb640": b"1"}
    with pytest.raises(RemoteProtocolError, match=r"holds temperature\.setpoint 23\.5 where 40 was commanded"):
        await chamber.write("temperature.setpoint", 40.0)


async def test_an_output_that_does_not_switch_is_an_error(chamber: SimservChamber, peer: Peer) -> None:
    peer.answers[b"14003\xb61\xb68"] = b"1\xb60"
    with pytest.raises(RemoteProtocolError, match="did not switch dryer on"):
        await chamber.write("dryer", 1.0)


@pytest.mark.parametrize("unreadable", [b"-8", b"1\xb6Read failed"])
async def test_data_that_cannot_be_read_are_no_value(chamber: SimservChamber, peer: Peer, unreadable: bytes) -> None:
    peer.answers[b"11004\xb61\xb61"] = unreadable
    reading = await chamber.read("temperature")
    assert (reading.value, reading.flags) == (None, Flag.NOT_AVAILABLE)


async def test_an_alarm_is_on_each_reading_and_in_the_way_of_a_start(chamber: SimservChamber, peer: Peer) -> None:
    peer.answers[b"10012\xb61"] = b"1\xb69"
    reading = await chamber.read("temperature")
    assert (reading.value, reading.flags, reading.usable) == (23.4, Flag.DEVICE_ERROR, False)
    assert (await chamber.read("status")).value == 9.0
    with pytest.raises(DeviceError, match="has an alarm: Thermal cut-out; clear it at the chamber"):
        await chamber.write("running", 1.0)
    await chamber.write("running", 0.0)
    assert peer.asked.count(b"14001\xb61\xb61\xb61") == 0
    assert peer.asked.count(b"14001\xb61\xb61\xb60") == 1


async def test_a_warning_does_not_spoil_a_reading(chamber: SimservChamber, peer: Peer) -> None:
    peer.answers[b"10012\xb61"] = b"1\xb67"
    assert (await chamber.read("temperature")).flags == Flag.GOOD


async def test_a_chamber_that_stops_by_itself_is_flagged(chamber: SimservChamber, peer: Peer) -> None:
    peer.answers[b"10012\xb61"] = b"1\xb63"
    await chamber.write("running", 1.0)
    assert (await chamber.read("temperature")).usable
    peer.answers[b"10012\xb61"] = b"1\xb61"
    assert (await chamber.read("temperature")).flags == Flag.DEVICE_ERROR


async def test_a_chamber_that_does_not_start_is_told_in_time(chamber: SimservChamber, peer: Peer, clock: Clock) -> None:
    begun = clock.now()
    with pytest.raises(DeviceError, match="has not started within 10 s; look at its panel"):
        await chamber.write("running", 1.0)
    assert clock.now() - begun == 10 * NANOSECONDS


async def test_a_set_point_near_the_dew_point_is_refused_if_asked(peer: Peer, clock: Clock) -> None:
    """23.4 Cel and 45.67 % have their dew point at 11 Cel."""
    made = SimservChamber("chamber", peer.tcp.address, clock=clock, dew_point_margin=5.0)
    await made.open()
    with pytest.raises(SetpointRefused, match=r"15 Cel is not 5 K above the dew point of 11\.0 Cel; dry the air"):
        await made.write("temperature.setpoint", 15.0)
    peer.answers[b"11004\xb61\xb62"] = b"-8"
    with pytest.raises(SetpointRefused, match="the dew point is not known"):
        await made.write("temperature.setpoint", 23.5)
    assert not [asked for asked in peer.asked if asked.startswith(b"11001")]
    await made.close()


async def test_it_does_what_every_driver_must_do(peer: Peer, clock: Clock) -> None:
    def make() -> Device:
        return SimservChamber("chamber", peer.tcp.address, clock=clock)

    await check_sensor(make, "temperature", accept=lambda value: value == 23.4)
    await check_actuator(make, "temperature.setpoint", [23.5])


@pytest.mark.parametrize(
    "options",
    [
        {"outputs": {"start": 1}},
        {"outputs": {"temperature": 4}},
        {"outputs": {"dryer": "8"}},
        {"scan_period": float("nan")},
        {"dew_point_margin": float("inf")},
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, Any], clock: Clock) -> None:
    with pytest.raises(OptionError):
        SimservChamber("chamber", "tcp://127.0.0.1:2049", clock=clock, **options)


def test_it_is_reached_by_tcp_only(clock: Clock) -> None:
    with pytest.raises(AddressError, match="use tcp"):
        SimservChamber("chamber", "serial:///dev/ttyUSB0", clock=clock)


OUTPUTS = {"humidity.running": 3, "compressed_air": 7, "dryer": 8}
WORLD: dict[str, Any] = {
    "seed": 3,
    "mode": "lockstep",
    "devices": {
        "chamber": {"kind": "simserv", "outputs": OUTPUTS},
        "probe": {"kind": "hmp", "place": "chamber"},
        "surface": {"kind": "hmp", "place": "chamber/specimen"},
        "outside": {"kind": "hmp"},
    },
}

Open = Callable[..., Any]


@pytest.fixture
async def simulation() -> AsyncIterator[Simulation]:
    started = await Simulation.start(WORLD)
    yield started
    await started.end()


@pytest.fixture
async def opened(simulation: Simulation) -> AsyncIterator[Open]:
    bench_clock, devices = LockstepClock(simulation, 0), []

    async def open_(name: str, driver: str, **options: Any) -> Device:
        device = await open_device(simulation.addresses[name], driver, name=name, clock=bench_clock, **options)
        devices.append(device)
        return device

    yield open_
    for device in devices:
        await device.close()


async def value(device: Device, point: str) -> float:
    found = (await device.read(point)).value
    assert found is not None
    return found


async def test_forty_hours_of_soak_take_seconds(opened: Open) -> None:
    one = await opened("chamber", "simserv", outputs=OUTPUTS)
    probe, surface, outside = [await opened(name, "hmp") for name in ("probe", "surface", "outside")]
    for point, setpoint in (
        ("temperature.setpoint", 40.0),
        ("humidity.setpoint", 85.0),
        ("humidity.running", 1.0),
        ("running", 1.0),
    ):
        await one.write(point, setpoint)
    await one.clock.sleep(600.0)
    assert await value(surface, "temperature") < await value(probe, "temperature") - 5.0
    for _ in range(40):
        await one.clock.sleep(3600.0)
        for device in (one, probe):
            assert await value(device, "temperature") == pytest.approx(40.0, abs=0.3)
            assert await value(device, "humidity") == pytest.approx(85.0, abs=1.5)
    assert await value(surface, "temperature") == pytest.approx(40.0, abs=1.0)
    assert await value(outside, "temperature") == pytest.approx(23.4, abs=0.5)
    await one.write("running", 0.0)


async def test_the_same_seed_gives_the_same_indications() -> None:
    runs = []
    for _ in range(2):
        started = await Simulation.start(WORLD)
        bench_clock = LockstepClock(started, 0)
        one = await open_device(started.addresses["chamber"], "simserv", clock=bench_clock, outputs=OUTPUTS)
        await one.write("temperature.setpoint", 60.0)
        await one.write("running", 1.0)
        readings = []
        for _ in range(20):
            await bench_clock.sleep(77.7)
            readings.append(await one.read("temperature"))
        runs.append(readings)
        await one.close()
        await started.end()
    assert runs[0] == runs[1]


async def test_faults_of_the_simulated_chamber(simulation: Simulation, opened: Open) -> None:
    one = await opened("chamber", "simserv", outputs=OUTPUTS)
    await simulation.inject("chamber", "nan")
    assert (await one.read("humidity")).flags == Flag.NOT_AVAILABLE
    await simulation.clear("chamber")
    await one.write("temperature.setpoint", 80.0)
    await one.write("running", 1.0)
    await one.clock.sleep(60.0)
    frozen = await value(one, "temperature")
    await simulation.inject("chamber", "frozen")
    await one.clock.sleep(60.0)
    assert await value(one, "temperature") == frozen
    await simulation.clear("chamber")
    assert await value(one, "temperature") > frozen + 1.0
    await simulation.inject("chamber", "alarm")
    await one.clock.sleep(1.0)
    stopped = await one.read("temperature")
    assert stopped.flags == Flag.DEVICE_ERROR
    with pytest.raises(DeviceError, match="has an alarm: Temperature limiter"):
        await one.write("running", 1.0)
    await one.write("running", 0.0)
    await one.clock.sleep(600.0)
    assert await value(one, "temperature") < (stopped.value or 0.0)
    await simulation.clear("chamber")
    assert (await one.read("temperature")).usable


async def test_dry_air_lets_a_chamber_go_below_the_dew_point_of_the_room(opened: Open) -> None:
    one = await opened("chamber", "simserv", outputs=OUTPUTS, dew_point_margin=5.0)
    with pytest.raises(SetpointRefused, match="K above the dew point"):
        await one.write("temperature.setpoint", 0.0)
    for point in ("compressed_air", "dryer", "running"):
        await one.write(point, 1.0)
    await one.clock.sleep(2 * 3600.0)
    await one.write("temperature.setpoint", 0.0)
    await one.write("running", 0.0)
