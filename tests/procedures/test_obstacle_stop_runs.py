"""Obstacle stop: runs on the bench with physics, and coverage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hil import open_run
from hil.bench.copying import copy_bench
from hil.record.reader import PointAttempt
from hil.run import run_procedure

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
