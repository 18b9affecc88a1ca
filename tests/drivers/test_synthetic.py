"""A synthetic system under test answers as its stated curve says, in the simulated world and at its driver."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from hil.clock import LockstepClock
from hil_drivers.capability import SystemUnderTest, Values
from hil_drivers.errors import RemoteProtocolError
from hil_drivers.instruments.camera import StreamCamera
from hil_drivers.instruments.sign_panel import SignPanel
from hil_drivers.instruments.synthetic import Synthetic
from hil_drivers.sim.client import Simulation
from hil_drivers.sim.response_curve import MIDDLES, Link, ResponseCurve
from hil_drivers.sim.synthetic import Exposures, Seen, SyntheticReader
from hil_drivers.sim.world import World
from hil_drivers.sim.world_file import WorldFile, WorldFileError, load

LAMP = {"device": "lights", "warm_up": 0.0, "tolerance": 0.0, "ageing": 0.0}
ROOM = {"temperature": 23.0, "temperature_swing": 0.0, "dark_illuminance": 0.0}


def described(seed: int = 1, **reader: Any) -> dict[str, Any]:
    return {
        "seed": seed,
        "room": ROOM,
        "lamp": LAMP,
        "devices": {
            "lights": {"kind": "artnet"},
            "panel": {"kind": "sign-panel"},
            "camera": {"kind": "camera"},
            "reader": {"kind": "synthetic", **reader},
        },
    }


def reading(level: float = 1.0, seed: int = 1, **reader: Any) -> tuple[SyntheticReader, World]:
    """A reader in a world with the light at ``level``."""
    world = World(WorldFile.model_validate(described(seed, **reader)))
    world.light.set_level(0, level)
    device: Any = world.file.devices["reader"]
    return SyntheticReader("reader", device, world), world


def shares(reader: SyntheticReader, text: str, count: int = 4000) -> tuple[float, float]:
    """How often it reads ``text``, and how often something else."""
    answers = [reader.answer(Seen(text, 0, 1_000_000)) for _ in range(count)]
    right = sum(answer == text for answer in answers if answer)
    return right / count, sum(1 for answer in answers if answer and answer != text) / count


@pytest.mark.parametrize("link", MIDDLES)
def test_half_of_the_ceiling_is_reached_at_a50(link: Link) -> None:
    curve = ResponseCurve(9.0, 4.0, 0.96, link)
    assert curve.probability(9.0) == pytest.approx(0.48)
    assert curve.average(curve.stimulus(0.9)) == pytest.approx(0.9)
    falling = ResponseCurve(9.0, -4.0, 0.96, link)
    assert falling.stimulus(0.9) < 9.0
    assert falling.average(falling.stimulus(0.9)) == pytest.approx(0.9)


def test_the_logistic_curve_has_its_closed_form() -> None:
    """logit 0.9 = ln 9 = slope ln(a90 / a50)."""
    assert ResponseCurve(9.0, 4.0).stimulus(0.9) == pytest.approx(9.0 * math.exp(math.log(9.0) / 4.0))


def test_the_average_over_contents_has_its_closed_form_with_the_probit() -> None:
    """E F(eta + s) = F(eta / sqrt(1 + sigma^2)) for a normal s."""
    curve = ResponseCurve(9.0, 4.0, link="probit", between=0.7)
    plain = ResponseCurve(9.0, 4.0 / math.hypot(1.0, 0.7), link="probit")
    for x in (4.0, 9.0, 20.0):
        assert curve.average(x) == pytest.approx(plain.probability(x), abs=1e-9)


def test_no_stimulus_gives_more_than_the_ceiling() -> None:
    with pytest.raises(ValueError, match=r"between 0 and 0\.9"):
        ResponseCurve(9.0, 4.0, 0.9).stimulus(0.9)


def test_in_the_dark_nothing_is_read() -> None:
    assert ResponseCurve(9.0, 4.0).probability(0.0) == 0.0


def test_it_is_right_as_often_as_the_curve_says() -> None:
    reader, world = reading(level=0.01, ceiling=0.97, false_rate=0.1)
    lux = world.sign_illuminance(0, 1_000_000)
    device: Any = world.file.devices["reader"]
    expected = ResponseCurve(device.a50, device.slope, 0.97).probability(lux)
    assert 0.7 < expected < 0.97, "a place on the curve that says something"
    right, wrong = shares(reader, "RUYT3")
    assert right == pytest.approx(expected, abs=0.02)
    assert wrong == pytest.approx(0.1 * (1.0 - expected), abs=0.01)


def test_something_is_read_where_nothing_is_shown_at_the_false_rate() -> None:
    reader, _ = reading(false_rate=0.1)
    right, wrong = shares(reader, "")
    assert right == 0.0
    assert wrong == pytest.approx(0.1, abs=0.02)


def test_texts_differ_by_as_much_as_is_stated() -> None:
    """At a50 the effect of a text moves the logit of its share by itself."""
    reader, world = reading(level=0.01, between=1.0)
    lux = world.sign_illuminance(0, 1_000_000)
    reader, _ = reading(level=0.01, between=1.0, a50=lux)
    found = np.array([shares(reader, f"SIGN{i}", 200)[0] for i in range(50)])
    logits = np.log((found + 0.002) / (1.002 - found))
    assert np.std(logits) == pytest.approx(1.0, abs=0.25)


def test_the_seed_and_the_number_of_the_question_decide() -> None:
    def told(seed: int) -> list[str]:
        reader, _ = reading(level=0.006, seed=seed)
        return [reader.answer(Seen("RUYT3", 0, 1_000_000)) for _ in range(60)]

    assert told(1) == told(1)
    assert told(1) != told(2)


def test_old_pictures_are_forgotten_and_each_camera_has_its_own() -> None:
    _, world = reading()
    kept = world.part(Exposures)
    for number in range(100):
        kept.add("camera", number, Seen(str(number), number, number + 1))
    kept.add("other", 99, Seen("OTHER", 0, 1))
    assert kept.of(0) is None
    assert kept.of(99) == Seen("99", 99, 100)
    assert kept.of(99, "other") == Seen("OTHER", 0, 1)


def test_a_curve_without_slope_is_refused(tmp_path: Any) -> None:
    import json

    path = tmp_path / "world.json"
    path.write_text(json.dumps(described(slope=0.0)))
    with pytest.raises(WorldFileError, match="would not depend on the stimulus"):
        load(path)


async def test_it_reads_what_its_picture_shows_and_not_what_comes_later() -> None:
    world = await Simulation.start({**described(a50=1e-9, slope=40.0), "room": {**ROOM, "dark_illuminance": 5.0}})
    clock = LockstepClock(world, 0, stall_after=60.0)
    addresses: Mapping[str, str] = world.addresses
    panel = SignPanel("panel", addresses["panel"], clock=clock)
    camera = StreamCamera("camera", addresses["camera"], clock=clock)
    reader = Synthetic("reader", addresses["reader"], clock=clock)
    wrong = Synthetic("reader", addresses["panel"], clock=clock)
    try:
        for device in (panel, camera, reader):
            await device.open()
        assert isinstance(reader, SystemUnderTest)
        assert set(reader.system.settings) == {"deadline", "domain", "output"}, "its curve is no secret told to others"
        await panel.show("RUYT3")
        frame = await camera.grab()
        await panel.show('A "B"')
        assert (await reader.respond(frame)).output == "RUYT3"
        assert (await reader.respond(Values({}))).output == 'A "B"'
        with pytest.raises(RemoteProtocolError, match="no SYNTHETIC READER"):
            await wrong.open()
    finally:
        for device in (panel, camera, reader, wrong):
            await device.close()
        await world.end()
