"""Success rates on a data set: too few recordings are named before the run, and those that serve again afterwards."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hil.design import History, ListPlan
from hil.errors import NotFit
from hil.record import open_run
from hil.run import RunOutcome, run_procedure
from hil_procedures.success.parameters import SuccessRateSequential
from hil_procedures.success.script import sequential_plan
from replayed import make_bench

SETTINGS = {"signs": "AAA,BBB,CCC", "illuminance": "80 lx", "warm_up": "0"}


async def carry_out(
    place: Path, procedure: str, *, reuse: bool = False, documents: bool = True, unset: str = "", **settings: str
) -> RunOutcome:
    bench = make_bench(place / "bench")
    if reuse:
        bench.write_text(bench.read_text().replace('folder = "signs"', 'folder = "signs"\nreuse = true'))
    return await run_procedure(
        procedure,
        str(bench),
        settings={name: value for name, value in (SETTINGS | settings).items() if name != unset},
        seed=3,
        speed=None,
        out=place / "runs",
        operator="Operator A",
        on_event=lambda event: None,
        documents=documents,
    )


async def test_a_sequential_test_that_could_run_out_of_recordings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFit) as refused:
        await carry_out(tmp_path, "success-rate-sequential")
    told = str(refused.value)
    assert told.count("holds 2 recordings of content") == 3, "each sign once"
    assert "number 3 is needed (or reuse = true), at point" in told
    assert told.endswith("record more, or plan what the data set holds")
    assert not (tmp_path / "runs").exists(), "before anything is written"


async def test_recordings_that_serve_again_are_told(tmp_path: Path) -> None:
    outcome = await carry_out(tmp_path, "success-rate-sequential", reuse=True)
    assert outcome.status == "complete", outcome.error
    told = json.loads((outcome.folder / "results.json").read_text(encoding="utf-8"))
    trials = told["results"]["trials"]
    page = (outcome.folder / "report.html").read_text(encoding="utf-8")
    assert f"6 recordings served {trials} times. Those that served again are no new evidence" in page


async def test_they_are_told_of_every_trial_that_replays(tmp_path: Path) -> None:
    outcome = await carry_out(
        tmp_path,
        "detection-vs-illuminance",
        reuse=True,
        unset="illuminance",
        signs="AAA,BBB",
        illuminances="5,20,80",
        repeats="3",
        blanks="0",
    )
    assert outcome.status == "complete", outcome.error
    page = (outcome.folder / "report.html").read_text(encoding="utf-8")
    assert "12 recordings served 18 times. Those that served again are no new evidence" in page


async def test_where_each_serves_once_nothing_is_told(tmp_path: Path) -> None:
    outcome = await carry_out(tmp_path, "success-rate", reliability="0.6", failures="0")
    assert outcome.status == "complete", outcome.error
    assert "served again" not in (outcome.folder / "report.html").read_text(encoding="utf-8")


async def test_results_are_there_without_documents(tmp_path: Path) -> None:
    plain, alone = [
        await carry_out(tmp_path / name, "success-rate", documents=name == "plain", reliability="0.6", failures="0")
        for name in ("plain", "alone")
    ]
    assert alone.results["results"] == plain.results["results"]
    left = {path.name for path in plain.folder.iterdir()} - {path.name for path in alone.folder.iterdir()}
    assert "report.html" in left
    assert "results.json" not in left


async def test_a_recording_that_lacks_in_spite_of_all_ends_the_run_at_once(tmp_path: Path) -> None:
    """Where the bench file does not say what a factor stands for, nothing is known before the run."""
    bench = make_bench(tmp_path / "bench")
    lines = [line for line in bench.read_text().splitlines() if not line.startswith("factors")]
    bench.write_text("\n".join(lines))
    outcome = await run_procedure(
        "success-rate-sequential",
        str(bench),
        settings=SETTINGS,
        seed=3,
        speed=None,
        out=tmp_path / "runs",
        operator="Operator A",
        on_event=lambda event: None,
    )
    assert outcome.status == "failed"
    assert "number 3 is needed" in outcome.error
    assert "has not come back" not in outcome.error
    assert not open_run(outcome.folder).events("device lost")


def test_what_is_foreseen_is_what_comes() -> None:
    p = SuccessRateSequential(signs=("A", "B", "C"))
    design = sequential_plan(p)
    plan, history = design.plan(5), History()
    foreseen = plan.foreseen
    assert len(foreseen) == p.most
    while (point := plan.next(history)) is not None:
        assert point == foreseen[point.index]
        history.commit(point, [{"hit": point.index % 9 != 0}])
    assert ListPlan(foreseen).foreseen == foreseen
