"""Detection range by bearing: its arithmetic on draws of a known curve, a run, and coverage."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hil.bench import load_bench
from hil.coverage.truth import true_world
from hil.errors import UsageError
from hil.run import run_procedure
from hil_calibration.detection_curve import OBSERVATIONS
from hil_calibration.stream import Measurements
from hil_drivers.sim.response_curve import ResponseCurve
from hil_procedures.detection_range.parameters import BLANK, DetectionRange
from hil_procedures.detection_range.ranges import Range, largest, ranges
from hil_procedures.detection_range.results import deviances, judge
from hil_procedures.detection_range.script import plan, truth
from hil_procedures.detection_range.session import Session

BENCH = "range-sim"
U_ZERO = 0.02


def session(a50: dict[float, float], targets: int = 20, seed: int = 2) -> Session:
    """Draws of curves with the slope -8, by bearing, at eight distances."""
    random = np.random.default_rng(seed)
    nominal = np.geomspace(1.5, 9.0, 8)
    rows = [(b, d, f"T{i}") for b in a50 for d in nominal for i in range(targets)]
    bearing, distance = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    p = np.array([ResponseCurve(a50[b], -8.0).probability(d) for b, d, _ in rows])
    shared = np.full((len(rows), 1), U_ZERO)
    measured = Measurements(distance, np.full(len(rows), 1e-3), shared, ("zero",), "m")
    return Session(
        measured,
        distance,
        bearing,
        random.uniform(size=len(rows)) < p,
        np.array([row[2] for row in rows]),
        np.zeros(len(rows)),
        (),
        0,
        0,
        23.0,
        300.0,
    )


@pytest.fixture(scope="module")
def found() -> list[Range]:
    return ranges(session({0.0: 5.0, 180.0: 3.0}, targets=12), 0.8, 0.975)


def test_each_bearing_has_the_range_of_its_curve(found: list[Range]) -> None:
    for one, a50 in zip(found, (5.0, 3.0), strict=True):
        true = ResponseCurve(a50, -8.0).stimulus(0.8)
        assert one.range is not None
        assert one.u is not None
        assert one.lower is not None
        assert one.upper is not None
        assert abs(one.range - true) < 2.5 * one.u
        assert one.lower < true < one.upper
        assert one.lower < one.range < one.upper
        assert 0.02 < one.u / true < 0.15
    assert deviances(found) == ", ".join(f"{one.bearing:g}°: {one.fit.curve.deviance:.4g}" for one in found)


def test_a_zero_of_the_distance_that_is_wrong_shifts_the_range_by_itself(found: list[Range]) -> None:
    """d + e for all d: the range moves by about e, whatever the scale that the curve is fitted on."""
    parts = dict(found[0].parts)
    assert parts["zero"] == pytest.approx(U_ZERO, rel=0.2)
    assert found[0].u == pytest.approx(math.hypot(parts["zero"], parts[OBSERVATIONS]))


def test_an_effect_keeps_its_sense_for_what_two_benches_share() -> None:
    """Two runs on either side of the temperature at which an instrument is right have its error in opposite senses."""
    one = session({0.0: 5.0}, targets=6)
    other = replace(one, distance=replace(one.distance, shared=-one.distance.shared))
    above, below = (dict(ranges(each, 0.8, 0.95)[0].parts)["zero"] for each in (one, other))
    assert above == pytest.approx(-below)
    assert above == pytest.approx(U_ZERO, rel=0.2)


def test_a_bearing_at_which_everything_is_separated_has_no_range() -> None:
    drawn = session({0.0: 5.0}, targets=3)
    (one,) = ranges(replace(drawn, hits=drawn.nominal < 4.0), 0.9, 0.95)
    assert one.range is None
    assert one.reason
    assert one.largest == pytest.approx(drawn.nominal[drawn.nominal < 4.0].max())
    assert judge([one], 2.0, DetectionRange(bearings=(0.0,))).outcome == "INCONCLUSIVE"
    assert deviances([one]) == "0°: none"


def test_stepping_outwards_ends_where_too_few_are_detected() -> None:
    steps = ((1.0, 10, 10), (2.0, 9, 10), (3.0, 8, 10), (4.0, 10, 10))
    assert largest(steps, 0.9) == 2.0
    assert largest(steps, 0.8) == 4.0
    assert largest(((1.0, 8, 10),), 0.9) is None


@pytest.mark.parametrize(("required", "outcome"), [(1.0, "PASS"), (4.0, "FAIL"), (2.6, "INCONCLUSIVE")])
def test_the_worst_bearing_decides(found: list[Range], required: float, outcome: str) -> None:
    verdict = judge(found, required, DetectionRange(bearings=(0.0, 180.0), level=0.8))
    assert verdict.outcome == outcome
    assert verdict.reason.startswith("at 180°") or outcome == "PASS"


def test_bounds_of_many_bearings_hold_together() -> None:
    assert DetectionRange(bearings=(0.0,)).each == pytest.approx(0.95)
    assert DetectionRange().each == pytest.approx(1.0 - 0.05 / 8)


def test_bearings_are_blocks_in_random_order_and_each_has_every_target_and_distance() -> None:
    p = DetectionRange(repeats=2)
    planned = [point.factors for point in plan(p).planned(3)]
    assert len(planned) == 2 * len(p.bearings) * len(p.distances) * (len(p.targets) + 1)
    order = [point["bearing"] for point in planned]
    visited = [b for i, b in enumerate(order) if not i or order[i - 1] != b]
    assert sorted(visited) == sorted(p.bearings), "each bearing is visited once"
    assert visited != sorted(p.bearings)
    first = [point for point in planned if point["bearing"] == visited[0]]
    assert len({(point["distance"], point["target"]) for point in first}) == len(p.distances) * (len(p.targets) + 1)
    assert sum(point["target"] == BLANK for point in first) == 2 * len(p.distances)
    assert [point["distance"] for point in first] != sorted(point["distance"] for point in first)


@pytest.mark.parametrize(
    "wrong",
    [{"distances": [3.0, 2.0, 1.0]}, {"bearings": [0.0, 360.0]}, {"targets": ["A", "A"]}, {"targets": ["A", ""]}],
)
def test_settings_that_cannot_be_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        DetectionRange.model_validate(wrong)


def test_the_truth_is_shorter_behind() -> None:
    world = true_world(load_bench(BENCH), 1)
    ahead, side, behind = (world.stimulus(0.9, bearing) for bearing in (0.0, 90.0, 180.0))
    assert behind == pytest.approx(ahead / 2.0)
    assert side == pytest.approx(0.75 * ahead)
    exact: dict[str, Any] = {"range": 4.0, "u": 0.2}
    told = {"bearings": [{"bearing": b, "unrounded": exact, "reason": ""} for b in (0.0, 180.0)]}
    p = DetectionRange(bearings=(0.0, 180.0), required=3.0)
    answer = truth(world, told, p)
    assert answer.conforms is False
    assert answer.risk == pytest.approx(0.05)
    far = truth(world, told, DetectionRange(bearings=(0.0, 180.0), required=1.0))
    assert far.acceptable is True
    assert far.producer_risk == pytest.approx(0.05)
    assert truth(world, told, DetectionRange(bearings=(0.0, 180.0))).risk is None
    assert [stated.true for stated in answer.measurands.values()] == pytest.approx([ahead, behind])
    told["bearings"][1]["unrounded"] = {"range": None, "u": None}
    with pytest.raises(UsageError, match="states no range at 180"):
        truth(world, told, p)


async def test_a_run_brings_the_target_to_its_places(tmp_path: Path) -> None:
    settings = {
        "targets": "RUYT3,KLEXM",
        "bearings": "180 deg",
        "distances": "0.6 m,1 m,8 m",
        "blanks": "0",
        "required": "0.5 m",
    }
    outcome = await run_procedure(
        "detection-range",
        BENCH,
        settings=settings,
        seed=1,
        speed=None,
        out=tmp_path,
        operator="Operator A",
        on_event=lambda event: None,
    )
    assert not outcome.error, outcome.error
    told = outcome.results["results"]
    for one in told["bearings"]:
        assert [step["detected"] for step in one["steps"]][::2] == [2, 0], "near and far"
    assert told["illuminance"] == pytest.approx(300.0, rel=0.02)
    assert "distance / m" in (outcome.folder / "report.html").read_text(encoding="utf-8")
