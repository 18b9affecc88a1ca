"""Results are made again from the record alone, and every number is compared; nothing is written."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench_copy import hil, run_json
from hil.cli.data import find_run
from hil.errors import ProcedureFault, UsageError, VerificationFailed
from hil.record import seal
from hil.reproduction import Reproduction, _compare, reproduce
from history import History

FEW = ("--set", "repeats=1", "--set", "illuminances=6,8,10,13,17,25,60", "--set", "required=40 lx")


@pytest.fixture(scope="module")
def trial(history: History) -> Path:
    """A short trial of a reader whose answers are drawn."""
    done = hil("run", "detection-vs-illuminance", "--bench", "reader-sim", *FEW, cwd=history.runs.parent)
    assert done.returncode in (0, 1, 3), done.stderr
    return find_run("last", history.runs)


@pytest.fixture
def run(history: History, tmp_path: Path) -> Path:
    """A copy of the calibration to be tampered with."""
    return Path(shutil.copytree(history.calibration, tmp_path / history.calibration.name))


def state(folder: Path) -> dict[str, tuple[str, int]]:
    return {
        str(path): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def resealed(run: Path, change: Any) -> None:
    """Change the results, and close the run again over them."""
    results = json.loads((run / "results.json").read_text())
    change(results)
    (run / "results.json").write_text(json.dumps(results))
    (run / "closed.json").unlink()
    seal(run)


def test_a_calibration_is_reproduced(history: History) -> None:
    """To the last bit, and nothing is written into its folder."""
    before = state(history.calibration)
    found = reproduce(history.calibration)
    assert (found.differences, found.changed) == ([], [])
    assert found.numbers > 50
    assert found.texts > 40
    assert state(history.calibration) == before


def test_a_trial_is_reproduced(trial: Path) -> None:
    """Its verdict as well; the system under test is not asked again."""
    before = state(trial)
    found = reproduce(trial)
    assert (found.differences, found.agrees) == ([], True)
    assert found.numbers > 10
    assert state(trial) == before


def test_every_number_counts(run: Path) -> None:
    """A rounded one, a full one, a missing and an added one are named with their place."""

    def change(results: dict[str, Any]) -> None:
        level = results["results"]["levels"][1]
        level["U"] += "0"
        results["results"]["unrounded"]["u"][2] *= 1 + 1e-12
        del results["results"]["drift"]
        results["results"]["function"]["c"] = 1.0

    resealed(run, change)
    found = {one.place: (one.then, one.now) for one in reproduce(run).differences}
    assert set(found) == {
        "results.levels[1].U",
        "results.unrounded.u[2]",
        "results.drift",
        "results.function.c",
    }
    assert found["results.drift"][0] == found["results.function.c"][1] == "(nothing)"
    tolerant = {one.place for one in reproduce(run, tolerance=1e-9).differences}
    assert tolerant == set(found) - {"results.unrounded.u[2]"}


def test_the_command_exits_with_6_where_a_number_differs(run: Path, tmp_path: Path) -> None:
    """It names the place, both numbers, and how many it compared."""
    same = hil("data", "reproduce", run, cwd=tmp_path)
    assert same.returncode == 0, same.stderr
    assert same.stdout.endswith(f"{run.name} is reproduced\n")
    resealed(run, lambda results: results["results"]["levels"][0].update(error="9.99"))
    done = hil("data", "reproduce", run, cwd=tmp_path)
    assert done.returncode == 6
    assert "results.levels[0].error" in done.stdout
    assert "9.99" in done.stdout
    assert "is NOT reproduced" in done.stdout
    parsed = json.loads(hil("data", "reproduce", run, "--json", cwd=tmp_path).stdout)
    assert (parsed["agrees"], len(parsed["differences"])) == (False, 1)


def test_another_procedure_source_is_told(history: History, tmp_path: Path) -> None:
    """A procedure that is not installed is named; its source and version are compared with those on record."""
    source = (history.runs.parent / "look.py").read_text()
    (tmp_path / "look.py").write_text(source.replace('version="1"', 'version="2"'))
    with pytest.raises(UsageError, match="no procedure 'look'"):
        reproduce(history.after)
    found = reproduce(history.after, procedure=str(tmp_path / "look.py"))
    assert found.agrees
    assert [what for what, _, _ in found.changed] == ["the version of look", "the source of look (SHA-256)"]
    assert found.changed[0][1:] == ("1", "2")


def test_an_analysis_that_fails_is_the_procedures_fault(history: History, tmp_path: Path) -> None:
    """In one sentence."""
    source = (history.runs.parent / "look.py").read_text()
    (tmp_path / "look.py").write_text(source.replace("return Results((), {})", "return Results((), {'x': 1 / 0})"))
    with pytest.raises(ProcedureFault, match="the analysis raised ZeroDivisionError"):
        reproduce(history.after, procedure=str(tmp_path / "look.py"))


def test_a_record_that_does_not_hold_is_not_reproduced(run: Path) -> None:
    """Numbers from an altered record prove nothing."""
    (run / "certificate.xml").write_text("")
    with pytest.raises(VerificationFailed, match=r"certificate\.xml: the file was altered"):
        reproduce(run)


def test_a_run_without_results(tmp_path: Path) -> None:
    """It was not complete."""
    golden = Path(shutil.copytree(Path(__file__).parents[1] / "data" / "record-v1", tmp_path / "run"))
    (golden / "results.json").unlink()
    (golden / "closed.json").unlink()
    seal(golden)
    with pytest.raises(UsageError, match="has no results"):
        reproduce(golden)
    refused = hil("data", "reproduce", "absent", cwd=tmp_path)
    assert refused.returncode == 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(JSON, JSON)
def test_results_agree_exactly_when_their_texts_do(then: Any, now: Any) -> None:
    """Whatever results hold; 1 and 1.0 are one number."""

    def agrees(a: Any, b: Any) -> bool:
        comparison = Reproduction("run", 0.0)
        _compare(comparison, "results", a, b)
        return comparison.agrees

    assert agrees(then, json.loads(json.dumps(then)))
    assert agrees(then, now) == agrees(now, then)
    assert then == now or not agrees(then, now)


def test_sealed_and_amended_runs_are_reproduced_all_the_same(run: Path, tmp_path: Path) -> None:
    """What was added later does not take part."""
    for arguments in (("seal", run), ("amend", run, "--what", "w", "--why", "w", "--who", "w")):
        done = hil("data", *arguments, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    assert run_json("data", "reproduce", run, cwd=tmp_path)["agrees"]
