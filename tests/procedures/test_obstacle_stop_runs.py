"""Obstacle stop: its plan, runs on the bench with physics, and its truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hil import open_run
from hil.bench import load_bench
from hil.bench.copying import copy_bench
from hil.coverage.truth import true_world
from hil.errors import UsageError
from hil.record.reader import PointAttempt
from hil.run import run_procedure
from hil_procedures.obstacle_stop.parameters import ObstacleStop
from hil_procedures.obstacle_stop.script import plan, truth

BENCH = "simulation"
SHORT = {"window": "0.2 s", "timeout": "0.62 s"}
"""Long enough to get to where the obstacle is due, too short to rest after a touch at 0.4 s."""


async def run(folder: Path, bench: str = BENCH, **settings: str) -> dict[str, Any]:
    outcome = await run_procedure(
        "obstacle-stop",
        bench,
        settings=settings,
        seed=1,
        speed=None,
        out=folder,
        operator="Operator A",
        on_event=lambda event: None,
    )
    assert not outcome.error, outcome.error
    assert "Obstacle stop" in (outcome.folder / "report.html").read_text(encoding="utf-8")
    return dict(outcome.results["results"])


def attempts(folder: Path) -> list[PointAttempt]:
    """The attempts of the one run in a folder."""
    (record,) = folder.glob("*_obstacle-stop_*/run.db")
    return list(open_run(record).points())


def identity(folder: Path) -> dict[str, Any]:
    """What the one run in a folder, and its report, says was tried."""
    (record,) = folder.glob("*_obstacle-stop_*/run.db")
    (system,) = open_run(record).events("system")
    report = record.with_name("report.html").read_text("utf-8")
    assert f"{system.data['name']}, {system.data['version']}" in report
    return dict(system.data)


async def test_a_run_stops_the_robot_before_the_obstacle(tmp_path: Path) -> None:
    told = await run(tmp_path, speeds="0.5 m/s", repeats="1", run_up="0.8 m", distance="0.35 m")
    (one,) = told["speeds"]
    assert one["without_contact"] == 1
    energy, gap = one["energy"]["unrounded"], one["smallest"]["unrounded"]
    assert energy["value"] == pytest.approx(0.5 * 11.2 * 0.5**2, rel=0.01)
    assert 0.003 < energy["u"] < 0.01, "the mass: 0.45 %"
    assert 0.1 < gap["value"] < 0.25
    assert 0.0005 < gap["u"] < 0.0015
    assert one["each"][0]["appeared"]["value"] == pytest.approx(0.35, abs=0.01)
    robot = identity(tmp_path)
    assert (robot["role"], robot["settings"]["serial number"]) == ("robot", "76001")
    assert (robot["name"], robot["version"]) == ("Example Robotics EX-ROVER 1", "software 1.4.2")


async def test_a_robot_that_touches_and_does_not_rest_in_time_has_failed_and_is_on_record(tmp_path: Path) -> None:
    bench = copy_bench(BENCH, tmp_path / "bench")
    bench.write_text(bench.read_text("utf-8").replace('instrument = "mobile-robot"\n', ""), "utf-8")
    told = await run(tmp_path, str(bench), speeds="0.9 m/s", repeats="1", distance="0.3 m", run_up="1 m", **SHORT)
    (one,) = told["speeds"]
    assert (one["stops"], one["without_contact"], one["contact"], one["not_at_rest"]) == (1, 0, 1, 1)
    (stop,) = one["each"]
    assert (stop["rested"], stop["told_by"]) == (False, ["bumper"])
    assert 0.5 < stop["after"]["value"] < 0.85
    assert one["smallest"]["unrounded"]["value"] == 0.0
    (attempt,) = attempts(tmp_path)
    assert attempt.state == "committed"
    assert identity(tmp_path)["name"] == "not known", "the bench names no instrument at the robot"


@pytest.mark.soak
@pytest.mark.timeout(600)
async def test_a_contact_is_a_result_and_the_robot_goes_on_after_it(tmp_path: Path) -> None:
    told = await run(tmp_path, speeds="0.4 m/s,0.9 m/s", repeats="3", required="0.5")
    slow, fast = told["speeds"]
    assert (slow["without_contact"], fast["without_contact"]) == (3, 0)
    assert all(stop["contact"] and 0.5 < stop["after"]["value"] < 0.85 for stop in fast["each"])
    assert told["outcome"] == "INCONCLUSIVE", "three of three, and none of three, at 97.5 %"


@pytest.mark.soak
@pytest.mark.timeout(600)
async def test_tracking_that_is_lost_makes_an_attempt_void_and_the_run_goes_on(tmp_path: Path) -> None:
    copy = copy_bench("simulation", tmp_path / "bench")
    lost = '\n[[sim.faults]]\ndevice = "mocap"\nkind = "tracking-lost"\nfrom = 3.0\nto = 4.0\n'
    copy.write_text(copy.read_text(encoding="utf-8") + lost, encoding="utf-8")
    told = await run(tmp_path, str(copy), speeds="0.5 m/s", repeats="1", distance="0.35 m")
    assert told["speeds"][0]["without_contact"] == 1
    first, second = attempts(tmp_path)
    assert (first.state, second.state) == ("void", "committed")
    assert "tracking lost" in first.reason


def test_speeds_come_in_random_order_each_once_in_a_repeat() -> None:
    p = ObstacleStop(repeats=8)
    speeds = [point.factors["speed"] for point in plan(p).planned(3)]
    repeats = [speeds[i : i + 3] for i in range(0, len(speeds), 3)]
    assert all(sorted(each) == sorted(p.speeds) for each in repeats)
    assert len({tuple(each) for each in repeats}) > 1
    assert speeds == [point.factors["speed"] for point in plan(p).planned(3)]


@pytest.mark.parametrize("wrong", [{"speeds": [0.5, 0.5]}, {"run_up": 0.1}, {"required": 1.0}, {"speeds": []}])
def test_settings_that_cannot_be_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        ObstacleStop.model_validate(wrong)


def test_the_truth_knows_mass_speed_and_places_but_not_what_a_touch_was() -> None:
    world = true_world(load_bench(BENCH), 1)
    assert world.hall.mass() != pytest.approx(11.2, abs=1e-3)
    assert world.hall.cruise(0.5) == pytest.approx(0.5, rel=5e-3)
    exact: dict[str, Any] = {"unrounded": {"value": 1.4, "u": 0.01}}
    stop = {"heading": 0.0, "aside": 0.0, "indicated": {"robot": -1.3, "obstacle": -0.83}}
    told = {"speed": 0.5, "stops": 1, "without_contact": 1, "energy": exact, "gap": exact, "each": [stop]}
    energy, gap = truth(world, {"speeds": [told]}, ObstacleStop()).measurands.values()
    assert energy.true == pytest.approx(0.5 * world.hall.mass() * world.hall.cruise(0.5) ** 2)
    assert gap.true == pytest.approx(0.1, abs=0.005)
    assert gap.true != pytest.approx(0.1, abs=1e-5)
    with pytest.raises(UsageError, match="touched the obstacle, or did not"):
        truth(world, {"speeds": [{**told, "without_contact": 0}]}, ObstacleStop())
    with pytest.raises(UsageError, match="no hall with a robot"):
        _ = true_world(load_bench("range-sim"), 1).hall
