"""Docking: its figures on poses whose answer is known, a run, and coverage."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hil.bench import load_bench
from hil.bench.copying import copy_bench
from hil.coverage.truth import true_world
from hil.errors import UsageError
from hil.run import RunOutcome, run_procedure
from hil_calibration.reporting import ReportingPolicy
from hil_drivers.capability import Pose
from hil_procedures.docking.docks import Dock, Tally, carried_out, components, judged, moves, repeatability, tally
from hil_procedures.docking.parameters import Docking
from hil_procedures.docking.results import judge
from hil_procedures.docking.script import plan, truth
from hil_procedures.figure import ALONE, Figure
from hil_procedures.mobile import Place, as_believed, heading_of, wrapped
from hil_procedures.readings import Series

BENCH = "simulation"
POLICY = ReportingPolicy()
P = Docking()


def departures(x: float, y: float, heading: float, number: int = 1) -> tuple[Figure, Figure, Figure]:
    """Departures with an error that all dockings share, and one of their own."""

    def figure(value: float) -> Figure:
        return Figure(value, {"motion capture": 0.0006, f"{ALONE}docking {number}": 0.0008})

    return figure(x), figure(y), figure(heading)


def dock(x: float, y: float = 0.0, heading: float = 0.0, number: int = 1) -> Dock:
    there = departures(x, y, heading, number)
    return Dock(-2.0, 8.0, there, judged(there, P, POLICY), (x + P.dock_x, y + P.dock_y, 0.0))


async def run(folder: Path, bench: str = BENCH, **settings: str) -> RunOutcome:
    outcome = await run_procedure(
        "docking",
        bench,
        settings={"starts": "-2.0", "repeats": "1", **settings},
        seed=1,
        speed=None,
        out=folder,
        operator="Operator A",
        on_event=lambda event: None,
    )
    assert not outcome.error, outcome.error
    return outcome


@pytest.mark.parametrize(
    ("x", "y", "heading", "expected"),
    [
        (0.01, -0.02, 0.0, "pass"),
        (0.0291, 0.0, 0.0, "inconclusive"),
        (0.0, 0.0309, 0.0, "inconclusive"),
        (0.0, 0.0, -0.033, "fail"),
        (0.0291, 0.0, -0.033, "fail"),
    ],
)
def test_a_docking_succeeds_if_each_coordinate_is_within_its_tolerance_by_more_than_its_uncertainty(
    x: float, y: float, heading: float, expected: str
) -> None:
    """u = 1 mm, hence U = 2 mm about the 30 mm of the tolerance."""
    assert judged(departures(x, y, heading), P, POLICY) == expected


def test_what_is_open_counts_against_the_robot_below_and_for_it_above() -> None:
    counts = tally([*(dock(0.0) for _ in range(8)), dock(0.0291), dock(0.04)])
    assert (counts.within, counts.open, counts.outside, counts.n) == (8, 1, 1, 10)
    low, high = counts.bounds(0.95)
    assert low == pytest.approx(0.4439, abs=1e-4), "8 of 10"
    assert high == pytest.approx(0.9975, abs=1e-4), "9 of 10"


@pytest.mark.parametrize(
    ("counts", "outcome"),
    [(Tally(29, 0, 29), "PASS"), (Tally(28, 0, 29), "INCONCLUSIVE"), (Tally(10, 19, 29), "FAIL")],
)
def test_the_verdict_is_by_the_bounds(counts: Tally, outcome: str) -> None:
    assert judge(counts, 0.9, P).outcome == outcome


def test_accuracy_keeps_what_all_dockings_share_and_repeatability_is_that_of_iso_9283() -> None:
    docks = [dock(0.01 + 0.001 * (-1) ** i, number=i) for i in range(6)]
    x, y, _ = components(docks, P)
    assert x.mean.value == pytest.approx(0.01)
    assert x.mean.u == pytest.approx(math.hypot(0.0006, 0.0008 / math.sqrt(6.0)))
    assert x.repeatability == pytest.approx(3.0 * 0.001 * math.sqrt(6.0 / 5.0))
    assert y.s == pytest.approx(0.0)
    assert repeatability(docks) == pytest.approx(0.001), "all at the same distance from their mean"
    assert repeatability(docks[:4]) is None
    assert components(docks[:1], P)[0].repeatability is None


def test_a_robot_that_does_not_arrive_has_failed_and_counts_in_no_mean() -> None:
    lost = Dock(-2.0, 300.0, departures(-1.0, 0.0, 0.0, 3), "fail", (-2.0, -2.0, 0.0), arrived=False)
    docks = [*(dock(0.011 + 0.001 * (number - 3), number=number) for number in range(1, 6)), lost]
    assert (tally(docks).within, tally(docks).outside, tally(docks).n) == (5, 1, 6)
    assert components(docks, P)[0].mean.value == pytest.approx(0.011)
    assert repeatability(docks) == repeatability(docks[:5])
    assert carried_out([lost]) == []
    assert (components([lost], P), repeatability([lost])) == ((), None)


def test_a_robot_that_passes_its_dock_has_not_docked() -> None:
    """12 readings at 120 Hz with a noise of 0.05 mm, as of motion capture, or of 0.5 mm."""
    t = np.arange(12) / 120.0
    for noise, speed, expected in ((5e-5, 0.0, False), (5e-4, 0.0, False), (5e-5, 0.02, True), (5e-5, -0.3, True)):
        x = -1.0 + speed * t + np.random.default_rng(4).normal(0.0, noise, 12)
        assert moves(Series(t + 1.7e9, x, 0.0)) is expected
    passing = replace(dock(0.0), moving=True)
    assert (passing.place, passing.judgement, passing.misplaced) == ("pass", "fail", False)
    assert (tally([passing]).within, tally([passing]).outside) == (0, 1)


def test_a_place_of_the_hall_is_told_in_the_frame_of_the_odometry() -> None:
    """The robot believes to be at (1, 2), turned by 90 degrees from where it is: 1 m ahead stays 1 m ahead."""
    here, believed = Place(-3.0, -2.0, 0.0), Pose(1.0, 2.0, 0.0, rz=math.pi / 2)
    told = as_believed(Place(-2.0, -2.5, 0.1), here, believed)
    assert (told.x, told.y) == pytest.approx((1.5, 3.0))
    assert told.rz == pytest.approx(math.pi / 2 + 0.1)
    assert wrapped(-3.5) == pytest.approx(2.0 * math.pi - 3.5)
    assert heading_of(math.sin(-1.4 / 2.0)) == pytest.approx(-1.4)


def test_each_start_comes_once_in_each_repeat_in_random_order() -> None:
    starts = [point.factors["start"] for point in plan(Docking(repeats=8)).planned(1)]
    repeats = [starts[i : i + 3] for i in range(0, len(starts), 3)]
    assert all(sorted(each) == sorted(P.starts) for each in repeats)
    assert len({tuple(each) for each in repeats}) > 1
    with pytest.raises(ValueError, match="a start is given twice"):
        Docking(starts=(1.0, 1.0))


def test_the_truth_knows_where_the_robot_stood() -> None:
    world = true_world(load_bench(BENCH), 1)
    component: dict[str, Any] = {"mean": {"unrounded": {"value": 0.001, "u": 0.001}}}
    elsewhere = {"indicated": {"x": -2.0, "y": -1.0, "turn": 0.5}, "arrived": False}
    found = {
        "docks": [{"indicated": {"x": -1.0, "y": -2.0, "turn": 0.005}, "arrived": True}, elsewhere],
        "components": [{"name": n, "unit": u, **component} for n, u in (("x", "m"), ("y", "m"), ("heading", "rad"))],
    }
    stated = truth(world, found, P).measurands
    turn = world.hall.turn("mocap", "robot")
    assert stated["mean departure, heading"].true == pytest.approx(heading_of(0.005) - turn)
    assert 1e-5 < abs(turn) < 0.008
    assert 1e-6 < abs(stated["mean departure, x"].true) < 0.005
    with pytest.raises(UsageError, match="no motion capture 'mocap' of 'tree'"):
        world.hall.turn("mocap", "tree")


@pytest.mark.soak
@pytest.mark.timeout(600)
async def test_a_run_docks_the_robot(tmp_path: Path) -> None:
    outcome = await run(tmp_path, dock_x="-1.9", required="0.5")
    told = outcome.results["results"]
    assert (told["within"], told["open"], told["outside"]) == (1, 0, 0)
    x, y, heading = told["components"]
    assert abs(x["mean"]["unrounded"]["value"]) < 0.03
    assert 0.0005 < y["mean"]["unrounded"]["u"] < 0.0015
    assert heading["mean"]["unrounded"]["u"] == pytest.approx(0.002, rel=0.1)
    assert 1.0 < told["docks"][0]["seconds"] < 15.0
    assert outcome.verdict is not None
    assert outcome.verdict["outcome"] == "INCONCLUSIVE", "one docking shows nothing"
    assert "Where the docked robot stood" in (outcome.folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.soak
@pytest.mark.timeout(600)
async def test_a_run_counts_a_robot_that_a_wall_stops_as_failed(tmp_path: Path) -> None:
    outcome = await run(tmp_path, dock_x="5 m")
    told = outcome.results["results"]
    assert (told["within"], told["outside"], told["not_arrived"]) == (0, 1, 1)
    assert (told["components"], told["accuracy"], told["docks"][0]["arrived"]) == ([], None, False)


def test_a_wrong_place_and_a_wrong_account_are_told_apart() -> None:
    """Both are failures."""
    there, away = dock(0.0), dock(0.1)
    denying, both = replace(there, arrived=False, outcome="aborted"), replace(away, arrived=False, outcome="aborted")
    docks = [there, away, denying, both]
    assert [one.judgement for one in docks] == ["pass", "fail", "fail", "fail"]
    assert [one.misplaced for one in docks] == [False, True, False, False]
    assert [one.denied for one in docks] == [False, False, True, False]
    assert (tally(docks).within, tally(docks).outside) == (1, 3)


@pytest.mark.parametrize(
    ("steps", "settings", "outcome", "counts"),
    [
        pytest.param(
            *(90, {"dock_x": "-3.0"}, "succeeded", {"within": 1, "not_arrived": 0, "misplaced": 0, "denied": 0}),
            marks=pytest.mark.soak,
        ),
        (5, {"dock_x": "-3.0"}, "succeeded", {"within": 0, "not_arrived": 0, "misplaced": 1, "denied": 0}),
        pytest.param(
            *(0, {"dock_x": "-2.5"}, "rejected", {"within": 0, "not_arrived": 1, "misplaced": 0, "denied": 1}),
            marks=pytest.mark.soak,
        ),
    ],
)
async def test_a_robot_that_docks_by_its_task_is_judged_by_its_place_and_by_what_it_says(
    tmp_path: Path, steps: int, settings: dict[str, str], outcome: str, counts: dict[str, int]
) -> None:
    """The robot's own action, of a real node: one step every 0.1 s towards where its odometry began, at x = -3 m."""
    bench = copy_bench(BENCH, tmp_path / "bench")
    bench.write_text(bench.read_text("utf-8").replace("order = 90", f"order = {steps}"), "utf-8")
    told = (await run(tmp_path / "runs", str(bench), task="dock", **settings)).results["results"]
    assert {name: told[name] for name in counts} == counts
    (one,) = told["docks"]
    assert one["outcome"] == outcome
    assert one["judgement"] == ("pass" if counts["within"] else "fail")
