"""The MQTT meter against mosquitto, with a publisher that shares nothing with it: plain paho, as a device would."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from hil_drivers.clock import NANOSECONDS, WallClock
from hil_drivers.errors import DeviceUnreachable, OptionError, RemoteProtocolError, SetpointRefused, UnitError
from hil_drivers.indication import Flag, Indication
from hil_drivers.instruments.mqtt_meter import MqttMeter
from hil_drivers.sim.server.broker import Broker

PERIOD = 0.05
JSON_POINT = {"power": {"topic": "tele/plug/SENSOR", "field": "ENERGY.Power", "unit": "W"}}
RELAY = {"command": "cmnd/plug/POWER", "state": "stat/plug/POWER"}
AVAILABILITY = {"topic": "tele/plug/LWT", "offline": "Offline"}


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    made = Broker(tmp_path)
    made.start()
    yield made
    made.close()


class Plug:
    """A device: publishes what a test says, and switches when it is told to, on paho's own thread."""

    def __init__(self, port: int) -> None:
        self.sent = 0
        self.answers = True
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id="plug")
        client.will_set("tele/plug/LWT", "Offline", 1, retain=True)
        client.on_connect = self._connected
        client.on_message = self._command
        client.connect("127.0.0.1", port)
        client.loop_start()
        self._client = client

    def _connected(self, client: paho.Client, *_: Any) -> None:
        client.subscribe("cmnd/plug/POWER", 1)
        client.publish("tele/plug/LWT", "Online", 1, retain=True)

    def _command(self, client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        if self.answers:
            client.publish("stat/plug/POWER", message.payload, 1, retain=True)

    def publish(self, topic: str, payload: str | bytes, *, retain: bool = False) -> None:
        self._client.publish(topic, payload, 1, retain).wait_for_publish(10.0)

    def value(self, power: object, **more: object) -> None:
        self.sent += 1
        self.publish("tele/plug/SENSOR", json.dumps({"ENERGY": {"Power": power}, **more}))

    def vanish(self) -> None:
        """Lose the connection without a goodbye."""
        stream = self._client.socket()
        assert stream is not None
        self._client.loop_stop()
        stream.close()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def plug(broker: Broker) -> Iterator[Plug]:
    made = Plug(broker.port)
    yield made
    made.close()


MakeMeter = Callable[..., Awaitable[MqttMeter]]


@pytest.fixture
async def meter(broker: Broker) -> AsyncIterator[MakeMeter]:
    made: list[MqttMeter] = []

    async def make(**options: Any) -> MqttMeter:
        options = {"points": JSON_POINT, "period": PERIOD, **options}
        made.append(MqttMeter("plug", f"mqtt://127.0.0.1:{broker.port}/plug", clock=WallClock(), **options))
        await made[-1].open()
        return made[-1]

    yield make
    for one in made:
        await one.close()


async def reading(meter: MqttMeter, publish: Callable[[], None], point: str = "power") -> Indication:
    """Read while the device publishes, again and again as devices do."""
    read = asyncio.create_task(meter.read(point))
    try:
        while not read.done():
            await asyncio.to_thread(publish)
            await asyncio.wait([read], timeout=PERIOD)
        return read.result()
    finally:
        read.cancel()


async def test_a_field_of_json_is_read(meter: MakeMeter, plug: Plug) -> None:
    device = await meter(age=0.0)
    asked = device.clock.now()
    indication = await reading(device, lambda: plug.value(12.5))
    assert (indication.value, indication.unit, indication.flags) == (12.5, "W", Flag.GOOD)
    assert asked <= indication.earliest == indication.latest <= device.clock.now()


async def test_without_a_time_stamp_a_value_may_be_as_old_as_is_stated(meter: MakeMeter, plug: Plug) -> None:
    device = await meter(age=0.2)
    indication = await reading(device, lambda: plug.value(1))
    assert indication.latest - indication.earliest == NANOSECONDS // 5


@pytest.mark.parametrize("form", ["iso", "seconds", "milliseconds"])
async def test_the_time_stamp_of_the_device_narrows_the_interval_whatever_its_clock_says(
    meter: MakeMeter, plug: Plug, form: str
) -> None:
    """The device's clock is an hour and 7 s ahead; the interval is on the bench clock, and no wider than stated."""
    device = await meter(time="Time", age=0.01, latency=0.2)
    made: list[tuple[int, int]] = []

    def publish() -> None:
        before = device.clock.now()
        moment = datetime.now(UTC) + timedelta(seconds=3607)
        since = (moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1)
        stamps = {"iso": moment.isoformat(), "seconds": f"{since / 1000:.6f}", "milliseconds": round(since)}
        made.append((before, device.clock.now()))
        plug.value(len(made) - 1, Time=stamps[form])

    for _ in range(3):
        while Flag.STALE in (indication := await reading(device, publish)).flags:
            pass  # two within a millisecond bear one stamp: nothing says that the second is new
        assert indication.value is not None
        before, after = made[round(indication.value)]
        assert indication.earliest <= before
        assert indication.latest >= after
        assert indication.latest - indication.earliest < 0.3 * NANOSECONDS


async def test_plain_numbers_and_several_topics(meter: MakeMeter, plug: Plug) -> None:
    points = {"power": {"unit": "W", "resolution": 0.1}, "voltage": {"topic": "~/voltage", "unit": "V"}}
    device = await meter(points=points, age=0.0)
    indication = await reading(device, lambda: plug.publish("plug", "7.5"))
    assert (indication.value, indication.resolution) == (7.5, 0.1)
    assert (await reading(device, lambda: plug.publish("plug/voltage", "231"), "voltage")).value == 231.0


async def test_what_the_broker_kept_is_not_fresh(meter: MakeMeter, plug: Plug) -> None:
    plug.publish("tele/plug/SENSOR", json.dumps({"ENERGY": {"Power": 99.0}}), retain=True)
    device = await meter()
    with pytest.raises(DeviceUnreachable, match=r"plug: sent nothing for 3\.0 s"):
        await device.read("power")
    plug.value(0.0)
    assert (await reading(device, lambda: plug.value(1.0))).value == 1.0


@pytest.mark.parametrize(
    ("power", "flags"),
    [
        (None, Flag.NOT_AVAILABLE),
        ("unavailable", Flag.NOT_AVAILABLE),
        (float("nan"), Flag.NOT_AVAILABLE),
        (float("inf"), Flag.OVER_RANGE),
        (3000.5, Flag.OVER_RANGE),
        (-1.0, Flag.UNDER_RANGE),
    ],
)
async def test_what_is_no_value_is_a_flag(meter: MakeMeter, plug: Plug, power: object, flags: Flag) -> None:
    limited = {"power": {**JSON_POINT["power"], "lower": 0.0, "upper": 3000.0}}
    device = await meter(points=limited, age=0.0)
    indication = await reading(device, lambda: plug.value(power))
    assert indication.flags == flags
    assert not indication.usable or flags == Flag.UNDER_RANGE


@pytest.mark.parametrize(
    ("payload", "rule"),
    [
        (b"\xff\xfe", "not UTF-8"),
        (b'{"Time": 1780315200, "n": 1}', "has no field 'ENERGY.Power'"),
        (b'{"ENERGY": {"Power": "much"}, "Time": 1780315200, "n": 1}', "no number"),
        (b'{"ENERGY": {"Power": 1}, "Time": "yesterday", "n": 1}', "no time stamp"),
        (b'{"ENERGY": {"Power": 1}, "Time": "2026-06-01T12:00:00", "n": 1}', "without a zone"),
        (b'{"ENERGY": {"Power": 1}, "Time": 1780315200, "n": -1}', "no running number"),
    ],
)
async def test_garbage_says_which_rule_it_broke(meter: MakeMeter, plug: Plug, payload: bytes, rule: str) -> None:
    device = await meter(age=0.0, time="Time", sequence="n")
    with pytest.raises(RemoteProtocolError, match=f"plug: sent .*{rule}"):
        await reading(device, lambda: plug.publish("tele/plug/SENSOR", payload))
    assert device.supervisor.status.garbled == 1


async def test_gaps_are_counted_and_told(meter: MakeMeter, plug: Plug, caplog: pytest.LogCaptureFixture) -> None:
    device = await meter(sequence="n", age=0.0)
    for number in (5, 6, 10):
        plug.value(1.0, n=number)
    numbers = iter(range(11, 10000))
    await reading(device, lambda: plug.value(1.0, n=next(numbers)))
    assert device.supervisor.status.missed == 3
    assert "plug: 3 of its messages did not come" in caplog.text


async def test_a_value_that_is_sent_again_is_stale(meter: MakeMeter, plug: Plug) -> None:
    device = await meter(sequence="n", age=0.0)
    flags = [(await reading(device, lambda: plug.value(1.0, n=7))).flags for _ in range(2)]
    assert flags == [Flag.GOOD, Flag.STALE]
    other = await meter(time="Time", age=0.0)
    await reading(other, lambda: plug.value(1.0, Time=datetime.now(UTC).isoformat()))
    stale = await reading(other, lambda: plug.value(1.0, Time="2026-06-01T12:00:00.000Z"))
    assert (stale.flags, stale.usable) == (Flag.STALE, False)


async def test_a_device_that_vanishes_is_offline_by_its_last_will(meter: MakeMeter, plug: Plug) -> None:
    device = await meter(availability=AVAILABILITY, period=5.0)
    waiting = asyncio.create_task(device.read("power"))
    await asyncio.sleep(0)
    plug.vanish()
    while not device._told.offline:
        with device.clock.exchange():
            await asyncio.sleep(0.01)
    indication = await device.read("power")
    assert (indication.value, indication.flags) == (None, Flag.NOT_AVAILABLE)
    waiting.cancel()
    await asyncio.wait([waiting])


async def test_the_outlet_is_switched_and_says_so(meter: MakeMeter, plug: Plug) -> None:
    device = await meter(relay=RELAY, availability=AVAILABILITY)
    for value in (1.0, 0.0, 0.0, 1.0):
        await device.write("relay", value)
        assert (await device.read("relay")).value == value
    for refused in (0.5, 2.0, float("nan")):
        with pytest.raises(SetpointRefused):
            await device.write("relay", refused)
    with pytest.raises(UnitError):
        await device.write("power", 1.0)


async def test_an_outlet_that_does_not_say_so_is_not_switched(meter: MakeMeter, plug: Plug) -> None:
    device = await meter(relay=RELAY)
    plug.answers = False
    with pytest.raises(DeviceUnreachable, match=r"plug: did not say within 3\.0 s that the relay is ON; check that"):
        await device.write("relay", 1.0)


async def test_a_kept_state_counts_only_of_a_device_that_is_there(meter: MakeMeter, plug: Plug) -> None:
    plug.publish("stat/plug/POWER", "ON", retain=True)
    alone = await meter(points=None, relay=RELAY)
    state = await alone.read("relay")
    assert (state.value, state.flags) == (1.0, Flag.STALE)
    told = await meter(points=None, relay=RELAY, availability=AVAILABILITY)
    assert (await told.read("relay")).flags == Flag.GOOD
    heard = await meter(relay=RELAY)
    assert (await reading(heard, lambda: plug.value(1.0), "relay")).flags == Flag.GOOD


async def test_a_state_that_is_none_is_refused(meter: MakeMeter, plug: Plug) -> None:
    device = await meter(relay=RELAY, availability=AVAILABILITY)
    plug.publish("stat/plug/POWER", "perhaps")
    with pytest.raises(RemoteProtocolError, match="told the state 'perhaps', neither ON nor OFF"):
        await reading(device, lambda: plug.publish("stat/plug/POWER", "perhaps"), "relay")


async def test_a_dead_broker_is_told_at_once_and_once(
    meter: MakeMeter, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    device = await meter(age=0.0)
    reader = asyncio.create_task(device.read("power"))
    await asyncio.sleep(0)
    broker.kill()
    with pytest.raises(DeviceUnreachable, match="plug: lost the broker at"):
        await reader
    with pytest.raises(DeviceUnreachable, match=r"lost the broker|cannot be reached"):
        await device.read("power")
    told = [record for record in caplog.records if record.name == "hil_drivers.link"]
    assert [record.levelno for record in told] == [logging.WARNING]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "has no points; give points"),
        ({"points": {"relay": {"unit": "W"}}}, "has a point named relay"),
        ({"points": {"power": {"topic": "a"}}}, "points.power.unit: field required; use field, lower, resolution"),
        ({"points": {"power": {"unit": "W", "name": "x"}}}, "points.power.name: extra inputs"),
        ({"points": {"power": "W"}}, "points.power: input should be a valid dictionary"),
        ({"relay": {"command": "a"}}, "relay.state: field required"),
        ({"points": {"p": {"unit": "W"}}, "availability": {}}, "availability.topic: field required"),
        ({"points": {"p": {"unit": "W"}}, "period": 0.0}, "period = 0.0 s; give a number from 0.001"),
        ({"points": {"p": {"unit": "W"}}, "age": -1.0}, "age = -1.0 s"),
        ({"points": {"p": {"unit": "W"}}, "latency": "much"}, "latency = 'much' s"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError) as refused:
        MqttMeter("plug", "mqtt://broker/plug", clock=WallClock(), **options)
    assert message in str(refused.value)


def test_a_persistent_session_needs_the_time_of_the_device() -> None:
    address = "mqtt://broker/plug?persistent=1&client_id=bench"
    with pytest.raises(OptionError, match="delivers values of unknown age"):
        MqttMeter("plug", address, clock=WallClock(), points=JSON_POINT)
    MqttMeter("plug", address, clock=WallClock(), points=JSON_POINT, time="Time")


def test_its_points_are_known_before_it_is_made() -> None:
    points = MqttMeter.declared({"points": JSON_POINT, "relay": RELAY})
    assert {name: (point.unit, point.writable) for name, point in points.items()} == {
        "power": ("W", False),
        "relay": ("1", True),
    }
