"""The physics: air, lamp, carriage, luxmeters, climate probe."""

from __future__ import annotations

import copy
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_drivers.clock import NANOSECONDS
from hil_drivers.sim.climate import saturation_pressure
from hil_drivers.sim.climate_probe import Air, ClimateProbe
from hil_drivers.sim.devices.hmp import HmpDevice
from hil_drivers.sim.devices.t10a import T10aDevice
from hil_drivers.sim.light import PARKED, Carriage, Steps, by_geometry, mean
from hil_drivers.sim.luxmeter import Luxmeter
from hil_drivers.sim.scale import CertifiedScale
from hil_drivers.sim.world import BenchTime, World
from hil_drivers.sim.world_file import Lamp, Luminaire, WorldFile

SAMPLE: dict[str, Any] = json.loads((Path(__file__).parent / "sim_world.json").read_text())
S = NANOSECONDS


def world(seed: int = 1, **changes: object) -> World:
    return World(WorldFile.model_validate(copy.deepcopy(SAMPLE) | {"seed": seed} | changes))


def luxmeter(w: World, name: str = "luxmeter") -> Luxmeter:
    device = w.file.devices[name]
    assert isinstance(device, T10aDevice)
    return Luxmeter(name, device, w)


def test_steps_keep_their_history() -> None:
    steps = Steps(0.0)
    for t, value in ((10, 1.0), (20, 1.0), (30, 2.0), (30, 3.0)):
        steps.set(t, value)
    assert [steps.at(t) for t in (9, 10, 29, 30)] == [0.0, 1.0, 1.0, 3.0]
    assert steps.changes(0, 100) == [10, 30]
    assert steps.changes(10, 30) == []


def test_the_mean_of_steps_is_exact() -> None:
    steps = Steps(0.0)
    steps.set(S // 4, 4.0)
    assert mean(0, S, steps.at, steps.changes(0, S)) == pytest.approx(3.0, rel=1e-15)


def test_the_mean_of_a_slow_wave_is_its_integral() -> None:
    value = mean(0, S // 2, lambda t: math.sin(2 * math.pi * t / (3600 * S)), [])
    omega = 2 * math.pi / 3600
    assert value == pytest.approx((1 - math.cos(omega * 0.5)) / (omega * 0.5), rel=1e-12)


def test_magnus() -> None:
    """Values of e_w at 20 and 23.4 Cel, and of the dew point at 20 Cel, 50 % and 40 Cel, 85 %."""
    assert saturation_pressure(20.0) == pytest.approx(23.326, abs=5e-4)
    assert Air(20.0, 50.0).dew_point == pytest.approx(9.255, abs=5e-4)
    assert Air(40.0, 85.0).dew_point == pytest.approx(36.991, abs=5e-4)


def test_humidity_falls_where_the_same_air_is_warmer() -> None:
    """dRH/dT = -3.09 % / K at 20 Cel and 50 %."""
    w = world(room={"temperature": 20.0, "temperature_swing": 0.1, "swing_period": 4.0, "humidity": 50.0})
    slope = (w.climate.humidity(S) - w.climate.humidity(3 * S)) / 0.2
    assert slope == pytest.approx(-3.09, abs=0.01)


def test_the_lamp_warms_up_and_follows_the_temperature() -> None:
    w = world(room={"temperature": 28.0, "temperature_swing": 0.0, "dark_illuminance": 0.0})
    w.light.set_level(60 * S, 0.5)
    nominal = 1000.0 * w.truth.lamp_gain * 1.01 * (1 - 0.002 * 5.0)
    assert w.light.plane(60 * S) == pytest.approx(nominal * 1.03, rel=1e-12)
    w.light.set_level(90 * S, 0.0)
    w.light.set_level(100 * S, 0.5)
    assert w.light.plane(780 * S) == pytest.approx(nominal * (1 + 0.03 / math.e), rel=1e-12)
    assert 0.93 <= w.truth.lamp_gain <= 1.05


def test_the_illuminance_of_a_luminaire_by_distance_angle_and_size() -> None:
    """1000 cd at 2 m: 250.00 lx, at 30 degrees 216.51 lx; a disc of a tenth of the distance gives 0.99 % less."""
    assert by_geometry([Luminaire(intensity=1000, radius=0)]) == pytest.approx(250.0, abs=5e-3)
    assert by_geometry([Luminaire(intensity=1000, angle=30, radius=0)]) == pytest.approx(216.51, abs=5e-3)
    assert by_geometry([Luminaire(intensity=1000, radius=0.2)]) == pytest.approx(250.0 * 0.9901, abs=5e-3)
    assert by_geometry(Lamp(device="lights").luminaires) * 1.01 == pytest.approx(2000.0, rel=2e-3)


def test_hours_of_burning_dim_the_luminaires() -> None:
    new = world(lamp={"device": "lights", "tolerance": 0.0, "hours": 0.0})
    old = world(lamp={"device": "lights", "tolerance": 0.0, "hours": 50_000.0, "ageing": 7.1e-6})
    assert new.truth.lamp_gain == 1.0
    assert 0.70 < old.truth.lamp_gain < 1.0


def test_the_carriage_takes_its_time() -> None:
    carriage = Carriage(1.0)
    carriage.move(0, 0)
    assert not carriage.moving(0)
    carriage.move(10 * S, 1)
    assert carriage.moving(10 * S)
    assert [carriage.share(10 * S + S // 2, n) for n in (0, 1)] == [PARKED, PARKED]
    assert carriage.position(10 * S + S // 2) == 0.5
    assert not carriage.moving(11 * S)
    assert [carriage.share(11 * S, n) for n in (0, 1)] == [PARKED, 1.0]
    carriage.move(11 * S + 1, 1)
    assert not carriage.moving(11 * S + 1)


def test_a_turned_back_carriage_arrives_a_whole_travel_later() -> None:
    carriage = Carriage(1.0)
    carriage.move(0, 1)
    carriage.move(S // 2, 0)
    assert carriage.moving(S + S // 4)
    assert carriage.share(S + S // 2, 0) == 1.0
    assert carriage.position(2 * S) == 0.0


def test_a_head_sees_what_its_place_sees() -> None:
    w = world()
    w.light.set_level(0, 0.1)
    meter = luxmeter(w, "reference")
    plane = mean(S, S + S // 2, w.light.plane, [])
    delta = w.truth.effects["placement of the reference head"]
    assert meter.illuminance(S, S + S // 2) == pytest.approx(plane * (1 + delta), rel=1e-12)
    assert luxmeter(w).illuminance(S, S + S // 2) == pytest.approx(PARKED * plane, rel=1e-2)


def test_a_conversion_integrates_over_a_change_of_light() -> None:
    w = world(room={"temperature_swing": 0.0, "dark_illuminance": 0.0})
    meter = luxmeter(w, "reference")
    w.light.set_level(S + S // 4, 0.1)
    whole = meter.illuminance(2 * S, 2 * S + S // 2)
    assert meter.illuminance(S, S + S // 2) == pytest.approx(whole / 2, rel=1e-4)


def test_an_item_responds_by_its_prior_and_its_effects() -> None:
    w = world()
    prior, alpha = w.truth.priors["luxmeter"], w.truth.effects["luxmeter temperature coefficient"]
    sensed = 200.0 / (1 + alpha * (w.climate.temperature(5 * S) - 23.0))
    shape = math.sin(math.pi * math.log10(sensed) + prior["phase"])
    expected = (1 + prior["gain"] + prior["nonlinearity"] * shape) * sensed + prior["offset"]
    assert luxmeter(w).indication(200.0, 5 * S) == pytest.approx(expected, rel=1e-14)


@given(illuminance=st.floats(0.5, 2000.0), seed=st.integers(0, 50))
def test_a_reference_satisfies_its_certificate(illuminance: float, seed: int) -> None:
    """value = f(indication) (1 + relative effects), f through the drawn points."""
    import numpy as np

    w = world(seed)
    indication = luxmeter(w, "reference").indication(illuminance, 0)
    x = SAMPLE["devices"]["reference"]["certificates"]["illuminance"]["indication"]
    y = w.truth.certificates["reference"]["illuminance"]
    f = np.interp(indication, x, y)
    if indication < x[0] or indication > x[-1]:
        k = 0 if indication < x[0] else -1
        f = indication * y[k] / x[k]
    relative = w.truth.effects["reference drift since calibration"] + w.truth.effects["reference spectral mismatch"]
    assert f * (1 + relative) == pytest.approx(illuminance, rel=1e-12)


def test_the_noise_of_readings_is_as_stated() -> None:
    import numpy as np

    w = world()
    w.light.set_level(0, 0.25)
    meter = luxmeter(w, "reference")
    starts = range(3600 * S, 3600 * S + 2000 * (S // 2), S // 2)
    exact = [meter.indication(meter.illuminance(t, t + S // 2), t + S // 4) for t in starts]
    relative = np.array([meter.convert(t) for t in starts]) / exact - 1.0
    assert relative.std() == pytest.approx(0.3 / 500, rel=0.15), "0.3 digit of 1 lx rules at 500 lx"
    w.light.set_level(0, 0.0125)
    relative = np.array([meter.convert(t) / 25.0 for t in starts])
    assert relative.std() == pytest.approx(0.0005, rel=0.3)


def test_a_conversion_is_the_same_whenever_it_is_asked_for() -> None:
    w = world()
    meter = luxmeter(w)
    w.light.set_level(0, 0.1)
    first = meter.convert(S)
    w.light.set_level(9 * S, 0.9)
    assert meter.convert(S) == first
    assert meter.convert(S + 1) != first


@given(st.lists(st.floats(0.1, 10), min_size=1, max_size=6), st.floats(-5, 100), st.booleans())
def test_a_certified_scale_is_monotone(steps: list[float], value: float, proportional: bool) -> None:
    knots = [sum(steps[: i + 1]) for i in range(len(steps))]
    scale = CertifiedScale(knots, [1.01 * k for k in knots], proportional=proportional)
    assert scale.indication(value + 0.1) > scale.indication(value)
    assert CertifiedScale(knots, knots, proportional=proportional).indication(value) == pytest.approx(value)


def test_a_climate_probe_samples_once_a_second() -> None:
    w = world()
    device = w.file.devices["climate"]
    assert isinstance(device, HmpDevice)
    probe = ClimateProbe("climate", device, w)
    assert probe.read(5 * S) == probe.read(6 * S - 1)
    assert probe.read(6 * S) != probe.read(5 * S)
    true, knots = w.climate.temperature(5 * S), w.truth.certificates["climate"]["temperature"]
    slope = (knots[1] - knots[0]) / 10.0
    assert probe.read(5 * S).temperature == pytest.approx(15.0 + (true - knots[0]) / slope, abs=0.025)


def test_bench_time_moves_forward_only() -> None:
    time = BenchTime(None)
    time.advance(5)
    time.advance(5)
    with pytest.raises(ValueError, match="cannot go back"):
        time.advance(4)
    assert time.now() == 5


def test_the_sign_sees_its_own_place() -> None:
    w = world()
    w.light.set_level(0, 0.1)
    delta = w.truth.effects["uniformity between luxmeter and sign"]
    plane = mean(S, S + S // 100, w.light.plane, [])
    assert w.sign_illuminance(S, S + S // 100) == pytest.approx(plane * (1 + delta), rel=1e-12)
