"""The CL-200A driver against its simulator, and the colour of the simulated lamp."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from hil.clock import LockstepClock
from hil_drivers.clock import NANOSECONDS
from hil_drivers.indication import Flag
from hil_drivers.instruments.artnet_light import ArtnetLight
from hil_drivers.instruments.cl200a import CL200A
from hil_drivers.sim.client import Simulation
from hil_drivers.sim.colour import of_temperature

CERTIFICATE = {"indication": [1.0, 2000.0], "value": [1.0, 2000.0], "covariance": [[1e-9, 0.0], [0.0, 1e-9]]}


class Bench:
    """A chroma meter under a lamp, in lockstep."""

    def __init__(self, simulation: Simulation) -> None:
        at = simulation.addresses
        self.clock = LockstepClock(simulation, 0)
        self.meter = CL200A("meter", at["meter"], clock=self.clock)
        self.light = ArtnetLight("lights", at["lights"], clock=self.clock, universe=0, channel=1, full_scale=2000.0)


@pytest.fixture
async def start() -> AsyncIterator[Callable[..., Any]]:
    running: list[tuple[Simulation, Bench]] = []

    async def started(*faults: dict[str, Any]) -> Bench:
        world = {
            "seed": 5,
            "lamp": {"device": "lights", "cct": 4000.0, "dim_to_warm": 0.1, "duv": 0.002},
            "devices": {
                "lights": {"kind": "artnet", "universe": 0, "channel": 1},
                "meter": {"kind": "cl200a", "certificates": {"illuminance": CERTIFICATE}},
            },
            "faults": list(faults),
        }
        simulation = await Simulation.start(world)
        running.append((simulation, Bench(simulation)))
        await running[-1][1].light.open()
        await running[-1][1].meter.open()
        return running[-1][1]

    yield started
    for simulation, bench in running:
        await bench.meter.close()
        await bench.light.close()
        await simulation.end()


async def test_one_integration_gives_all_points(start: Callable[..., Any]) -> None:
    bench: Bench = await start()
    await bench.light.write("illuminance", 2000.0)
    begun = bench.clock.now()
    found = await bench.meter.scan()
    assert list(found) == ["illuminance", "x", "y", "cct", "duv"]
    assert {(each.earliest, each.latest) for each in found.values()} == {(begun, begun + NANOSECONDS // 2)}
    expected = of_temperature(4000.0, 0.002)
    assert found["cct"].value == pytest.approx(4000.0, abs=15.0)
    assert found["duv"].value == pytest.approx(0.002, abs=6e-4)
    assert found["x"].value == pytest.approx(expected.x, abs=6e-4)
    assert found["y"].value == pytest.approx(expected.y, abs=6e-4)
    assert (found["cct"].unit, found["cct"].resolution) == ("K", 1.0)
    assert found["x"].resolution == pytest.approx(1e-4)
    assert all(each.usable and each.flags == Flag.GOOD for each in found.values())


async def test_the_lamp_is_warmer_when_it_is_dimmed(start: Callable[..., Any]) -> None:
    bench: Bench = await start()
    await bench.light.write("illuminance", 200.0)
    assert (await bench.meter.read("cct")).value == pytest.approx(4000.0 * (1 - 0.1 * 0.9), abs=15.0)


async def test_low_light_voids_the_colour_and_marks_the_illuminance(start: Callable[..., Any]) -> None:
    bench: Bench = await start()
    await bench.light.write("illuminance", 2.0)
    found = await bench.meter.scan()
    assert found["illuminance"].value == pytest.approx(2.0, rel=0.2)
    assert found["illuminance"].flags == Flag.LOW_LIGHT
    assert found["illuminance"].usable
    for point in ("x", "y", "cct", "duv"):
        assert found[point].value is None
        assert found[point].flags == Flag.LOW_LIGHT | Flag.NOT_AVAILABLE


FLAGS = {"nan": Flag.NOT_AVAILABLE, "low-battery": Flag.LOW_BATTERY, "over-range": Flag.OVER_RANGE}


async def test_faults_become_flags(start: Callable[..., Any]) -> None:
    windows = {kind: 20.0 * n for n, kind in enumerate(FLAGS, start=1)}
    faults = [{"device": "meter", "kind": kind, "from": t, "to": t + 20.0} for kind, t in windows.items()]
    bench: Bench = await start(*faults)
    await bench.light.write("illuminance", 500.0)
    for kind, t in windows.items():
        await bench.clock.sleep_until(int((t + 1.0) * NANOSECONDS))
        for point, indication in (await bench.meter.scan()).items():
            assert indication.flags & FLAGS[kind], point
            assert not indication.usable, point


COLOURS = {
    (2855.54, 0.0): (0.44757, 0.40745),
    (6503.5, 0.00320): (0.31272, 0.32903),
    (5002.8, 0.00316): (0.34567, 0.35851),
    (4000.0, 0.0): (0.38045, 0.37675),
}
"""CIE standard illuminants A, D65 and D50 (CIE 15) with their distance from the locus; Planck's radiator at 4000 K."""


@pytest.mark.parametrize(("stated", "expected"), COLOURS.items())
def test_the_colour_of_known_illuminants(stated: tuple[float, float], expected: tuple[float, float]) -> None:
    found = of_temperature(*stated)
    assert (found.x, found.y) == pytest.approx(expected, abs=6e-4)
