"""What a user is told who names a folder that is no run."""

from __future__ import annotations

from pathlib import Path

import pytest

from hil.cli.data import find_run
from hil.errors import UsageError


def test_a_folder_that_holds_no_run_is_named_itself(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no record of a run") as caught:
        find_run(str(tmp_path), Path("runs"))
    assert caught.value.where == str(tmp_path)
    assert caught.value.remedy == "give the folder of a run"


def test_of_a_folder_of_runs_one_is_named(tmp_path: Path) -> None:
    run = tmp_path / "20260601T080000Z_soak_climate"
    run.mkdir()
    (run / "run.db").touch()
    with pytest.raises(UsageError) as caught:
        find_run(str(tmp_path), Path("runs"))
    assert caught.value.remedy == f"name one of its runs, such as {run}"
    assert find_run(str(run), Path("runs")) == run
    for wrong in (run.with_name("20260601T080000_soak_climate"), tmp_path.with_name(f"{tmp_path.name}x") / "*"):
        with pytest.raises(UsageError, match="does not exist") as caught:
            find_run(str(wrong), tmp_path / "runs")
        assert caught.value.where == str(wrong)
        assert caught.value.remedy.startswith("did you mean ")


def test_a_pattern_that_the_shell_left_is_named_and_not_the_folder_of_runs(tmp_path: Path) -> None:
    for pattern in ("wal-runs/*", "*-wal"):
        with pytest.raises(UsageError, match="does not exist; give the folder of a run") as caught:
            find_run(pattern, tmp_path / "runs")
        assert caught.value.where == pattern


def test_the_last_run_is_that_of_the_folder_of_runs(tmp_path: Path) -> None:
    run = tmp_path / "20260601T080000Z_soak_climate"
    run.mkdir()
    (run / "run.db").touch()
    assert find_run("last", tmp_path) == run
