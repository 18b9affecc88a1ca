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
    assert find_run("last", tmp_path) == run
