"""Three Modbus devices on one simulated line, in lockstep and paced: shared, in turn, and none stalls the others."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hil.clock import LockstepClock
from hil_drivers.clock import NANOSECONDS, Clock, WallClock
from hil_drivers.device import Device
from hil_drivers.errors import DeviceUnreachable
from hil_drivers.instruments.digital_io import DigitalIo
from hil_drivers.instruments.hmp import Hmp
from hil_drivers.instruments.modbus import ModbusInstrument
from hil_drivers.sim.client import Simulation
from hil_drivers.sim.world_file import WorldFile

MAP = str(Path(__file__).parents[1] / "support" / "flow_meter.toml")
WIRING: dict[str, Any] = {"inputs": {"estop": 0}, "outputs": {"fan": 0}}
LINE = {"transport": "rtu", "line": "bus"}
WORLD: dict[str, Any] = {
    "seed": 2,
    "room": {"temperature": 23.4, "temperature_swing": 0.0},
    "devices": {
        "climate": {"kind": "hmp", **LINE},
        "flow": {"kind": "modbus", "map": MAP, "values": {"flow": 12.5}, **LINE},
        "io": {"kind": "digital-io", **WIRING, **LINE},
    },
}
READS = {"climate": "temperature", "flow": "flow", "io": "estop"}
EXPECTED = {"climate": pytest.approx(23.4, abs=0.1), "flow": pytest.approx(12.5), "io": 1.0}


@asynccontextmanager
async def line(mode: str) -> AsyncIterator[tuple[Simulation, Clock, dict[str, Device]]]:
    """The three devices, open."""
    simulation = await Simulation.start({**WORLD, "mode": mode})
    clock: Clock = LockstepClock(simulation, 0, stall_after=60.0) if mode == "lockstep" else WallClock()
    at = simulation.addresses
    devices: dict[str, Device] = {
        "climate": Hmp("climate", at["climate"], clock=clock),
        "flow": ModbusInstrument("flow", at["flow"], clock=clock, map=MAP),
        "io": DigitalIo("io", at["io"], clock=clock, **WIRING),
    }
    try:
        for device in devices.values():
            await device.open()
        yield simulation, clock, devices
    finally:
        for device in devices.values():
            await device.close()
        await simulation.end()


async def poll(clock: Clock, device: Device, times: int) -> list[float | None]:
    """Read ten times a second of bench time; ``None`` where it could not be reached."""
    values: list[float | None] = []
    begun = clock.now()
    for i in range(times):
        await clock.sleep_until(begun + i * NANOSECONDS // 10)
        try:
            values.append((await device.read(READS[device.name])).value)
        except DeviceUnreachable:
            values.append(None)
    return values


async def polled(clock: Clock, devices: dict[str, Device], times: int) -> dict[str, list[float | None]]:
    """Poll all at once."""
    tasks = {name: asyncio.create_task(poll(clock, device, times)) for name, device in devices.items()}
    await clock.wait(*tasks.values())
    return {name: task.result() for name, task in tasks.items()}


@pytest.mark.parametrize("mode", ["lockstep", "paced"])
async def test_devices_on_one_line_are_read_at_once(mode: str) -> None:
    async with line(mode) as (simulation, clock, devices):
        paths = {address.partition("?")[0] for address in simulation.addresses.values()}
        assert len(paths) == 1
        assert await polled(clock, devices, 20) == {name: [EXPECTED[name]] * 20 for name in devices}


async def test_a_dead_device_does_not_stall_the_others() -> None:
    """Bench time stands still while the silent one is waited for: what it costs is wall time, and little."""
    async with line("lockstep") as (simulation, clock, devices):
        await simulation.inject("flow", "silent")
        assert await poll(clock, devices["flow"], 2) == [None, None]
        begun = time.monotonic()
        values = await polled(clock, devices, 60)
        taken = time.monotonic() - begun
        assert values["flow"] == [None] * 60
        assert values["climate"] == [EXPECTED["climate"]] * 60
        assert values["io"] == [1.0] * 60
        assert taken < 10.0, "sixty times its deadline are three minutes"
        await simulation.clear("flow")
        async with asyncio.timeout(40.0):
            while (await poll(clock, devices["flow"], 1)) == [None]:  # noqa: ASYNC110 (a back-off is wall time)
                await asyncio.sleep(0.05)


async def test_a_device_that_is_off_the_line_leaves_the_others_on_it() -> None:
    async with line("lockstep") as (simulation, clock, devices):
        await simulation.inject("climate", "dropped")
        values = await polled(clock, {name: devices[name] for name in ("climate", "io")}, 2)
        assert values == {"climate": [None, None], "io": [1.0, 1.0]}


def test_one_id_on_a_line_is_one_device() -> None:
    devices = {**WORLD["devices"], "other": {"kind": "hmp", **LINE}}
    with pytest.raises(ValueError, match="'climate' and 'other' both have the device id 240 on the line 'bus'"):
        WorldFile.model_validate({**WORLD, "devices": devices})


def test_a_line_is_for_rtu() -> None:
    with pytest.raises(ValueError, match="'line' is for transport = \"rtu\""):
        WorldFile.model_validate({**WORLD, "devices": {"climate": {"kind": "hmp", "line": "bus"}}})
