"""Pose accuracy of an arm that refuses a pose, stops itself or never rests, and of a link that is lost meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hil.bench.copying import copy_bench
from hil.record import open_run
from hil.run import RunOutcome, run_procedure

BENCH = "arm-sim"
NEAR, NO_JOINTS = "-0.45 -0.13 0.35", "1.2 0 0.3"
QUICK = {
    "poses": NEAR,
    "cycles": "6",
    "approach": "0,0,0.01",
    "order": "listed",
    "dwell": "0.1 s",
    "readings": "3",
}


async def run(folder: Path, fault: str = "", *, required: bool = True, **settings: str) -> RunOutcome:
    """A run, with ``fault`` of the simulated equipment in the bench file."""
    bench = copy_bench(BENCH, folder / "bench")
    if fault:
        device, kind, start, end = fault.split()
        table = f'\n[[sim.faults]]\ndevice = "{device}"\nkind = "{kind}"\nfrom = {start}\nto = {end}\n'
        bench.write_text(bench.read_text("utf-8") + table, "utf-8")
    return await run_procedure(
        "pose-accuracy",
        str(bench),
        settings=QUICK | settings | ({"accuracy": "10 mm"} if required else {}),
        seed=3,
        speed=None,
        out=folder / "runs",
        operator="Operator A",
        on_event=lambda event: None,
    )


def told(outcome: RunOutcome) -> dict[str, Any]:
    """The results of a run that was carried out to its end."""
    assert not outcome.error, outcome.error
    found: dict[str, Any] = outcome.results["results"]
    return found


def void(outcome: RunOutcome) -> list[str]:
    """Why attempts were void."""
    return [attempt.reason for attempt in open_run(outcome.folder).points() if attempt.state == "void"]


async def test_a_pose_that_the_arm_refuses_has_failed_and_the_other_is_visited(tmp_path: Path) -> None:
    """Where nothing else is required, too: a pose that is not reached is no result to pass with."""
    outcome = await run(tmp_path, poses=f"{NEAR},{NO_JOINTS}", required=False)
    found = told(outcome)
    assert [one["pose"] for one in found["poses"]] == ["P1"], "AP and RP of the other are not stated"
    counts = [(one["carried_out"], one["failed"], one["missing"]) for one in found["visits"]]
    assert counts == [(6, 0, 0), (0, 6, 0)]
    assert found["visits"][1]["failures"] == {"refused": 6 * ["finds no joints for the target"]}
    assert outcome.verdict is not None
    assert (outcome.verdict["outcome"], outcome.exit_code) == ("FAIL", 1)
    assert "6 of 12 visits failed (6 refused)" in outcome.verdict["reason"]
    report = (outcome.folder / "report.html").read_text(encoding="utf-8")
    assert "6 refused: finds no joints for the target" in report
    assert not void(outcome)


async def test_an_arm_that_reaches_no_pose_has_a_report_without_figures(tmp_path: Path) -> None:
    outcome = await run(tmp_path, poses=NO_JOINTS, cycles="5")
    assert told(outcome)["poses"] == []
    assert outcome.verdict is not None
    assert outcome.verdict["outcome"] == "FAIL"
    assert "5 refused: finds no joints" in (outcome.folder / "report.html").read_text(encoding="utf-8")


async def test_an_arm_that_is_cleared_after_a_protective_stop_goes_on(tmp_path: Path) -> None:
    """One visit failed; the others count. The room is no condition here."""
    outcome = await run(tmp_path, "arm protective-stop 4 9", room_tolerance="0")
    (visits,) = told(outcome)["visits"]
    assert (visits["carried_out"], visits["failed"], visits["missing"]) == (5, 1, 0)
    assert visits["failures"] == {"stopped itself": ["is in a protective stop"]}
    assert [one["cycles"] for one in told(outcome)["poses"]] == [5]
    assert outcome.verdict is not None
    assert outcome.verdict["outcome"] == "FAIL"


async def test_an_arm_that_does_not_move_again_ends_the_trial_with_what_was_found(tmp_path: Path) -> None:
    outcome = await run(tmp_path, "arm protective-stop 4 1000", recovery="3 s")
    (visits,) = told(outcome)["visits"]
    assert visits["failed"] == 1
    assert 0 < visits["missing"] == 5 - visits["carried_out"]
    assert told(outcome)["poses"] == [], "too few visits were carried out"
    assert outcome.verdict is not None
    assert outcome.verdict["outcome"] == "FAIL"
    assert "does not move again" in str([event.data for event in open_run(outcome.folder).events("note")])


async def test_an_arm_that_was_left_stopped_has_failed_at_nothing(tmp_path: Path) -> None:
    outcome = await run(tmp_path, "arm protective-stop 0 1000")
    assert "is stopped, or tells no pose" in outcome.error
    assert not open_run(outcome.folder).observations()


async def test_a_link_to_the_arm_that_is_lost_voids_the_visit(tmp_path: Path) -> None:
    outcome = await run(tmp_path, "arm dropped 4 4.5")
    (visits,) = told(outcome)["visits"]
    assert (visits["carried_out"], visits["failed"], visits["missing"]) == (6, 0, 0)
    assert [reason for reason in void(outcome) if "arm" in reason]
    assert outcome.verdict is not None
    assert outcome.verdict["outcome"] == "PASS"


async def test_an_arm_that_never_rests_has_failed(tmp_path: Path) -> None:
    """What shakes is the noise of motion capture: nothing tells it from the arm, as the report says."""
    outcome = await run(tmp_path, still="0.01 mm", timeout="0.5 s", cycles="5")
    (visits,) = told(outcome)["visits"]
    assert list(visits["failures"]) == ["did not rest"]
    assert visits["failed"] == 5
    assert "more than 1e-05 m, after 0.5 s" in visits["failures"]["did not rest"][0]


async def test_a_tool_that_is_out_of_sight_is_a_fault_of_the_bench(tmp_path: Path) -> None:
    outcome = await run(tmp_path, "mocap tracking-lost 0 1000", timeout="1 s")
    assert "attempts were void" in outcome.error
    assert not open_run(outcome.folder).observations()
    assert all("was not in sight" in reason for reason in void(outcome))
