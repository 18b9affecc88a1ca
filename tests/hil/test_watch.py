"""Watching a bench: live values with U, stale and back again, and devices that are not there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from bench_copy import copy_bench
from hil.bench.config import load_bench
from hil.errors import UsageError
from hil.monitor.bench import WatchedBench, open_all, watch_bench
from hil.monitor.channel import Look
from hil_drivers.clock import NANOSECONDS

DEADLINE = 30.0
"""Wall seconds after which a test has failed; none waits for it when all is well."""


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not condition():  # noqa: ASYNC110 (it looks at a display, as an operator does)
            await asyncio.sleep(0.01)


def looks(bench: WatchedBench) -> dict[str, Look]:
    return {look.channel: look for look in (channel.look() for channel in bench.channels)}


async def test_each_channel_has_its_value_u_and_age() -> None:
    async with watch_bench(load_bench("action-sim"), channels=["room.humidity", "luxmeter.illuminance"]) as bench:
        assert {look.state for look in looks(bench).values()} == {"waiting"}
        async with bench.reading():
            await until(lambda: all(look.state == "ok" for look in looks(bench).values()))
            humidity, lux = looks(bench).values()
    assert humidity.value == pytest.approx(45, abs=3)
    assert humidity.u == pytest.approx(0.6, abs=0.3)
    assert humidity.age is not None
    assert lux.value is not None
    assert lux.u is None, "it has no calibration yet: unknown, not zero"


async def test_what_lies_outside_the_calibrated_range_is_no_measurement() -> None:
    async with watch_bench(load_bench("action-sim"), channels=["reference.illuminance"]) as bench, bench.reading():
        await until(lambda: looks(bench)["reference.illuminance"].state == "flagged")
        look = looks(bench)["reference.illuminance"]
    assert look.value is None
    assert "outside 1.0045 to 1007 lx" in look.error


async def test_a_lost_link_is_stale_in_two_periods_and_comes_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    dropped = '\n[[sim.faults]]\ndevice = "luxmeter"\nkind = "dropped"\nfrom = 30.0\nto = 60.0\n'
    config = load_bench(copy_bench(tmp_path, add=dropped))
    name = "luxmeter.illuminance"
    with caplog.at_level(logging.INFO, "hil_drivers.link"):
        async with watch_bench(config, channels=[name], period=1.0, speed=10.0) as bench, bench.reading():
            await until(lambda: looks(bench)[name].state == "ok")
            await until(lambda: looks(bench)[name].state == "stale")
            lost = looks(bench)[name]
            await until(lambda: looks(bench)[name].state == "ok")
            assert bench.clock.now() > 60 * NANOSECONDS
    assert lost.value is not None, "the last value stays, with its age"
    assert lost.age is not None
    assert lost.age > 2.0
    assert lost.flags & lost.flags.STALE
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 2, lines
    assert "luxmeter: answers again after" in lines[1]


async def test_a_device_that_is_not_there_stops_nobody(tmp_path: Path) -> None:
    absent = ('driver = "hmp"\naddress = "sim:climate"', 'driver = "hmp"\naddress = "modbus+tcp://127.0.0.1:1"')
    config = load_bench(copy_bench(tmp_path, absent))
    async with watch_bench(config, channels=["room.humidity", "carriage.position"], period=1.0) as bench:
        failures = await open_all(list(bench.devices.values()))
        assert failures["carriage"] == ""
        assert "climate: cannot be reached" in failures["climate"]
        async with bench.reading():
            await until(lambda: looks(bench)["carriage.position"].state == "ok")
            await until(lambda: looks(bench)["room.humidity"].state == "stale")
            assert "climate" in looks(bench)["room.humidity"].error


BROKEN = {
    "Making": "raised KeyError: 'calibration'",
    "Opening": "raised ValueError: baud rate",
    "Reading": "raised ZeroDivisionError: of humidity",
    "Numbers": "raised TypeError: read returned float, not an Indication",
}


@pytest.mark.parametrize(("kind", "told"), BROKEN.items())
async def test_a_driver_that_raises_errors_of_its_own_is_that_devices_error_alone(
    tmp_path: Path, kind: str, told: str
) -> None:
    other = (
        'driver = "hmp"\naddress = "sim:climate"',
        f'driver = "broken_drivers:{kind}"\naddress = "tcp://127.0.0.1:1"',
    )
    config = load_bench(copy_bench(tmp_path, other))
    async with watch_bench(config, channels=["room.humidity", "carriage.position"], period=1.0, speed=5.0) as bench:
        await open_all(list(bench.devices.values()))
        async with bench.reading():
            await until(lambda: looks(bench)["carriage.position"].count > 1)
            await until(lambda: told in looks(bench)["room.humidity"].error)
        look, status = looks(bench)["room.humidity"], bench.devices["climate"].status
        assert look.error.startswith(f"climate: the driver broken_drivers:{kind} {told} (")
        assert "); correct the driver" in look.error
        assert told.partition(": of")[0] in status.last_error, "another channel of the device may have been read since"
        assert status.state.value == "down"


@pytest.mark.parametrize("kind", ["Sound", "Declaring"])
async def test_a_driver_that_knows_nothing_of_supervisors_is_up(tmp_path: Path, kind: str) -> None:
    other = (
        'driver = "hmp"\naddress = "sim:climate"',
        f'driver = "broken_drivers:{kind}"\naddress = "tcp://127.0.0.1:1"',
    )
    config = load_bench(copy_bench(tmp_path, other))
    async with watch_bench(config, channels=["room.humidity"]) as bench:
        await bench.channels[0].read()
        assert looks(bench)["room.humidity"].state == "ok"
        assert bench.devices["climate"].status.state.value == "up"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("room.humidty", "the bench action-sim has no 'room.humidty'; did you mean 'room.humidity'?"),
        ("light.illuminance", "light.illuminance: takes setpoints and cannot be read; name a channel that senses"),
    ],
)
async def test_a_channel_that_cannot_be_watched_is_refused(name: str, sentence: str) -> None:
    with pytest.raises(UsageError) as raised:
        async with watch_bench(load_bench("action-sim"), channels=[name]):
            pass
    assert str(raised.value) == sentence
