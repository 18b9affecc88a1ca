"""Latency from scene to sensor: its statistics against published numbers and draws, and a run against the truth."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays

from hil.bench import compile_world, find_bench, load_bench, shipped_benches
from hil.coverage.truth import true_world
from hil.evidence import Evidence
from hil.record import open_run
from hil.run import RunOutcome, run_procedure
from hil_calibration.reporting import ReportingPolicy
from hil_drivers.clock import NANOSECONDS
from hil_drivers.sim.devices.camera import CameraOptics
from hil_drivers.sim.server.seen import picture
from hil_drivers.sim.wall.display import Wall
from hil_drivers.sim.world import World
from hil_drivers.sim.world_file import WorldFile
from hil_procedures.budget import Budget, Part
from hil_procedures.detection.session import read_session
from hil_procedures.latency.parameters import SceneToSensorLatency
from hil_procedures.latency.pictures import brightness, frame_of
from hil_procedures.latency.results import judge, percentile_table
from hil_procedures.latency.script import plan, truth
from hil_procedures.latency.statistics import Percentile, expected_spread, fewest, percentile, period, phase_gap

P = SceneToSensorLatency(required=0.0665)
REFRESH, PICTURES = 1 / 60, 1 / 30
FIXED = 0.008333 + 0.001 + 0.005 + 0.006 + 0.004
"""Scan-out to the middle, response, half of the exposure, read-out, pipeline, in s."""


def draws(n: int, phase: float | None = None) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Latencies of events at random times; with a ``phase``, of exposures that are locked to the refresh."""
    generator = np.random.default_rng(1)
    event = generator.uniform(0.0, REFRESH * 1000, n)
    shown = np.ceil(event / REFRESH) * REFRESH
    offset = generator.uniform(0.0, PICTURES, n) if phase is None else phase * REFRESH
    seen = np.ceil((shown - offset) / PICTURES) * PICTURES + offset
    return seen - event + FIXED


def test_free_phases_have_the_spread_of_two_waits() -> None:
    """60 Hz, 30 pictures per second: mean 49.33 ms, standard deviation 10.76 ms, 95th percentile 66.9 ms."""
    found = 1e3 * draws(200_000)
    assert found.mean() == pytest.approx(49.33, abs=0.1)
    assert found.std() == pytest.approx(10.76, abs=0.05)
    assert 1e3 * expected_spread(REFRESH, PICTURES) == pytest.approx(10.76, abs=0.005)
    assert percentile(found, 0.95).value == pytest.approx(66.9, abs=0.15)


def test_the_truth_of_the_percentile_is_that_of_the_draws() -> None:
    """On `immersion-sim`, with the drawn rate of its wall; what is required for coverage lies just below."""
    world = true_world(load_bench(find_bench("immersion-sim")), 1)
    assert 1e3 * world.scene_latency_within(0.95) == pytest.approx(66.88, abs=0.02)
    found = 1e3 * draws(200_000)
    assert percentile(found, 0.95).value == pytest.approx(1e3 * world.scene_latency_within(0.95), abs=0.1)
    assert truth(world, {"unrounded": {"mean": 49.0, "u_mean": 1.0}}, P).conforms is False
    good = truth(world, {"unrounded": {"mean": 49.0, "u_mean": 1.0}}, SceneToSensorLatency())
    assert (good.conforms, good.acceptable, good.producer_risk) == (True, True, 0.025)


def test_locked_phases_shift_the_mean_and_keep_the_spread() -> None:
    """The shift over all phases has the standard deviation that the budget states: T_d / sqrt(12)."""
    means = [float(draws(20_000, phase).mean()) for phase in np.linspace(0.005, 0.995, 100)]
    assert np.std(means) == pytest.approx(phase_gap(2.0, 1000) * REFRESH / math.sqrt(12.0), rel=0.02)
    assert np.mean(means) == pytest.approx(float(draws(200_000).mean()), abs=2e-4)
    locked = draws(100_000, 0.3)
    assert 1e3 * locked.std() == pytest.approx(9.62, abs=0.05)
    assert expected_spread(REFRESH, PICTURES, 1.0) == pytest.approx(float(locked.std()), rel=0.01)


@pytest.mark.parametrize(
    ("ratio", "pictures", "gap"), [(2.0, 999, 1.0), (2.4, 999, 0.2), (2.5, 999, 0.5), (2.4, 1, 1.0)]
)
def test_the_gap_between_phases(ratio: float, pictures: int, gap: float) -> None:
    assert phase_gap(ratio, pictures) == pytest.approx(gap, abs=1e-9)


def test_clocks_that_drift_apart_close_the_gap() -> None:
    assert phase_gap(2.0001, 1000) == pytest.approx(0.9, abs=0.001)
    assert phase_gap(2.0001, 12_000) < 0.01


def test_bounds_of_the_percentile_hold_as_often_as_they_claim() -> None:
    generator = np.random.default_rng(2)
    true, inside, runs = 0.95, [0, 0], 800
    for _ in range(runs):
        found = percentile(generator.uniform(size=100), 0.95)
        inside[0] += found.lower is not None and found.lower <= true
        inside[1] += found.upper is not None and found.upper >= true
    assert all(0.93 < count / runs < 0.99 for count in inside)


def test_too_few_events_have_no_upper_bound() -> None:
    """0.95^58 > 0.05 > 0.95^59."""
    assert percentile(np.arange(58.0), 0.95).upper is None
    assert percentile(np.arange(59.0), 0.95).upper == 58.0


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_the_fewest_events_are_those_that_give_an_upper_bound(confidence: float) -> None:
    n = fewest(confidence)
    assert percentile(np.arange(float(n)), confidence).upper is not None
    assert percentile(np.arange(n - 1.0), confidence).upper is None


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        (Percentile(70.0, 66.0, 72.0), "PASS"),
        (Percentile(70.0, 66.0, None), "INCONCLUSIVE"),
        (Percentile(130.0, 126.0, None), "FAIL"),
    ],
)
def test_without_an_upper_bound_of_the_percentile_nothing_passes(found: Percentile, outcome: str) -> None:
    verdict, _ = judge(found, 2.5, ReportingPolicy(), SceneToSensorLatency(events=20))
    assert verdict.outcome == outcome
    assert (outcome == "INCONCLUSIVE") == ("20 events give the percentile no upper bound: take 59" in verdict.reason)


def test_the_budget_of_the_percentile_is_told_beside_that_of_the_mean() -> None:
    """What the verdict rests upon: its sample, and what all events of a run share."""
    top = Budget((Part("phase of the pictures in the refresh", 3.0), Part("95th percentile from a sample", 4.0)))
    rows = percentile_table(top).rows
    assert [row[1:] for row in rows] == [("4.0", "64.0"), ("3.0", "36.0"), ("5.0", "100.0")]


def test_the_period_of_numbered_pictures() -> None:
    assert period(np.array([4, 2, 12]), np.array([40, 20, 120]) * 10**7) == pytest.approx(0.1)


def test_events_are_spread_evenly() -> None:
    p = SceneToSensorLatency(events=40, spread=0.2)
    waits = sorted(point["wait"] for point in plan(p).points)
    assert np.diff(waits) == pytest.approx(np.full(39, 0.005))


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("exposure", [0.004, 0.01, 0.016])
def test_a_picture_tells_the_frame_that_the_wall_showed(seed: int, exposure: float) -> None:
    stream = {"kind": "video", "view": "wall", "width": 160, "height": 90, "focal_length": 144.0, "blur": 0.75}
    stream |= {"exposure": exposure, "transmission": 0.1, "f_number": 1.0, "gamma": 1.0}
    stated = {"seed": seed, "scene": "immersion-wall", "devices": {"wall": {"kind": "scene-server"}, "stream": stream}}
    world = World(WorldFile.model_validate(stated))
    wall, device = world.part(Wall).display, world.file.devices["stream"]
    assert isinstance(device, CameraOptics)
    world.light.set_level(0, 0.5)
    length = round(exposure * NANOSECONDS)
    scenes: list[dict[str, Any]] = [{"kind": "grey", "level": 0.0}, {"kind": "text", "text": "RUYT3"}]
    for number, scene in enumerate(scenes):
        for step in range(12):
            start = (number + 1) * NANOSECONDS + step * 17_000_000 // 3
            wall.draw(wall.frame(start) - 5, scene)
            found = frame_of(picture(world, "stream", device, start, start + length, index=start))
            assert found in {n % 4096 for n in wall.frames(start, start + length)}


def test_what_is_no_picture_of_a_wall_has_no_frame() -> None:
    assert frame_of(np.zeros((90, 160), np.uint8)) is None
    assert frame_of(np.full((4, 3), 9, np.uint8)) is None
    assert brightness(np.full((90, 160, 3), 7, np.uint8)) == 7.0


@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=40)))
def test_any_picture_has_a_frame_or_none(image: np.ndarray[Any, np.dtype[np.uint8]]) -> None:
    found = frame_of(image)
    assert found is None or 0 <= found < 4096


def copied(folder: Path, add: str = "") -> Path:
    others = shutil.ignore_patterns(*(f"{name}.toml" for name in shipped_benches() if name != "immersion-sim"))
    shutil.copytree(find_bench("immersion-sim").parent, folder, ignore=others)
    path = folder / "immersion-sim.toml"
    path.write_text(path.read_text(encoding="utf-8") + add, encoding="utf-8")
    return path


async def carry_out(place: Path, procedure: str, bench: Path, **settings: str) -> RunOutcome:
    return await run_procedure(
        procedure,
        str(bench),
        settings=settings,
        seed=None,
        speed=None,
        out=place / "runs",
        operator="Operator A",
        on_event=lambda event: None,
    )


NOT_DRAWN = '\n[[sim.faults]]\ndevice = "wall"\nkind = "not-drawn"\nfrom = 2.0\nto = 2.22\n'


async def test_a_run_finds_the_latency_and_repeats_what_was_not_drawn(tmp_path: Path) -> None:
    bench = copied(tmp_path / "bench", NOT_DRAWN)
    outcome = await carry_out(tmp_path, "scene-to-sensor-latency", bench, events="20", spread="0.1 s")
    told = json.loads((outcome.folder / "results.json").read_text(encoding="utf-8"))["results"]
    true = 1e3 * true_world(load_bench(bench), 1).scene_latency()
    assert true == pytest.approx(49.33, abs=0.01)
    stated = told["unrounded"]
    assert abs(stated["mean"] - true) < 2.0 * stated["u_mean"]
    assert stated["u_mean"] < 6.0
    assert told["phase_gap"] > 0.9
    assert (stated["u_p95"], told["budget_p95"]) == (None, None), "20 events give it no upper bound"
    assert "Budget of the 95th percentile" not in (outcome.folder / "report.html").read_text(encoding="utf-8")
    assert told["counts"]["pictures in which the wall's frame could not be read"] == "0"
    wall = World(WorldFile.model_validate(compile_world(load_bench(bench), {}, devices=["wall"]))).part(Wall).display
    for entry in Evidence(open_run(outcome.folder)).observations:
        assert entry.data["began"] == pytest.approx(wall.begins(entry.data["frame"]), abs=5_000)
    void = [attempt for attempt in open_run(outcome.folder).points() if attempt.state == "void"]
    assert void
    assert "did not draw" in void[0].reason


async def test_detection_runs_unchanged_before_a_wall(tmp_path: Path) -> None:
    bench = copied(tmp_path / "bench")
    settings = {"signs": "RUYT3,KLEXM", "illuminances": "4 lx,30 lx,60 lx", "warm_up": "60 s"}
    outcome = await carry_out(tmp_path, "detection-vs-illuminance", bench, repeats="1", blanks="0", **settings)
    told = json.loads((outcome.folder / "results.json").read_text(encoding="utf-8"))["results"]
    effects = {"meter drift since calibration", "meter spectral mismatch", "meter temperature coefficient"}
    illuminance = read_session(Evidence(open_run(outcome.folder))).illuminance
    assert effects | {"uniformity between patch and sign"} <= set(illuminance.effects)
    read = [(round(level["illuminance"]), level["read"], level["shown"]) for level in told["levels"]]
    assert [(count, shown) for _, count, shown in read] == [(0, 2), (2, 2), (2, 2)]
    assert [level for level, _, _ in read] == pytest.approx([4, 31, 62], abs=2)
