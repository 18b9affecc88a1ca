"""A climatic chamber on a bench: a soak with probes in it, limits, an alarm, and the safe state."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench_copy import copy_bench
from hil.bench import BenchConfig, compile_world, load_bench, open_bench
from hil.safety.safe_state import SafeState
from hil_drivers.capability import Actuator, Sensor
from hil_drivers.errors import SetpointRefused
from hil_drivers.indication import Flag

CHAMBER = """
[devices.chamber]
driver = "simserv"
address = "sim:chamber"
outputs = { "humidity.running" = 3, compressed_air = 7, dryer = 8 }

[devices.chamber-probe]
driver = "hmp"
address = "sim:chamber-probe"

[devices.thermometers]
driver = "pt100-scanner"
address = "sim:thermometers"
channels = { specimen = 101 }

[channels."chamber.temperature"]
device = "chamber"
point = "temperature"
unit = "Cel"
period = "10 s"

[channels."chamber.temperature.setpoint"]
device = "chamber"
point = "temperature.setpoint"
unit = "Cel"

[channels."chamber.humidity.setpoint"]
device = "chamber"
point = "humidity.setpoint"
unit = "%"

[channels."chamber.humidity.running"]
device = "chamber"
point = "humidity.running"
unit = "1"

[channels."chamber.running"]
device = "chamber"
point = "running"
unit = "1"

[channels."chamber.air"]
device = "chamber-probe"
point = "temperature"
unit = "Cel"
period = "10 s"

[channels."specimen.resistance"]
device = "thermometers"
point = "specimen"
unit = "Ohm"
period = "10 s"

[sim.devices.chamber-probe]
place = "chamber"

[sim.devices.thermometers.probes.specimen]
place = "chamber/specimen"
"""

SAFE = ('actions = [{ channel = "light.', 'actions = [{ channel = "chamber.running", set = 0.0 }, { channel = "light.')
ROLES = (
    'reader = "reader"\n',
    'reader = "reader"\nchamber = "chamber.temperature.setpoint"\nhumidity_set = "chamber.humidity.setpoint"\n'
    'humid = "chamber.humidity.running"\nrun = "chamber.running"\nindicated = "chamber.temperature"\n'
    'air = "chamber.air"\nspecimen = "specimen.resistance"\n',
)
USED = ["chamber", "humidity_set", "humid", "run", "indicated", "air", "specimen"]


@pytest.fixture
def config(tmp_path: Path) -> BenchConfig:
    return load_bench(copy_bench(tmp_path / "benches", SAFE, ROLES, add=CHAMBER))


async def test_a_specimen_is_soaked_for_forty_hours(config: BenchConfig) -> None:
    async with open_bench(config, roles=USED) as bench:
        for role, value in (("chamber", 50.0), ("humidity_set", 60.0), ("humid", 1.0), ("run", 1.0)):
            actuator = bench.role(role)
            assert isinstance(actuator, Actuator)
            await actuator.set(value)
        specimen, air = bench.role("specimen"), bench.role("air")
        assert isinstance(specimen, Sensor)
        assert isinstance(air, Sensor)
        await bench.clock.sleep(900.0)
        soon = (await specimen.read()).value
        await bench.clock.sleep(40 * 3600.0)
        late = (await specimen.read()).value
        assert (await air.read()).value == pytest.approx(50.0, abs=0.5)
        assert late == pytest.approx(119.397, abs=0.4)
        assert soon is not None
        assert soon < 118.0
        with pytest.raises(SetpointRefused, match=r"command a value from -77 to 182 Cel"):
            await bench.actuator("chamber.temperature.setpoint").set(200.0)
        outcomes = await SafeState(bench).reach()
        assert [outcome.error for outcome in outcomes] == ["", "", ""]
        assert (await bench.sensor("chamber.running").read()).value == 0.0


async def test_an_alarm_is_seen_by_whoever_reads(config: BenchConfig) -> None:
    async with open_bench(config, roles=["indicated", "run"]) as bench:
        await bench.actuator("chamber.running").set(1.0)
        assert bench.world is not None
        await bench.world.inject("chamber", "alarm")
        await bench.clock.sleep(10.0)
        reading = await bench.sensor("chamber.temperature").read()
        assert reading.flags == Flag.DEVICE_ERROR
        assert not reading.usable


def test_a_chamber_is_simulated_for_what_stands_in_it(config: BenchConfig) -> None:
    world = compile_world(config, {}, devices=["chamber-probe"])
    assert set(world["devices"]) == {"chamber", "chamber-probe"}
    assert world["devices"]["chamber-probe"]["place"] == "chamber"
