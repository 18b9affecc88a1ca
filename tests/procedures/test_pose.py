"""Pose accuracy: its figures on visits whose answer is known, runs, and coverage."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from hil.bench import compile_world, fit_to_start, load_bench
from hil.bench.copying import copy_bench
from hil.coverage.truth import true_world
from hil.design import Design
from hil.errors import UsageError
from hil.parameters import parse
from hil.record import open_run
from hil.run import run_procedure
from hil_calibration.performance import pose_accuracy, pose_repeatability
from hil_calibration.reporting import ReportingPolicy
from hil_calibration.stream import Measurements
from hil_drivers.indication import Flag
from hil_procedures.pose.figures import CYCLES, NOISE, PoseFigures, Visits, figures
from hil_procedures.pose.parameters import DOWN, PoseAccuracy
from hil_procedures.pose.script import plan
from hil_procedures.pose.session import Tally
from hil_procedures.pose.verdict import judge

BENCH = "arm-sim"
POLICY = ReportingPolicy()
N = 30
U_FRAME, U_AXIS = 2e-4, 1e-4
SIGMA = 5e-5
QUICK = {
    "cycles": "5",
    "poses": "-0.45 -0.13 0.35,-0.5 -0.1 0.3",
    "approach": "0,0,0.01",
    "order": "blocked",
    "dwell": "0.1 s",
    "readings": "3",
}
TARGET = (-0.45, -0.13, 0.35, DOWN, DOWN, 0.0)


def visits(offset: tuple[float, float, float], sigma: float = SIGMA, noise: float = 0.0, seed: int = 1) -> Visits:
    """Visits whose scatter and mean are exactly as stated, by motion capture with an error that its
    certificate names, and one of each axis."""
    drawn = np.random.default_rng(seed).standard_normal((N, 3))
    drawn -= drawn.mean(axis=0)
    drawn = drawn @ np.linalg.inv(np.linalg.cholesky(np.cov(drawn.T))).T
    points = np.array(offset) + sigma * drawn
    axes = [
        Measurements(
            column,
            np.zeros(N),
            np.column_stack([np.full(N, U_FRAME), np.full(N, U_AXIS)]),
            ("SAMPLE/1", f"alignment, {axis}"),
            "m",
        )
        for axis, column in zip("xyz", points.T, strict=True)
    ]
    return Visits("P1", np.zeros(3), axes, np.full(3, noise))


def lines(one: PoseFigures) -> dict[str, float]:
    return {part.name: part.u for part in one.accuracy.budget.parts}


def test_the_figures_are_those_of_the_definitions() -> None:
    seen = visits((1e-3, -2e-3, 2e-3))
    found = figures(seen, {})
    assert found.cycles == N
    assert [part.value for part in found.components] == pytest.approx([1e-3, -2e-3, 2e-3])
    assert found.accuracy.value == pytest.approx(3e-3)
    assert found.accuracy.value == pytest.approx(pose_accuracy(seen.points, [0.0, 0.0, 0.0]))
    assert found.repeatability.value == pytest.approx(pose_repeatability(seen.points))


def test_errors_of_motion_capture_enter_along_the_error() -> None:
    """Alike along all axes, they enter in whatever direction with that u; each axis's own by its share of the way."""
    found = figures(visits((1e-3, -2e-3, 2e-3)), {})
    assert lines(found)["certificate SAMPLE"] == pytest.approx(U_FRAME)
    assert lines(found)["alignment, x"] == pytest.approx(U_AXIS / 3.0)
    assert lines(found)["alignment, z"] == pytest.approx(2.0 * U_AXIS / 3.0)
    assert lines(found)[CYCLES] == pytest.approx(SIGMA / math.sqrt(N))
    x = {part.name: part.u for part in found.components[0].budget.parts}
    assert x["certificate SAMPLE"] == pytest.approx(U_FRAME)
    assert x["alignment, x"] == pytest.approx(U_AXIS)
    assert x["alignment, y"] == 0.0


def test_they_are_in_repeatability_hardly_at_all() -> None:
    found = figures(visits((1e-3, 0.0, 0.0)), {}).repeatability
    assert {part.name for part in found.budget.parts if part.u > 0.0} == {CYCLES}
    assert found.budget.u / found.value == pytest.approx(0.33 / 3.54, rel=0.05)


def test_an_error_as_small_as_its_uncertainty_has_an_interval_that_begins_at_zero() -> None:
    """Far away it is value ± U, moved by the bias u²/AP."""
    near = figures(visits((1e-4, 0.0, 0.0)), {}).accuracy
    low, high = near.interval(POLICY)
    assert low == 0.0
    assert high > near.value + 2.0 * near.budget.u
    far = figures(visits((5e-3, 0.0, 0.0)), {}).accuracy
    low, high = far.interval(POLICY)
    assert high - low == pytest.approx(4.0 * far.budget.u, rel=0.01)
    assert (low + high) / 2.0 == pytest.approx(5e-3 - far.budget.u**2 / 5e-3, rel=1e-3)


def test_the_noise_of_motion_capture_is_told_apart_from_the_arm() -> None:
    """A noise of 0.6 of all the scatter leaves 0.8 of it to the arm."""
    found = figures(visits((1e-3, 0.0, 0.0), noise=0.6 * SIGMA), {}).repeatability
    assert found.share == pytest.approx(0.36)
    assert found.corrected is not None
    assert found.corrected.value == pytest.approx(0.8 * found.value)
    assert found.corrected.budget.u > {part.name: part.u for part in found.budget.parts}[CYCLES]
    assert {part.name: part.u for part in found.budget.parts}[NOISE] == pytest.approx(0.2 * found.value)


def test_an_arm_that_motion_capture_cannot_resolve_has_no_repeatability_of_its_own() -> None:
    found = figures(visits((1e-3, 0.0, 0.0), noise=2.0 * SIGMA), {}).repeatability
    assert (found.corrected, found.share) == (None, 1.0)
    assert found.budget.u > found.value, "RP as defined is no larger than this, and may be none"


@pytest.mark.parametrize(
    ("required", "outcome"),
    [
        ({"accuracy": "5 mm"}, "PASS"),
        ({"accuracy": "3.1 mm"}, "INCONCLUSIVE"),
        ({"accuracy": "2 mm"}, "FAIL"),
        ({"accuracy": "5 mm", "repeatability": "0.5 mm"}, "PASS"),
        ({"accuracy": "5 mm", "repeatability": "0.1 mm"}, "FAIL"),
        ({"repeatability": "0.18 mm"}, "INCONCLUSIVE"),
        ({}, None),
    ],
)
def test_the_worst_figure_decides(required: dict[str, str], outcome: str | None) -> None:
    p = parse(PoseAccuracy, required, where="test")
    verdict = judge([figures(visits((1e-3, -2e-3, 2e-3)), {})], [Tally("P1", N, N, {})], p, POLICY)
    assert (None if verdict is None else verdict.outcome) == outcome


@pytest.mark.parametrize(
    ("carried_out", "failures", "required", "outcome"),
    [
        (N - 1, {"refused": ["finds no joints"]}, {}, "FAIL"),
        (N - 1, {"refused": ["finds no joints"]}, {"accuracy": "5 mm"}, "FAIL"),
        (N - 2, {"refused": ["finds no joints"]}, {"accuracy": "5 mm"}, "FAIL"),
        (N - 1, {}, {}, "INCONCLUSIVE"),
        (N - 1, {}, {"accuracy": "5 mm"}, "INCONCLUSIVE"),
        (N - 1, {}, {"accuracy": "2 mm"}, "FAIL"),
    ],
)
def test_a_failed_visit_fails_and_one_that_was_not_made_leaves_it_open(
    carried_out: int, failures: dict[str, list[str]], required: dict[str, str], outcome: str
) -> None:
    p = parse(PoseAccuracy, required, where="test")
    tallies = [Tally("P1", N, carried_out, failures)]
    verdict = judge([figures(visits((1e-3, -2e-3, 2e-3)), {})], tallies, p, POLICY)
    assert verdict is not None
    assert verdict.outcome == outcome
    if failures:
        assert f"1 of {N} visits failed (1 refused)" in verdict.reason
    assert judge([], [Tally("P1", N, 0, {"refused": N * ["far"]})], p, POLICY) is not None, "no figure at all"


def test_five_poses_in_a_cube_are_visited_unless_others_are_given() -> None:
    cube = PoseAccuracy()
    assert list(cube.commanded) == ["P1", "P2", "P3", "P4", "P5"]
    places = np.array([(pose.x, pose.y, pose.z) for pose in cube.commanded.values()])
    assert np.abs(places - cube.centre).max(axis=0) == pytest.approx([0.12, 0.12, 0.12])
    assert np.linalg.matrix_rank(places[1:] - places[0], tol=1e-9) == 2, "they lie in one plane"
    p = parse(PoseAccuracy, {"poses": "0.3 0.2 0.1,0.3 0.2 0.4 0 0 1.5"}, where="test")
    first, second = p.commanded.values()
    assert (first.z, first.rx) == (0.1, DOWN)
    assert (second.z, second.rx, second.rz) == (0.4, 0.0, 1.5)
    assert p.approached(first).z == pytest.approx(0.15)


@pytest.mark.parametrize("poses", ["0.3 0.2", "0.3 0.2 nan", "0.3 0.2 0.1,0.3 0.2 0.1", "over there"])
def test_what_is_no_pose_is_refused(poses: str) -> None:
    with pytest.raises(UsageError, match="pose"):
        parse(PoseAccuracy, {"poses": poses}, where="test")


def test_the_order_is_what_is_asked_for() -> None:
    def order(seed: int, **settings: str) -> list[str]:
        design = plan(parse(PoseAccuracy, {"cycles": "6", **settings}, where="test"))
        assert isinstance(design, Design)
        return [point.factors["pose"] for point in design.planned(seed)]

    listed = ["P1", "P2", "P3", "P4", "P5"]
    assert order(1, order="listed") == 6 * listed
    assert order(1, order="blocked") == [name for name in listed for _ in range(6)]
    random = order(1)
    assert random == order(1)
    assert random != order(2)
    for cycle in range(6):
        assert sorted(random[5 * cycle : 5 * cycle + 5]) == listed


def test_the_truth_is_where_the_arm_of_the_seed_stops() -> None:
    mean, covariance = true_world(load_bench(BENCH), 3).stops("arm", TARGET)
    other, _ = true_world(load_bench(BENCH), 4).stops("arm", TARGET)
    assert 1e-4 < math.dist(mean, TARGET[:3]) < 5e-3
    assert math.dist(mean, other) > 1e-5
    assert 1e-6 < math.sqrt(np.trace(np.array(covariance))) < 3e-4
    with pytest.raises(UsageError, match="no arm 'robot'"):
        true_world(load_bench(BENCH), 3).stops("robot", TARGET)
    with pytest.raises(UsageError, match="no joints"):
        true_world(load_bench(BENCH), 3).stops("arm", (3.0, *TARGET[1:]))


def drawn_effects() -> set[str]:
    """The effects that the simulated world draws for motion capture."""
    config = load_bench(BENCH)
    world = compile_world(config, fit_to_start(config, list(config.channels)))
    return {str(effect["name"]) for effect in world["effects"] if effect["device"] == "mocap"}


async def test_a_run_finds_where_the_arm_stops_though_that_is_far_off_and_often_out_of_sight(tmp_path: Path) -> None:
    """A tool that is centimetres from where the arm takes it to be: an error of the arm, and no void attempt."""
    bench = copy_bench(BENCH, tmp_path / "bench")
    text = bench.read_text("utf-8").replace("occluded = 0.02", "occluded = 0.1")
    bench.write_text(text.replace("tool_error = 2e-4", "tool_error = 0.03"), "utf-8")
    outcome = await run_procedure(
        "pose-accuracy",
        str(bench),
        settings=QUICK | {"accuracy": "10 mm"},
        seed=3,
        speed=None,
        out=tmp_path / "runs",
        operator="Operator A",
        on_event=lambda event: None,
    )
    assert not outcome.error, outcome.error
    told = json.loads((outcome.folder / "results.json").read_text(encoding="utf-8"))
    world = true_world(load_bench(str(bench)), 3)
    commanded = parse(PoseAccuracy, QUICK, where="test").commanded
    for one in told["results"]["poses"]:
        place = commanded[one["pose"]]
        target = (place.x, place.y, place.z)
        mean, _ = world.stops("arm", (*target, place.rx, place.ry, place.rz))
        assert one["cycles"] == 5
        assert 0.02 < one["farthest"] == pytest.approx(math.dist(mean, target), abs=2e-3)
        for part, true, wanted in zip(one["components"], mean, target, strict=True):
            assert abs(part["value"] - (true - wanted)) < 3.5 * part["u"]
        lines = set(one["accuracy"]["budget"])
        assert drawn_effects() <= lines, "what the world draws has a line in the budget"
        assert {line for line in lines - drawn_effects() if line.startswith("certificate SAMPLE-2026-0005")}
        assert one["accuracy"]["lower"] < math.dist(mean, target) < one["accuracy"]["upper"]
    record = open_run(outcome.folder)
    flags = np.concatenate([record.readings(f"tool.{axis}").flags for axis in "xyz"])
    assert np.count_nonzero(flags & int(Flag.TRACKING_LOST)) > 5, "it was out of sight"
    assert not [attempt for attempt in record.points() if "outside" in attempt.reason], "none is void for being far off"
    assert told["verdict"]["outcome"] == "FAIL"
    report = (outcome.folder / "report.html").read_text(encoding="utf-8")
    assert "alignment with the frame of the arm" in report
    assert "no conformity" in report
    assert "Example Instruments EX-ARM 6, software 5.11.0" in report
