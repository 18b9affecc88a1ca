"""A target on a rail: how it moves, what the synthetic system makes of its place, how large it is in a picture."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hil.clock import LockstepClock
from hil_drivers.clock import NANOSECONDS
from hil_drivers.instruments.scpi_instrument import ScpiInstrument
from hil_drivers.sim.client import Simulation
from hil_drivers.sim.server.seen import picture
from hil_drivers.sim.synthetic import Seen, SyntheticReader
from hil_drivers.sim.target import RAIL_SPEED, Axis, Target
from hil_drivers.sim.world import World
from hil_drivers.sim.world_file import WorldFile

SECOND = NANOSECONDS


def world(**reader: Any) -> World:
    devices = {
        "panel": {"kind": "sign-panel"},
        "camera": {"kind": "camera"},
        "reader": {"kind": "synthetic", "stimulus": "distance", "slope": -50.0, "a50": 4.0, **reader},
    }
    return World(WorldFile.model_validate({"seed": 1, "room": {"dark_illuminance": 300.0}, "devices": devices}))


def test_an_axis_moves_at_its_speed_and_turns_round_on_the_way() -> None:
    axis = Axis(1.0, 2.0)
    axis.set(9.0, 10 * SECOND)
    assert axis.at(10 * SECOND) == 1.0
    assert axis.at(12 * SECOND) == pytest.approx(5.0)
    assert axis.at(20 * SECOND) == 9.0
    axis.set(0.0, 12 * SECOND)
    assert axis.at(13 * SECOND) == pytest.approx(3.0)
    assert axis.at(30 * SECOND) == 0.0


@pytest.mark.parametrize(("distance", "bearing", "seen"), [(3.0, 0.0, True), (3.0, 180.0, False), (5.0, 0.0, False)])
def test_it_is_seen_by_its_distance_and_bearing(distance: float, bearing: float, seen: bool) -> None:
    made = world(rear=0.5)
    target = made.part(Target)
    target.distance.set(distance, 0)
    target.bearing.set(bearing, 0)
    device: Any = made.file.devices["reader"]
    reader = SyntheticReader("reader", device, made)
    later = 60 * SECOND
    assert reader.answer(Seen("RUYT3", later, later + 1)) == ("RUYT3" if seen else "")


def test_a_sign_twice_as_far_is_half_as_large() -> None:
    made = world()
    made.text = "H"
    camera: Any = made.file.devices["camera"]

    def rows() -> int:
        """How many rows of the picture have ink."""
        image = picture(made, "camera", camera, 60 * SECOND, 60 * SECOND + 1000, index=1).astype(float)
        dark = image.min(axis=1)
        return int(np.sum(dark < (dark.min() + dark.max()) / 2.0))

    near = rows()
    made.part(Target).distance.set(2.0, 0)
    assert rows() == pytest.approx(near / 2.0, abs=2.0)


def test_each_reference_run_has_the_scale_begin_elsewhere() -> None:
    def places(seed: int) -> list[float]:
        target = Target(World(WorldFile.model_validate({"seed": seed, "devices": {"panel": {"kind": "sign-panel"}}})))
        target.distance.set(3.0, 0)
        found = [target.distance.at(60 * SECOND)]
        for _ in range(400):
            target.home(0.002)
            found.append(target.distance.at(60 * SECOND))
        assert target.distance.setpoint == 3.0
        return found

    first, *homed = places(1)
    assert first == 3.0
    assert np.mean(homed) == pytest.approx(3.0, abs=4e-4)
    assert np.std(homed) == pytest.approx(0.002, rel=0.15)
    assert places(1) == [first, *homed] != places(2)


async def test_what_is_written_to_a_described_rail_moves_the_target(tmp_path: Any) -> None:
    path = tmp_path / "rail.toml"
    path.write_text(
        '[points.distance]\nunit = "m"\nquery = "SOUR:DIST?"\ncommand = "SOUR:DIST {value:.3f}"\n'
        "lower = 0.5\nupper = 20.0\n"
        '[points.actual]\nunit = "m"\nquery = "MEAS:DIST?"\n'
        '[points.home]\nunit = "1"\ncommand = "SOUR:HOME {value:d}"\nlower = 0.0\nupper = 1.0\n'
    )
    rail = {
        "kind": "scpi",
        "description": str(path),
        "values": {
            "distance": {"follows": "target.distance.setpoint"},
            "actual": {"follows": "target.distance"},
            "home": {"follows": "target.home", "noise": 0.1},
        },
    }
    simulation = await Simulation.start({"seed": 1, "devices": {"rail": rail}})
    clock = LockstepClock(simulation, 0, stall_after=60.0)
    device = ScpiInstrument("rail", simulation.addresses["rail"], clock=clock, description=str(path))
    try:
        await device.open()
        await device.write("distance", 3.0)
        before = (await device.read("actual")).value
        await clock.sleep(1.0)
        under_way = (await device.read("actual")).value
        await clock.sleep(5.0)
        assert before == pytest.approx(1.0, abs=0.01)
        assert under_way == pytest.approx(1.0 + RAIL_SPEED, abs=0.02)
        assert (await device.read("actual")).value == pytest.approx(3.0)
        assert (await device.read("distance")).value == pytest.approx(3.0)
        await device.write("home", 1.0)
        assert (await device.read("actual")).value != pytest.approx(3.0, abs=1e-4)
        assert (await device.read("distance")).value == pytest.approx(3.0)
    finally:
        await device.close()
        await simulation.end()
