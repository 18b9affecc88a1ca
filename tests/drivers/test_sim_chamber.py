"""The physics of climatic chambers, against closed forms, and the places and powers that come with them."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hil_drivers.clock import NANOSECONDS
from hil_drivers.sim.chamber import SCAN, Chamber, chambers
from hil_drivers.sim.climate import dew_point, saturation_pressure
from hil_drivers.sim.climate_probe import ClimateProbe
from hil_drivers.sim.devices.hmp import HmpDevice
from hil_drivers.sim.places import air
from hil_drivers.sim.power import power
from hil_drivers.sim.world import World
from hil_drivers.sim.world_file import Fault, WorldFile

S = NANOSECONDS
HOUR = 3600 * S
IDEAL: dict[str, Any] = {
    "time_constant": 300.0,
    "heating_rate": 5.0,
    "cooling_rate": 5.0,
    "insulation_time": 1e15,
    "ripple": 0.0,
}
"""A chamber of which closed forms are known."""


def world(
    devices: dict[str, Any] | None = None, *, effects: list[dict[str, Any]] | None = None, **chamber: Any
) -> World:
    document: dict[str, Any] = {
        "seed": 1,
        "room": {"temperature": 20.0, "temperature_swing": 0.0, "humidity": 50.0},
        "devices": {"chamber": {"kind": "simserv", **chamber}, **(devices or {})},
        "effects": effects or [],
    }
    return World(WorldFile.model_validate(document))


def chamber(**settings_: Any) -> Chamber:
    return chambers(world(**settings_))["chamber"]


@pytest.mark.parametrize(("seconds", "expected"), [(420, 55.0), (900, 74.953), (1500, 79.317)])
def test_air_approaches_its_set_point_within_the_rate_of_heating(seconds: int, expected: float) -> None:
    """20 to 80 Cel, 300 s, 5 K/min: limited until 420 s, then exponential; commanded in the scan before."""
    ideal = chamber(**IDEAL)
    ideal.command(0, running=True, temperature=80.0)
    assert ideal.temperature(seconds * S + SCAN) == pytest.approx(expected, abs=5e-4)


def test_what_is_left_of_the_approach_when_a_sweep_reads() -> None:
    """`sweep` at 60 °C with the settings of its coverage: 0.4 mK on docs/reference/coverage.md."""
    default = chamber()
    default.command(0, running=True, temperature=40.0)
    begin = 3 * HOUR
    default.command(begin, temperature=60.0)
    within = next(t for t in range(begin, begin + HOUR, S) if abs(default.temperature(t) - 60.0) <= 0.4)
    read = [within + (600 + 900 + 25 * number) * S for number in range(18)]
    left = sum(60.0 - default.temperature(t) for t in read) / len(read)
    assert left == pytest.approx(4e-4, abs=5e-5)


def test_a_ramp_lags_by_time_constant_times_gradient() -> None:
    ideal = chamber(**{**IDEAL, "time_constant": 60.0})
    ideal.command(0, running=True, temperature=80.0, temperature_up=2.0)
    t = 1200 * S
    assert ideal.set_point(t) == pytest.approx(20.0 + 1200 * 2.0 / 60.0, abs=0.1)
    assert ideal.set_point(t) - ideal.temperature(t) == pytest.approx(60.0 * 2.0 / 60.0, rel=0.03)


@settings(max_examples=30)
@given(st.lists(st.integers(0, 4000 * S), max_size=20), st.integers(0, 3000))
def test_the_state_does_not_depend_on_who_asks_or_when(asked: list[int], commanded: int) -> None:
    alone, watched = world(), world()
    for w, times in ((alone, []), (watched, sorted(asked))):
        one = chambers(w)["chamber"]
        for t in (t for t in times if t <= commanded * S):
            air(w, "chamber", t)
        one.command(commanded * S, running=True, temperature=60.0, humidity=70.0)
        for t in (t for t in times if t > commanded * S):
            air(w, "chamber", t)
    for t in range(0, 4000 * S, 401 * S):
        assert air(alone, "chamber", t) == air(watched, "chamber", t)
        assert power(alone, t) == power(watched, t)


def test_a_command_acts_from_the_next_scan_on() -> None:
    ideal = chamber(**IDEAL)
    ideal.command(10 * S + SCAN // 2, running=True, temperature=80.0)
    assert ideal.temperature(11 * S) == 20.0
    assert ideal.temperature(12 * S) == pytest.approx(20.0 + 5.0 / 60.0)
    assert ideal.temperature(11 * S + SCAN // 2) == pytest.approx(20.0 + 2.5 / 60.0)


def test_a_chamber_at_rest_has_the_air_of_the_room() -> None:
    w = world()
    for t in (0, HOUR, 20 * HOUR):
        assert air(w, "chamber", t) == pytest.approx(air(w, "room", t), rel=1e-9)


def test_a_chamber_that_is_stopped_goes_back_to_the_room_by_its_walls() -> None:
    one = chamber()
    one.command(0, running=True, temperature=90.0)
    one.command(4 * HOUR, running=False)
    temperatures = [one.temperature(4 * HOUR + i * HOUR) for i in range(12)]
    assert temperatures[0] == pytest.approx(90.0, abs=0.2)
    assert all(after < before for before, after in pairwise(temperatures))
    assert temperatures[-1] == pytest.approx(20.0, abs=10.0)


def test_humidity_is_controlled_where_it_can_be() -> None:
    w = world(ripple=0.0)
    one = chambers(w)["chamber"]
    one.command(0, running=True, temperature=40.0, humidity=85.0)
    warm = air(w, "chamber", 4 * HOUR)
    assert warm == pytest.approx((40.0, 85.0), abs=0.01)
    assert dew_point(*warm) == pytest.approx(36.991, abs=0.01)
    one.command(4 * HOUR, temperature=5.0)
    cold = air(w, "chamber", 8 * HOUR)
    assert cold.humidity > 95.0, "below its range nothing dries the air, and what exceeds saturation condenses"
    assert one.humidity(8 * HOUR) <= 100.0


def test_warm_air_of_the_same_vapour_is_dry() -> None:
    one = chamber(ripple=0.0)
    one.command(0, running=True, temperature=60.0, humidity_running=False)
    vapour = one.humidity(HOUR) / 100.0 * saturation_pressure(one.temperature(HOUR))
    assert vapour == pytest.approx(0.5 * saturation_pressure(20.0), rel=0.05)


def test_air_is_not_dried_below_the_dew_point_of_the_coil_but_by_dry_air() -> None:
    one = chamber(ripple=0.0, humidity_range=(5.0, 95.0))
    one.command(0, running=True, temperature=20.0, humidity=5.0)
    driest = 100.0 * saturation_pressure(4.0) / saturation_pressure(20.0)
    assert one.humidity(4 * HOUR) == pytest.approx(driest, rel=0.02)
    one.command(4 * HOUR, dryer=True)
    assert one.humidity(8 * HOUR) == pytest.approx(5.0, abs=0.1)


def test_a_specimen_follows_later_and_dews_when_it_is_colder_than_the_dew_point() -> None:
    w = world(ripple=0.0)
    one = chambers(w)["chamber"]
    one.command(0, running=True, temperature=40.0, humidity=85.0)
    soon, late = air(w, "chamber/specimen", 600 * S), air(w, "chamber/specimen", 10 * HOUR)
    assert soon.temperature < air(w, "chamber", 600 * S).temperature - 5.0
    assert soon.humidity == 100.0
    assert late.temperature == pytest.approx(40.0, abs=1.0)
    assert late.humidity < 90.0


def test_the_controller_controls_what_its_sensor_indicates() -> None:
    offset = {
        "name": "offset",
        "device": "chamber",
        "kind": "absolute",
        "point": "temperature",
        "distribution": "rectangular",
        "half_width": 2.0,
    }
    w = world(effects=[offset], ripple=0.0)
    one, error = chambers(w)["chamber"], w.truth.effects["offset"]
    one.command(0, running=True, temperature=60.0)
    shown = sum(one.indication("temperature", 6 * HOUR + i * S) for i in range(100)) / 100.0
    assert abs(error) > 0.1
    assert shown == pytest.approx(60.0, abs=0.01)
    assert one.temperature(6 * HOUR) == pytest.approx(60.0 + error, abs=0.01)


def test_an_alarm_stops_it_as_long_as_it_lasts() -> None:
    w = world(**IDEAL)
    one = chambers(w)["chamber"]
    one.command(0, running=True, temperature=80.0)
    w.faults.append(Fault.model_validate({"device": "chamber", "kind": "alarm", "from": 100.0, "to": 200.0}))
    assert [one.tripped(t * S) for t in (99, 100, 199, 200)] == [False, True, True, False]
    assert one.temperature(200 * S) <= one.temperature(101 * S)
    assert one.temperature(300 * S) > one.temperature(200 * S) + 4.0


def test_it_cannot_go_beyond_what_it_can_heat() -> None:
    one = chamber(heating_rate=1.0, insulation_time=600.0, ripple=0.0)
    one.command(0, running=True, temperature=180.0)
    assert one.temperature(20 * HOUR) == pytest.approx(20.0 + 600.0 / 60.0, abs=0.1)


def test_power_is_drawn_by_what_works() -> None:
    lit = {"lamp": {"device": "lights", "power": 160.0}}
    document: dict[str, Any] = {
        "seed": 1,
        "devices": {"lights": {"kind": "artnet"}, "chamber": {"kind": "simserv"}},
        **lit,
    }
    w = World(WorldFile.model_validate(document))
    one = chambers(w)["chamber"]
    assert power(w, 0) == one.device.standby_power
    w.light.set_level(0, 0.5)
    assert power(w, 0) == one.device.standby_power + 80.0
    one.command(0, running=True, temperature=80.0)
    assert power(w, 60 * S) == pytest.approx(80.0 + 120.0 + 250.0 + 3500.0)
    assert 80.0 + 120.0 + 250.0 < power(w, 4 * HOUR) < 1500.0


def test_a_probe_stands_where_it_is_said_to() -> None:
    w = world({"inside": {"kind": "hmp", "place": "chamber"}, "outside": {"kind": "hmp"}})
    chambers(w)["chamber"].command(0, running=True, temperature=60.0)
    shown = {}
    for name in ("inside", "outside"):
        device = w.file.devices[name]
        assert isinstance(device, HmpDevice)
        shown[name] = ClimateProbe(name, device, w).read(2 * HOUR).temperature
    assert shown["inside"] == pytest.approx(60.0, abs=0.5)
    assert shown["outside"] == pytest.approx(20.0, abs=0.1)


@pytest.mark.parametrize("place", ["oven", "chamber/door", "lights", ""])
def test_a_place_that_is_none_is_refused_with_those_that_are(place: str) -> None:
    with pytest.raises(ValueError, match=r"'probe' cannot stand at .*; places are room, chamber, chamber/specimen"):
        world({"probe": {"kind": "hmp", "place": place}, "lights": {"kind": "artnet"}})


def test_no_chamber_can_be_named_as_the_room() -> None:
    with pytest.raises(ValueError, match="cannot be named 'room'"):
        world({"room": {"kind": "weiss-ascii2"}})


def test_limits_must_be_ordered() -> None:
    with pytest.raises(ValueError, match="the lower limit is not below the upper limit"):
        world(temperature_limits=(50.0, 50.0))


@pytest.mark.parametrize(
    ("temperature", "humidity", "expected"),
    [(20.0, 50.0, 9.255), (23.0, 45.0, 10.423), (40.0, 85.0, 36.991), (85.0, 85.0, 80.966)],
)
def test_dew_points(temperature: float, humidity: float, expected: float) -> None:
    assert dew_point(temperature, humidity) == pytest.approx(expected, abs=6e-4)


def test_forty_hours_are_known_in_seconds() -> None:
    one = chamber()
    one.command(0, running=True, temperature=60.0, humidity=50.0)
    assert math.isfinite(one.temperature(40 * HOUR))
