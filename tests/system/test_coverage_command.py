"""`hil coverage` and `hil compare` as a user meets them, on benches that ship."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench_copy import command, hil
from hil.comparing.comparison import compare
from hil.comparing.report import codec_sentences, report
from hil.comparing.runs import read
from hil.errors import UsageError, VerificationFailed
from hil.run import RunOutcome, run_procedure

WITHOUT_TRUTH = """
from hil import Parameters, Trial, procedure


class Nothing(Parameters):
    pass


@procedure("mine", version="1", roles={})
async def mine(trial: Trial, p: Nothing) -> None:
    pass
"""
WITH_FAULT = """
from hil_procedures.soak.script import soak


@soak.truth(setpoint="40", within="0.4", dwell="60 s", abandon="2", interval="15 s")
def truth(world, found, p):
    return found["maen"]
"""
QUICK = {"warm_up": "10 s", "levels": "2,5,10,20,50,100", "readings": "3"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A folder with two runs, in the worlds of seeds 1 and 2."""
    folder = tmp_path_factory.mktemp("compared")
    return folder, [str(asyncio.run(calibrated(folder, seed)).folder) for seed in (1, 2)]


async def calibrated(out: Path, seed: int) -> RunOutcome:
    outcome = await run_procedure(
        "calibrate-luxmeter",
        "action-sim",
        settings=QUICK,
        seed=seed,
        speed=None,
        out=out,
        operator="Operator A",
        on_event=lambda event: None,
    )
    assert not outcome.error
    return outcome


def compared(cwd: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = hil("compare", *arguments, "--json", cwd=cwd)
    document: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, document


def test_one_world_shares_its_standards_and_two_share_nothing(runs: tuple[Path, list[str]]) -> None:
    folder, (first, other) = runs
    one = read(Path(first))
    same = compare(one, replace(one, name="the same once more"), margin=3.0).to_json()
    assert same["outcome"] == "PASS"
    assert "certificate SAMPLE-2026-0001 20001 illuminance" in same["shared"]
    assert not any(name.startswith(("repeatability", "placement")) for name in same["shared"])
    code, two = compared(folder, first, other, "--margin", "3", "--report", "told")
    assert (code, two["outcome"]) == (0, "PASS")
    assert two["shared"] == []
    for near, apart in zip(same["differences"], two["differences"], strict=True):
        assert near["covariance"] > 0 == apart["covariance"]
        assert near["U"] < 0.6 * apart["U"]
        assert abs(apart["e_n"]) < 2.0
    page = (folder / "told" / "report.html").read_text(encoding="utf-8")
    assert "No physical bench took part." in page
    assert "This is no calibration of a physical instrument." in page


@pytest.mark.parametrize(
    ("origin", "said", "may"),
    [
        ("measured", "were measured, those of the second simulated.", "may stand in for the physical one here"),
        ("replayed", "were replayed from recordings, those of", "and what was replayed agree within"),
    ],
)
def test_a_page_of_two_kinds_of_bench_says_what_was_measured(
    runs: tuple[Path, list[str]], origin: str, said: str, may: str
) -> None:
    first, other = (read(Path(each)) for each in runs[1])
    page = report(compare(replace(first, run={**first.run, "provenance": origin}), other, margin=3.0))
    assert "none was measured" not in page
    assert said in page
    assert may in page


def test_a_margin_is_undecided_where_uncertainty_is_too_large(runs: tuple[Path, list[str]]) -> None:
    _, (first, other) = runs
    found = compare(read(Path(first)), read(Path(other)), margin=0.1)
    assert found.outcome == "INCONCLUSIVE"
    assert found.differences[-1].judged == "undecided"
    for one in found.differences:
        assert (one.judged == "within") == (abs(one.difference) + one.U <= 0.1)


def test_what_cannot_be_compared_is_refused(runs: tuple[Path, list[str]]) -> None:
    _, (first, _) = runs
    one = read(Path(first))
    other = replace(one, name="the same once more")
    with pytest.raises(UsageError, match="with itself"):
        compare(one, one, margin=1.0)
    with pytest.raises(UsageError, match="no measurand 'colour'"):
        compare(one, other, margin=1.0, measurand="colour")
    longer = replace(other, run={**other.run, "parameters": {**other.run["parameters"], "readings": 7}})
    with pytest.raises(UsageError, match="parameters differ"):
        compare(one, longer, margin=1.0)


def test_one_design_in_two_random_orders_is_compared(runs: tuple[Path, list[str]]) -> None:
    one = read(Path(runs[1][0]))
    plan = {**one.run["plan"], "points": one.run["plan"]["points"][::-1]}
    assert compare(one, replace(one, name="in another order", run={**one.run, "plan": plan}), margin=3.0).differences
    fewer = {**plan, "points": plan["points"][:-1]}
    with pytest.raises(UsageError, match="points of the plans differ"):
        compare(one, replace(one, name="with a point less", run={**one.run, "plan": fewer}), margin=3.0)


def test_pictures_that_were_coded_otherwise_are_told(runs: tuple[Path, list[str]]) -> None:
    one = read(Path(runs[1][0]))
    raw, coded = replace(one, codecs=("y4m",)), replace(one, name="coded", codecs=("mjpeg",))
    found = compare(raw, coded, margin=3.0)
    (told,) = codec_sentences(found)
    assert "in the first run (y4m) than in the second (mjpeg)" in told
    assert told in report(found)
    assert [side["codecs"] for side in found.to_json()["runs"]] == [["y4m"], ["mjpeg"]]
    assert codec_sentences(compare(raw, replace(raw, name="again"), margin=3.0)) == []


def test_a_record_that_was_altered_is_refused(runs: tuple[Path, list[str]], tmp_path: Path) -> None:
    altered = shutil.copytree(runs[1][0], tmp_path / "altered")
    database = bytearray((altered / "run.db").read_bytes())
    database[-100] ^= 1
    (altered / "run.db").write_bytes(database)
    with pytest.raises(VerificationFailed):
        read(altered)


def test_a_procedure_without_known_truth_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(WITHOUT_TRUTH, encoding="utf-8")
    done = hil("coverage", "mine.py", "--bench", "climate-sim", cwd=tmp_path)
    assert done.returncode == 2
    assert "declares no truth" in done.stderr


def test_a_fault_in_a_function_that_knows_the_truth_is_that_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(WITH_FAULT, encoding="utf-8")
    done = hil("coverage", "mine.py", "--bench", "climate-sim", "--runs", "2", "--jobs", "1", cwd=tmp_path)
    assert done.returncode == 3, done.stderr
    assert "the truth raised KeyError: 'maen'" in done.stderr
    assert "mine.py:7); correct the truth" in done.stderr


def test_a_bench_that_is_not_fit_is_refused_before_the_first_run(tmp_path: Path) -> None:
    done = hil("coverage", "detection-vs-illuminance", "--bench", "action-sim", cwd=tmp_path)
    assert done.returncode == 2
    assert "luxmeter.illuminance: has no calibration" in done.stderr
    assert "seed" not in done.stderr


def test_runs_that_are_interrupted_are_kept(tmp_path: Path) -> None:
    asked = command("coverage", "soak", "--bench", "climate-sim", "--runs", "200", "--jobs", "1", "--out", "kept")
    with subprocess.Popen(asked, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True) as running:
        assert running.stderr is not None
        assert "done" in running.stderr.readline()
        os.killpg(running.pid, signal.SIGINT)
        told = running.stderr.read()
    held = len((tmp_path / "kept" / "runs.jsonl").read_text("utf-8").splitlines()) - 1
    assert f"{held} of 200 runs are kept in kept; the same command goes on" in told
    assert (held >= 1, running.returncode) == (True, 130)


def test_what_is_killed_leaves_no_process_behind(tmp_path: Path) -> None:
    asked = command("coverage", "soak", "--bench", "climate-sim", "--runs", "200", "--jobs", "2")
    with subprocess.Popen(asked, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        assert "done" in running.stderr.readline()
        running.kill()
        assert running.stderr.read() is not None, "ends once no worker holds the pipe any more"


def test_a_soak_is_held_against_the_truth(tmp_path: Path) -> None:
    done = hil(
        "coverage",
        "soak",
        "--bench",
        "climate-sim",
        "--runs",
        "2",
        "--jobs",
        "1",
        "--out",
        "told",
        "--json",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    (mean,) = found["measurands"]
    assert mean["runs"] == 2
    assert len(set(mean["ratios"])) == 2, "each seed draws its own truth"
    assert max(map(abs, mean["ratios"])) < 4.0
    assert json.loads((tmp_path / "told" / "coverage.json").read_text(encoding="utf-8")) == found
    again = hil("coverage", "soak", "--bench", "climate-sim", "--runs", "2", "--out", "told", "--json", cwd=tmp_path)
    assert json.loads(again.stdout) == found
    assert "2 of 2 runs are there from before" in again.stderr
    assert "under-covers beyond what 2 runs allow" in (tmp_path / "told" / "report.html").read_text(encoding="utf-8")


@pytest.mark.soak
@pytest.mark.timeout(3 * 3600)
@pytest.mark.parametrize(
    ("procedure", "bench", "settings"),
    [
        ("calibrate-luxmeter", "action-sim", ()),
        ("climatic-characterisation", "climate-sim", ()),
        ("climatic-robustness", "robustness-sim", ()),
        ("repeatability-reproducibility", "range-sim", ("--set", "limit=0.00225")),
        ("soak", "climate-sim", ()),
        ("sweep", "climate-sim", ()),
    ],
)
def test_no_stated_interval_under_covers_and_no_risk_is_larger(
    tmp_path: Path, procedure: str, bench: str, settings: tuple[str, ...]
) -> None:
    asked = ("coverage", procedure, "--bench", bench, "--runs", "1000", "--seed", "1001", *settings)
    done = hil(*asked, cwd=tmp_path, timeout=10800)
    assert done.returncode == 0, done.stdout + done.stderr
