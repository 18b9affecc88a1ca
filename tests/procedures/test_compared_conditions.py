"""What the procedures hand to a comparison of benches: each result at its condition, with what its u is made of."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from hil.comparing.results import Compared
from hil.errors import UsageError
from hil_calibration.comparison import equivalence
from hil_calibration.coverage import coverage_factor
from hil_procedures.detection_range.parameters import DetectionRange
from hil_procedures.detection_range.script import conditions as of_range
from hil_procedures.docking.parameters import Docking
from hil_procedures.docking.script import conditions as of_docking
from hil_procedures.latency.parameters import SceneToSensorLatency
from hil_procedures.latency.script import conditions as of_latency
from hil_procedures.means import mean_over
from hil_procedures.obstacle_stop.parameters import ObstacleStop
from hil_procedures.obstacle_stop.script import conditions as of_stop
from hil_procedures.pose.parameters import PoseAccuracy
from hil_procedures.pose.script import conditions as of_pose
from hil_procedures.precision.parameters import RepeatabilityReproducibility
from hil_procedures.precision.script import conditions as of_precision
from hil_procedures.robustness.parameters import ClimaticRobustness
from hil_procedures.robustness.script import conditions as of_robustness
from hil_procedures.shares import share
from hil_procedures.success.parameters import SuccessRate
from hil_procedures.success.script import conditions as of_success

STUDY = RepeatabilityReproducibility(items=("1", "2"))
BUDGET = {"certificate": {"u": 3e-4, "distribution": "normal"}, "scatter": {"u": 4e-4, "distribution": "normal"}}
PARTS = {"certificate": 3e-4, "scatter": 4e-4}


def bearing(reach: float | None, u: float | None, at: float = 90.0) -> dict[str, Any]:
    budget = [{"name": name, "u": each} for name, each in PARTS.items()]
    return {"bearing": at, "unrounded": {"range": reach, "u": u}, "reason": "", "budget": budget}


def test_the_range_of_each_bearing() -> None:
    found = of_range({"bearings": [bearing(4.0, 5e-4, 0.0), bearing(3.0, 5e-4)]}, DetectionRange())
    assert list(found["range"]) == ["0 degrees", "90 degrees"]
    assert found["range"]["90 degrees"] == Compared(3.0, 5e-4, "m", PARTS, of_size=True)
    with pytest.raises(UsageError, match="states no range at 90 degrees: a bound is missing"):
        of_range({"bearings": [bearing(3.0, None)]}, DetectionRange())


def test_the_mean_error_of_each_pose_along_each_axis() -> None:
    components = [{"value": 1e-3 * place, "u": 5e-4, "budget": BUDGET} for place in (1, 2, 3)]
    found = of_pose({"unit": "m", "poses": [{"pose": "P1", "components": components}]}, PoseAccuracy())
    assert list(found) == ["APx", "APy", "APz"]
    assert found["APz"]["P1"] == Compared(3e-3, 5e-4, "m", PARTS)


def test_the_mean_departure_of_a_docked_robot_and_its_share_within() -> None:
    """The dockings scatter by 0.01 rad; that of a robot that did not arrive is in no mean."""
    mean = {"unrounded": {"value": 0.01, "u": 5e-4}, "budget": BUDGET}
    docks = [
        {"arrived": arrived, "departures": {"heading": {"value": value}}}
        for value, arrived in ((0.0, True), (0.01, True), (0.02, True), (9.0, False))
    ]
    components = [{"name": "heading", "unit": "rad", "mean": mean}]
    told = {"components": components, "docks": docks, "within": 3, "dockings": 4}
    found = of_docking(told, Docking())
    one = found["heading"]["all starts"]
    assert one.value == pytest.approx(0.01)
    assert one.unit == "rad"
    assert one.u == pytest.approx(math.hypot(5e-4, 0.01 / math.sqrt(3)))
    assert one.parts["certificate"] == 3e-4
    assert one.dof == pytest.approx(2.0, rel=0.05)
    assert found["share within"] == {"all starts": share(3, 4)}
    assert of_docking({**told, "docks": docks[-2:]}, Docking())["heading"] == {}, "a single docking shows no scatter"


def test_an_item_of_a_precision_study_has_the_scatter_of_its_groups() -> None:
    results = [[[1.0, 1.2], [1.3, 1.3], [1.5, 1.7]], [[2.0, 2.0], [2.0, 2.0], [2.0, 2.0]]]
    found = of_precision({"items": ["A", "B"], "results": results, "unit": "m"}, STUDY)
    one = found["mean indication"]["A"]
    assert one.value == pytest.approx(8.0 / 6.0)
    assert one.u == pytest.approx(np.std([1.1, 1.3, 1.6], ddof=1) / math.sqrt(3))
    assert one.dof == 2.0
    assert found["mean indication"]["B"].u == 0.0
    assert list(one.parts) == ["operators"]
    study = STUDY.model_copy(update={"of": "bench"})
    of_benches = of_precision({"items": ["A"], "results": results[:1], "unit": "m"}, study)
    assert list(of_benches["mean indication"]["A"].parts) == ["benches"]


def test_degrees_of_freedom_of_a_pose_are_those_of_its_cycles() -> None:
    """Five cycles, scatter alone: k = 2.87, not 2."""
    budget = {"scatter of the cycles": {"u": 5e-4, "distribution": "normal", "dof": 4.0}}
    one = of_pose(
        {"unit": "m", "poses": [{"pose": "P1", "components": 3 * [{"value": 0.0, "u": 5e-4, "budget": budget}]}]},
        PoseAccuracy(),
    )["APx"]["P1"]
    assert one.dof == 4.0
    assert coverage_factor(one.dof) == pytest.approx(2.87, abs=0.005)


def test_a_success_rate_is_the_share_at_its_illuminance() -> None:
    found = of_success({"successes": 22, "trials": 22}, SuccessRate(illuminance=16.0))
    assert found == {"share read": {"16 lx": share(22, 22)}}


def test_a_latency_is_its_mean_and_its_percentile_where_it_is_bounded() -> None:
    budget = {"scatter of the events": {"u": 3.0, "dof": 19.0}, "phase": {"u": 4.0}}
    exact = {"mean": 50.0, "u_mean": 5.0, "p95": 66.0, "u_p95": None}
    found = of_latency({"unit": "ms", "unrounded": exact, "budget": budget}, SceneToSensorLatency())
    assert found["mean"]["all events"].dof == pytest.approx(19.0 * (5.0 / 3.0) ** 4)
    assert found["95th percentile"] == {}
    of_sample = {"95th percentile from a sample": {"u": 3.0}, "phase": {"u": 4.0}}
    bounded = {"unit": "ms", "unrounded": {**exact, "u_p95": 5.0}, "budget": budget, "budget_p95": of_sample}
    one = of_latency(bounded, SceneToSensorLatency())["95th percentile"]["all events"]
    assert (one.value, one.u, one.parts) == (66.0, 5.0, {"95th percentile from a sample": 3.0, "phase": 4.0})


def test_stops_of_two_benches_differ_by_which_stops_they_were() -> None:
    """The report's u is of the stops that were carried out; their scatter comes beside it, with its n - 1."""
    stops = [{"energy": {"value": energy, "u": 0.1}, "way": None} for energy in (1.0, 1.2, 1.4)]
    energy = {"unrounded": {"value": 1.2, "u": 5e-4}, "budget": BUDGET}
    one = {"speed": 0.5, "stops": 3, "without_contact": 0, "energy": energy, "way": None, "each": stops}
    lone = {**one, "speed": 0.7, "stops": 1, "each": stops[:1]}
    found = of_stop({"speeds": [one, lone]}, ObstacleStop())
    taken = found["energy taken away"]["0.5 m/s"]
    assert taken.u == pytest.approx(math.hypot(5e-4, 0.2 / math.sqrt(3)))
    assert taken.dof == pytest.approx(2.0, rel=1e-4)
    assert list(found["energy taken away"]) == ["0.5 m/s"], "a single stop shows no scatter"
    assert found["way to rest"] == {}
    assert found["share without contact"]["0.7 m/s"] == share(0, 1)


def test_robustness_is_its_departures_hysteresis_and_drift() -> None:
    def stated(value: float) -> dict[str, Any]:
        return {"level": 40.0, "branch": "rising", "unrounded": {"value": value, "u": 5e-4}, "budget": BUDGET}

    told = {"unit_of_differences": "hPa", "departures": [stated(0.1)], "hysteresis": [], "drift": stated(0.2)}
    found = of_robustness(told, ClimaticRobustness())
    assert found["departure"]["40, rising, plateau 1"] == Compared(0.1, 5e-4, "hPa", PARTS)
    assert found["hysteresis"] == {}
    assert found["drift"]["last minus first"].value == 0.2


@pytest.mark.parametrize("n", [3, 5])
def test_means_over_few_trials_cover_their_difference(n: int) -> None:
    """5000 pairs of benches with one expected value, n trials each: U(d) holds d in 95 % of them at least."""
    draw, inside = np.random.default_rng(7), 0
    for _ in range(5000):
        pair = [mean_over(draw.normal(0.0, 1.0, n).tolist(), "m", {"certificate": {"u": 0.05}}) for _ in range(2)]
        one, other = (each for each in pair if each is not None)
        found = equivalence(one.value, one.u, other.value, other.u, margin=1.0, dof1=one.dof, dof2=other.dof)
        inside += abs(found.difference) <= found.U
    assert inside / 5000 > 0.95
